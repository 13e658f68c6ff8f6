//! The catalogue: every network that is built in, parsed when it is first asked for.

use std::sync::OnceLock;

use crate::error::ManifestError;
use crate::network::Network;

struct Entry {
    slug: &'static str,
    text: &'static str,
    parsed: OnceLock<Result<Network, ManifestError>>,
}

impl Entry {
    const fn new(slug: &'static str, text: &'static str) -> Self {
        Self { slug, text, parsed: OnceLock::new() }
    }

    fn get(&self) -> Result<&Network, &ManifestError> {
        self.parsed
            .get_or_init(|| Network::parse(&format!("catalog/{}/network.toml", self.slug), self.slug, self.text))
            .as_ref()
    }
}

include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// The slugs of all built-in networks, sorted.
pub fn slugs() -> impl Iterator<Item = &'static str> {
    CATALOG.iter().map(|entry| entry.slug)
}

/// The built-in network of a slug.
#[must_use]
pub fn find(slug: &str) -> Option<&'static Network> {
    let index = CATALOG.binary_search_by(|entry| entry.slug.cmp(slug)).ok()?;
    CATALOG.get(index)?.get().ok()
}

/// All built-in networks, in order of their slugs.
pub fn all() -> impl Iterator<Item = &'static Network> {
    CATALOG.iter().filter_map(|entry| entry.get().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_manifest_is_right() {
        for entry in &CATALOG {
            if let Err(error) = entry.get() {
                panic!("{error}");
            }
        }
        assert!(CATALOG.is_sorted_by_key(|entry| entry.slug), "binary search needs the order");
    }
}

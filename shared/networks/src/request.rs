//! From a checked call and its values to one HTTP request.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::manifest::Method;
use crate::template::Name;

mod build;
mod render;

#[cfg(feature = "cases")]
pub(crate) use build::{SEGMENT, signature};
pub(crate) use build::{build, build_before};
pub(crate) use render::Values;

/// One HTTP request, complete to the byte. Its `Debug` shows method and host only: the rest holds keys and
/// personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// GET or POST.
    pub method: Method,
    /// The whole URL with its query.
    pub url: Url,
    /// Headers in order, `Content-Type` among them where there is a body.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// The same request sent to another server: scheme, host and port of `base` replace those of the URL, and a path
    /// of `base` goes before the URL's.
    #[must_use]
    pub fn rebased(mut self, base: &Url) -> Self {
        let mut url = base.clone();
        let path = format!("{}{}", base.path().trim_end_matches('/'), self.url.path());
        url.set_path(&path);
        url.set_query(self.url.query());
        url.set_fragment(None);
        self.url = url;
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

/// The settings of an account. All are treated as secrets.
#[derive(Clone, Default)]
pub struct Settings(BTreeMap<String, SecretString>);

impl Settings {
    /// Settings of name and value pairs.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), SecretString::from(value.into()))).collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(ExposeSecret::expose_secret).filter(|value| !value.is_empty())
    }

    pub(crate) fn require(&self, name: &str) -> Result<&str, RenderError> {
        self.get(name).ok_or_else(|| RenderError::Missing { name: Name::Setting(name.to_owned()).written() })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why a request could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A value the contract needs is not there.
    #[error("{name} is missing")]
    Missing {
        /// Its name in the manifest, such as `lead.ip`.
        name: String,
    },
    /// A value is there and cannot be sent in the form the contract wants.
    #[error("{name} cannot be sent as {filter}")]
    Unfit {
        /// Its name in the manifest.
        name: String,
        /// What it should have become.
        filter: String,
    },
    /// A value that must not go into a header or URL: a line break or another control character.
    #[error("a control character in a header or URL")]
    ControlCharacter,
    /// The parts do not make a URL.
    #[error("the URL cannot be made of its parts")]
    BadUrl,
    /// The account must name its own host.
    #[error("the account needs a base_url: this network has no host of its own in the catalogue")]
    NoBaseUrl,
    /// The network's contract has no such call.
    #[error("no such call is known of this network")]
    NoContract,
}

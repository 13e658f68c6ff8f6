//! One section of the file: its values by kind, each with its place when it is wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use networks::manifest::Kind;
use networks::{AccountKey, Network, Problem};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::parse::Parsed;
use crate::secrets::Reference;
use crate::transport::is_public;

pub(super) struct Checker<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) own: &'a BTreeMap<String, (String, Arc<Network>)>,
    pub(super) problems: Vec<Problem>,
    pub(super) parsed: Parsed,
}

/// A section of the file: where its header stands and what it is called in messages.
pub(super) struct Section<'t, 'a> {
    pub(super) name: &'t str,
    pub(super) title: String,
    pub(super) span: Range<usize>,
    pub(super) table: &'t DeTable<'a>,
}

impl Checker<'_> {
    /// The values of declared keys, each checked for its kind; a missing required one is a problem.
    pub(super) fn values(
        &mut self,
        section: &Section<'_, '_>,
        keys: &[AccountKey<'_>],
        whose: &str,
    ) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        for key in keys {
            let found = self.scalar(section, key.name);
            match found {
                Some((value, span)) if !value.trim().is_empty() => {
                    if let Some(message) = unfit(key, &value) {
                        self.problem(span, message);
                    }
                    values.insert(key.name.to_owned(), value);
                }
                _ if key.required && !has_wrong_type(section.table, key.name) => {
                    let message = format!("{}: `{}` is missing: {} ({whose})", section.title, key.name, key.title);
                    self.problem(section.span.clone(), message);
                }
                _ => {}
            }
        }
        values
    }

    pub(super) fn base_url(&mut self, section: &Section<'_, '_>) -> Option<Url> {
        let url = self.url(section, "base_url", &["https", "http"])?;
        let loopback = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(host)) => host == "localhost",
            None => false,
        };
        let private = match url.host() {
            Some(url::Host::Ipv4(ip)) => !is_public(ip.into()),
            Some(url::Host::Ipv6(ip)) => !is_public(ip.into()),
            _ => false,
        };
        let fits = loopback || (url.scheme() == "https" && !private);
        if !fits {
            let message = "a base_url is https, or http for a loopback address only, and never a private address";
            self.problem(span_of(section, "base_url"), message);
            return None;
        }
        Some(url)
    }

    pub(super) fn url(&mut self, section: &Section<'_, '_>, key: &str, schemes: &[&str]) -> Option<Url> {
        let (text, span) = self.text(section, key)?;
        match Url::parse(&text) {
            Ok(url) if schemes.contains(&url.scheme()) && url.host().is_some() => Some(url),
            _ => {
                self.problem(span, format!("`{text}` is no URL; write it whole, such as https://example.com/path"));
                None
            }
        }
    }

    pub(super) fn required_text(
        &mut self,
        section: &Section<'_, '_>,
        key: &str,
        what: &str,
    ) -> Option<(String, Range<usize>)> {
        if !has(section.table, key) {
            self.problem(section.span.clone(), format!("{}: `{key}` is missing: {what}", section.title));
        }
        self.text(section, key)
    }

    pub(super) fn text(&mut self, section: &Section<'_, '_>, key: &str) -> Option<(String, Range<usize>)> {
        let value = value_of(section.table, key)?;
        if let DeValue::String(text) = value.get_ref() {
            return Some((text.trim().to_owned(), value.span()));
        }
        self.problem(value.span(), format!("`{key}` is a text: write it in quotes"));
        None
    }

    /// A text, or a whole number taken as its text: ids are often written without quotes.
    pub(super) fn scalar(&mut self, section: &Section<'_, '_>, key: &str) -> Option<(String, Range<usize>)> {
        let value = value_of(section.table, key)?;
        if let DeValue::Integer(number) = value.get_ref() {
            return Some((number.as_str().to_owned(), value.span()));
        }
        self.text(section, key)
    }

    pub(super) fn boolean(&mut self, section: &Section<'_, '_>, key: &str) -> Option<bool> {
        let value = value_of(section.table, key)?;
        if let DeValue::Boolean(boolean) = value.get_ref() {
            return Some(*boolean);
        }
        self.problem(value.span(), format!("`{key}` is true or false"));
        None
    }

    pub(super) fn texts(&mut self, section: &Section<'_, '_>, key: &str) -> Option<Vec<String>> {
        let value = value_of(section.table, key)?;
        let list = match value.get_ref() {
            DeValue::Array(list) => list
                .iter()
                .map(|entry| match entry.get_ref() {
                    DeValue::String(text) => Some(text.to_string()),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>(),
            _ => None,
        };
        if list.is_none() {
            self.problem(value.span(), format!("`{key}` is a list of texts, such as [\"one\", \"two\"]"));
        }
        list
    }

    pub(super) fn unknown_keys(&mut self, section: &Section<'_, '_>, allowed: &[&str], whose: &str) {
        for key in section.table.keys() {
            let name = key.get_ref().as_ref();
            if !allowed.contains(&name) {
                let nearest = nearest(name, allowed.iter().copied());
                let list = listed(allowed.iter().copied());
                self.problem(key.span(), format!("unknown key `{name}`{nearest}; {whose} has {list}"));
            }
        }
    }

    pub(super) fn problem(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem::at(self.file, self.text, span, message));
    }
}

pub(super) fn value_of<'t, 'a>(table: &'t DeTable<'a>, key: &str) -> Option<&'t Spanned<DeValue<'a>>> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
}

pub(super) fn has(table: &DeTable<'_>, key: &str) -> bool {
    value_of(table, key).is_some()
}

pub(super) fn has_wrong_type(table: &DeTable<'_>, key: &str) -> bool {
    value_of(table, key).is_some_and(|value| !matches!(value.get_ref(), DeValue::String(_) | DeValue::Integer(_)))
}

pub(super) fn span_of(section: &Section<'_, '_>, key: &str) -> Range<usize> {
    value_of(section.table, key).map_or_else(|| section.span.clone(), Spanned::span)
}

pub(super) fn is_name(name: &str) -> bool {
    let right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    (1..=64).contains(&name.len()) && name.chars().all(right)
}

/// Why a value cannot be what its key is; `None` where it can.
pub(crate) fn unfit(key: &AccountKey<'_>, value: &str) -> Option<String> {
    if !matches!(Reference::of(value), Reference::Literal(_)) && key.kind == Kind::Text {
        return None;
    }
    if value.chars().any(char::is_control) {
        return Some(format!("`{}` holds a control character", key.name));
    }
    let host = match key.kind {
        Kind::Text => return None,
        Kind::Url => {
            let url = Url::parse(value).ok().filter(|url| url.scheme() == "https");
            let Some(url) =
                url.filter(|url| url.username().is_empty() && url.password().is_none() && url.port().is_none())
            else {
                return Some(format!("`{}` is a whole https URL: {}", key.name, key.title));
            };
            url.host_str().unwrap_or_default().to_owned()
        }
        Kind::Host => match Url::parse(&format!("https://{value}/")) {
            Ok(url) if url.host_str() == Some(value) => value.to_owned(),
            _ => {
                return Some(format!(
                    "`{}` is a host name without https:// and without a path: {}",
                    key.name, key.title
                ));
            }
        },
    };
    let is_of = |allowed: &String| host == *allowed || host.ends_with(&format!(".{allowed}"));
    if !key.hosts.is_empty() && !key.hosts.iter().any(is_of) {
        return Some(format!("`{}` may only name {}", key.name, key.hosts.join(", ")));
    }
    let is_address = host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') || !host.contains('.');
    is_address.then(|| format!("`{}` names a public host, not an address", key.name))
}

pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// ` (did you mean …?)` where a name is close enough.
pub(super) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    let best =
        known.map(|name| (strsim::jaro_winkler(given, name), name)).max_by(|one, other| one.0.total_cmp(&other.0));
    match best {
        Some((likeness, name)) if likeness >= 0.75 => format!(" (did you mean `{name}`?)"),
        _ => String::new(),
    }
}

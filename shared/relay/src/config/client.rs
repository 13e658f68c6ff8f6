//! Clients: their keys, what they may do, and where a key that stands in public pages may be used.

use std::ops::Range;

use url::{Host, Url};

use super::section::{Checker, Section, nearest, span_of};
use super::{Client, Scope};
use crate::secrets::Reference;

const KEY_CHARS: usize = 16;
const KEYS: [&str; 6] = ["key", "previous_key", "offers", "scope", "publishable", "origins"];

impl Checker<'_> {
    pub(super) fn client(&mut self, section: &Section<'_, '_>) {
        self.unknown_keys(section, &KEYS, "a client");
        let Some((key, key_span)) =
            self.required_text(section, "key", "`env:NAME`, `ssm:/path` or a key made by `leadrelay key`")
        else {
            return;
        };
        let previous = self.text(section, "previous_key");
        self.check_key(section, "key", &key, key_span);
        if let Some((previous, span)) = &previous {
            self.check_key(section, "previous_key", previous, span.clone());
            if *previous == key {
                self.problem(span.clone(), "`previous_key` is the key from before, and `key` another one");
            }
        }
        let offers = self.offers_of_client(section);
        let publishable = self.boolean(section, "publishable").unwrap_or(false);
        let origins = self.origins(section);
        let scopes = self.scopes(section, publishable);
        if publishable {
            let open = offers.iter().any(|offer| offer == "*") || origins.is_empty() || scopes != [Scope::Send];
            if open {
                let message = "a publishable key stands in public pages: name its `offers` and `origins` one by one and leave `scope` at send";
                self.problem(section.span.clone(), format!("{}: {message}", section.title));
            }
        }
        let client = Client { name: section.name.to_owned(), offers, scopes, publishable, origins };
        // The same client under two keys: what it has sent before stays its own.
        self.parsed.clients.extend(previous.map(|(previous, _)| (previous, client.clone())));
        self.parsed.clients.push((key, client));
    }

    fn offers_of_client(&mut self, section: &Section<'_, '_>) -> Vec<String> {
        let Some(offers) = self.texts(section, "offers") else { return vec!["*".to_owned()] };
        if offers.is_empty() {
            let message = "`offers` names none: name them, or leave `offers` out for all";
            self.problem(span_of(section, "offers"), message);
        }
        for offer in offers.iter().filter(|offer| *offer != "*") {
            if !self.is_written("offers", offer) {
                let nearest = nearest(offer, self.parsed.offers.keys().map(String::as_str));
                self.problem(span_of(section, "offers"), format!("there is no offer `{offer}`{nearest}"));
            }
        }
        offers
    }

    fn origins(&mut self, section: &Section<'_, '_>) -> Vec<String> {
        let origins = self.texts(section, "origins").unwrap_or_default();
        for origin in &origins {
            if !is_origin(origin) {
                let message = format!(
                    "`{origin}` is no origin: write scheme and host such as https://shop.example, or \
                     https://*.shop.example for every host below it"
                );
                self.problem(span_of(section, "origins"), message);
            }
        }
        origins
    }

    fn scopes(&mut self, section: &Section<'_, '_>, publishable: bool) -> Vec<Scope> {
        let scope = self.text(section, "scope");
        match scope.as_ref().map(|(text, _)| text.as_str()) {
            None if publishable => vec![Scope::Send],
            None => vec![Scope::Send, Scope::Read],
            Some("send") => vec![Scope::Send],
            Some("read") => vec![Scope::Read],
            Some("admin") => vec![Scope::Admin],
            Some(other) => {
                let message =
                    format!("`{other}` is no scope: send, read or admin; left out, a client may send and read");
                self.problem(span_of(section, "scope"), message);
                Vec::new()
            }
        }
    }

    fn check_key(&mut self, section: &Section<'_, '_>, name: &str, key: &str, span: Range<usize>) {
        self.check_reference(section, name, key);
        if let Some((_, other)) = self.parsed.clients.iter().find(|(other, _)| other == key) {
            let message = format!("client `{}` has the same key: each has one of its own", other.name);
            self.problem(span.clone(), message);
        }
        if let Reference::Literal(literal) = Reference::of(key) {
            if let Some(message) = unfit_key(literal) {
                self.problem(span, message);
            }
            self.parsed.literal_secrets.push(format!("{}.{name}", section.title));
        }
    }
}

/// Why a text can be no client's key; `None` where it can.
pub(super) fn unfit_key(key: &str) -> Option<String> {
    if key.chars().count() < KEY_CHARS {
        return Some(format!("a key has at least {KEY_CHARS} characters; `leadrelay key` makes one"));
    }
    let travels = key.chars().all(|c| c.is_ascii_graphic());
    (!travels).then(|| "a key has no spaces and only ASCII characters: no header carries others".to_owned())
}

/// Scheme and host as a browser names them; `*.` before the host stands for all below it.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let below = host.strip_prefix("*.");
    let host = below.unwrap_or(host);
    let exact = format!("{scheme}://{host}");
    let Ok(url) = Url::parse(&exact) else { return false };
    let is_web = matches!(scheme, "http" | "https") && url.origin().ascii_serialization() == exact;
    // All hosts below a name without a dot would be those of strangers.
    let is_own = below.is_none() || matches!(url.host(), Some(Host::Domain(name)) if name.contains('.'));
    is_web && is_own && !host.contains('*')
}

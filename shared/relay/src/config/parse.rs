//! From a person's TOML file to documents, with every problem and its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use lead::Country;
use networks::{AccountKey, ManifestError, Network, Problem, catalog};
use toml::de::{DeTable, DeValue};
use url::Url;

use super::section::{Checker, Section, has, is_name, listed, nearest, span_of};
use super::shown::shown;
use super::{
    Account, Client, NetworkRef, Offer, Scope, account_document, client_document, network_document, offer_document,
};
use crate::keys::hash_of_key;
use crate::secrets::Reference;

/// A checked configuration.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// Account name to account.
    pub accounts: BTreeMap<String, Account>,
    /// Offer name to offer.
    pub offers: BTreeMap<String, Offer>,
    /// Reference of the client's key, and the client; one whose key is being changed stands here twice.
    pub clients: Vec<(String, Client)>,
    /// Slug and manifest of each of the user's own networks.
    pub own_networks: BTreeMap<String, String>,
    /// Secret settings and keys whose values stand in the file itself, such as `accounts.main.api`.
    pub literal_secrets: Vec<String>,
}

impl Parsed {
    /// The documents to store, name to JSON or manifest text. `key_of` resolves the reference of a client's key.
    ///
    /// # Errors
    /// The name of the client whose key cannot be resolved, and why.
    pub fn documents(
        &self,
        mut key_of: impl FnMut(&str) -> Result<String, String>,
    ) -> Result<BTreeMap<String, String>, String> {
        let mut documents = BTreeMap::new();
        let json = |value: &dyn erased::Json| value.json();
        for (name, account) in &self.accounts {
            documents.insert(account_document(name), json(account));
        }
        for (name, offer) in &self.offers {
            documents.insert(offer_document(name), json(offer));
        }
        for (reference, client) in &self.clients {
            let key = key_of(reference).map_err(|error| format!("clients.{}.key: {error}", client.name))?;
            let document = client_document(&hash_of_key(&key));
            if documents.insert(document, json(client)).is_some() {
                return Err(format!("clients.{}.key: another client has the same key", client.name));
            }
        }
        for (slug, manifest) in &self.own_networks {
            documents.insert(network_document(slug), manifest.clone());
        }
        Ok(documents)
    }
}

mod erased {
    /// Serialises what always can be: maps with text keys.
    pub(super) trait Json {
        fn json(&self) -> String;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> String {
            serde_json::to_string(self).unwrap_or_default()
        }
    }
}

/// Checks a configuration as a whole. `own` holds the user's own networks, already read from their folder.
///
/// # Errors
/// Every problem found, each with file, line, column and what would be right.
pub fn parse(file: &str, text: &str, own: &BTreeMap<String, (String, Arc<Network>)>) -> Result<Parsed, ManifestError> {
    let root = DeTable::parse(text).map_err(|error| wrong(vec![Problem::of_toml(file, text, &error)]))?;
    let mut checker = Checker { file, text, own, problems: Vec::new(), parsed: Parsed::default() };
    checker.root(root.get_ref());
    checker.parsed.own_networks = own.iter().map(|(slug, (text, _))| (slug.clone(), text.clone())).collect();
    if checker.problems.is_empty() {
        Ok(checker.parsed)
    } else {
        checker.problems.sort_by_key(|problem| (problem.line, problem.column));
        Err(wrong(checker.problems))
    }
}

fn wrong(problems: Vec<Problem>) -> ManifestError {
    ManifestError { problems: problems.into_iter().map(shown).collect() }
}

const ROOT_KEYS: [&str; 4] = ["accounts", "offers", "clients", "networks"];
const NAME_RULE: &str = "a name has 1 to 64 of a-z, 0-9, `-` and `_`";
const KEY_CHARS: usize = 16;

impl Checker<'_> {
    fn root(&mut self, root: &DeTable<'_>) {
        for key in root.keys() {
            if !ROOT_KEYS.contains(&key.get_ref().as_ref()) {
                self.problem(
                    key.span(),
                    format!("unknown key `{}`, expected one of {}", key.get_ref(), listed(ROOT_KEYS)),
                );
            }
        }
        // Accounts first: offers refer to them.
        for section in self.sections(root, "accounts") {
            self.account(&section);
        }
        for section in self.sections(root, "offers") {
            self.offer(&section);
        }
        for section in self.sections(root, "clients") {
            self.client(&section);
        }
    }

    fn sections<'t, 'a>(&mut self, root: &'t DeTable<'a>, kind: &str) -> Vec<Section<'t, 'a>> {
        let Some((_, value)) = root.iter().find(|(key, _)| key.get_ref() == kind) else { return Vec::new() };
        let DeValue::Table(all) = value.get_ref() else {
            self.problem(value.span(), format!("`{kind}` is a table: write [{kind}.NAME] and its keys below"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (name, value) in all {
            let title = format!("{kind}.{}", name.get_ref());
            if !is_name(name.get_ref()) {
                self.problem(name.span(), format!("`{}` is no name: {NAME_RULE}", name.get_ref()));
            } else if let DeValue::Table(table) = value.get_ref() {
                sections.push(Section { name: name.get_ref(), title, span: name.span(), table });
            } else {
                self.problem(value.span(), format!("`{title}` is a table: write [{title}] and its keys below"));
            }
        }
        sections
    }

    fn account(&mut self, section: &Section<'_, '_>) {
        let Some((slug, slug_span)) =
            self.required_text(section, "network", "the slug of a network, see `leadrelay networks`")
        else {
            return;
        };
        let Some(network) = self.network(&slug) else {
            let own = self.own.keys().cloned();
            let known: Vec<String> = catalog::slugs().map(str::to_owned).chain(own).collect();
            let nearest = nearest(&slug, known.iter().map(String::as_str));
            self.problem(slug_span, format!("`{slug}` is no network{nearest}; `leadrelay networks` lists them"));
            return;
        };
        let keys: Vec<AccountKey<'_>> = network.account_keys().collect();
        let base_url = self.base_url(section);
        if base_url.is_none() && network.manifest().needs_base_url && !has(section.table, "base_url") {
            let why = "base_url is missing: no host of this network is known; ask its manager for the API's address";
            self.problem(section.span.clone(), format!("{}: {why}", section.title));
        }
        let mut allowed = vec!["network", "base_url", "poll", "calls_per_minute"];
        allowed.extend(keys.iter().map(|key| key.name));
        self.unknown_keys(section, &allowed, &format!("network {slug}"));
        let settings = self.values(section, &keys, &format!("network {slug}"));
        for key in keys.iter().filter(|key| key.secret) {
            if settings.get(key.name).is_some_and(|value| matches!(Reference::of(value), Reference::Literal(_))) {
                self.parsed.literal_secrets.push(format!("{}.{}", section.title, key.name));
            }
        }
        let own_network = self.own.contains_key(&slug);
        let poll = self.rhythm(section);
        let calls_per_minute = self.calls_per_minute(section, &network);
        let account = Account { network: slug, base_url, settings, own_network, poll, calls_per_minute };
        self.parsed.accounts.insert(section.name.to_owned(), account);
    }

    fn offer(&mut self, section: &Section<'_, '_>) {
        let Some((account, span)) = self.required_text(section, "account", "the name of an account of this file")
        else {
            return;
        };
        let Some(network) = self.parsed.accounts.get(&account).map(|account| account.network.clone()) else {
            // An account with a problem of its own has been told of already.
            let written = self.text.contains(&format!("[accounts.{account}]"));
            if !written {
                let nearest = nearest(&account, self.parsed.accounts.keys().map(String::as_str));
                self.problem(span, format!("there is no account `{account}`{nearest}"));
            }
            return;
        };
        let Some(network) = self.network(&network) else { return };
        if !network.can_submit() {
            let name = network.name();
            self.problem(
                span,
                format!(
                    "leads cannot be sent to {name}: its API is not published. Ask its manager for the API's description, \
                     write a manifest (shared/networks/FORMAT.md shows how) and name its folder with `networks = \"DIR\"`"
                ),
            );
        }
        let keys: Vec<AccountKey<'_>> = network.offer_keys().collect();
        let mut allowed = vec!["account", "country", "thanks_url", "duplicates"];
        allowed.extend(keys.iter().map(|key| key.name));
        self.unknown_keys(section, &allowed, &format!("network {}", network.slug()));
        let country = self.text(section, "country").and_then(|(text, span)| match text.parse::<Country>() {
            Ok(country) => Some(country),
            Err(error) => {
                self.problem(span, format!("`{text}`: {error}"));
                None
            }
        });
        let thanks_url = self.url(section, "thanks_url", &["https", "http"]);
        let params = self.values(section, &keys, &format!("network {}", network.slug()));
        let duplicates = self.duplicates(section);
        let offer = Offer { account, country, thanks_url, duplicates, params };
        self.parsed.offers.insert(section.name.to_owned(), offer);
    }

    fn client(&mut self, section: &Section<'_, '_>) {
        self.unknown_keys(section, &["key", "previous_key", "offers", "scope", "publishable", "origins"], "a client");
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
        let offers = self.texts(section, "offers").unwrap_or_else(|| vec!["*".to_owned()]);
        for offer in offers.iter().filter(|offer| *offer != "*") {
            if !self.parsed.offers.contains_key(offer) && !self.text.contains(&format!("[offers.{offer}]")) {
                let nearest = nearest(offer, self.parsed.offers.keys().map(String::as_str));
                self.problem(span_of(section, "offers"), format!("there is no offer `{offer}`{nearest}"));
            }
        }
        let publishable = self.boolean(section, "publishable").unwrap_or(false);
        let origins = self.texts(section, "origins").unwrap_or_default();
        for origin in &origins {
            let right = Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
            if !right {
                let message = format!("`{origin}` is no origin: write scheme and host such as https://shop.example");
                self.problem(span_of(section, "origins"), message);
            }
        }
        let scope = self.text(section, "scope");
        let scopes = match scope.as_ref().map(|(text, _)| text.as_str()) {
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
        };
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

    fn check_key(&mut self, section: &Section<'_, '_>, name: &str, key: &str, span: Range<usize>) {
        if let Reference::Literal(literal) = Reference::of(key) {
            if literal.chars().count() < KEY_CHARS {
                self.problem(span, format!("a key has at least {KEY_CHARS} characters; `leadrelay key` makes one"));
            }
            self.parsed.literal_secrets.push(format!("{}.{name}", section.title));
        }
    }

    fn network(&self, slug: &str) -> Option<NetworkRef> {
        match self.own.get(slug) {
            Some((_, network)) => Some(NetworkRef::Own(Arc::clone(network))),
            None => catalog::find(slug).map(NetworkRef::BuiltIn),
        }
    }
}

//! The configuration: accounts, offers and clients, as a person writes it and as it is stored.
//!
//! A person writes one TOML file ([`parse`]). It is checked as a whole and becomes documents in the relay's table, one
//! a thing, so that a function reads only what a request needs ([`Parsed::documents`]).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use lead::Country;
use networks::Network;
use serde::{Deserialize, Serialize};
use url::Url;

mod cache;
mod duplicates;
mod parse;
mod poll_keys;
mod polling;
mod section;
mod shown;

pub use cache::ConfigCache;
pub use duplicates::{Duplicates, OnDuplicate};
pub use parse::{Parsed, parse};
pub use polling::{Every, NotARhythm, Rhythm};
pub(crate) use section::unfit;

/// One set of credentials at one network. Its `Debug` shows no value of a setting.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The network's slug.
    pub network: String,
    /// Replaces scheme and host of all of this account's calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<Url>,
    /// Setting to reference: `env:NAME`, `ssm:/path` or the value itself.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The network is one of the user's own manifests, stored beside the account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_network: bool,
    /// How often its orders are asked for, where it is not as usual.
    #[serde(default, skip_serializing_if = "Rhythm::is_usual")]
    pub poll: Rhythm,
    /// The most status calls a minute, where that is less than the network allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<u32>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("network", &self.network)
            .field("settings", &self.settings.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What a client sends leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The account's name.
    pub account: String,
    /// The country of leads that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// Where a browser goes after its form post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thanks_url: Option<Url>,
    /// Whether customers who have ordered before are looked for, and what becomes of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<Duplicates>,
    /// The network's parameters.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

/// Who may call, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The client's name.
    pub name: String,
    /// The offers it may send to and read of; `*` for all.
    pub offers: Vec<String>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The key stands in public pages: it can only send, only forms, only from `origins`.
    #[serde(default)]
    pub publishable: bool,
    /// The origins a publishable key may be used from, such as `https://shop.example`.
    #[serde(default)]
    pub origins: Vec<String>,
}

impl Client {
    /// Whether the client may use an offer.
    #[must_use]
    pub fn may_use(&self, offer: &str) -> bool {
        self.offers.iter().any(|allowed| allowed == "*" || allowed == offer)
    }

    /// Whether the client may do something. An admin may do everything.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Send leads.
    Send,
    /// Read orders.
    Read,
    /// Everything.
    Admin,
}

/// A network as an account uses it: of the catalogue, or the user's own.
#[derive(Debug, Clone)]
pub enum NetworkRef {
    /// Built in.
    BuiltIn(&'static Network),
    /// The user's.
    Own(Arc<Network>),
}

impl std::ops::Deref for NetworkRef {
    type Target = Network;

    fn deref(&self) -> &Network {
        match self {
            Self::BuiltIn(network) => network,
            Self::Own(network) => network,
        }
    }
}

/// The name of an account's document.
#[must_use]
pub fn account_document(name: &str) -> String {
    format!("account#{name}")
}

/// The name of an offer's document.
#[must_use]
pub fn offer_document(name: &str) -> String {
    format!("offer#{name}")
}

/// The name of a client's document.
#[must_use]
pub fn client_document(key_hash: &str) -> String {
    format!("client#{key_hash}")
}

/// The name of a user's own network's document.
#[must_use]
pub fn network_document(slug: &str) -> String {
    format!("network#{slug}")
}

#[cfg(test)]
mod tests;

//! Settings and parameters for an account that nobody has.

use std::collections::BTreeMap;

use crate::filter::Filter;
use crate::manifest::Kind;
use crate::network::{AccountKey, CheckedCall, Network};
use crate::template::{Name, Placeholder, Template};

use super::capture::only_name;

/// What a made-up value is where the contract sends a number.
const NUMBER: &str = "1001";

/// A host that is nobody's.
const HOST: &str = "shop.example";

/// A value for every setting of an account: `fake-NAME`, or a number where the contract sends one.
#[must_use]
pub fn settings(network: &Network) -> BTreeMap<String, String> {
    let number = |name: &str| is_number(network, &Name::Setting(name.to_owned()));
    network.account_keys().map(|key| (key.name.to_owned(), made_up(&key, number(key.name)))).collect()
}

/// A value for every parameter of an offer: `fake-NAME`, a number where the contract sends one, and a URL or host
/// where it must be one.
#[must_use]
pub fn params(network: &Network) -> BTreeMap<String, String> {
    let number = |name: &str| is_number(network, &Name::Param(name.to_owned()));
    network.offer_keys().map(|key| (key.name.to_owned(), made_up(&key, number(key.name)))).collect()
}

fn made_up(key: &AccountKey<'_>, is_number: bool) -> String {
    let host = key.hosts.first().map_or(HOST, String::as_str);
    match key.kind {
        Kind::Url => format!("https://{host}/fake-{}", key.name),
        Kind::Host => host.to_owned(),
        Kind::Text if is_number => NUMBER.to_owned(),
        Kind::Text => format!("fake-{}", key.name),
    }
}

fn is_number(network: &Network, name: &Name) -> bool {
    let calls = network.submit.iter().map(|submit| &submit.call).chain(network.poll.iter().map(|poll| &poll.call));
    let mut placeholders = calls.flat_map(CheckedCall::templates).flat_map(Template::placeholders);
    let sends_number = |one: &Placeholder| one.filter == Some(Filter::Number) && only_name(one) == Some(name);
    placeholders.any(sends_number)
}

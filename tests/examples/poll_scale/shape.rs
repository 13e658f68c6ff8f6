//! Which orders there are: the same for the one who stores them and for the networks that know of them.

use lead::{OrderId, Status};
use networks::fake::Saying;
use networks::manifest::Asks;
use networks::{Network, catalog};
use relay::settings::Settings;

use crate::Failure;

pub(crate) const TABLE: &str = "scale";

/// Seven ask by the network's ids in batches of 50, of which two limit calls a minute; two by ours; one by a window.
pub(crate) const SLUGS: [&str; 10] =
    ["aff1", "altercpa", "arbitpro", "m1shop", "webvork", "kma", "monsterleads", "trafficlight", "whocpa", "adcombo"];

/// The orders' ages are spread evenly over so many days.
const DAYS: u64 = 100;

pub(crate) fn network(slug: &str) -> Result<&'static Network, Failure> {
    catalog::find(slug).ok_or_else(|| format!("{slug} is no network of the catalogue").into())
}

/// Customers: their phones decide which part of the index their orders stand in.
const PHONES: u64 = 997;

/// The orders of each account.
pub(crate) fn of_each(orders: u64) -> Result<u64, Failure> {
    Ok(orders / u64::try_from(SLUGS.len())?)
}

/// An id of its own for each order, though orders of two accounts come in at one moment.
pub(crate) fn order_id(account: u64, number: u64, of: u64, now_ms: u64) -> OrderId {
    let phone = format!("+4850{:07}", number % PHONES);
    let random = u128::from(account * of + number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    OrderId::new(created_ms(number, of, now_ms), &phone, random)
}

/// When the order of a number came in, in milliseconds since 1970, where its account has so many.
pub(crate) fn created_ms(number: u64, of: u64, now_ms: u64) -> u64 {
    now_ms - (number + 1) * (DAYS * 86_400_000 / (of + 1))
}

/// The numbers of the orders that came in within a time, in seconds since 1970.
pub(crate) fn within(from_s: u64, to_s: u64, of: u64, now_ms: u64) -> impl Iterator<Item = u64> {
    let step = DAYS * 86_400_000 / (of + 1);
    let first = now_ms.saturating_sub(to_s * 1000) / step;
    let last = now_ms.saturating_sub(from_s * 1000) / step;
    (first.saturating_sub(1)..=last.min(of)).filter(move |number| {
        let second = created_ms(*number, of, now_ms) / 1000;
        *number < of && (from_s..=to_s).contains(&second)
    })
}

/// The network's id of an order.
pub(crate) fn network_id(number: u64) -> String {
    (1_000_000 + number).to_string()
}

/// One in a hundred has been decided; the others are where they were.
pub(crate) fn is_decided(id: &str) -> bool {
    id.bytes().rev().take(8).fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 100 == 0
}

/// What a network says of an order.
pub(crate) fn saying(network: &Network, id: &str) -> Saying {
    let status = if is_decided(id) { Status::Approve } else { Status::Wait };
    // A network that has no word for waiting says one that nobody knows.
    Saying::of_status(network, status).unwrap_or_else(|| Saying::of_word("waiting"))
}

pub(crate) fn asks_by_ours(network: &Network) -> bool {
    network.asks() == Some(Asks::Ours)
}

pub(crate) fn settings(table: &str) -> Result<Settings, Failure> {
    let read = |name: &str| {
        let value = match name {
            "TABLE_NAME" => TABLE,
            "LEADRELAY_SECRET" => "a-secret-of-measurements-0123456789",
            "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
            "AWS_ENDPOINT_URL_DYNAMODB" => table,
            _ => return None,
        };
        Some(value.to_owned())
    };
    Ok(Settings::read(read)?)
}

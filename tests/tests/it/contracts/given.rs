//! What a case is given, set up in a relay.

use std::collections::BTreeMap;
use std::time::Duration;

use lead::OrderId;
use networks::case::Case;
use relay::config::{self, Account, Offer};
use serde_json::{Value, json};

use super::Shown;
use crate::harness::{Bench, START_MS};

/// The account and the offer of every case.
pub(super) const NAME: &str = "case";

/// A relay with an account of the case's network and an offer with its parameters, at the time of the case's order.
pub(super) async fn bench(shown: &Shown) -> Bench {
    let bench = Bench::new().await;
    let order_ms = order_id(&shown.case).unix_ms();
    bench.clock.advance(Duration::from_millis(order_ms.checked_sub(START_MS).unwrap()));
    let toml = toml(shown, &bench.network.url());
    match config::parse("case.toml", &toml, &BTreeMap::new()) {
        Ok(_) => bench.configure(&toml).await,
        // What a check of the configuration refuses may have been stored before the contract was known better.
        Err(_) if shown.case.then.cannot_send.is_some() => {
            bench.configure("").await;
            bench.put(&unchecked(shown, &bench.network.url())).await;
        }
        Err(error) => panic!("{}: {error}\n{toml}", shown.name),
    }
    bench
}

pub(super) fn order_id(case: &Case) -> OrderId {
    case.given.order.parse().unwrap()
}

/// The case's lead as a body for the intake.
pub(super) fn lead(case: &Case) -> Value {
    let mut lead = serde_json::to_value(case.given.lead.as_ref().unwrap()).unwrap();
    lead["offer"] = json!(NAME);
    lead
}

/// The network's host is moved to loopback; a path that the account's base has stays.
fn base_url(shown: &Shown, loopback: &str) -> Option<String> {
    let path = |base: &String| base.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
    match &shown.case.given.base_url {
        Some(base) => Some(format!("{loopback}{}", path(base))),
        None if shown.network.manifest().needs_base_url => None,
        None => Some(loopback.to_owned()),
    }
}

fn toml(shown: &Shown, loopback: &str) -> String {
    let given = &shown.case.given;
    let mut lines = vec![format!("[accounts.{NAME}]"), format!("network = {:?}", shown.network.slug())];
    lines.extend(base_url(shown, loopback).map(|base| format!("base_url = {base:?}")));
    let pair = |(name, value): (&String, &String)| format!("{name} = {}", json!(value));
    lines.extend(given.settings.iter().map(pair));
    if given.lead.is_some() {
        lines.extend([format!("[offers.{NAME}]"), format!("account = {NAME:?}")]);
        lines.extend(given.params.iter().map(pair));
    }
    lines.join("\n")
}

fn unchecked(shown: &Shown, loopback: &str) -> BTreeMap<String, String> {
    let account = Account {
        network: shown.network.slug().to_owned(),
        base_url: base_url(shown, loopback).map(|url| url.parse().unwrap()),
        settings: shown.case.given.settings.clone(),
        ..Account::default()
    };
    let params = shown.case.given.params.clone();
    let offer = Offer { account: NAME.to_owned(), params, ..Offer::default() };
    BTreeMap::from([
        (config::account_document(NAME), serde_json::to_string(&account).unwrap()),
        (config::offer_document(NAME), serde_json::to_string(&offer).unwrap()),
    ])
}

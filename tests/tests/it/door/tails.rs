//! The seed's tails as networks fill them in, through the real door.

use std::fs;

use networks::catalog;
use serde_json::{Value, json};

use super::error;
use crate::cloudformation::root;
use crate::harness::{Bench, Event};

/// What a network writes in place of a macro, by what the parameter is for.
fn filled(parameter: &str, value: &str, order: &str) -> String {
    let is_macro = value.starts_with(['{', '[', '<', '%']);
    match parameter {
        "oid" | "eid" => order.to_owned(),
        "status" if is_macro => "approve".to_owned(),
        "comment" if is_macro => "called & agreed: 100%".to_owned(),
        "pay" if is_macro => "12,50".to_owned(),
        "cc" if is_macro => "eur".to_owned(),
        _ => value.to_owned(),
    }
}

/// One postback of the seed.
struct Postback {
    event: String,
    path: String,
    pairs: Vec<(String, String)>,
}

fn postbacks(network: &Value) -> Vec<Postback> {
    let mut found = Vec::new();
    for postback in network["postbacks"].as_array().unwrap() {
        let event = postback["event"].as_str().unwrap().to_owned();
        let pairs: Vec<(String, String)> = match postback["tail"].as_str() {
            Some(tail) => tail
                .trim_start_matches('&')
                .split('&')
                .map(|pair| pair.split_once('=').unwrap())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            None => postback["params"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| *name != "id")
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
        };
        let path = postback["path"].as_str().unwrap_or("/api/sale/status.json").to_owned();
        found.push(Postback { event, path, pairs });
    }
    found
}

/// What the event's name promises; a global postback is filled in with an approve.
fn promised(event: &str) -> &'static str {
    match event {
        "Cancel" | "Cancelled" | "Duplicate" => "cancel",
        "Trash" => "trash",
        _ => "approve",
    }
}

#[tokio::test]
async fn every_tail_of_the_seed_reaches_its_order() {
    let seed = fs::read_to_string(root().join("shared/networks/tests/seed.json")).unwrap();
    let seed: Value = serde_json::from_str(&seed).unwrap();
    let bench = Bench::new().await;
    bench.configure("").await;
    let mut failures = Vec::new();
    let mut tails = 0;
    for network in seed.as_array().unwrap() {
        let slug = network["slug"].as_str().unwrap();
        assert!(catalog::find(slug).is_some(), "{slug}");
        let account = relay::config::Account { network: slug.to_owned(), ..relay::config::Account::default() };
        let account = serde_json::to_string(&account).unwrap();
        bench.store.put_config(&relay::config::account_document(slug), &account).await.unwrap();
        for Postback { event, path, pairs } in postbacks(network) {
            tails += 1;
            let order = stored(&bench, slug, tails).await;
            let pairs: Vec<(String, String)> =
                pairs.into_iter().map(|(name, value)| (name.clone(), filled(&name, &value, &order))).collect();
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let id = bench.door_id(slug).await;
            let reply = bench.knock(&Event::get(&format!("{path}?id={id}&{query}"))).await;
            let order = bench.order(&order).await;
            let reason = if event == "Duplicate" { json!(7) } else { json!(null) };
            let pays = pairs.iter().any(|(name, value)| name == "pay" && value == "12,50");
            let payout = if pays { json!("12.50") } else { json!(null) };
            for (what, found, expected) in [
                ("HTTP", json!(reply.status), json!(200)),
                ("status", order["status"].clone(), json!(promised(&event))),
                ("reason", order["reason"].clone(), reason),
                ("payout", order["payout"].clone(), payout),
            ] {
                if found != expected {
                    failures.push(format!("{slug} {event} {query}: {what} {found}, expected {expected}"));
                }
            }
            let wrong = bench.knock(&Event::get(&format!("{path}?id={id}0&{query}"))).await;
            assert_eq!(wrong.expect(403), error("key"));
        }
    }
    println!("{tails} tails");
    assert!(tails > 20 && failures.is_empty(), "{}", failures.join("\n"));
}

/// An order of this account as it is once the network has it.
async fn stored(bench: &Bench, account: &str, number: u128) -> String {
    let id = lead::OrderId::new(crate::harness::START_MS, "+48500100200", number);
    let country = "PL".parse().unwrap();
    let new = orders::NewOrder {
        id: id.clone(),
        account: account.to_owned(),
        offer: "tea".to_owned(),
        network: account.to_owned(),
        client: "tester".to_owned(),
        lead: lead::Lead {
            name: "Jan Test".to_owned(),
            phone: lead::Phone::parse("+48500100200", country).unwrap(),
            country,
            fields: std::collections::BTreeMap::new(),
        },
        overrides: std::collections::BTreeMap::new(),
        test: false,
        duplicate_of: None,
        expires: None,
    };
    assert_eq!(bench.store.insert(&new).await, Ok(orders::Inserted::Stored));
    id.to_string()
}

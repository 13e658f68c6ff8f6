//! The cases of status calls.

use std::collections::BTreeMap;
use std::time::Duration;

use lead::{Lead, OrderId, Phone};
use networks::case::Row;
use networks::manifest::Asks;
use orders::{DeliveryOutcome, DeliveryReport, Inserted, NewOrder, Source};
use relay::clock::Clock;
use relay::sweep::Sums;
use serde_json::{Value, json};

use super::given::{self, NAME};
use super::submit::act;
use super::{Differences, Shown, cases, tell, wire};
use crate::harness::Bench;

const PHONE: &str = "+48500100200";

/// How old the orders are when they are asked for.
const AGE: Duration = Duration::from_mins(1);

/// How much further back and ahead a window reaches than the orders' own times, in seconds.
const OVERLAP_S: u64 = 600;

#[tokio::test]
async fn every_poll_case_holds_in_a_run() {
    let shown = cases(|case| case.given.ids.is_some() || case.given.window.is_some());
    let mut failures = Vec::new();
    for shown in &shown {
        let differences = run(shown).await;
        failures.extend(differences.0.into_iter().map(|difference| format!("{}: {difference}", shown.name)));
    }
    tell(shown.len(), &failures);
}

/// An order that is asked for, and what the case calls it.
struct Asked {
    id: OrderId,
    network_order_id: Option<String>,
}

async fn run(shown: &Shown) -> Differences {
    let mut differences = Differences::default();
    let bench = given::bench(shown).await;
    let asked = asked(shown, &bench);
    for asked in &asked {
        store(&bench, shown, asked).await;
    }
    bench.clock.advance(AGE);
    let received = act(&shown.case.receives[0]);
    bench.network.otherwise(move |_| received.clone());
    let sums = bench.sweep_all().await;
    compare_request(shown, &bench, &asked, &mut differences);
    match &shown.case.then.failure {
        Some(failure) => compare_failure(&bench, failure, &sums, &asked, &mut differences).await,
        None => compare_rows(&bench, shown, &sums, &asked, &mut differences).await,
    }
    differences
}

fn asked(shown: &Shown, bench: &Bench) -> Vec<Asked> {
    let case = &shown.case;
    let made = |number: usize| OrderId::new(bench.clock.now_ms(), PHONE, u128::try_from(number).unwrap());
    let ids = case.given.ids.clone().unwrap_or_default();
    match shown.network.asks().unwrap() {
        // All of one phone, so that they are asked for together, and in this order.
        Asks::Network => ids
            .into_iter()
            .enumerate()
            .map(|(number, id)| Asked { id: made(number), network_order_id: Some(id) })
            .collect(),
        Asks::Ours => ids.iter().map(|id| Asked { id: id.parse().unwrap(), network_order_id: None }).collect(),
        Asks::Window => {
            let one = |(number, row): (usize, &Row)| {
                let ours = row.oid.as_ref().and_then(|oid| oid.parse().ok());
                Asked { id: ours.unwrap_or_else(|| made(number)), network_order_id: row.eid.clone() }
            };
            let rows = case.then.rows.as_deref().unwrap_or_default();
            let found: Vec<Asked> = rows.iter().enumerate().map(one).collect();
            if found.is_empty() { vec![Asked { id: made(0), network_order_id: None }] } else { found }
        }
    }
}

async fn store(bench: &Bench, shown: &Shown, asked: &Asked) {
    let country = "PL".parse().unwrap();
    let phone = Phone::parse(PHONE, country).unwrap();
    let new = NewOrder {
        id: asked.id.clone(),
        account: NAME.to_owned(),
        offer: NAME.to_owned(),
        network: shown.network.slug().to_owned(),
        client: "tester".to_owned(),
        lead: Lead { name: "Jan Test".to_owned(), phone, country, fields: BTreeMap::new() },
        overrides: BTreeMap::new(),
        test: false,
        duplicate_of: None,
        expires: None,
    };
    assert_eq!(bench.store.insert(&new).await, Ok(Inserted::Stored));
    let outcome = DeliveryOutcome::Delivered {
        network_order_id: asked.network_order_id.clone(),
        raw_status: None,
        payout: None,
        pollable: true,
    };
    let report = DeliveryReport::new(outcome, Source::Intake, bench.clock.now_ms());
    bench.store.record_delivery(NAME, &asked.id, &report).await.unwrap();
}

fn compare_request(shown: &Shown, bench: &Bench, asked: &[Asked], differences: &mut Differences) {
    let came = bench.network.take();
    if shown.case.then.failure.is_none() {
        differences.compare("number of requests", &came.len(), &1);
    }
    let (Some(sent), Some(came)) = (shown.case.sends.first(), came.first()) else {
        return differences.fail("no request was made");
    };
    let mut query = sent.query.clone();
    if let Some((from, to)) = shown.case.given.window {
        // The case's window is as long as the network allows; a run asks for that of the orders it has.
        let oldest = asked.iter().map(|asked| asked.id.unix_ms()).min().unwrap() / 1000;
        let window = [(from, oldest - OVERLAP_S), (to, bench.clock.now_ms() / 1000 + OVERLAP_S)];
        for (cases, ours) in window {
            for pair in &mut query {
                *pair = pair.replace(&format!("={cases}"), &format!("={ours}"));
            }
        }
    }
    let encoding = shown.network.manifest().poll.as_ref().unwrap().call.encoding;
    wire::compare(sent, &query, encoding, came, differences);
}

async fn compare_failure(bench: &Bench, failure: &str, sums: &Sums, asked: &[Asked], differences: &mut Differences) {
    let told = sums.errors.iter().any(|error| error.account == NAME && error.error.contains(failure));
    differences.compare(&format!("the run tells {failure:?} in {:?}", sums.errors), &told, &true);
    differences.compare("changed", &sums.changed, &0);
    for asked in asked {
        let order = bench.order(asked.id.as_str()).await;
        differences.compare("status", &order["status"], &json!("wait"));
        differences.compare("events", &order["history"].as_array().map(Vec::len), &Some(2));
    }
}

async fn compare_rows(bench: &Bench, shown: &Shown, sums: &Sums, asked: &[Asked], differences: &mut Differences) {
    let rows = shown.case.then.rows.as_deref().unwrap_or_default();
    differences.compare("errors", &sums.errors, &Vec::new());
    differences.compare("polled", &sums.polled, &u64::try_from(asked.len()).unwrap());
    let mut changed = 0;
    for asked in asked {
        let of_it = |row: &&Row| {
            row.eid.is_some() && row.eid == asked.network_order_id || row.oid.as_deref() == Some(asked.id.as_str())
        };
        let order = bench.order(asked.id.as_str()).await;
        let row = rows.iter().find(of_it);
        changed += u64::from(row.is_some_and(|row| !matches!(row.status.as_str(), "wait" | "unmapped")));
        compare_order(row, &order, differences);
    }
    differences.compare("changed", &sums.changed, &changed);
}

fn compare_order(row: Option<&Row>, order: &Value, differences: &mut Differences) {
    let events = order["history"].as_array().unwrap();
    let name = row.and_then(|row| row.eid.as_ref().or(row.oid.as_ref())).map_or("no row", String::as_str);
    match row.filter(|row| row.status != "wait") {
        // Without news nothing is written.
        None => {
            differences.compare(&format!("{name}: status"), &order["status"], &json!("wait"));
            differences.compare(&format!("{name}: events"), &events.len(), &2);
        }
        Some(row) if row.status == "unmapped" => {
            differences.compare(&format!("{name}: status"), &order["status"], &json!("wait"));
            differences.compare(&format!("{name}: the event"), &events[2]["kind"], &json!("unmapped"));
            if row.raw.is_some() {
                differences.compare(&format!("{name}: its word"), &events[2]["raw_status"], &json!(row.raw));
            }
        }
        Some(row) => {
            let payout = row.payout.as_ref().map(|payout| payout.split_once(' ').unwrap_or((payout, "")));
            let currency = payout.map(|(_, currency)| currency).filter(|currency| !currency.is_empty());
            for (member, expected) in [
                ("status", json!(row.status)),
                ("reason", json!(row.reason)),
                ("payout", json!(payout.map(|(amount, _)| amount))),
                ("currency", json!(currency)),
                ("comment", json!(row.comment)),
            ] {
                differences.compare(&format!("{name}: {member}"), &order[member], &expected);
            }
            if row.raw.is_some() {
                differences.compare(&format!("{name}: word"), &order["raw_status"], &json!(row.raw));
            }
            differences.compare(&format!("{name}: source"), &events[2]["source"], &json!("poll"));
        }
    }
}

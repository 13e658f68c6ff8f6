//! Leads in doubt of networks that can be asked by our own id.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lead::{Country, Lead, OrderId, Phone};
use orders::{DeliveryOutcome, DeliveryReport, NewOrder, Source};
use serde_json::json;

use super::{bench, delivered, lead};
use crate::harness::{Act, Bench, START_MS, kinds, sweep};

/// A lead of `whocpa` whose answer was lost.
async fn in_doubt(bench: &Bench) -> String {
    bench.network.script([Act::close_read()]);
    let reply = bench.send_lead(&lead("ours")).await;
    assert_eq!(reply.expect(202)["delivery"], "unknown");
    bench.network.take();
    reply.text("order_id")
}

#[tokio::test]
async fn a_lead_in_doubt_is_looked_up_and_found() {
    let bench = bench(&["ours"]).await;
    let order = in_doubt(&bench).await;
    let row = json!({"objects": [{"id": 1, "subid1": order, "status": 1, "money": "12.50"}]});
    bench.network.script([Act::json(&row)]);
    let sums = bench.sweep().await;
    assert_eq!((sums.resent, sums.calls, sums.changed), (0, 1, 1));
    assert_eq!(bench.network.take()[0].query_value("subid1").unwrap(), order);
    let order = bench.order(&order).await;
    assert_eq!(
        (&order["delivery"], &order["status"], &order["payout"]),
        (&json!("delivered"), &json!("approve"), &json!("12.50"))
    );
    assert_eq!(kinds(&order), ["received", "unknown", "delivered", "status"]);
}

#[tokio::test]
async fn a_lead_that_is_found_waiting_is_polled_from_then_on() {
    let bench = bench(&["ours"]).await;
    let order = in_doubt(&bench).await;
    let row = |status: u8| Act::json(&json!({"objects": [{"id": 1, "subid1": order, "status": status}]}));
    bench.network.script([row(0)]);
    assert_eq!(bench.sweep().await.changed, 1);
    assert_eq!(bench.order(&order).await["delivery"], "delivered");
    bench.network.script([row(2)]);
    bench.clock.advance(Duration::from_mins(6));
    assert_eq!(bench.sweep().await.changed, 1);
    assert_eq!(bench.order(&order).await["status"], "cancel");
}

/// That the network does not show it proves nothing: it stays in doubt, and is never sent.
#[tokio::test]
async fn a_lead_that_is_not_found_stays_in_doubt() {
    let bench = bench(&["ours"]).await;
    let order = in_doubt(&bench).await;
    bench.network.otherwise(|_| Act::json(&json!({"objects": []})));
    for _ in 0..4 {
        let sums = bench.sweep_all().await;
        assert_eq!((sums.resent, sums.calls, sums.changed), (0, 1, 0));
        bench.clock.advance(Duration::from_hours(20));
    }
    assert_eq!(bench.order(&order).await["delivery"], "unknown");
    assert!(bench.network.take().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn open_orders_and_those_in_doubt_are_both_asked_for() {
    let bench = bench(&["ours"]).await;
    let open = delivered(&bench, "ours", "1").await;
    let doubted = in_doubt(&bench).await;
    bench.network.otherwise(|_| Act::json(&json!({"objects": []})));
    bench.sweep().await;
    let requests = bench.network.take();
    let asked: Vec<String> = requests.iter().map(|request| request.query_value("subid1").unwrap()).collect();
    let asked: BTreeSet<String> = asked.join(",").split(',').map(str::to_owned).collect();
    assert_eq!(asked, BTreeSet::from([open, doubted]));
}

/// Stores so many leads in doubt, as an outage with lost answers leaves them.
async fn stored_in_doubt(bench: &Bench, number: u64) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for number in 0..number {
        let country: Country = "PL".parse().unwrap();
        let phone = Phone::parse("+48500100200", country).unwrap();
        let id = OrderId::new(START_MS - 600_000 + number, phone.e164(), number.into());
        let new = NewOrder {
            id: id.clone(),
            account: "ours".to_owned(),
            offer: "ours".to_owned(),
            network: "whocpa".to_owned(),
            client: "tester".to_owned(),
            lead: Lead { name: "Jan Test".to_owned(), phone, country, fields: BTreeMap::new() },
            overrides: BTreeMap::new(),
            test: false,
            duplicate_of: None,
            expires: None,
        };
        bench.store.insert(&new).await.unwrap();
        let unknown = DeliveryOutcome::Unknown { lookup: true };
        let report = DeliveryReport::new(unknown, Source::Intake, START_MS - 500_000);
        bench.store.record_delivery("ours", &id, &report).await.unwrap();
        ids.insert(id.to_string());
    }
    ids
}

/// The network knows none of them: they stay in front for good, and those behind them have their turn all the same, also
/// where each run has time for a page only.
#[tokio::test]
async fn leads_in_doubt_behind_the_first_page_are_looked_up_too() {
    for (a_run, takes) in [(Duration::from_mins(5), Duration::ZERO), (Duration::from_secs(16), Duration::from_secs(7))]
    {
        let bench = bench(&["ours"]).await;
        let ids = stored_in_doubt(&bench, 120).await;
        bench.network.otherwise(move |_| Act::json(&json!({"objects": []})).taking(takes));
        let relay = bench.slicing_relay(None);
        let mut asked: Vec<String> = Vec::new();
        for run in 0.. {
            let sums = sweep(&relay, &bench.clock, json!({}), a_run).await;
            assert!(sums.errors.is_empty(), "{sums:?}");
            let requests = bench.network.take();
            let named = requests.iter().map(|request| request.query_value("subid1").unwrap());
            asked.extend(named.flat_map(|ids| ids.split(',').map(str::to_owned).collect::<Vec<_>>()));
            if sums.remaining == 0 {
                break;
            }
            assert!(run < 10, "no run goes on where the last one stopped");
        }
        assert_eq!(asked.len(), 120, "each once");
        assert_eq!(BTreeSet::from_iter(asked), ids);
    }
}

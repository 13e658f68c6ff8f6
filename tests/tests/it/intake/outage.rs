//! Networks that surely did not take the lead.

use std::time::Duration;

use serde_json::json;

use super::{CONFIG, accepted, bench, lead, lead_with};
use crate::harness::{Act, Bench, NOBODY, kinds};

/// The pauses between tries. Up to a fifth may be added to each.
const SCHEDULE: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];

/// A relay whose network cannot be reached.
async fn bench_without_network() -> Bench {
    Bench::configured(&CONFIG.replace("NETWORK", NOBODY)).await
}

#[tokio::test]
async fn an_outage_is_waited_out_by_the_schedule_and_then_given_up() {
    let bench = bench_without_network().await;
    let receipt = bench.send_lead(&lead()).await.expect(202);
    assert_eq!((&receipt["delivery"], &receipt["status"]), (&json!("queued"), &json!("wait")));
    let id = receipt["order_id"].as_str().unwrap();
    for (tried, pause) in SCHEDULE.into_iter().enumerate() {
        let short = pause.mul_f64(0.95).saturating_sub(Duration::from_secs(1));
        bench.clock.advance(short);
        assert_eq!(bench.sweep().await.resent, 0, "{short:?} after try {tried}");
        bench.clock.advance(pause.mul_f64(1.2).saturating_sub(short));
        assert_eq!(bench.sweep().await.resent, 1, "after try {tried}");
    }
    let order = bench.order(id).await;
    assert_eq!((&order["delivery"], &order["tries"]), (&json!("undeliverable"), &json!(8)));
    let last = &order["history"].as_array().unwrap()[15];
    assert_eq!((&last["kind"], &last["source"]), (&json!("undeliverable"), &json!("poll")));
    bench.clock.advance(Duration::from_hours(100));
    assert_eq!(bench.sweep().await.resent, 0);
    let listed = bench.read("/orders?delivery=undeliverable").await.json();
    assert_eq!(listed["orders"][0]["order_id"], id);
}

#[tokio::test]
async fn a_network_that_comes_back_gets_the_lead_once() {
    let bench = bench_without_network().await;
    let id = bench.send_lead(&lead()).await.text("order_id");
    bench.configure(CONFIG).await;
    // A configuration is known to every process within a minute.
    bench.clock.advance(Duration::from_secs(61));
    bench.network.script([accepted()]);
    let sums = bench.sweep().await;
    assert_eq!((sums.resent, sums.errors.len()), (1, 0));
    let order = bench.order(&id).await;
    assert_eq!((&order["delivery"], &order["network_order_id"]), (&json!("delivered"), &json!("u-1")));
    assert_eq!(kinds(&order), ["received", "queued", "attempt", "delivered"]);
    assert_eq!(bench.network.take()[0].json()["sub1"], json!(id));
    bench.clock.advance(Duration::from_hours(24));
    assert_eq!(bench.sweep().await.resent, 0);
    assert_eq!(bench.network.take(), []);
}

#[tokio::test]
async fn a_network_that_turns_leads_away_is_asked_again() {
    let bench = bench().await;
    bench.network.script([Act::answer(429, ""), accepted()]);
    let id = bench.send_lead(&lead()).await.text("order_id");
    assert_eq!(bench.order(&id).await["delivery"], "queued");
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(bench.sweep().await.resent, 1);
    assert_eq!(bench.order(&id).await["delivery"], "delivered");
}

/// Only the second try's answer is lost: from then on it is in doubt.
#[tokio::test]
async fn a_second_try_whose_answer_is_lost_is_the_last() {
    let bench = bench().await;
    bench.network.script([Act::answer(429, ""), Act::close_read()]);
    let id = bench.send_lead(&lead()).await.text("order_id");
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(bench.sweep().await.resent, 1);
    assert_eq!(bench.order(&id).await["delivery"], "unknown");
    for _ in 0..5 {
        bench.clock.advance(Duration::from_hours(12));
        assert_eq!(bench.sweep_all().await.resent, 0);
    }
    assert_eq!(bench.network.take().len(), 2);
}

/// What the network told by postback meanwhile ends the tries: it has the lead.
#[tokio::test]
async fn a_lead_the_network_speaks_of_is_not_sent_again() {
    let bench = bench_without_network().await;
    let id = bench.send_lead(&lead()).await.text("order_id");
    bench.postback("main", &format!("oid={id}&status=hold&sth=hold")).await.expect(200);
    bench.clock.advance(Duration::from_hours(1));
    assert_eq!(bench.sweep().await.resent, 0);
    let order = bench.order(&id).await;
    assert_eq!((&order["delivery"], &order["status"]), (&json!("delivered"), &json!("hold")));
}

#[tokio::test]
async fn two_runs_at_once_send_a_waiting_lead_once() {
    let bench = bench().await;
    for number in 0..4 {
        bench.network.script([Act::answer(429, "")]);
        bench.send_lead(&lead_with(&json!({"phone": format!("50010020{number}")}))).await.expect(202);
    }
    bench.network.take();
    bench.network.otherwise(|_| accepted());
    bench.clock.advance(Duration::from_secs(10));
    let other = bench.second_relay();
    let payload = json!({});
    let time = Duration::from_mins(5);
    let (one, two) = tokio::join!(bench.sweep(), crate::harness::sweep(&other, &bench.clock, payload, time));
    assert_eq!(one.resent + two.resent, 4);
    assert_eq!(bench.network.take().len(), 4);
}

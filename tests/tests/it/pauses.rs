//! A network that keeps failing is left alone for growing pauses; its leads wait, and none becomes a cancel.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Act, Bench, START_MS, TWO_ACCOUNTS, accepted, lead_at, sweep, watch};

/// A bench whose account `main` is down.
async fn down() -> Bench {
    let bench = Bench::configured(TWO_ACCOUNTS).await;
    for _ in 0..5 {
        bench.network.script([Act::answer(429, "")]);
        bench.send_lead(&lead_at("tea")).await.expect(202);
    }
    bench
}

async fn state(bench: &Bench) -> Value {
    let state = bench.store.state("main", "health").await.unwrap();
    state.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn after_failures_in_a_row_leads_wait_and_the_network_is_not_called() {
    let bench = down().await;
    assert_eq!(bench.network.take().len(), 5);
    let now_s = START_MS / 1000;
    assert_eq!(state(&bench).await, json!({"s": now_s, "n": 1, "u": now_s + 60}));
    let receipt = bench.send_lead(&lead_at("tea")).await.expect(202);
    assert_eq!((&receipt["delivery"], &receipt["status"]), (&json!("queued"), &json!("wait")));
    let order = bench.stored(receipt["order_id"].as_str().unwrap()).await;
    assert_eq!((order.tries, order.next_attempt), (0, Some(now_s + 60)));
    // Another process knows, and another account goes on.
    let other = bench.second_relay();
    bench.clock.advance(Duration::from_secs(20));
    let sums = sweep(&other, &bench.clock, json!({}), Duration::from_mins(5)).await;
    assert_eq!((sums.resent, bench.network.take().len()), (0, 0), "no try is counted meanwhile");
    bench.network.script([accepted()]);
    bench.send_lead(&lead_at("watch")).await.expect(201);
}

#[tokio::test]
async fn the_first_lead_after_the_pause_tries_the_network_for_all() {
    let bench = down().await;
    bench.send_lead(&lead_at("tea")).await.expect(202);
    bench.network.take();
    bench.clock.advance(Duration::from_secs(61));
    bench.network.script([Act::answer(503, "")]);
    assert_eq!(bench.sweep().await.resent, 1, "one try for all");
    assert_eq!(bench.network.take().len(), 1);
    let now_s = START_MS / 1000 + 61;
    assert_eq!(
        state(&bench).await,
        json!({"s": START_MS / 1000, "n": 2, "u": now_s + 120}),
        "the next pause is longer"
    );
    bench.clock.advance(Duration::from_secs(119));
    assert_eq!(bench.sweep().await.resent, 0);
    bench.network.otherwise(|_| accepted());
    bench.clock.advance(Duration::from_secs(400));
    let sums = bench.sweep().await;
    // One is in doubt since HTTP 503; all others flow.
    assert_eq!(sums.resent, 5);
    assert_eq!(state(&bench).await, Value::Null);
    let orders = bench.read("/orders?status=cancel").await.expect(200);
    assert_eq!(orders["orders"], json!([]));
}

#[tokio::test]
async fn a_new_lead_may_be_the_one_that_tries() {
    let bench = down().await;
    bench.clock.advance(Duration::from_secs(61));
    bench.network.script([accepted()]);
    bench.send_lead(&lead_at("tea")).await.expect(201);
    assert_eq!(state(&bench).await, Value::Null);
    bench.network.script([accepted()]);
    bench.send_lead(&lead_at("tea")).await.expect(201);
}

#[tokio::test]
async fn answers_between_failures_keep_a_network_up_and_cost_no_write() {
    let bench = Bench::configured(TWO_ACCOUNTS).await;
    for _ in 0..3 {
        bench.network.script([Act::answer(429, ""), Act::answer(429, ""), Act::answer(422, "{}")]);
        for _ in 0..3 {
            bench.send_lead(&lead_at("tea")).await;
        }
    }
    assert_eq!(bench.store.state("main", "health").await.unwrap(), None);
    bench.network.otherwise(|_| accepted());
    bench.send_lead(&lead_at("tea")).await.expect(201);
    let _ = bench.meter.take();
    bench.send_lead(&lead_at("tea")).await.expect(201);
    let units = bench.meter.take();
    assert_eq!(units.read.to_bits(), 0_f64.to_bits(), "a healthy network is not even asked about");
}

/// A storm of failures, three processes and two pauses: people are told twice.
#[tokio::test]
async fn a_network_is_said_to_be_down_once_and_back_once() {
    let bench = down().await;
    let (second, third) = (bench.second_relay(), bench.second_relay());
    bench.network.otherwise(|_| Act::answer(503, ""));
    for pause in [61, 121, 241] {
        bench.clock.advance(Duration::from_secs(pause));
        bench.send_lead(&lead_at("tea")).await.expect(202);
        for relay in [&second, &third, &bench.relay] {
            sweep(relay, &bench.clock, json!({}), Duration::from_mins(5)).await;
        }
        assert_eq!((watch::said("network down").len(), watch::said("network back").len()), (1, 0), "after {pause} s");
    }
    bench.network.otherwise(|_| accepted());
    bench.clock.advance(Duration::from_hours(3));
    for relay in [&second, &third, &bench.relay] {
        sweep(relay, &bench.clock, json!({}), Duration::from_mins(5)).await;
        bench.send_lead(&lead_at("tea")).await;
    }
    let (down, back) = (watch::said("network down"), watch::said("network back"));
    assert_eq!((down.len(), back.len()), (1, 1));
    assert_eq!(
        (&down[0]["network"], &down[0]["account"], &down[0]["network_down"]),
        (&json!("drcash"), &json!("main"), &json!(1))
    );
    assert_eq!((&back[0]["network"], &back[0]["account"]), (&json!("drcash"), &json!("main")));
}

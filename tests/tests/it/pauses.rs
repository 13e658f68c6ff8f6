//! A network that keeps failing is left alone for growing pauses; its leads wait, and none becomes a cancel. One that says
//! so is left alone at once.

use std::time::Duration;

use relay::clock::Clock;
use serde_json::{Value, json};

use crate::harness::{Act, Bench, START_MS, TWO_ACCOUNTS, accepted, lead_at, sweep, watch};

/// A bench whose account `main` is down.
async fn down() -> Bench {
    let bench = Bench::configured(TWO_ACCOUNTS).await;
    for _ in 0..5 {
        bench.network.script([Act::answer(503, "")]);
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
    for _ in 0..2 {
        bench.send_lead(&lead_at("tea")).await.expect(202);
    }
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
    // Those that were answered HTTP 503 are in doubt; what waited flows.
    assert_eq!(sums.resent, 1);
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
        bench.network.script([Act::answer(500, ""), Act::close_read(), accepted()]);
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
        (&down[0]["network"], &down[0]["account"], &down[0]["network_down"], &down[0]["why"]),
        (&json!("drcash"), &json!("main"), &json!(1), &json!("failures"))
    );
    assert_eq!((&back[0]["network"], &back[0]["account"]), (&json!("drcash"), &json!("main")));
}

/// An answer that is about the account, what it makes the account rest for, and for how long.
#[tokio::test]
async fn an_answer_about_the_account_makes_it_rest_at_once_and_says_why() {
    let now_s = START_MS / 1000;
    let cases = [
        (Act::answer(401, ""), "credentials", 60),
        (Act::answer(403, "<html>"), "credentials", 60),
        (Act::answer(404, ""), "address", 60),
        (Act::answer(405, ""), "address", 60),
        (Act::answer(429, ""), "limit", 60),
        (Act::answer(429, "").with_header("retry-after", "3600"), "limit", 3600),
        (Act::answer(429, "").with_header("retry-after", "0"), "limit", 60),
        (Act::answer(429, "").with_header("retry-after", "999999999"), "limit", 24 * 60 * 60),
        (Act::answer(522, ""), "edge", 60),
    ];
    for (act, why, pause_s) in cases {
        let bench = Bench::configured(TWO_ACCOUNTS).await;
        bench.network.script([act]);
        let first = bench.send_lead(&lead_at("tea")).await.expect(202);
        assert_eq!((&first["delivery"], &first["status"]), (&json!("queued"), &json!("wait")), "{why}");
        assert_eq!(state(&bench).await, json!({"s": now_s, "n": 1, "u": now_s + pause_s, "w": why}));
        let order = bench.order(first["order_id"].as_str().unwrap()).await;
        let note = order["history"][1]["note"].as_str().unwrap();
        assert!(note.contains(why), "{note}");
        // All others wait for it, here and in other processes; another account goes on.
        let second = bench.send_lead(&lead_at("tea")).await.expect(202);
        assert_eq!(second["delivery"], "queued");
        bench.clock.advance(Duration::from_secs(7));
        let sums = sweep(&bench.second_relay(), &bench.clock, json!({}), Duration::from_mins(5)).await;
        assert_eq!((sums.resent, bench.network.take().len()), (0, 1), "{why}");
        assert_eq!((sums.errors.len(), sums.errors[0].account.as_str()), (1, "main"), "{why}");
        assert!(sums.errors[0].error.contains(why), "{}", sums.errors[0].error);
        bench.network.otherwise(|_| accepted());
        bench.send_lead(&lead_at("watch")).await.expect(201);
        bench.clock.advance(Duration::from_secs(pause_s - 10));
        assert_eq!(bench.sweep().await.resent, 0, "{why}");
        bench.clock.advance(Duration::from_secs(pause_s / 5 + 4));
        let sums = bench.sweep().await;
        assert_eq!((sums.resent, sums.errors), (2, Vec::new()), "{why}");
        assert_eq!(state(&bench).await, Value::Null);
        assert_eq!(watch::said("network down").last().unwrap()["why"], why);
    }
}

/// A date counts from the server's own clock where it tells it.
#[tokio::test]
async fn a_pause_that_is_asked_for_as_a_date_is_kept() {
    let bench = Bench::configured(TWO_ACCOUNTS).await;
    let act = Act::answer(429, "").with_header("date", "Fri, 27 Nov 2026 10:00:00 GMT");
    bench.network.script([act.with_header("retry-after", "Fri, 27 Nov 2026 11:00:00 GMT")]);
    let receipt = bench.send_lead(&lead_at("tea")).await.expect(202);
    let order = bench.stored(receipt["order_id"].as_str().unwrap()).await;
    assert_eq!(order.next_attempt, Some(START_MS / 1000 + 3600), "the lead waits as long as its account");
    bench.network.otherwise(|_| accepted());
    bench.clock.advance(Duration::from_secs(3599));
    assert_eq!(bench.sweep().await.resent, 0);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.sweep().await.resent, 1);
}

/// Whatever is said of one lead is no matter of the account.
#[tokio::test]
async fn refusals_in_the_contracts_words_make_nobody_rest() {
    let bench = Bench::configured(TWO_ACCOUNTS).await;
    bench
        .network
        .otherwise(|_| Act::answer(422, r#"{"message": "phone is invalid", "errors": {"phone": ["invalid"]}}"#));
    for _ in 0..6 {
        bench.send_lead(&lead_at("tea")).await;
    }
    assert_eq!((bench.network.take().len(), state(&bench).await), (6, Value::Null));
}

/// Wrong credentials over a weekend: what was turned away for them is not given up.
#[tokio::test]
async fn a_lead_is_not_given_up_for_what_is_no_matter_of_its_own() {
    let bench = Bench::configured(TWO_ACCOUNTS).await;
    bench.network.otherwise(|_| Act::answer(401, ""));
    let id = bench.send_lead(&lead_at("tea")).await.text("order_id");
    for _ in 0..5 {
        bench.clock.advance(Duration::from_hours(12));
        bench.sweep().await;
    }
    for _ in 0..5 {
        bench.clock.advance(Duration::from_hours(2));
        bench.sweep().await;
    }
    assert_eq!(bench.order(&id).await["delivery"], "queued");
    bench.network.otherwise(|_| accepted());
    bench.clock.advance(Duration::from_hours(13));
    bench.sweep().await;
    assert_eq!(bench.order(&id).await["delivery"], "delivered");
}

/// What waited comes back at the network's own pace, and one run sends it, however many there are.
#[tokio::test]
async fn what_was_held_back_does_not_come_back_all_at_once() {
    let limited = TWO_ACCOUNTS.replacen("api = \"t0ken\"", "api = \"t0ken\"\ncalls_per_minute = 60", 1);
    let bench = Bench::configured(&limited).await;
    bench.network.script([Act::answer(429, "")]);
    for _ in 0..5 {
        bench.send_lead(&lead_at("tea")).await.expect(202);
    }
    bench.clock.advance(Duration::from_secs(80));
    bench.network.otherwise(|_| accepted());
    let before_ms = bench.clock.now_ms();
    let other = bench.second_relay();
    let (one, two) = tokio::join!(bench.sweep(), sweep(&other, &bench.clock, json!({}), Duration::from_mins(5)));
    assert_eq!(one.resent + two.resent, 5);
    assert!(one.resent == 0 || two.resent == 0, "{} and {}", one.resent, two.resent);
    assert!(bench.clock.now_ms() - before_ms >= 4000, "a second apart");
}

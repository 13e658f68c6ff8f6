//! Customers who order twice: per offer, also against leads in flight, and never for ever.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Act, Bench, Event, KEY, kinds};

const CONFIG: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[offers.strict]
account = "main"
country = "PL"
drcash = "f10w"
duplicates = { days = 30, action = "refuse" }

[offers.marked]
account = "main"
country = "PL"
drcash = "f10w"
duplicates = { days = 30, action = "flag" }

[offers.open]
account = "main"
country = "PL"
drcash = "f10w"
"#;

async fn bench() -> Bench {
    let bench = Bench::configured(CONFIG).await;
    bench.network.otherwise(|_| Act::json(&json!({"uuid": "u-1"})));
    bench
}

fn lead(offer: &str) -> Value {
    json!({"offer": offer, "name": "Jan Test", "phone": "500 100 200"})
}

#[tokio::test]
async fn a_customer_who_orders_twice_is_refused_and_sent_once() {
    let bench = bench().await;
    let first = bench.send_lead(&lead("strict")).await.expect(201);
    // Written otherwise it is the same phone.
    let mut again = lead("strict");
    again["phone"] = json!("+48 500-100-200");
    let second = bench.send_lead(&again).await.expect(201);
    assert_eq!((&second["delivery"], &second["status"]), (&json!("refused"), &json!("cancel")));
    assert_eq!((&second["reason"], &second["duplicate_of"]), (&json!(7), &first["order_id"]));
    assert_eq!(bench.network.take().len(), 1);
    let order = bench.order(second["order_id"].as_str().unwrap()).await;
    assert_eq!(kinds(&order), ["received", "refused"]);
    assert_eq!(order["tries"], 0);
    // A refused one leaves the claim where it was.
    assert_eq!(bench.send_lead(&lead("strict")).await.json()["duplicate_of"], first["order_id"]);
    // Another offer knows nothing of it, and another phone neither.
    assert_eq!(bench.send_lead(&lead("open")).await.expect(201)["duplicate_of"], Value::Null);
    assert_eq!(bench.send_lead(&lead("marked")).await.expect(201)["duplicate_of"], Value::Null);
    let mut other = lead("strict");
    other["phone"] = json!("500 100 201");
    assert_eq!(bench.send_lead(&other).await.expect(201)["delivery"], "delivered");
    bench.clock.advance(Duration::from_hours(48));
    assert_eq!(bench.sweep().await.resent, 0, "what was refused is never sent");
}

#[tokio::test]
async fn after_its_days_a_customer_is_new_again() {
    let bench = bench().await;
    bench.send_lead(&lead("strict")).await.expect(201);
    bench.clock.advance(Duration::from_hours(24 * 30));
    assert_eq!(bench.send_lead(&lead("strict")).await.json()["delivery"], "refused");
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.send_lead(&lead("strict")).await.expect(201)["delivery"], "delivered");
}

#[tokio::test]
async fn a_flagged_customer_is_sent_and_repeats_the_last_one() {
    let bench = bench().await;
    let mut last = Value::Null;
    for day in 0..3 {
        let receipt = bench.send_lead(&lead("marked")).await.expect(201);
        assert_eq!((&receipt["delivery"], &receipt["duplicate_of"]), (&json!("delivered"), &last), "day {day}");
        last = receipt["order_id"].clone();
        // Each is within 30 days of the one before, the third is not within 30 days of the first.
        bench.clock.advance(Duration::from_hours(24 * 20));
    }
    assert_eq!(bench.network.take().len(), 3);
}

#[tokio::test]
async fn of_many_at_the_same_moment_one_is_sent() {
    let bench = bench().await;
    let event = Event::post("/leads").key(KEY).json(&lead("strict"));
    let all = (0..12).map(|_| {
        let (relay, event) = (bench.second_relay(), event.clone());
        tokio::spawn(async move {
            let Ok(response) = submit_lead::handle(&relay, event.request()).await;
            crate::harness::Reply::of(response).expect(201)["delivery"].clone()
        })
    });
    let mut delivered = 0;
    for one in all.collect::<Vec<_>>() {
        delivered += usize::from(one.await.unwrap() == json!("delivered"));
    }
    assert_eq!(delivered, 1);
    assert_eq!(bench.network.take().len(), 1);
}

#[tokio::test]
async fn replays_and_tests_are_no_duplicates() {
    let bench = bench().await;
    let mut test = lead("strict");
    test["test"] = json!(true);
    bench.send_lead(&test).await.expect(201);
    let event = Event::post("/leads").key(KEY).header("idempotency-key", "order-17").json(&lead("strict"));
    let first = bench.send(&event).await.expect(201);
    assert_eq!(first["duplicate_of"], Value::Null, "a test claims nobody");
    let replay = bench.send(&event).await.expect(200);
    assert_eq!((&replay["order_id"], &replay["delivery"]), (&first["order_id"], &json!("delivered")));
    assert_eq!(bench.send_lead(&test).await.expect(201)["delivery"], "test", "a test matches nobody");
    // The replay of a refused one is that refused one.
    let event = Event::post("/leads").key(KEY).header("idempotency-key", "order-18").json(&lead("strict"));
    let refused = bench.send(&event).await.expect(201);
    assert_eq!(refused["delivery"], "refused");
    let replay = bench.send(&event).await.expect(200);
    assert_eq!((&replay["order_id"], &replay["duplicate_of"]), (&refused["order_id"], &first["order_id"]));
    assert_eq!(bench.network.take().len(), 1);
}

#[tokio::test]
async fn what_the_network_did_not_keep_stands_in_nobodys_way() {
    let bench = bench().await;
    bench.network.script([Act::answer(422, r#"{"message": "no such flow"}"#)]);
    assert_eq!(bench.send_lead(&lead("strict")).await.expect(201)["delivery"], "refused");
    let second = bench.send_lead(&lead("strict")).await.expect(201);
    assert_eq!((&second["delivery"], &second["duplicate_of"]), (&json!("delivered"), &Value::Null));
    // One in doubt or in the queue may still reach the network: it does stand in the way.
    for act in [Act::answer(429, ""), Act::close_read()] {
        let bench = self::bench().await;
        bench.network.script([act]);
        bench.send_lead(&lead("strict")).await.expect(202);
        assert_eq!(bench.send_lead(&lead("strict")).await.expect(201)["delivery"], "refused");
    }
}

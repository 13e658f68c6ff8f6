//! The postback door: every row of its table, the table of transitions, and every tail of the seed.

mod parking;
mod rows;
mod tails;
mod transitions;

use serde_json::{Value, json};

use crate::harness::{Act, Bench, KEY};

/// Two accounts of networks that answer with an id of their own, and one that only fetches statuses.
const CONFIG: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[accounts.other]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[accounts.polled]
network = "webvork"
base_url = "NETWORK"
api = "t0ken"

[offers.tea]
account = "main"
country = "PL"
drcash = "f10w"

[offers.coffee]
account = "other"
country = "PL"
drcash = "f10w"

[offers.polled]
account = "polled"
country = "PL"
webvork = "5"
"#;

async fn bench() -> Bench {
    Bench::configured(CONFIG).await
}

/// Sends a lead that the network takes under an id of its own, and returns ours.
async fn delivered(bench: &Bench, offer: &str, network_order_id: &str) -> String {
    bench.network.script([Act::json(&json!({"uuid": network_order_id, "status": "ok", "guid": network_order_id}))]);
    let lead = json!({"offer": offer, "name": "Jan Test", "phone": "500100200", "ip": "203.0.113.7"});
    let reply = bench.send(&crate::harness::Event::post("/leads").key(KEY).json(&lead)).await;
    assert_eq!(reply.expect(201)["delivery"], "delivered");
    bench.network.take();
    reply.text("order_id")
}

fn ok() -> Value {
    json!({"status": "ok"})
}

fn error(word: &str) -> Value {
    json!({"status": "error", "error": word})
}

/// The events after the order was delivered, each as kind, status, word.
fn news(order: &Value) -> Vec<[String; 3]> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let history = order["history"].as_array().unwrap();
    let after = history.iter().filter(|event| !["received", "delivered"].contains(&event["kind"].as_str().unwrap()));
    after.map(|event| [text(&event["kind"]), text(&event["status"]), text(&event["raw_status"])]).collect()
}

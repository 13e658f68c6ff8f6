//! The intake: every row of its table, what is sent to the network and what is kept.

mod bodies;
mod browser;
mod doubt;
mod keys;
mod outage;
mod repeats;

use serde_json::{Value, json};

use crate::harness::{Act, Bench, accepted, kinds};

/// Accounts, offers and clients of these tests.
const CONFIG: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[accounts.strict]
network = "kma"
base_url = "NETWORK"
api = "t0ken"

[offers.tea]
account = "main"
country = "PL"
drcash = "f10w"

[offers.anywhere]
account = "main"
drcash = "f10w"

[offers.thanked]
account = "main"
country = "PL"
drcash = "f10w"
thanks_url = "https://shop.example/thanks?from=form"

[offers.strict]
account = "strict"
kma = "77"

[clients.sender]
key = "key-of-sender-0123456789"
offers = ["tea"]
scope = "send"

[clients.reader]
key = "key-of-reader-0123456789"
scope = "read"

[clients.page]
key = "key-of-page-0123456789"
publishable = true
offers = ["tea", "thanked"]
origins = ["https://shop.example"]
"#;

const SENDER: &str = "key-of-sender-0123456789";
const READER: &str = "key-of-reader-0123456789";
const PAGE: &str = "key-of-page-0123456789";
const SHOP: &str = "https://shop.example";

async fn bench() -> Bench {
    Bench::configured(CONFIG).await
}

fn lead() -> Value {
    json!({"offer": "tea", "name": "Jan Test", "phone": "500 100 200"})
}

/// The same lead with some members more or other.
fn lead_with(members: &Value) -> Value {
    let mut lead = lead();
    for (name, value) in members.as_object().unwrap() {
        lead[name] = value.clone();
    }
    lead
}

/// Neither a request was made nor an order stored.
async fn nothing_happened(bench: &Bench) {
    assert_eq!(bench.network.take(), []);
    assert_eq!(bench.read("/orders").await.expect(200)["orders"], json!([]));
}

#[tokio::test]
async fn a_lead_is_stored_handed_over_and_answered_whole() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let reply = bench.send_lead(&lead_with(&json!({"click_id": "clk-1", "sub2": " as it came "}))).await;
    let receipt = reply.expect(201);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let id = reply.text("order_id");
    assert!(id.len() <= 26 && id.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase()), "{id}");
    let expected = json!({
        "order_id": id, "status": "wait", "delivery": "delivered", "offer": "tea", "account": "main", "network": "drcash",
        "network_order_id": "u-1", "click_id": "clk-1", "reason": null, "comment": null, "duplicate_of": null,
        "replayed": false,
    });
    assert_eq!(receipt, expected);
    let sent = &bench.network.take()[0];
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/v1/order"));
    assert_eq!(sent.json()["client"], json!({"phone": "+48500100200", "name": "Jan Test", "country": "PL"}));
    assert_eq!((&sent.json()["sub1"], &sent.json()["sub2"]), (&json!(id), &json!(" as it came ")));
    assert_eq!(kinds(&bench.order(&id).await), ["received", "delivered"]);
}

#[tokio::test]
async fn ids_sort_by_time() {
    let bench = bench().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        bench.network.script([accepted()]);
        let phone = format!("50010020{number}");
        ids.push(bench.send_lead(&lead_with(&json!({"phone": phone}))).await.text("order_id"));
        bench.clock.advance(std::time::Duration::from_millis(1));
    }
    assert!(ids.is_sorted(), "{ids:?}");
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_a_cancel() {
    let bench = bench().await;
    bench.network.script([Act::answer(422, r#"{"message": "no such flow"}"#)]);
    let receipt = bench.send_lead(&lead()).await.expect(201);
    assert_eq!((&receipt["delivery"], &receipt["status"]), (&json!("refused"), &json!("cancel")));
    assert_eq!(receipt["comment"], "no such flow");
    // Sending it again would not help.
    bench.clock.advance(std::time::Duration::from_hours(48));
    assert_eq!(bench.sweep().await.resent, 0);
    assert_eq!(bench.network.take().len(), 1);
}

#[tokio::test]
async fn a_test_lead_reaches_no_network() {
    let bench = bench().await;
    let receipt = bench.send_lead(&lead_with(&json!({"test": true}))).await.expect(201);
    assert_eq!((&receipt["delivery"], &receipt["status"]), (&json!("test"), &json!("wait")));
    bench.clock.advance(std::time::Duration::from_hours(1));
    let sums = bench.sweep_all().await;
    assert_eq!((sums.resent, sums.calls), (0, 0));
    assert_eq!(bench.network.take(), []);
    let order = bench.order(receipt["order_id"].as_str().unwrap()).await;
    assert_eq!((&order["delivery"], kinds(&order)), (&json!("test"), vec!["received".to_owned()]));
    // Everything but the call: what cannot be sent is refused all the same.
    let event = lead_with(&json!({"test": true, "offer": "strict", "country": "PL"}));
    assert_eq!(bench.send_lead(&event).await.problem(422)["errors"][0]["field"], "ip");
}

#[tokio::test]
async fn an_override_is_sent_in_place_of_the_offers_parameter() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    bench.send_lead(&lead_with(&json!({"params": {"drcash": "0ther"}}))).await.expect(201);
    assert_eq!(bench.network.take()[0].json()["stream_code"], "0ther");
    let problem = bench.send_lead(&lead_with(&json!({"params": {"kma": "1"}}))).await.problem(422);
    assert_eq!(problem["errors"][0]["field"], "params.kma");
    assert_eq!(bench.network.take(), []);
}

#[tokio::test]
async fn an_override_is_kept_for_later_tries() {
    let bench = bench().await;
    bench.network.script([Act::answer(429, "")]);
    bench.send_lead(&lead_with(&json!({"params": {"drcash": "0ther"}}))).await.expect(202);
    bench.network.take();
    bench.network.script([accepted()]);
    bench.clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(bench.sweep().await.resent, 1);
    assert_eq!(bench.network.take()[0].json()["stream_code"], "0ther");
}

#[tokio::test]
async fn without_the_table_nothing_is_taken() {
    let bench = Bench::without_table().await;
    bench.send_lead(&lead()).await.problem(503);
    assert_eq!(bench.network.take(), []);
    assert_eq!(bench.send(&crate::harness::Event::get("/healthz")).await.expect(200), json!({"status": "ok"}));
}

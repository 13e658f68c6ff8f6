//! Reading orders back: one by its id, and lists.

mod lists;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Act, Bench, Event, KEY, kinds};

const CONFIG: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[accounts.other]
network = "drcash"
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

[clients.tea-desk]
key = "key-of-tea-desk-0123456789"
offers = ["tea"]
scope = "read"

[clients.sender]
key = "key-of-sender-0123456789"
scope = "send"

[clients.page]
key = "key-of-page-0123456789"
publishable = true
offers = ["tea"]
origins = ["https://shop.example"]
"#;

const TEA_DESK: &str = "key-of-tea-desk-0123456789";

async fn bench() -> Bench {
    Bench::configured(CONFIG).await
}

/// Sends a lead of an offer with these members; the network takes it under `network_order_id`.
async fn sent(bench: &Bench, offer: &str, network_order_id: &str, members: &Value) -> String {
    bench.network.script([Act::json(&json!({"uuid": network_order_id}))]);
    let mut lead = json!({"offer": offer, "name": "Jan Test", "phone": "500100200"});
    for (name, value) in members.as_object().unwrap() {
        lead[name] = value.clone();
    }
    let id = bench.send_lead(&lead).await.text("order_id");
    bench.clock.advance(Duration::from_secs(1));
    id
}

fn members(object: &Value) -> Vec<&str> {
    let mut members: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    members
}

#[tokio::test]
async fn an_order_is_told_whole() {
    let bench = bench().await;
    let more = json!({
        "email": "jan@shop.example", "click_id": "clk-1", "sub1": "one", "quantity": 2, "price": "12.10", "currency": "pln",
        "ip": "203.0.113.7", "comment": "call late",
    });
    let id = sent(&bench, "tea", "n-1", &more).await;
    bench.clock.advance(Duration::from_mins(10));
    bench.postback("main", &format!("oid={id}&status=levitating")).await.expect(200);
    bench.clock.advance(Duration::from_mins(10));
    bench.postback("main", &format!("oid={id}&status=approve&pay=12.50&cc=USD&comment=agreed")).await.expect(200);
    bench.postback("main", &format!("oid={id}&status=wait&stw=wait")).await.expect(200);
    let order = bench.order(&id).await;
    for (member, expected) in [
        ("order_id", json!(id)),
        ("status", json!("approve")),
        ("delivery", json!("delivered")),
        ("offer", json!("tea")),
        ("account", json!("main")),
        ("network", json!("drcash")),
        ("network_order_id", json!("n-1")),
        ("click_id", json!("clk-1")),
        ("raw_status", json!("approve")),
        ("payout", json!("12.50")),
        ("currency", json!("USD")),
        ("reason", json!(null)),
        ("comment", json!("agreed")),
        ("duplicate_of", json!(null)),
        ("disputed", json!(false)),
        ("tries", json!(1)),
        ("created_at", json!("2025-11-01T00:00:00Z")),
        ("updated_at", json!("2025-11-01T00:20:01Z")),
    ] {
        assert_eq!(order[member], expected, "{member}");
    }
    let lead = json!({
        "name": "Jan Test", "phone": "+48500100200", "phone_raw": "500100200", "country": "PL", "email": "jan@shop.example",
        "ip": "203.0.113.7", "comment": "call late", "quantity": "2", "price": "12.10", "currency": "PLN",
        "click_id": "clk-1", "sub1": "one",
    });
    assert_eq!(order["lead"], lead);
    assert_eq!(kinds(&order), ["received", "delivered", "unmapped", "status", "ignored"]);
    for event in order["history"].as_array().unwrap() {
        assert_eq!(members(event), ["at", "kind", "note", "raw_status", "source", "status"], "{event}");
    }
    let sources: Vec<&str> =
        order["history"].as_array().unwrap().iter().map(|it| it["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["intake", "intake", "postback", "postback", "postback"]);
}

#[tokio::test]
async fn who_may_not_read_is_told() {
    let bench = bench().await;
    let id = sent(&bench, "coffee", "n-1", &json!({})).await;
    let path = format!("/orders/{id}");
    for (what, status, event) in [
        ("no key", 401, Event::get(&path)),
        ("an unknown key", 401, Event::get(&path).key("key-of-nobody-0123456789")),
        ("a key in the query", 401, Event::get(&format!("{path}?key={KEY}"))),
        ("a key that sends only", 403, Event::get(&path).key("key-of-sender-0123456789")),
        (
            "a publishable key",
            403,
            Event::get(&path).key("key-of-page-0123456789").header("origin", "https://shop.example"),
        ),
        ("another client's offer", 404, Event::get(&path).key(TEA_DESK)),
    ] {
        let reply = bench.read_as(&event).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.json());
        reply.problem(status);
    }
    bench.read_as(&Event::get(&path).header("x-api-key", KEY)).await.expect(200);
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let bench = bench().await;
    let id = sent(&bench, "tea", "n-1", &json!({})).await;
    for path in [
        "/orders/01kb2h8z40x0000000000000c1".to_owned(),
        "/orders/nonsense".to_owned(),
        format!("/orders/{id}/history"),
        "/ordersx".to_owned(),
        "/order".to_owned(),
    ] {
        bench.read(&path).await.problem(404);
    }
    // What is not there and what is not theirs are told in the same words.
    let absent = bench.read_as(&Event::get("/orders/01kb2h8z40x0000000000000c1").key(TEA_DESK)).await.problem(404);
    let foreign = sent(&bench, "coffee", "n-2", &json!({})).await;
    let foreign = bench.read_as(&Event::get(&format!("/orders/{foreign}")).key(TEA_DESK)).await.problem(404);
    assert_eq!(absent, foreign);
    bench.read_as(&Event::post("/orders").key(KEY)).await.problem(404);
}

#[tokio::test]
async fn without_the_table_nothing_is_read() {
    let bench = Bench::without_table().await;
    bench.read("/orders").await.problem(503);
}

/// An order's id reads the same in either case, with or without a slash behind it.
#[tokio::test]
async fn an_id_is_found_however_it_is_written() {
    let bench = bench().await;
    let id = sent(&bench, "tea", "n-1", &json!({})).await;
    for path in [format!("/orders/{}", id.to_uppercase()), format!("/orders/{id}/")] {
        assert_eq!(bench.read(&path).await.expect(200)["order_id"], json!(id));
    }
}

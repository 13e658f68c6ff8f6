//! Who may send what.

use serde_json::json;

use super::{PAGE, READER, SENDER, SHOP, accepted, bench, lead, lead_with, nothing_happened};
use crate::harness::{Event, KEY, Reply};

const FORM: [(&str, &str); 3] = [("offer", "tea"), ("name", "Jan Test"), ("phone", "500100200")];

fn form_with_key(key: &str) -> Event {
    let mut pairs = FORM.to_vec();
    pairs.push(("key", key));
    Event::post("/leads").form(&pairs)
}

fn json_with_key(key: &str) -> Event {
    Event::post("/leads").key(key).json(&lead())
}

#[tokio::test]
async fn who_may_not_send_is_told_and_nothing_is_stored() {
    let bench = bench().await;
    let other_offer =
        Event::post("/leads").key(SENDER).json(&lead_with(&json!({"offer": "anywhere", "country": "PL"})));
    let refused = [
        ("no key", 401, Event::post("/leads").json(&lead())),
        ("no key in a form", 401, Event::post("/leads").form(&FORM)),
        ("an unknown key", 401, json_with_key("key-of-nobody-0123456789")),
        ("an empty key", 401, json_with_key("")),
        ("another scheme", 401, Event::post("/leads").header("authorization", &format!("Basic {KEY}")).json(&lead())),
        ("a key in the query of JSON", 401, Event::post(&format!("/leads?key={SENDER}")).json(&lead())),
        ("a key that reads only", 403, json_with_key(READER)),
        ("another offer", 403, other_offer),
        ("a secret key in a form's field", 403, form_with_key(SENDER).header("origin", SHOP)),
        ("a secret key in a form's query", 403, Event::post(&format!("/leads?key={SENDER}")).form(&FORM)),
        ("a publishable key with JSON", 403, json_with_key(PAGE).header("origin", SHOP)),
        ("a publishable key without an origin", 403, form_with_key(PAGE)),
        ("a publishable key from elsewhere", 403, form_with_key(PAGE).header("origin", "https://evil.example")),
        ("a longer host", 403, form_with_key(PAGE).header("origin", "https://shop.example.evil.example")),
        ("another scheme of origin", 403, form_with_key(PAGE).header("origin", "http://shop.example")),
        ("another port of origin", 403, form_with_key(PAGE).header("origin", "https://shop.example:8443")),
        ("no origin at all", 403, form_with_key(PAGE).header("origin", "null")),
    ];
    for (what, status, event) in refused {
        let reply = bench.send(&event).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.json());
        reply.problem(status);
    }
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn an_offer_that_is_not_there_is_told() {
    let bench = bench().await;
    let problem = bench.send_lead(&lead_with(&json!({"offer": "coffee"}))).await.problem(404);
    assert!(problem["detail"].as_str().unwrap().contains("coffee"), "{problem}");
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn each_way_to_show_a_key_is_taken() {
    let bench = bench().await;
    let mut with_field = FORM.to_vec();
    with_field.push(("key", PAGE));
    let ways: [(&str, Event); 7] = [
        ("bearer", json_with_key(SENDER)),
        (
            "bearer in lower case",
            Event::post("/leads").header("authorization", &format!("bearer {SENDER}")).json(&lead()),
        ),
        ("x-api-key", Event::post("/leads").header("X-Api-Key", SENDER).json(&lead())),
        ("a form of a program", Event::post("/leads").key(SENDER).form(&FORM)),
        ("a field", Event::post("/leads").form(&with_field).header("origin", SHOP)),
        ("the query", Event::post(&format!("/leads?key={PAGE}")).form(&FORM).header("origin", SHOP)),
        ("the referer", form_with_key(PAGE).header("referer", "https://shop.example/tea?x=1")),
    ];
    for (what, event) in ways {
        bench.network.script([accepted()]);
        let reply: Reply = bench.send(&event).await;
        assert_eq!(reply.status, 201, "{what}: {}", reply.json());
    }
}

#[tokio::test]
async fn a_publishable_key_overrides_nothing_and_reads_nothing() {
    let bench = bench().await;
    let mut pairs = FORM.to_vec();
    pairs.extend([("key", PAGE), ("params[drcash]", "0ther")]);
    let event = Event::post("/leads").form(&pairs).header("origin", SHOP);
    assert_eq!(bench.send(&event).await.problem(422)["errors"][0]["field"], "params");
    nothing_happened(&bench).await;
    bench.read_as(&Event::get("/orders").key(PAGE).header("origin", SHOP)).await.problem(403);
}

#[tokio::test]
async fn a_page_of_a_right_origin_may_read_its_answer() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let reply = bench.send(&form_with_key(PAGE).header("origin", SHOP)).await;
    reply.expect(201);
    assert_eq!(reply.header("access-control-allow-origin"), Some(SHOP));
    let reply = bench.send(&form_with_key(PAGE).header("origin", "https://evil.example")).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (403, None));
}

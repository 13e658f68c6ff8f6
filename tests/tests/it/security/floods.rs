//! Too much of everything.

use serde_json::json;

use super::{bench, lead, nothing_happened};
use crate::harness::{Act, Event, KEY};

const FORM: &str = "application/x-www-form-urlencoded";
const DOOR: &str = "/api/sale/status.json";

#[tokio::test]
async fn a_hundred_thousand_levels_of_json_are_refused() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        for body in [deep.clone(), format!(r#"{{"offer": "tea", "name": "Jan Test", "phone": {deep}}}"#)] {
            bench.send(&Event::post("/leads").key(KEY).body("application/json", body)).await.problem(413);
        }
        // The door reads no body of that size: what is left of the call names no order.
        let body = format!(r#"{{"oid": "01kb2h8z40x0000000000000c1", "status": {deep}}}"#);
        let event = Event::post(&format!("{DOOR}?id={id}")).body("application/json", body);
        assert_eq!(bench.knock(&event).await.expect(400)["error"], "order");
    }
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn a_hundred_thousand_fields_are_refused() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    let lead = "offer=tea&name=Jan+Test&phone=500100200&";
    let fields = |piece: fn(usize) -> String, number: usize| (0..number).map(piece).collect::<String>();
    let bombs: [fn(usize) -> String; 4] = [
        |number| format!("a{number}=1&"),
        |_| "city=1&".to_owned(),
        |number| format!("params[p{number}]=1&"),
        |_| "params[drcash]=1&".to_owned(),
    ];
    for bomb in bombs {
        let body = format!("{lead}{}", fields(bomb, 100_000));
        bench.send(&Event::post("/leads").key(KEY).body(FORM, body)).await.problem(413);
    }
    // As many as one body holds: a name of the lead given twice, and parameters of no network, are told.
    for bomb in &bombs[1..] {
        let body = format!("{lead}{}", fields(*bomb, 3_000));
        let problem = bench.send(&Event::post("/leads").key(KEY).body(FORM, body)).await.problem(422);
        assert!(problem["errors"].as_array().unwrap().len() <= 101);
    }
    let body = format!("oid=x&status=hold&{}", fields(|number| format!("a{number}=1&"), 100_000));
    let event = Event::post(&format!("{DOOR}?id={id}")).body(FORM, body);
    assert_eq!(bench.knock(&event).await.expect(400)["error"], "order");
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn lists_of_a_postback_may_be_long_and_its_first_values_count() {
    let bench = bench().await;
    let words = (0..5_000).map(|number| format!("w{number}")).collect::<Vec<_>>().join(",");
    let receipt = bench.send_lead(&lead()).await.expect(201);
    let order = receipt["order_id"].as_str().unwrap();
    let repeated = "status=cancel&oid=x&".repeat(1_000);
    let id = bench.door_id("main").await;
    let body = format!("oid={order}&status=w4999&sta={words}&{repeated}");
    bench.knock(&Event::post(&format!("{DOOR}?id={id}")).body(FORM, body)).await.expect(200);
    assert_eq!(bench.order(order).await["status"], "approve");
}

#[tokio::test]
async fn a_flood_of_headers_changes_nothing() {
    let bench = bench().await;
    let mut event = Event::post("/leads").json(&lead());
    for number in 0..5_000 {
        event = event.header(&format!("x-flood-{number}"), "1");
    }
    let event = event.header("cookie", &"c".repeat(100_000)).header("x-forwarded-for", "10.0.0.1");
    bench.send(&event).await.problem(401);
    nothing_happened(&bench).await;
    bench.send(&event.key(KEY)).await.expect(201);
    let sent = &bench.network.take()[0];
    assert!(sent.headers.len() < 10 && sent.header("x-forwarded-for").is_none(), "{:?}", sent.headers);
}

/// What a network answers is read up to a limit; a lead whose answer is longer is in doubt.
#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read() {
    let bench = bench().await;
    let large = |bytes: usize| json!({"uuid": "u-1", "padding": "a".repeat(bytes)}).to_string();
    for answer in [
        Act::answer(200, large(300_000)),
        Act::answer(200, large(10_000_000)),
        Act::answer(200, r#"{"uuid": "u-1"}"#).with_header("x-flood", &"1".repeat(1_000_000)),
        (0..5_000)
            .fold(Act::answer(200, r#"{"uuid": "u-1"}"#), |act, number| act.with_header(&format!("x-{number}"), "1")),
    ] {
        bench.network.script([answer]);
        let receipt = bench.send_lead(&lead()).await.expect(202);
        assert_eq!((&receipt["delivery"], &receipt["network_order_id"]), (&json!("unknown"), &json!(null)));
    }
    bench.network.script([Act::answer(200, large(200_000))]);
    bench.send_lead(&lead()).await.expect(201);
    assert_eq!(bench.network.take().len(), 5);
}

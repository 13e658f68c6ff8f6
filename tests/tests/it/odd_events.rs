//! Events whose texts make no URI, no header and no sense: each is an answer, and no function ends.

use lambda_http::Body;
use serde_json::{Value, json};

use crate::harness::Bench;

/// What each HTTP function answers to one event.
async fn statuses(bench: &Bench, event: &Value) -> [i64; 3] {
    let relay = &bench.relay;
    [
        relay::gateway::answered(event, |request| submit_lead::handle(relay, request)).await.status_code,
        relay::gateway::answered(event, |request| ingest_postback::handle(relay, request)).await.status_code,
        relay::gateway::answered(event, |request| read_orders::handle(relay, request)).await.status_code,
    ]
}

fn event(path: &str, query: &str) -> Value {
    json!({
        "rawPath": path, "rawQueryString": query, "headers": {"host": "relay.example"},
        "requestContext": {"stage": "$default", "http": {"method": "GET", "path": path, "sourceIp": "203.0.113.9"}},
    })
}

#[tokio::test]
async fn odd_texts_of_an_event_end_no_function() {
    let bench = Bench::without_table().await;
    let door = "/api/sale/status.json";
    let mut events =
        vec![json!({}), json!(null), json!([]), json!("x"), json!({"requestContext": {"http": {"method": 7}}})];
    for query in ["oid=<Click ID>&status=accept", "status=in work", "\u{0}\r\n", "%", "\u{434}", "a=\"{}|^`\\"] {
        events.push(event(door, query));
    }
    events.push(event(door, &format!("comment={}", "x".repeat(70_000))));
    for path in ["", "/", "//", "/orders/a b", "/orders/<x>", "/\u{434}\u{0}", "leads", "http://x y/", "/prod"] {
        events.push(event(path, ""));
    }
    for (member, value) in [
        ("headers", json!({"host": "a\nb", "a b": "c", "x": 7, "host ": "y", "\u{434}": "z"})),
        ("headers", json!("x")),
        ("headers", json!({"host": "no host/<at> all"})),
        ("rawQueryString", json!(7)),
        ("body", json!({"a": 1})),
        ("body", json!(7)),
        ("routeKey", json!("GET /{a}/{b}/{c}/{d}/{e}/{f}")),
        ("isBase64Encoded", json!("yes")),
        ("cookies", json!(7)),
    ] {
        for (path, method) in [(door, "POST"), ("/leads", "POST"), ("/orders", "GET"), ("/leads", "BREW")] {
            let mut event = event(path, "");
            event["requestContext"]["http"]["method"] = method.into();
            event[member] = value.clone();
            events.push(event);
        }
    }
    let mut unreadable = event("/leads", "");
    unreadable["requestContext"]["http"]["method"] = "POST".into();
    unreadable["body"] = "%%% no base64".into();
    unreadable["isBase64Encoded"] = true.into();
    events.push(unreadable);
    let mut method = event(door, "");
    method["requestContext"]["http"]["method"] = "G T".into();
    events.push(method);
    for event in events {
        for status in statuses(&bench, &event).await {
            assert!((200..500).contains(&status), "{status}: {event}");
        }
    }
}

#[tokio::test]
async fn a_named_stage_and_a_base_path_are_taken_off() {
    let bench = Bench::without_table().await;
    for (path, stage, route) in
        [("/prod/healthz", "prod", json!(null)), ("/v1/healthz", "$default", json!("GET /healthz"))]
    {
        let mut event = event(path, "");
        event["requestContext"]["stage"] = stage.into();
        event["routeKey"] = route;
        let answer = relay::gateway::answered(&event, |request| submit_lead::handle(&bench.relay, request)).await;
        assert_eq!(answer.status_code, 200, "{path}");
        assert_eq!(answer.body, Some(Body::Text(r#"{"status":"ok"}"#.to_owned())), "{path}");
    }
}

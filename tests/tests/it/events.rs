//! The sample events are what they say they are, and hold nobody's data.

use std::collections::BTreeSet;
use std::fs;

use lambda_http::{Body, Request, RequestExt, request};
use relay::keys::DoorKeys;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::cloudformation::root;
use crate::template;

/// Each HTTP event, the function it is for, and what API Gateway would call its route.
const HTTP: [(&str, &str, &str); 11] = [
    ("healthz", "submit-lead", "GET /healthz"),
    ("orders-by-click", "read-orders", "GET /orders"),
    ("orders-by-id", "read-orders", "GET /orders/{order_id}"),
    ("orders-by-status", "read-orders", "GET /orders"),
    ("postback-get", "ingest-postback", "GET /api/sale/status.json"),
    ("postback-post-form", "ingest-postback", "POST /api/comp/status.json"),
    ("postback-wrong-key", "ingest-postback", "GET /api/sale/status.json"),
    ("submit-form", "submit-lead", "POST /leads"),
    ("submit-json", "submit-lead", "POST /leads"),
    ("submit-no-phone", "submit-lead", "POST /leads"),
    ("submit-not-json", "submit-lead", "POST /leads"),
];

/// The relay's secret that the postback keys in `events/` are derived from; `events/README.md` names it too.
pub(crate) const SECRET: &str = "sandbox-secret-0123456789abcdef0123456789abcdef";

const SCHEDULED: [&str; 3] = ["schedule", "schedule-account", "schedule-all"];

/// An event of the queue.
pub(crate) const SLICES: &str = "slices";

/// The text of one event file.
pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(root().join("events").join(format!("{name}.json"))).unwrap()
}

/// One event file as JSON.
pub(crate) fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

/// One event file as the request a handler sees.
fn http(name: &str) -> Request {
    request::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn body(name: &str) -> String {
    match http(name).into_body() {
        Body::Empty => String::new(),
        Body::Text(text) => text,
        Body::Binary(bytes) => String::from_utf8(bytes).unwrap(),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn every_event_file_is_known_and_explained() {
    let files = fs::read_dir(root().join("events")).unwrap().map(|entry| entry.unwrap().path());
    let found: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let known = HTTP.iter().map(|(name, ..)| *name).chain(SCHEDULED).chain([SLICES]);
    assert_eq!(found, known.map(str::to_owned).collect());
    let readme = fs::read_to_string(root().join("events/README.md")).unwrap();
    assert!(readme.contains(SECRET));
    for name in found {
        assert!(readme.contains(&format!("`{name}.json`")), "{name} stands in no line of events/README.md");
    }
}

#[test]
fn http_events_reach_the_function_they_are_for() {
    let routes = template::routes();
    for (name, function, route) in HTTP {
        assert!(routes.contains(&(route.to_owned(), function.to_owned())), "{name}");
        let event = json(name);
        assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!(route)), "{name}");
        let request = http(name);
        let (method, path) = route.split_once(' ').unwrap();
        assert_eq!(request.method().as_str(), method, "{name}");
        if path.contains('{') {
            let id = request.path_parameters().first("order_id").unwrap().to_owned();
            assert_eq!(request.uri().path(), path.replace("{order_id}", &id), "{name}");
        } else {
            assert_eq!(request.uri().path(), path, "{name}");
        }
        assert_eq!(event["requestContext"]["http"]["path"], event["rawPath"], "{name}");
        let length = request.headers().get("content-length").map(|it| it.to_str().unwrap().to_owned());
        assert_eq!(length.unwrap_or_else(|| "0".to_owned()), body(name).len().to_string(), "{name}");
    }
}

#[test]
fn submissions_are_what_their_names_say() {
    let lead: Value = serde_json::from_str(&body("submit-json")).unwrap();
    assert_eq!((&lead["offer"], &lead["phone"]), (&json!("sandbox-offer"), &json!("+48500100200")));
    let without: Value = serde_json::from_str(&body("submit-no-phone")).unwrap();
    assert!(without["phone"].is_null() && without["name"].is_string());
    assert!(serde_json::from_str::<Value>(&body("submit-not-json")).is_err());
    // API Gateway hands a form over in base64.
    assert_eq!(json("submit-form")["isBase64Encoded"], true);
    assert!(body("submit-form").starts_with("key=sandbox-page-key&offer=sandbox-offer&phone=500+100+201"));
}

#[test]
fn postbacks_are_what_their_names_say() {
    let key = |name| http(name).query_string_parameters().first("id").unwrap().to_owned();
    let right = format!("sandbox-{}", DoorKeys::new(SecretString::from(SECRET)).key_of("sandbox"));
    assert_eq!((key("postback-get"), key("postback-post-form")), (right.clone(), right.clone()));
    assert_ne!(key("postback-wrong-key"), right);
    assert!(body("postback-post-form").starts_with("eid=900002&status=rejected"));
    assert_eq!(json("postback-post-form")["isBase64Encoded"], true);
}

#[test]
fn scheduled_events_are_what_their_names_say() {
    let plain = json("schedule");
    assert_eq!((&plain["source"], &plain["detail-type"]), (&json!("aws.scheduler"), &json!("Scheduled Event")));
    // The number of the AWS account: it must not be taken for the name of an account at a network.
    assert_eq!(plain["account"], "123456789012");
    assert_eq!(json("schedule-account"), json!({"account": "sandbox"}));
    assert_eq!(json("schedule-all"), json!({"all": true}));
}

#[test]
fn slices_are_messages_of_the_queue() {
    let event = json(SLICES);
    let records = event["Records"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!(record["eventSource"], "aws:sqs");
        let slice: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        assert_eq!((&slice["account"], &slice["age"]), (&json!("sandbox"), &json!("days")));
        assert!(slice["part"].as_u64().unwrap() < u64::from(orders::schema::PARTS));
    }
}

#[test]
fn events_hold_nobodys_data() {
    for (name, ..) in HTTP {
        let event = json(name);
        let http = &event["requestContext"]["http"];
        assert!(http["sourceIp"].as_str().unwrap().starts_with("203.0.113."), "{name}");
        assert_eq!(event["headers"]["x-forwarded-for"], http["sourceIp"], "{name}");
        assert_eq!(event["headers"]["host"], "relay.example", "{name}");
        assert_eq!(event["requestContext"]["accountId"], "123456789012", "{name}");
    }
}

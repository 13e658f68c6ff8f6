//! The functions as they are deployed: release binaries, started and spoken to by AWS's own Runtime Interface Emulator,
//! against an embedded DynamoDB whose table is made from the template.

mod builds;
mod emulator;
mod engine;
mod sandbox;

use std::collections::BTreeMap;

use serde_json::Value;

use self::emulator::{Answer, Emulator};
use self::engine::Engine;
use crate::events;

/// What must stand in no log line: from the leads, the keys and the addresses of the sample events.
const PRIVATE: [&str; 7] =
    ["500100200", "500 100 201", "Anna", "Jan ", "anna@landing.example", "sandbox-key", "203.0.113."];

/// An HTTP event, the function it is sent to, and what must come back: the status, and JSON pointers into the body.
struct Case {
    function: &'static str,
    event: &'static str,
    status: u16,
    body: &'static [(&'static str, &'static str)],
}

const fn case(
    function: &'static str,
    event: &'static str,
    status: u16,
    body: &'static [(&'static str, &'static str)],
) -> Case {
    Case { function, event, status, body }
}

/// In the order in which they are sent: later ones see what earlier ones have stored.
const CASES: [Case; 12] = [
    case("submit-lead", "healthz", 200, &[("/status", r#""ok""#)]),
    case("submit-lead", "submit-json", 201, &[("/delivery", r#""delivered""#), ("/network_order_id", r#""a-1""#)]),
    case("submit-lead", "submit-json", 200, &[("/replayed", "true"), ("/network_order_id", r#""a-1""#)]),
    case("submit-lead", "submit-form", 303, &[("/delivery", r#""delivered""#)]),
    case("submit-lead", "submit-no-phone", 422, &[("/errors/0/field", r#""phone""#)]),
    case("submit-lead", "submit-not-json", 400, &[("/status", "400")]),
    case("ingest-postback", "postback-wrong-key", 403, &[("/status", r#""error""#), ("/error", r#""key""#)]),
    case("ingest-postback", "postback-get", 200, &[("/status", r#""ok""#)]),
    case("ingest-postback", "postback-post-form", 200, &[("/status", r#""ok""#)]),
    case("read-orders", "orders-by-id", 404, &[("/status", "404")]),
    case("read-orders", "orders-by-click", 200, &[("/orders/0/network_order_id", r#""a-1""#), ("/next", "null")]),
    case("read-orders", "orders-by-status", 200, &[("/orders/0/account", r#""sandbox""#), ("/next", "null")]),
];

/// Sent to poll-status after them.
const SCHEDULED: [&str; 3] = ["schedule", "schedule-account", "schedule-all"];

/// The fields of a run's answer.
const SUMS: [&str; 8] = ["accounts", "polled", "calls", "changed", "resent", "parked_applied", "errors", "remaining"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deployed_functions_answer_the_sample_events() {
    let Some(program) = emulator::program() else {
        println!("SKIPPED: no aws-lambda-rie and no python3 with pip to get it with");
        return;
    };
    let engine = Engine::start().await;
    let network = sandbox::start().await;
    sandbox::configure(&engine, &network).await;
    let mut running = BTreeMap::new();
    for (function, bootstrap) in builds::bootstraps() {
        let endpoint = engine.url();
        let environment = [
            ("TABLE_NAME", engine::TABLE),
            ("LEADRELAY_SECRET", events::SECRET),
            ("RUST_LOG", "debug"),
            ("TOKEN", "t0ken"),
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str()),
        ];
        running.insert(function, Emulator::start(&program, &bootstrap, &environment).await);
    }
    for case in &CASES {
        let answer = running[case.function].invoke(&events::text(case.event)).await;
        check(case, &answer);
    }
    for event in SCHEDULED {
        let Answer::Plain(sums) = running["poll-status"].invoke(&events::text(event)).await else {
            panic!("{event}: not the sums of a run")
        };
        assert_eq!(sums.as_object().unwrap().keys().collect::<Vec<_>>(), SUMS, "{event}");
    }
    let Answer::Plain(answer) = running["poll-status"].invoke(&events::text(events::SLICES)).await else {
        panic!("no failures of a batch")
    };
    assert_eq!(answer, serde_json::json!({"batchItemFailures": []}));
    for (function, emulator) in running {
        let log = emulator.log();
        for private in PRIVATE {
            assert!(!log.contains(private), "{function} logs {private:?}:\n{log}");
        }
    }
}

fn check(case: &Case, answer: &Answer) {
    let Case { function, event, .. } = case;
    let Answer::Http { status, body } = answer else { panic!("{function} answers {event} with {answer:?}") };
    assert_eq!(*status, case.status, "{function} answers {event} with {body}");
    for (pointer, expected) in case.body {
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(body.pointer(pointer), Some(&expected), "{function} answers {event} with {body}");
    }
}

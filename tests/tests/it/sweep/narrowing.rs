//! What a run is asked to do, and what it answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::{SECTIONS, bench, config, delivered, rows};
use crate::harness::Bench;

/// Polls every account of `webvork` by a payload; the tokens that were used.
async fn polled(bench: &Bench, payload: Value) -> (u64, Vec<String>) {
    bench.clock.advance(Duration::from_mins(10));
    let sums = bench.sweep_for(payload, Duration::from_mins(5)).await;
    let requests = bench.network.take();
    let mut tokens: Vec<String> = requests.iter().map(|request| request.query_value("token").unwrap()).collect();
    tokens.sort();
    (sums.accounts, tokens)
}

#[tokio::test]
async fn a_payload_narrows_the_run_and_an_event_does_not() {
    let bench = bench(&SECTIONS.map(|(name, _)| name)).await;
    delivered(&bench, "batch", "g-1").await;
    delivered(&bench, "second", "g-2").await;
    bench.network.otherwise(|request| rows(request, "hold"));
    let (one, two) = ("t0ken".to_owned(), "t0ken2".to_owned());
    let both = vec![one.clone(), two.clone()];
    let event: Value = serde_json::from_str(&crate::events::text("schedule")).unwrap();
    assert!(event["account"].is_string(), "the AWS account, which is none of ours");
    for (payload, accounts, tokens) in [
        (json!({}), 6, both.clone()),
        (event, 6, both.clone()),
        (Value::Null, 6, both.clone()),
        (json!("anything"), 6, both.clone()),
        (json!({"account": "batch"}), 1, vec![one.clone()]),
        (json!({"accounts": ["second", "single"]}), 2, vec![two]),
        (json!({"accounts": []}), 0, vec![]),
        (json!({"account": "nobody"}), 0, vec![]),
        (json!({"account": "batch", "all": true}), 1, vec![one]),
        (json!({"all": true}), 6, both),
    ] {
        assert_eq!(polled(&bench, payload.clone()).await, (accounts, tokens), "{payload}");
    }
}

#[tokio::test]
async fn sums_have_the_members_that_are_promised() {
    let bench = bench(&SECTIONS.map(|(name, _)| name)).await;
    let sums = serde_json::to_value(bench.sweep().await).unwrap();
    let expected = json!({
        "accounts": 6, "polled": 0, "calls": 0, "changed": 0, "resent": 0, "parked_applied": 0, "errors": [], "remaining": 0,
    });
    assert_eq!(sums, expected);
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_is_told_and_stops_no_other_account() {
    let config = config(&["batch", "second"]).replace("api = \"t0ken\"", "api = \"env:LEADRELAY_TEST_NOT_SET\"");
    let bench = bench(&["batch", "second"]).await;
    delivered(&bench, "batch", "g-1").await;
    let other = delivered(&bench, "second", "g-2").await;
    bench.configure(&config).await;
    bench.clock.advance(Duration::from_secs(61));
    bench.network.otherwise(|request| rows(request, "confirmed"));
    let sums = bench.sweep().await;
    assert_eq!(sums.errors.len(), 1);
    let error = &sums.errors[0];
    assert!(error.account == "batch" && error.error.contains("LEADRELAY_TEST_NOT_SET"), "{error:?}");
    assert_eq!(bench.order(&other).await["status"], "approve");
}

#[tokio::test]
async fn a_run_without_a_table_says_what_is_wrong() {
    let bench = Bench::without_table().await;
    let sums = bench.sweep().await;
    assert_eq!((sums.accounts, sums.errors.len()), (0, 1));
}

//! What a run is asked to do, and what it answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use orders::DeliveryOutcome;
use relay::operate::TaskFailure;
use serde_json::{Value, json};

use super::{SECTIONS, bench, config, delivered, rows, stored};
use crate::harness::{Bench, Fate, START_MS};

/// A lead that was surely not taken, and is due.
const QUEUED: DeliveryOutcome = DeliveryOutcome::Queued { next_attempt: START_MS / 1000 - 300 };

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
        "accounts": 6, "polled": 0, "calls": 0, "changed": 0, "resent": 0, "parked_applied": 0, "told": 0, "errors": [], "remaining": 0,
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
async fn a_run_that_cannot_read_its_accounts_fails_as_a_function() {
    let bench = Bench::without_table().await;
    let failure = bench.task(json!({})).await.unwrap_err();
    assert!(matches!(failure, TaskFailure::Store(_)), "{failure:?}");
}

/// Each of these was once taken for a run of everything.
#[tokio::test]
async fn an_event_that_cannot_be_read_makes_no_run() {
    let bench = bench(&["batch"]).await;
    delivered(&bench, "batch", "g-1").await;
    for event in [
        json!({"account": 5}),
        json!({"acount": "batch"}),
        json!({"account": "batch", "all": "true"}),
        json!({"accounts": "batch"}),
        json!({"retri": {"apply": true}}),
        json!({"source": "somebody", "detail-type": "Scheduled Event"}),
        json!({"audit": {}, "retry": {}}),
        json!("anything"),
        Value::Null,
    ] {
        let failure = bench.task(event.clone()).await.unwrap_err();
        assert_eq!(failure.status(), 422, "{event}");
    }
    assert_eq!(bench.network.take(), []);
}

/// An item that no release of ours wrote stands among the leads that wait. What it stops is told, and is not the polling.
#[tokio::test]
async fn what_stops_one_kind_of_work_stops_no_other() {
    let broken = Arc::new(AtomicBool::new(false));
    let breaks = Arc::clone(&broken);
    let bench = Bench::behind(move |operation| match operation {
        "GetItem" if breaks.load(Ordering::SeqCst) => Fate::Refuse(400, "ValidationException"),
        _ => Fate::Pass,
    })
    .await;
    bench.configure(&config(&["batch"])).await;
    let order = delivered(&bench, "batch", "g-1").await;
    stored(&bench, ("batch", "webvork"), 1, &QUEUED).await;
    bench.network.otherwise(|request| rows(request, "confirmed"));
    bench.sweep_for(json!({"accounts": []}), Duration::from_mins(5)).await;
    broken.store(true, Ordering::SeqCst);
    let sums = bench.sweep().await;
    broken.store(false, Ordering::SeqCst);
    assert_eq!((sums.resent, sums.changed, sums.errors.len()), (0, 1, 1), "{sums:?}");
    assert!(sums.errors[0].error.starts_with("sending again: "), "{sums:?}");
    assert_eq!(bench.order(&order).await["status"], "approve");
}

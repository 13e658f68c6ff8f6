//! Words that get a meaning later, and postbacks that find no order.

use std::time::Duration;

use lambda_runtime::{Context, LambdaEvent};
use lead::Status;
use orders::{Event, Kind, Source};
use poll_status::Outcome;
use relay::clock::Clock;
use relay::sweep::{Remap, RemapAnswer};
use serde_json::{Value, json};

use super::crowd::{self, CONFIGURATION};
use crate::harness::{self, Bench};

async fn remap(bench: &Bench, request: Value) -> RemapAnswer {
    let mut context = Context::default();
    context.deadline = bench.clock.now_ms() + 300_000;
    match poll_status::handle(&bench.relay, LambdaEvent::new(json!({ "remap": request }), context)).await {
        Ok(Outcome::Remap { remap }) => remap,
        Ok(other) => panic!("no findings: {other:?}"),
    }
}

#[tokio::test]
async fn a_word_that_has_a_meaning_now_is_shown_and_then_applied() {
    let bench = Bench::configured(CONFIGURATION).await;
    let ids = crowd::stored(&bench.store, 3).await;
    // As if the tables of that day had not known the word.
    let unmapped = |word: &str, source| Event {
        raw_status: Some(word.to_owned()),
        ..Event::new(bench.clock.now_ms(), Kind::Unmapped, source)
    };
    bench.store.note(crowd::ACCOUNT, &ids[0], &unmapped("approved", Source::Postback)).await.unwrap();
    bench.store.note(crowd::ACCOUNT, &ids[1], &unmapped("nobody knows", Source::Postback)).await.unwrap();

    let shown = remap(&bench, json!({"account": "main"})).await;
    assert_eq!((shown.looked_at, shown.applied, shown.next), (3, false, None));
    assert_eq!(shown.orders.len(), 1, "{:?}", shown.orders);
    let found = &shown.orders[0];
    assert_eq!((found.order_id.as_str(), found.word.as_str()), (ids[0].as_str(), "approved"));
    assert_eq!((found.from, found.to, found.outcome), (Status::Wait, Status::Approve, Remap::Change));
    assert_eq!(bench.stored(ids[0].as_str()).await.status, Status::Wait, "shown, not done");

    let done = remap(&bench, json!({"account": "main", "apply": true})).await;
    assert_eq!(done.orders[0].outcome, Remap::Changed);
    let order = bench.order(ids[0].as_str()).await;
    assert_eq!((&order["status"], &order["raw_status"]), (&json!("approve"), &json!("approved")));
    assert_eq!(order["history"].as_array().unwrap().last().unwrap()["source"], "operator");
    assert_eq!(harness::kinds(&order), ["received", "delivered", "unmapped", "status"]);
    assert!(remap(&bench, json!({"account": "main"})).await.orders.is_empty(), "once");
    assert!(remap(&bench, json!({"account": "gone"})).await.error.is_some());
    assert!(remap(&bench, json!({"acount": "main"})).await.error.is_some());
}

#[tokio::test]
async fn parked_postbacks_are_listed_and_become_orphans() {
    let bench = Bench::configured(CONFIGURATION).await;
    for tail in ["eid=901&status=approved", "oid=not-ours&status=cancel", "eid=902&status=approved"] {
        bench.postback("main", tail).await.expect(200);
    }
    let listed = bench.read("/orders/parked?account=main&limit=2").await.expect(200);
    assert_eq!(listed["parked"].as_array().unwrap().len(), 2);
    assert_eq!(listed["parked"][0]["key"], json!({"eid": "901"}));
    assert_eq!((&listed["parked"][0]["status"], &listed["parked"][0]["orphan"]), (&json!("approve"), &json!(false)));
    let rest = bench.read(&format!("/orders/parked?account=main&cursor={}", listed["next"].as_str().unwrap())).await;
    let rest = rest.expect(200);
    assert_eq!((&rest["parked"][0]["key"], &rest["next"]), (&json!({"oid": "not-ours"}), &Value::Null));

    bench.clock.advance(Duration::from_hours(7 * 24 + 1));
    let listed = bench.read("/orders/parked?account=main").await.expect(200);
    let parked = listed["parked"].as_array().unwrap();
    assert!(parked.len() == 3 && parked.iter().all(|one| one["orphan"] == true), "{listed}");
    bench.read("/orders/parked").await.problem(400);
    bench.read("/orders/parked?account=main&status=hold").await.problem(400);
    bench.read("/orders/parked?account=main&cursor=zz").await.problem(400);
    assert_eq!(bench.read("/orders/parked?account=other").await.expect(200)["parked"], json!([]));
}

//! Answers of the table that are lost while a lead is stored.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::{CONFIG, accepted, lead};
use crate::harness::{Bench, Event, Fate, KEY};

fn keyed() -> Event {
    Event::post("/leads").key(KEY).header("idempotency-key", "order-17").json(&lead())
}

/// A bench whose table loses the answers to the writes of a lead that `lost` counts from the first: claim, then order.
async fn losing(lost: impl Fn(usize) -> bool + Send + Sync + 'static, reads: bool) -> Bench {
    let writes = AtomicUsize::new(0);
    let on = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let begun = std::sync::Arc::clone(&on);
    let bench = Bench::behind(move |operation| {
        if !begun.load(Ordering::Relaxed) {
            return Fate::Pass;
        }
        match operation {
            "PutItem" if lost(writes.fetch_add(1, Ordering::Relaxed)) => Fate::LoseAnswer,
            "GetItem" if reads && writes.load(Ordering::Relaxed) > 1 => Fate::Refuse(500, "InternalServerError"),
            _ => Fate::Pass,
        }
    })
    .await;
    bench.configure(CONFIG).await;
    on.store(true, Ordering::Relaxed);
    bench
}

#[tokio::test]
async fn a_lead_whose_write_was_answered_too_late_is_sent_by_who_stored_it() {
    // The first answer to the order's write, or all of them.
    for last in [1, 9] {
        let bench = losing(move |write| (1..=last).contains(&write), false).await;
        bench.network.script([accepted()]);
        let receipt = bench.send(&keyed()).await.expect(201);
        assert_eq!((&receipt["delivery"], &receipt["replayed"]), (&json!("delivered"), &json!(false)), "{last}");
        assert_eq!(bench.network.take().len(), 1, "{last}");
    }
}

#[tokio::test]
async fn where_nobody_can_tell_whether_it_is_stored_the_answer_says_so() {
    let bench = losing(|write| write > 0, true).await;
    let problem = bench.send(&keyed()).await.problem(503);
    assert!(problem["detail"].as_str().unwrap().contains("not known whether the lead is stored"), "{problem}");
    assert_eq!(bench.network.take(), []);
}

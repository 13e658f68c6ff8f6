//! A table that turns calls away for a while: tried again within the call, and otherwise nothing is half done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Bench, Event, Fate, KEY, Reply, accepted, lead_at};

const CONFIG: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[offers.tea]
account = "main"
country = "PL"
drcash = "f10w"
duplicates = { days = 30, action = "refuse" }
"#;

/// A relay whose table stands behind a front that turns calls away.
struct Behind {
    bench: Bench,
    /// How many calls of each operation (`PutItem`) are still turned away.
    throttled: Arc<Mutex<BTreeMap<String, usize>>>,
}

async fn behind() -> Behind {
    let throttled = Arc::<Mutex<BTreeMap<String, usize>>>::default();
    let left = Arc::clone(&throttled);
    let bench = Bench::behind(move |operation| match left.lock().unwrap().get_mut(operation) {
        Some(left) if *left > 0 => {
            *left -= 1;
            Fate::Refuse(400, "ThrottlingException")
        }
        _ => Fate::Pass,
    });
    let bench = bench.await;
    bench.configure(CONFIG).await;
    bench.network.otherwise(|_| accepted());
    Behind { bench, throttled }
}

impl Behind {
    fn throttle(&self, operation: &str, calls: usize) {
        self.throttled.lock().unwrap().insert(operation.to_owned(), calls);
    }

    fn relent(&self) {
        self.throttled.lock().unwrap().clear();
    }

    async fn send(&self, key: &str) -> Reply {
        self.bench.send(&Event::post("/leads").key(KEY).header("idempotency-key", key).json(&lead_at("tea"))).await
    }

    async fn received(&self) -> u64 {
        let tally = self.bench.store.tally(0, u64::from(u32::MAX) * 1000, 0).await.unwrap();
        tally.accounts.values().map(|counts| counts.received).sum()
    }
}

#[tokio::test]
async fn a_table_that_turns_calls_away_a_few_times_is_asked_again() {
    let behind = behind().await;
    for operation in ["BatchGetItem", "PutItem", "TransactWriteItems", "UpdateItem", "GetItem"] {
        behind.throttle(operation, 2);
    }
    let receipt = behind.send("one").await.expect(201);
    assert_eq!(receipt["delivery"], "delivered");
    assert_eq!((behind.received().await, behind.bench.network.take().len()), (1, 1));
}

#[tokio::test]
async fn a_lead_that_cannot_be_stored_is_not_taken_and_may_come_again() {
    for operation in ["BatchGetItem", "PutItem", "TransactWriteItems"] {
        let behind = behind().await;
        behind.throttle(operation, 1000);
        behind.send("one").await.problem(503);
        assert_eq!((behind.received().await, behind.bench.network.take().len()), (0, 0), "{operation}");
        behind.relent();
        let receipt = behind.send("one").await.expect(201);
        // Neither the key nor the customer is held by what was not stored.
        assert_eq!(
            (&receipt["delivery"], &receipt["duplicate_of"]),
            (&json!("delivered"), &Value::Null),
            "{operation}"
        );
        assert_eq!((behind.received().await, behind.bench.network.take().len()), (1, 1), "{operation}");
    }
}

#[tokio::test]
async fn an_outcome_that_cannot_be_written_leaves_a_lead_in_doubt_and_never_sends_it_twice() {
    let behind = behind().await;
    behind.throttle("UpdateItem", 1000);
    let receipt = behind.send("one").await.expect(201);
    assert_eq!(receipt["delivery"], "delivered", "the network has answered");
    behind.relent();
    behind.bench.clock.advance(Duration::from_mins(5));
    behind.bench.sweep().await;
    let tally = behind.bench.store.tally(0, u64::from(u32::MAX) * 1000, u64::MAX).await.unwrap();
    assert_eq!((tally.accounts["main"].unknown, tally.unattended.len()), (1, 0));
    assert_eq!(behind.bench.network.take().len(), 1);
}

/// The order has its id, and so its age, from the first time its key came: runs and the audit look back less far.
#[tokio::test]
async fn a_lead_that_is_stored_a_month_after_its_key_is_not_forgotten_when_its_function_dies() {
    let behind = behind().await;
    behind.throttle("TransactWriteItems", 1000);
    behind.send("one").await.problem(503);
    behind.relent();
    behind.bench.clock.advance(Duration::from_hours(31 * 24));
    behind.bench.network.script([accepted().hanging()]);
    tokio::select! {
        biased;
        () = behind.bench.network.arrived(1) => {}
        _ = behind.send("one") => {}
    }
    behind.bench.clock.advance(Duration::from_mins(3));
    assert_eq!(behind.bench.sweep().await.errors, []);
    let tally = behind.bench.store.tally(0, u64::from(u32::MAX) * 1000, u64::MAX).await.unwrap();
    assert_eq!((tally.accounts["main"].unknown, tally.unattended.len()), (1, 0));
    assert_eq!(behind.send("one").await.expect(200)["delivery"], "unknown");
    assert_eq!(behind.bench.network.take().len(), 1);
}

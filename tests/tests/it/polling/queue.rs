//! Slices that go through a queue.

use std::time::Duration;

use lambda_runtime::{Context, LambdaEvent};
use poll_status::Outcome;
use relay::Relay;
use relay::clock::Clock;
use serde_json::{Value, json};

use super::crowd::{self, CONFIGURATION};
use crate::harness::{Act, Bench, Network, START_MS, sweep};

const RUN: Duration = Duration::from_mins(5);

/// A queue that takes everything.
async fn queue(bench: &Bench) -> Network {
    let queue = Network::start(bench.clock.clone()).await;
    queue.otherwise(|request| {
        assert_eq!(request.header("x-amz-target"), Some("AmazonSQS.SendMessageBatch"));
        assert_eq!(request.header("content-type"), Some("application/x-amz-json-1.0"));
        assert!(request.header("authorization").unwrap().contains("/eu-west-1/sqs/aws4_request"));
        let entries = request.json()["Entries"].clone();
        let taken = entries.as_array().unwrap().iter().map(|entry| json!({"Id": entry["Id"], "MessageId": "m"}));
        Act::json(&json!({"Successful": taken.collect::<Vec<_>>(), "Failed": []}))
    });
    queue
}

/// What was sent to the queue since the last call of this.
fn sent(queue: &Network) -> Vec<String> {
    let body = |entry: &Value| entry["MessageBody"].as_str().unwrap().to_owned();
    let requests = queue.take();
    requests
        .iter()
        .flat_map(|request| request.json()["Entries"].as_array().unwrap().clone())
        .map(|e| body(&e))
        .collect()
}

/// Lambda hands messages over; the numbers of those it must deliver again.
async fn handed_over(relay: &Relay, bench: &Bench, bodies: &[String], time: Duration) -> Vec<String> {
    let record = |(number, body): (usize, &String)| json!({"messageId": number.to_string(), "body": body, "eventSource": "aws:sqs"});
    let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
    let mut context = Context::default();
    context.deadline = bench.clock.now_ms() + u64::try_from(time.as_millis()).unwrap();
    match poll_status::handle(relay, LambdaEvent::new(json!({ "Records": records }), context)).await {
        Ok(Outcome::Slices(failures)) => {
            failures.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
        }
        Ok(other) => panic!("not the failures of a batch: {other:?}"),
    }
}

#[tokio::test]
async fn a_large_accounts_polling_goes_through_the_queue() {
    let bench = Bench::configured(CONFIGURATION).await;
    let ids = crowd::stored(&bench.store, 120).await;
    bench.network.otherwise(crowd::approved);
    let queue = queue(&bench).await;
    let relay = bench.slicing_relay(Some(&queue));

    let sums = sweep(&relay, &bench.clock, json!({}), RUN).await;
    assert_eq!((sums.slices, sums.calls, sums.remaining), (8, 0, 0), "{sums:?}");
    assert!(sums.errors.is_empty(), "{sums:?}");
    let slices = sent(&queue);
    assert_eq!(slices.len(), 8);
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(sweep(&relay, &bench.clock, json!({}), RUN).await.slices, 0, "they are in the queue");

    // One that is not finished in time is sent again, and goes on where it stopped.
    bench.network.otherwise(|request| crowd::approved(request).taking(Duration::from_secs(7)));
    let first = &slices[..1];
    assert!(handed_over(&relay, &bench, first, Duration::from_secs(20)).await.is_empty());
    assert_eq!(sent(&queue), first);
    let before = bench.network.take().len();
    assert!((1..3).contains(&before), "{before}");
    bench.network.otherwise(crowd::approved);
    assert!(handed_over(&relay, &bench, &slices, RUN).await.is_empty());
    assert!(sent(&queue).is_empty());
    assert!(bench.network.take().len() + before <= 4, "what was asked for is not asked for again");
    crowd::all_are_approved_once(&bench, &ids).await;

    // SQS delivers at least once.
    let _ = bench.meter.take();
    assert!(handed_over(&relay, &bench, &slices, RUN).await.is_empty());
    assert!(bench.network.take().is_empty());
    assert!(bench.meter.take().write.abs() < f64::EPSILON, "what is through is not even taken");
}

#[tokio::test]
async fn what_cannot_be_worked_on_comes_again() {
    let bench = Bench::configured(CONFIGURATION).await;
    crowd::stored(&bench.store, 60).await;
    bench.network.otherwise(crowd::approved);
    let queue = queue(&bench).await;
    let relay = bench.slicing_relay(Some(&queue));
    let slice = |account: &str, part: u8| {
        let round = bench.clock.now_ms() / 1000;
        json!({"account": account, "age": "hours", "part": part, "round": round}).to_string()
    };
    let held = "poll#hours#1";
    let now_s = bench.clock.now_ms() / 1000;
    bench.store.take_duty(crowd::ACCOUNT, held, "another", now_s, now_s + 600).await.unwrap().unwrap();
    let messages = [slice("main", 0), "no slice".to_owned(), slice("main", 1), slice("gone", 2)];
    assert_eq!(handed_over(&relay, &bench, &messages, RUN).await, ["1", "2"]);
    assert_eq!(bench.network.take().len(), 2, "60 orders in the first part");
}

#[tokio::test]
async fn without_its_queue_a_run_does_the_work_itself() {
    let bench = Bench::configured(CONFIGURATION).await;
    let ids = crowd::stored(&bench.store, 120).await;
    bench.network.otherwise(crowd::approved);
    let queue = Network::start(bench.clock.clone()).await;
    queue.otherwise(|_| Act::answer(503, "{}"));
    let relay = bench.slicing_relay(Some(&queue));
    let sums = sweep(&relay, &bench.clock, json!({}), RUN).await;
    assert_eq!((sums.slices, sums.calls, sums.polled, sums.remaining), (0, 3, 120, 0), "{sums:?}");
    crowd::all_are_approved_once(&bench, &ids).await;
}

#[tokio::test]
async fn a_network_that_fails_pauses_the_account_and_its_slices_wait() {
    let bench = Bench::configured(CONFIGURATION).await;
    let ids = crowd::stored(&bench.store, 120).await;
    bench.network.otherwise(|_| Act::answer(500, "down"));
    let relay = bench.slicing_relay(None);
    let run = async || sweep(&relay, &bench.clock, json!({}), RUN).await;
    let sums = run().await;
    assert!(sums.calls <= 4, "those in flight: {sums:?}");
    assert_eq!(sums.errors.len(), 1, "{sums:?}");
    let calls = bench.network.take().len();
    bench.clock.advance(Duration::from_secs(30));
    assert_eq!(run().await.calls, 0, "paused after {calls} calls");
    bench.clock.advance(Duration::from_mins(2));
    bench.network.otherwise(crowd::approved);
    run().await;
    crowd::all_are_approved_once(&bench, &ids).await;
}

/// The run that meets a failing network after it has cut a class has sent no slice of it: the next one does, as soon as the
/// account's pause is over, and not only when they would be taken for lost.
#[tokio::test]
async fn slices_that_were_cut_before_another_class_failed_are_sent_after_the_pause() {
    let bench = Bench::configured(CONFIGURATION).await;
    let young = crowd::stored(&bench.store, 120).await;
    let old = crowd::stored_since(&bench.store, START_MS - 5 * 3_600_000, 900..901).await;
    let queue = queue(&bench).await;
    let relay = bench.slicing_relay(Some(&queue));
    bench.network.otherwise(|_| Act::answer(500, "down"));
    let sums = sweep(&relay, &bench.clock, json!({}), RUN).await;
    assert_eq!((sums.slices, sums.calls, sums.errors.len()), (0, 1, 1), "{sums:?}");
    bench.network.otherwise(crowd::approved);
    bench.clock.advance(Duration::from_secs(61));
    let sums = sweep(&relay, &bench.clock, json!({}), RUN).await;
    assert_eq!((sums.slices, sums.errors.len()), (8, 0), "{sums:?}");
    assert!(handed_over(&relay, &bench, &sent(&queue), RUN).await.is_empty());
    crowd::all_are_approved_once(&bench, &[young, old].concat()).await;
}

//! Runs that stop in time, runs beside each other, and limits of calls.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use relay::clock::Clock;
use serde_json::json;

use super::{all_asked_for, asked_for, bench, kma_rows, many, rows};
use crate::harness::{Act, sweep};

const EVENT: fn() -> serde_json::Value = || json!({"source": "aws.scheduler", "detail-type": "Scheduled Event"});

#[tokio::test]
async fn a_run_stops_in_time_and_the_next_one_goes_on() {
    let bench = bench(&["limited"]).await;
    let orders = many(&bench, "limited", "k", 130).await;
    bench.network.otherwise(|request| kma_rows(request, "P").taking(Duration::from_secs(25)));
    let began = bench.clock.now_ms();
    let sums = bench.sweep_for(EVENT(), Duration::from_mins(1)).await;
    // It stops ten seconds before its deadline: a third call would begin after that.
    assert_eq!((sums.calls, sums.remaining), (2, 1));
    assert!(bench.clock.now_ms() - began < 60_000);
    let first = bench.network.take();
    let sums = bench.sweep_for(EVENT(), Duration::from_mins(1)).await;
    assert_eq!((sums.calls, sums.remaining), (1, 0));
    let second = bench.network.take();
    let asked: Vec<String> = first.iter().chain(&second).flat_map(asked_for).collect();
    let once: BTreeSet<&String> = asked.iter().collect();
    assert_eq!((asked.len(), once.len()), (130, 130), "each once");
    assert_eq!(orders.len(), 130);
}

#[tokio::test]
async fn a_run_that_stops_within_a_batch_of_single_calls_goes_on_behind_them() {
    let bench = bench(&["single"]).await;
    let orders = many(&bench, "single", "t", 12).await;
    bench.network.otherwise(|request| {
        let id = asked_for(request).remove(0);
        Act::json(&json!({"status": "ok", "data": {"id": id, "status": "accept"}})).taking(Duration::from_secs(15))
    });
    let mut asked = Vec::new();
    let mut runs = 0;
    loop {
        let sums = bench.sweep_for(EVENT(), Duration::from_secs(40)).await;
        asked.extend(all_asked_for(&bench.network.take()));
        runs += 1;
        if sums.remaining == 0 {
            break;
        }
        assert!(runs < 12, "no run goes on where the last one stopped");
    }
    asked.sort();
    asked.dedup();
    assert_eq!(asked, orders.keys().cloned().collect::<Vec<_>>());
    assert!((2..=6).contains(&runs), "{runs} runs");
}

#[tokio::test]
async fn a_run_without_time_does_nothing_and_says_so() {
    let bench = bench(&["batch"]).await;
    many(&bench, "batch", "g", 1).await;
    let sums = bench.sweep_for(EVENT(), Duration::from_secs(10)).await;
    assert_eq!((sums.calls, sums.resent, sums.remaining), (0, 0, 1));
    assert_eq!(bench.network.take(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_once_never_ask_for_the_same_order() {
    let bench = bench(&["batch", "second", "single", "limited"]).await;
    let mut expected: Vec<String> = Vec::new();
    for (offer, word) in [("batch", "g"), ("second", "h"), ("single", "t"), ("limited", "k")] {
        expected.extend(many(&bench, offer, word, 6).await.into_keys());
    }
    bench.network.otherwise(|request| match request.path.as_str() {
        "/" => kma_rows(request, "A"),
        "/api/lead/status" => {
            Act::json(&json!({"status": "ok", "data": {"id": asked_for(request)[0], "status": "confirm"}}))
        }
        _ => rows(request, "confirmed"),
    });
    let other = bench.second_relay();
    let clock = Arc::clone(&bench.clock);
    let second = tokio::spawn(async move { sweep(&other, &clock, EVENT(), Duration::from_mins(5)).await });
    let one = bench.sweep().await;
    let two = second.await.unwrap();
    assert_eq!(one.changed + two.changed, 24);
    assert_eq!((one.errors, two.errors), (Vec::new(), Vec::new()));
    expected.sort();
    assert_eq!(all_asked_for(&bench.network.take()), expected);
}

/// A run that died keeps its work to itself until its time is over, and no longer.
#[tokio::test]
async fn the_work_of_a_dead_run_is_taken_over() {
    let bench = bench(&["batch"]).await;
    many(&bench, "batch", "g", 1).await;
    bench.network.script([Act::json(&json!([])).hanging()]);
    let (relay, clock) = (Arc::clone(&bench.relay), Arc::clone(&bench.clock));
    let arrived = bench.network.count();
    let run = tokio::spawn(async move { sweep(&relay, &clock, EVENT(), Duration::from_mins(2)).await });
    bench.network.arrived(arrived + 1).await;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    bench.network.otherwise(|request| rows(request, "confirmed"));
    bench.clock.advance(Duration::from_mins(1));
    let sums = bench.sweep().await;
    assert_eq!(sums.calls, 0);
    assert!(sums.remaining > 0, "{sums:?}");
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.sweep().await.changed, 1);
}

#[tokio::test]
async fn calls_keep_the_networks_limit() {
    let bench = bench(&["limited"]).await;
    many(&bench, "limited", "k", 160).await;
    let times = Arc::new(Mutex::new(Vec::new()));
    let (seen, clock) = (Arc::clone(&times), Arc::clone(&bench.clock));
    bench.network.otherwise(move |request| {
        seen.lock().unwrap().push(clock.now_ms());
        kma_rows(request, "P")
    });
    assert_eq!(bench.sweep().await.calls, 4);
    let times = times.lock().unwrap().clone();
    // A hundred a minute.
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 600), "{times:?}");
}

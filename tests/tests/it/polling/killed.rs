//! A run that is killed, and two runs at one moment.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::crowd::{self, CONFIGURATION};
use crate::harness::{Act, Bench, NOBODY, Request, kinds, sweep};

const RUN: Duration = Duration::from_mins(5);

/// How often each id was asked for.
fn times_asked(requests: &[Request]) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for id in requests.iter().flat_map(crowd::asked) {
        *times.entry(id).or_default() += 1;
    }
    times
}

#[tokio::test]
async fn a_run_that_is_killed_and_two_that_follow_at_once_lose_and_double_nothing() {
    for calls in 1..=3 {
        let bench = Bench::configured(CONFIGURATION).await;
        let ids = crowd::stored(&bench.store, 130).await;
        bench.network.otherwise(crowd::approved);
        tokio::select! {
            biased;
            // The run's future is dropped wherever it is just then: before an answer, between two writes.
            () = bench.network.arrived(calls) => {}
            _ = bench.sweep_all() => {}
        }
        bench.network.take();
        // The killed run's duties are nobody else's until it would have been over.
        let meanwhile = bench.sweep_all().await;
        assert_eq!((meanwhile.calls, meanwhile.remaining), (0, 1), "killed at call {calls}");
        bench.clock.advance(RUN);

        let other = bench.second_relay();
        let one = sweep(&bench.relay, &bench.clock, json!({"all": true}), RUN);
        let two = sweep(&other, &bench.clock, json!({"all": true}), RUN);
        let (one, two) = tokio::join!(one, two);
        assert!(one.errors.is_empty() && two.errors.is_empty(), "{one:?} {two:?}");
        let times = times_asked(&bench.network.take());
        assert!(times.values().all(|times| *times == 1), "killed at call {calls}: {times:?}");
        crowd::all_are_approved_once(&bench, &ids).await;
    }
}

#[tokio::test]
async fn two_runs_at_once_share_the_slices_of_an_account() {
    let bench = Bench::configured(CONFIGURATION).await;
    let ids = crowd::stored(&bench.store, 130).await;
    bench.network.otherwise(crowd::approved);
    let (relay, other) = (bench.slicing_relay(None), bench.slicing_relay(None));
    let one = sweep(&relay, &bench.clock, json!({}), RUN);
    let two = sweep(&other, &bench.clock, json!({}), RUN);
    let (one, two) = tokio::join!(one, two);
    assert_eq!(one.polled + two.polled, 130, "{one:?} {two:?}");
    assert_eq!(one.calls + two.calls, 3, "130 in batches of 50: {one:?} {two:?}");
    assert!(times_asked(&bench.network.take()).values().all(|times| *times == 1));
    crowd::all_are_approved_once(&bench, &ids).await;
}

#[tokio::test]
async fn a_slice_that_is_stopped_is_gone_on_with_by_the_next_run() {
    let bench = Bench::configured(CONFIGURATION).await;
    let ids = crowd::stored(&bench.store, 130).await;
    // A run has time for one answer.
    let relay = bench.slicing_relay(None);
    bench.network.otherwise(|request| crowd::approved(request).taking(Duration::from_secs(7)));
    let mut runs = 0;
    let mut polled = 0;
    loop {
        let sums = sweep(&relay, &bench.clock, json!({}), Duration::from_secs(16)).await;
        assert!(sums.errors.is_empty(), "{sums:?}");
        polled += sums.polled;
        runs += 1;
        if sums.remaining == 0 {
            break;
        }
        assert!(runs < 20, "it does not end: {sums:?}");
    }
    assert!(runs > 1);
    assert_eq!(polled, 130);
    crowd::all_are_approved_once(&bench, &ids).await;
}

#[tokio::test]
async fn a_lead_whose_sender_was_killed_is_not_sent_by_two_that_follow() {
    let toml = format!("{CONFIGURATION}[offers.offer]\naccount = \"main\"\nm1 = \"5\"\ncountry = \"RU\"\n");
    let bench = Bench::configured(&toml.replace("NETWORK", NOBODY)).await;
    let lead = json!({"offer": "offer", "name": "Jan Test", "phone": "+79265550133", "ip": "203.0.113.80"});
    let reply = bench.send_lead(&lead).await;
    assert_eq!(reply.text("delivery"), "queued");
    let id = reply.text("order_id");
    bench.configure(&toml).await;
    bench.clock.advance(Duration::from_mins(2));
    bench.network.script([Act::answer(200, "{}").hanging()]);
    tokio::select! {
        biased;
        () = bench.network.arrived(1) => {}
        _ = bench.sweep() => {}
    }
    assert_eq!(bench.network.take().len(), 1);
    bench.clock.advance(RUN);
    let other = bench.second_relay();
    let one = sweep(&bench.relay, &bench.clock, json!({}), RUN);
    let two = sweep(&other, &bench.clock, json!({}), RUN);
    tokio::join!(one, two);
    assert!(bench.network.take().is_empty(), "it may have arrived: it is never sent by itself again");
    let order = bench.order(&id).await;
    assert_eq!(order["delivery"], "unknown");
    assert_eq!(kinds(&order).iter().filter(|kind| *kind == "attempt").count(), 1, "{order}");
}

//! Batches, and what answers do: rows, gaps, unknown words, errors.

use std::time::Duration;

use serde_json::json;

use super::{all_asked_for, asked_for, bench, delivered, many, rows};
use crate::harness::{Act, kinds};

#[tokio::test]
async fn orders_are_asked_for_by_the_batch_and_each_once() {
    let bench = bench(&["batch"]).await;
    let orders = many(&bench, "batch", "g", 60).await;
    bench.network.otherwise(|request| rows(request, "confirmed"));
    let sums = bench.sweep().await;
    assert_eq!((sums.accounts, sums.polled, sums.calls, sums.changed, sums.remaining), (1, 60, 2, 60, 0));
    assert_eq!(sums.errors, []);
    let requests = bench.network.take();
    let sizes: Vec<usize> = requests.iter().map(|request| asked_for(request).len()).collect();
    assert!(sizes.iter().all(|size| *size <= 50), "{sizes:?}");
    assert_eq!(all_asked_for(&requests), orders.keys().cloned().collect::<Vec<_>>());
    for order in orders.values() {
        assert_eq!(bench.order(order).await["status"], "approve");
    }
    // What is decided is not asked for any more.
    bench.clock.advance(Duration::from_hours(1));
    assert_eq!(bench.sweep_all().await.calls, 0);
}

#[tokio::test]
async fn orders_without_news_cost_no_write() {
    let mut written = Vec::new();
    for number in [1, 40] {
        let bench = bench(&["batch"]).await;
        let orders = many(&bench, "batch", "g", number).await;
        bench.network.otherwise(|request| rows(request, "hold"));
        let _ = bench.meter.take();
        let sums = bench.sweep().await;
        assert_eq!((sums.polled, sums.changed), (u64::try_from(number).unwrap(), 0));
        written.push(bench.meter.take().write);
        let order = bench.stored(orders.values().next().unwrap()).await;
        assert_eq!((order.version, order.history.len()), (2, 2));
    }
    assert_eq!(written[0].to_bits(), written[1].to_bits(), "{written:?}");
}

#[tokio::test]
async fn an_order_without_a_row_stays_as_it_is() {
    let bench = bench(&["batch"]).await;
    let there = delivered(&bench, "batch", "g-1").await;
    let missing = delivered(&bench, "batch", "g-2").await;
    bench.network.otherwise(|_| {
        Act::json(&json!([{"guid": "g-1", "status": "rejected"}, {"guid": "g-9", "status": "confirmed"}]))
    });
    let sums = bench.sweep().await;
    assert_eq!((sums.changed, sums.errors.len()), (1, 0));
    assert_eq!(bench.order(&there).await["status"], "cancel");
    let missing = bench.order(&missing).await;
    assert_eq!((&missing["status"], kinds(&missing).len()), (&json!("wait"), 2));
}

#[tokio::test]
async fn an_unknown_word_is_recorded_once() {
    let bench = bench(&["batch"]).await;
    let order = delivered(&bench, "batch", "g-1").await;
    bench.network.otherwise(|request| rows(request, "levitating"));
    for _ in 0..3 {
        bench.sweep_all().await;
        bench.clock.advance(Duration::from_mins(10));
    }
    let order = bench.order(&order).await;
    assert_eq!(
        (&order["status"], kinds(&order)),
        (&json!("wait"), ["received", "delivered", "unmapped"].map(str::to_owned).to_vec())
    );
    let event = &order["history"][2];
    assert_eq!((&event["raw_status"], &event["source"]), (&json!("levitating"), &json!("poll")));
}

#[tokio::test]
async fn a_payout_comes_with_an_approve() {
    let bench = bench(&["batch"]).await;
    let order = delivered(&bench, "batch", "g-1").await;
    let row = json!([{"guid": "g-1", "status": "confirmed", "money": "12,50", "currency": "eur"}]);
    bench.network.script([Act::json(&row)]);
    bench.sweep().await;
    let order = bench.order(&order).await;
    assert_eq!((&order["payout"], &order["currency"]), (&json!("12.50"), &json!("EUR")));
}

#[tokio::test]
async fn failures_are_told_and_never_read_as_a_status() {
    let failures = [
        ("an error inside HTTP 200", Act::json(&json!({"status": "error", "msg": "wrong token"})), "wrong token"),
        ("a page", Act::answer(200, "<html>"), "no rows"),
        ("no access", Act::answer(403, "{}"), "HTTP 403"),
        ("a server's error", Act::answer(502, "[]"), "HTTP 502"),
        ("too many calls", Act::answer(429, "[]"), "429"),
        ("hung up", Act::close_read(), "answer is lost"),
        ("cut short", Act::json(&json!([{"guid": "g-1", "status": "confirmed"}])).too_short(), "answer is lost"),
        ("too long", Act::answer(200, " ".repeat(300_000)), "more than"),
    ];
    for (what, act, told) in failures {
        let bench = bench(&["batch"]).await;
        let order = delivered(&bench, "batch", "g-1").await;
        bench.network.script([act]);
        let sums = bench.sweep().await;
        assert_eq!((sums.calls, sums.changed), (1, 0), "{what}");
        assert_eq!(sums.errors.len(), 1, "{what}");
        assert!(sums.errors[0].account == "batch" && sums.errors[0].error.contains(told), "{what}: {:?}", sums.errors);
        let order = bench.order(&order).await;
        assert_eq!((&order["status"], kinds(&order).len()), (&json!("wait"), 2), "{what}");
    }
}

#[tokio::test]
async fn an_account_that_fails_is_no_trouble_of_the_others() {
    let bench = bench(&["batch", "second"]).await;
    let failing = delivered(&bench, "batch", "g-1").await;
    let other = delivered(&bench, "second", "g-2").await;
    bench.network.otherwise(|request| match request.query_value("token").as_deref() {
        Some("t0ken2") => rows(request, "confirmed"),
        _ => Act::answer(500, ""),
    });
    let sums = bench.sweep().await;
    assert_eq!((sums.changed, sums.errors.len()), (1, 1));
    assert_eq!(bench.order(&other).await["status"], "approve");
    assert_eq!(bench.order(&failing).await["status"], "wait");
}

#[tokio::test]
async fn a_refused_batch_is_halved_down_to_the_bad_id() {
    let bench = bench(&["batch"]).await;
    let orders = many(&bench, "batch", "g", 16).await;
    bench.network.otherwise(|request| {
        if asked_for(request).contains(&"g-005".to_owned()) {
            Act::answer(404, "{}")
        } else {
            rows(request, "confirmed")
        }
    });
    let sums = bench.sweep().await;
    // 16, 8, 4, 2, 1 with it, and the other half of each without.
    assert_eq!((sums.calls, sums.polled, sums.changed), (9, 15, 15));
    assert!(sums.errors[0].error.contains("404"), "{:?}", sums.errors);
    for (theirs, ours) in &orders {
        let expected = if theirs == "g-005" { "wait" } else { "approve" };
        assert_eq!(bench.order(ours).await["status"], expected, "{theirs}");
    }
}

/// Ids that the network refuses one after the other do not keep the orders behind them from being asked for.
#[tokio::test]
async fn refused_ids_do_not_stop_a_round_for_good() {
    let bench = bench(&["single"]).await;
    let orders = many(&bench, "single", "t", 8).await;
    bench.network.otherwise(|request| match asked_for(request)[0].as_str() {
        "t-000" | "t-001" | "t-002" | "t-003" => Act::json(&json!({"status": "error", "error": "lead not found"})),
        id => Act::json(&json!({"status": "ok", "data": {"id": id, "status": "confirm"}})),
    });
    let first = bench.sweep().await;
    assert!(first.errors[0].error.contains("lead not found"), "{:?}", first.errors);
    for _ in 0..3 {
        bench.clock.advance(Duration::from_mins(6));
        bench.sweep().await;
    }
    for (theirs, ours) in &orders {
        let expected = if theirs.as_str() < "t-004" { "wait" } else { "approve" };
        assert_eq!(bench.order(ours).await["status"], expected, "{theirs}");
    }
}

/// The network wants to be left alone: no class of age of this account is asked for meanwhile.
#[tokio::test]
async fn too_many_calls_pause_the_whole_account_as_long_as_it_says() {
    let bench = bench(&["batch", "second"]).await;
    delivered(&bench, "batch", "g-old").await;
    bench.clock.advance(Duration::from_hours(5));
    delivered(&bench, "batch", "g-young").await;
    delivered(&bench, "second", "g-other").await;
    bench.network.otherwise(|request| match request.query_value("token").as_deref() {
        Some("t0ken2") => rows(request, "hold"),
        _ => Act::answer(429, "").with_header("retry-after", "1800"),
    });
    let sums = bench.sweep().await;
    assert_eq!((sums.calls, sums.errors.len()), (2, 1));
    bench.network.take();
    for _ in 0..2 {
        bench.clock.advance(Duration::from_mins(14));
        bench.sweep().await;
        bench.sweep_all().await;
    }
    assert_eq!(all_asked_for(&bench.network.take()).iter().filter(|id| *id != "g-other").count(), 0);
    bench.clock.advance(Duration::from_mins(3));
    bench.network.otherwise(|request| rows(request, "confirmed"));
    bench.sweep().await;
    let asked = all_asked_for(&bench.network.take());
    assert!(asked.contains(&"g-old".to_owned()) && asked.contains(&"g-young".to_owned()), "{asked:?}");
}

#[tokio::test]
async fn a_network_that_keeps_failing_is_asked_less_and_less() {
    let bench = bench(&["batch"]).await;
    delivered(&bench, "batch", "g-1").await;
    bench.network.otherwise(|_| Act::answer(500, ""));
    let mut calls = 0;
    for _ in 0..60 {
        calls += bench.sweep().await.calls;
        bench.clock.advance(Duration::from_mins(1));
    }
    // Not sixty: after one minute, two, four and so on.
    assert!((4..=8).contains(&calls), "{calls}");
    bench.network.otherwise(|request| rows(request, "confirmed"));
    bench.clock.advance(Duration::from_hours(1));
    assert_eq!(bench.sweep().await.changed, 1);
}

/// A round may last a quarter of an hour: a pause that counted from its beginning would be over before it began.
#[tokio::test]
async fn a_network_that_wants_a_pause_late_in_a_long_round_has_it_whole() {
    let bench = bench(&["batch"]).await;
    delivered(&bench, "batch", "g-old").await;
    bench.clock.advance(Duration::from_hours(5));
    delivered(&bench, "batch", "g-young").await;
    bench.network.otherwise(|request| match asked_for(request)[0].as_str() {
        "g-young" => rows(request, "hold").taking(Duration::from_secs(200)),
        _ => Act::answer(429, "").with_header("retry-after", "120"),
    });
    let sums = bench.sweep().await;
    assert_eq!((sums.calls, sums.errors.len()), (2, 1), "{sums:?}");
    bench.network.take();
    bench.clock.advance(Duration::from_secs(5));
    bench.sweep().await;
    bench.clock.advance(Duration::from_secs(110));
    bench.sweep().await;
    assert_eq!(bench.network.take(), [], "120 seconds are not over");
    bench.clock.advance(Duration::from_secs(10));
    bench.network.otherwise(|request| rows(request, "confirmed"));
    bench.sweep().await;
    assert!(all_asked_for(&bench.network.take()).contains(&"g-old".to_owned()));
}

//! Networks that tell of a window of time only.

use std::time::Duration;

use serde_json::json;

use super::{bench, delivered, lead};
use crate::harness::{Act, Bench, Request, START_MS};

const DAY_S: u64 = 24 * 60 * 60;
const START_S: u64 = START_MS / 1000;

fn window(request: &Request) -> (u64, u64) {
    let bound = |name: &str| request.query_value(name).unwrap().parse::<u64>().unwrap();
    (bound("ts"), bound("te"))
}

fn windows(bench: &Bench) -> Vec<(u64, u64)> {
    bench.network.take().iter().map(window).collect()
}

#[tokio::test]
async fn the_span_of_open_orders_is_asked_for_a_day_a_call() {
    let bench = bench(&["window"]).await;
    let first = delivered(&bench, "window", "w-1").await;
    bench.clock.advance(Duration::from_hours(36));
    let second = delivered(&bench, "window", "w-2").await;
    bench.clock.advance(Duration::from_hours(12));
    // Each call's rows are applied; a row of a lead that is none of ours is left alone.
    bench.network.otherwise(|request| {
        let (from, _) = window(request);
        let row = if from < START_S + DAY_S / 2 { ("w-1", "confirmed") } else { ("w-2", "rejected") };
        let rows =
            json!([{"order_id": row.0, "status": row.1, "price": 17.5}, {"order_id": "w-9", "status": "confirmed"}]);
        Act::json(&json!({"data": rows}))
    });
    let sums = bench.sweep().await;
    assert_eq!((sums.changed, sums.errors.len()), (2, 0));
    let found = windows(&bench);
    assert_eq!(found[0].0, START_S - 600, "a little before the oldest order");
    assert!(found.iter().all(|(from, to)| to - from <= DAY_S), "{found:?}");
    assert!(found.windows(2).all(|pair| pair[0].1 == pair[1].0), "no gap: {found:?}");
    assert!(found.last().unwrap().1 >= START_S + 48 * 3600 - 2 * 3600, "{found:?}");
    let first = bench.order(&first).await;
    assert_eq!(
        (&first["status"], &first["payout"], &first["currency"]),
        (&json!("approve"), &json!("17.5"), &json!("USD"))
    );
    assert_eq!(bench.order(&second).await["status"], "cancel");
}

#[tokio::test]
async fn without_open_orders_no_window_is_asked_for() {
    let bench = bench(&["window"]).await;
    assert_eq!(bench.sweep_all().await.calls, 0);
}

/// What one run has learned is written, and the next one begins with the window that was not asked for yet.
#[tokio::test]
async fn a_run_that_stops_between_windows_keeps_what_it_learned() {
    let bench = bench(&["window"]).await;
    let old = delivered(&bench, "window", "w-1").await;
    bench.clock.advance(Duration::from_hours(60));
    bench.network.otherwise(|_| {
        Act::json(&json!({"data": [{"order_id": "w-1", "status": "confirmed"}]})).taking(Duration::from_secs(40))
    });
    delivered(&bench, "window", "w-2").await;
    bench.clock.advance(Duration::from_hours(3));
    let mut all = Vec::new();
    let mut runs = 0;
    loop {
        let sums = bench.sweep_for(json!({}), Duration::from_mins(1)).await;
        all.extend(windows(&bench));
        if runs == 0 {
            assert_eq!((sums.calls, sums.remaining), (2, 1));
            assert_eq!(bench.order(&old).await["status"], "approve", "the first window's rows are not lost");
        }
        runs += 1;
        if sums.remaining == 0 {
            break;
        }
        assert!(runs < 8, "no run goes on where the last one stopped: {all:?}");
    }
    let asked = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), asked, "no window twice");
}

#[tokio::test]
async fn no_window_reaches_further_back_than_the_network_does() {
    let bench = bench(&["window"]).await;
    delivered(&bench, "window", "w-1").await;
    bench.clock.advance(Duration::from_hours(45 * 24));
    bench.network.otherwise(|_| Act::json(&json!({"data": []})));
    bench.sweep().await;
    let found = windows(&bench);
    let now_s = START_S + 45 * DAY_S;
    assert!(found.iter().all(|(from, _)| *from >= now_s - 30 * DAY_S - 600), "{found:?}");
}

/// A lead in doubt is found in the window by our own id.
#[tokio::test]
async fn a_lead_in_doubt_is_found_in_the_window() {
    let bench = bench(&["window"]).await;
    bench.network.script([Act::close_read()]);
    let order = bench.send_lead(&lead("window")).await.text("order_id");
    let row = json!({"data": [{"order_id": "w-1", "subacc_1": order, "status": "hold", "price": 1}]});
    bench.network.otherwise(move |_| Act::json(&row));
    assert_eq!(bench.sweep().await.changed, 1);
    let order = bench.order(&order).await;
    assert_eq!(
        (&order["delivery"], &order["network_order_id"], &order["status"]),
        (&json!("delivered"), &json!("w-1"), &json!("wait"))
    );
}

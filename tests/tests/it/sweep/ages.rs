//! How often orders are asked for.

use std::time::Duration;

use super::{bench, delivered, rows};
use crate::harness::{Bench, Event, KEY};

/// Calls of runs that follow each other at a distance, over a span.
async fn calls(bench: &Bench, every: Duration, span: Duration) -> u64 {
    let mut calls = 0;
    let mut left = span;
    while let Some(rest) = left.checked_sub(every) {
        bench.clock.advance(every);
        calls += bench.sweep().await.calls;
        left = rest;
    }
    calls
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn young_orders_are_asked_for_often_and_old_ones_rarely() {
    let bench = bench(&["batch"]).await;
    let order = delivered(&bench, "batch", "g-1").await;
    bench.network.otherwise(|request| rows(request, "hold"));
    assert_eq!(bench.sweep().await.calls, 1);
    // Every five minutes until it is two hours old.
    assert_eq!(calls(&bench, 4 * MINUTE, 4 * MINUTE).await, 0);
    assert_eq!(calls(&bench, MINUTE, 6 * MINUTE).await, 2);
    calls(&bench, 55 * MINUTE, 110 * MINUTE).await;
    // Then every hour, until it is three days old.
    assert_eq!(calls(&bench, 20 * MINUTE, 3 * HOUR).await, 3);
    calls(&bench, 67 * HOUR, 67 * HOUR).await;
    // Then every six hours, until it is thirty days old.
    assert_eq!(calls(&bench, 2 * HOUR, 18 * HOUR).await, 3);
    calls(&bench, 27 * DAY, 27 * DAY).await;
    // Then once a day.
    assert_eq!(calls(&bench, 8 * HOUR, 3 * DAY).await, 3);
    // After 130 days nobody asks, unless a person does.
    bench.clock.advance(100 * DAY);
    assert_eq!(bench.sweep().await.calls, 0);
    assert_eq!(bench.sweep_all().await.calls, 1);
    bench.network.otherwise(|request| rows(request, "confirmed"));
    assert_eq!(bench.sweep_all().await.changed, 1);
    assert_eq!(bench.order(&order).await["status"], "approve");
}

#[tokio::test]
async fn everything_is_asked_for_at_once_when_a_person_wants_it() {
    let bench = bench(&["batch"]).await;
    delivered(&bench, "batch", "g-1").await;
    bench.network.otherwise(|request| rows(request, "hold"));
    assert_eq!(bench.sweep().await.calls, 1);
    assert_eq!(bench.sweep().await.calls, 0);
    assert_eq!(bench.sweep_all().await.calls, 1);
    assert_eq!(bench.sweep_all().await.calls, 1);
}

/// An order that came back to life is asked for again.
#[tokio::test]
async fn a_recovered_order_is_asked_for_again() {
    let bench = bench(&["batch"]).await;
    let order = delivered(&bench, "batch", "g-1").await;
    bench.network.otherwise(|request| rows(request, "rejected"));
    assert_eq!(bench.sweep().await.changed, 1);
    bench.clock.advance(10 * MINUTE);
    assert_eq!(bench.sweep().await.calls, 0);
    bench.postback("batch", &format!("oid={order}&status=agreed&sth=agreed")).await.expect(200);
    bench.clock.advance(10 * MINUTE);
    bench.network.otherwise(|request| rows(request, "confirmed"));
    assert_eq!(bench.sweep().await.changed, 1);
    let told = bench.read_as(&Event::get(&format!("/orders/{order}")).key(KEY)).await.expect(200);
    assert_eq!(told["status"], "approve");
}

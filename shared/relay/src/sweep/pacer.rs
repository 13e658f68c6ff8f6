//! How fast one account is asked: calls a minute, and calls in flight.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::clock::Clock;

/// Calls in flight for one account of a network without a known limit; where there is one, a call waits for the one before.
pub(super) const IN_FLIGHT: usize = 4;

/// Lets calls of one account go, each at its time.
pub(super) struct Pacer {
    gap_ms: u64,
    next_ms: AtomicU64,
    in_flight: Semaphore,
    failing: AtomicBool,
}

impl Pacer {
    /// So many calls a minute at most; `None`: only those in flight are limited.
    pub(super) fn new(per_minute: Option<u32>) -> Self {
        Self {
            gap_ms: per_minute.map_or(0, |limit| 60_000_u64.div_ceil(u64::from(limit.max(1)))),
            next_ms: AtomicU64::new(0),
            in_flight: Semaphore::new(if per_minute.is_some() { 1 } else { IN_FLIGHT }),
            failing: AtomicBool::new(false),
        }
    }

    /// Waits until the next call may go; `None` where that is not before `stop_ms`, or where the account fails.
    pub(super) async fn turn(&self, clock: &dyn Clock, stop_ms: u64) -> Option<SemaphorePermit<'_>> {
        let permit = self.in_flight.acquire().await.ok()?;
        let now_ms = clock.now_ms();
        if now_ms >= stop_ms || self.failing.load(Ordering::Relaxed) {
            return None;
        }
        if self.gap_ms > 0 {
            let turn = |next: u64| Some(next.max(now_ms)).filter(|turn| *turn < stop_ms);
            let later = |next| turn(next).map(|turn| turn.saturating_add(self.gap_ms));
            let before = self.next_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later).ok()?;
            let wait_ms = before.saturating_sub(now_ms);
            if wait_ms > 0 {
                clock.wait(Duration::from_millis(wait_ms)).await;
            }
        }
        Some(permit)
    }

    /// No call goes any more: the account fails as a whole.
    pub(super) fn stop(&self) {
        self.failing.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use super::*;

    #[derive(Debug, Default)]
    struct Hands(AtomicU64);

    impl Clock for Hands {
        fn now_ms(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }

        fn random(&self) -> u128 {
            0
        }

        fn wait(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            self.0.fetch_add(u64::try_from(pause.as_millis()).unwrap(), Ordering::Relaxed);
            Box::pin(std::future::ready(()))
        }
    }

    #[tokio::test]
    async fn calls_keep_their_distance_and_end_in_time() {
        let (clock, pacer) = (Hands::default(), Pacer::new(Some(60)));
        let mut times = Vec::new();
        while pacer.turn(&clock, 3500).await.is_some() {
            times.push(clock.now_ms());
        }
        assert_eq!(times, [0, 1000, 2000, 3000]);
    }

    #[tokio::test]
    async fn without_a_limit_only_those_in_flight_count() {
        let (clock, pacer) = (Hands::default(), Pacer::new(None));
        let mut held = Vec::new();
        for _ in 0..IN_FLIGHT {
            held.push(pacer.turn(&clock, 10).await.unwrap());
        }
        let mut next = Box::pin(pacer.turn(&clock, 10));
        assert!(futures_util::poll!(&mut next).is_pending());
        held.pop();
        assert!(next.await.is_some());
        pacer.stop();
        drop(held);
        assert!(pacer.turn(&clock, 10).await.is_none());
    }
}

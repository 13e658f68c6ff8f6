//! A clock that tests move.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use relay::clock::Clock;

/// When every test begins: 1 November 2025, 00:00 UTC. The order ids of the catalogue's cases are a little younger.
pub(crate) const START_MS: u64 = 1_761_955_200_000;

/// Stands still until it is moved. Its random bits differ from call to call and are the same in every run.
#[derive(Debug)]
pub(crate) struct TestClock {
    now_ms: AtomicU64,
    drawn: AtomicU64,
}

impl TestClock {
    pub(crate) const fn at(now_ms: u64) -> Self {
        Self { now_ms: AtomicU64::new(now_ms), drawn: AtomicU64::new(1) }
    }

    /// Lets so much time go by at once.
    pub(crate) fn advance(&self, by: Duration) {
        self.now_ms.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn random(&self) -> u128 {
        let seed = u128::from(self.drawn.fetch_add(1, Ordering::SeqCst));
        // Spreads the counter over all bits; odd, so no two counts meet.
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    fn wait(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.advance(pause);
        Box::pin(std::future::ready(()))
    }
}

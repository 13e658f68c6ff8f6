//! What is counted while an account is polled.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
pub(super) struct Tally {
    pub(super) open: AtomicU64,
    pub(super) polled: AtomicU64,
    pub(super) calls: AtomicU64,
    pub(super) changed: AtomicU64,
    pub(super) unmapped: AtomicU64,
    pub(super) missing: AtomicU64,
    pub(super) failed: AtomicU64,
    /// How long ago the oldest due order should have been asked for, in seconds.
    pub(super) lag_s: AtomicU64,
    /// Single ids that were refused one after the other.
    pub(super) lonely: AtomicU64,
    /// Why the last call failed.
    failure: Mutex<Option<String>>,
}

impl Tally {
    pub(super) fn failed_by(&self, message: &str) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.to_owned());
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(super) fn add(counter: &AtomicU64, number: usize) {
    counter.fetch_add(u64::try_from(number).unwrap_or(u64::MAX), Ordering::Relaxed);
}

pub(super) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

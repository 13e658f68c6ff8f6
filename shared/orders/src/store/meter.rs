//! Counts what calls cost, for tests and measurements.

use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Capacity units, as the service counts them, indexes included.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Units {
    /// Read units.
    pub read: f64,
    /// Write units.
    pub write: f64,
}

/// Sums the units of a store's calls. A failed condition also costs a write, but the service does not report it.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Units>);

impl Meter {
    /// The units since the last call of this.
    #[must_use]
    pub fn take(&self) -> Units {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn read(&self, capacity: Option<&ConsumedCapacity>) {
        let units = capacity.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read += units;
    }

    pub(crate) fn write(&self, capacity: Option<&ConsumedCapacity>) {
        let units = capacity.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write += units;
    }
}

//! What the sandbox network remembers.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The network's orders, kept in a file where there is a data directory.
#[derive(Debug)]
pub(super) struct Book {
    file: Option<PathBuf>,
    orders: Mutex<Vec<Entry>>,
}

/// One order as the network has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) order_id: String,
    pub(super) received_at: String,
    /// The fields as they came.
    pub(super) fields: Map<String, Value>,
    /// The network's word for where it stands.
    pub(super) status: String,
    #[serde(default)]
    pub(super) payout: Option<String>,
    /// What the door answered to the last postback.
    #[serde(default)]
    pub(super) last_postback: Option<String>,
}

const FIRST_ID: usize = 1001;

impl Book {
    pub(super) fn open(file: Option<PathBuf>) -> Self {
        let kept = file.as_ref().and_then(|file| fs::read(file).ok());
        let orders = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { file, orders: Mutex::new(orders) }
    }

    /// Takes an order; the id it gets.
    pub(super) fn take(&self, fields: Map<String, Value>, received_at: String) -> String {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let order_id = (FIRST_ID + orders.len()).to_string();
        orders.push(Entry {
            order_id: order_id.clone(),
            received_at,
            fields,
            status: "new".to_owned(),
            payout: None,
            last_postback: None,
        });
        self.keep(&orders);
        order_id
    }

    /// All orders, oldest first.
    pub(super) fn all(&self) -> Vec<Entry> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes one order and returns it.
    pub(super) fn change(&self, order_id: &str, change: impl FnOnce(&mut Entry)) -> Option<Entry> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = orders.iter_mut().find(|entry| entry.order_id == order_id)?;
        change(entry);
        let changed = entry.clone();
        self.keep(&orders);
        Some(changed)
    }

    fn keep(&self, orders: &[Entry]) {
        let Some(file) = &self.file else { return };
        let written = serde_json::to_vec_pretty(orders).map_err(std::io::Error::other);
        if let Err(error) = written.and_then(|bytes| fs::write(file, bytes)) {
            tracing::warn!(%error, "the sandbox network cannot keep its orders");
        }
    }
}

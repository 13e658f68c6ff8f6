//! What a fake has received, and what it is to answer.

use std::collections::{BTreeSet, VecDeque};

use lead::OrderId;
use networks::Settings;
use networks::fake::{FakeOrder, Verdict};
use serde_json::{Map, Value, json};

use super::plan::Planned;

/// How many leads, orders, violations and words are kept.
const KEPT: usize = 500;

/// What has happened so far.
#[derive(Default)]
pub(super) struct Book {
    /// What is known of the settings of each account that may call.
    pub(super) accounts: Vec<Settings>,
    pub(super) leads: VecDeque<Value>,
    pub(super) orders: VecDeque<FakeOrder>,
    pub(super) violations: VecDeque<Value>,
    pub(super) violated: usize,
    pub(super) unchecked: BTreeSet<String>,
    pub(super) submit: Option<Planned>,
    pub(super) poll: Option<Planned>,
    /// Words handed out to requests that go first.
    pub(super) words: VecDeque<String>,
    /// The number of the next order.
    number: u64,
}

impl Book {
    /// An empty one; order numbers begin at `number`.
    pub(super) fn new(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    /// A number that no order has.
    pub(super) fn next_number(&mut self) -> u64 {
        let number = self.number;
        self.number += 1;
        number
    }

    /// Keeps what was wrong with a request.
    pub(super) fn violated(&mut self, method: &str, verdict: &Verdict) {
        let call = verdict.step.map(|step| format!("{step:?}").to_lowercase());
        keep(&mut self.violations, json!({ "call": call, "method": method, "wrong": verdict.violations }));
        self.violated += 1;
    }

    /// Keeps a lead as it may be shown.
    pub(super) fn record(&mut self, verdict: &Verdict, network_id: Option<&str>, answered: &str) {
        let fields: Map<String, Value> =
            verdict.fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let lead = json!({
            "order_id": network_id, "our_order_id": verdict.our_order_id, "answered": answered, "fields": fields,
        });
        keep(&mut self.leads, lead);
    }

    /// The latest order of each id, in the order of the ids.
    pub(super) fn find(&self, ids: &[String], id_of: impl Fn(&FakeOrder) -> Option<&str>) -> Vec<&FakeOrder> {
        let latest = |id: &String| self.orders.iter().rev().find(|order| id_of(order) == Some(id.as_str()));
        ids.iter().filter_map(latest).collect()
    }
}

/// Whether an id, the network's or ours, is this order's.
pub(super) fn is_named(order: &FakeOrder, id: &str) -> bool {
    [&order.network_id, &order.our_id].into_iter().any(|one| one.as_deref() == Some(id))
}

/// Whether an order was made within a window; one whose lead did not carry our id, and so no time, always is.
pub(super) fn is_within(order: &FakeOrder, (from, to): (Option<i64>, Option<i64>)) -> bool {
    let made = order.our_id.as_deref().and_then(|id| id.parse::<OrderId>().ok());
    let Some(made) = made.and_then(|id| i64::try_from(id.unix_ms() / 1000).ok()) else { return true };
    from.is_none_or(|from| made >= from) && to.is_none_or(|to| made <= to)
}

/// Adds to a list, at the cost of its oldest entry.
pub(super) fn keep<T>(list: &mut VecDeque<T>, one: T) {
    if list.len() >= KEPT {
        list.pop_front();
    }
    list.push_back(one);
}

//! One look through the orders of a time range: all 32 partitions side by side, page by page, within bounds.

use std::collections::VecDeque;
use std::fmt;

use lead::{OrderId, Shard};
use tokio::task::JoinSet;

use super::expression::Terms;
use super::reading::{Query, just_before};
use super::{Store, StoreError};
use crate::item::{Item, text};
use crate::schema::{PK, SK, shard_key};

/// Partitions read at once.
const SIDE_BY_SIDE: usize = 16;

/// How much one look through the table may take.
pub struct Bounds<'a> {
    /// Tells when time is up.
    pub time_is_up: &'a (dyn Fn() -> bool + Send + Sync),
    /// Read units after which no further page is asked for.
    pub units: f64,
}

impl fmt::Debug for Bounds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounds").field("units", &self.units).finish_non_exhaustive()
    }
}

impl Bounds<'_> {
    /// All there is, however long it takes.
    pub const NONE: Bounds<'static> = Bounds { time_is_up: &|| false, units: f64::INFINITY };

    fn reached(&self, spent: f64) -> bool {
        spent >= self.units || (self.time_is_up)()
    }
}

/// What a look through the table found.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Looked<T> {
    /// What was looked for.
    pub found: T,
    /// Whether the whole range was read; what was found is a part of it otherwise.
    pub finished: bool,
    /// The read units it took.
    pub units: f64,
}

/// Which orders to look at, and what of them.
pub(super) struct Scan {
    /// Orders from this time on, in milliseconds since 1970.
    pub(super) from_ms: u64,
    /// Orders before this time.
    pub(super) to_ms: u64,
    /// Adds the conditions of items that are wanted; the others cost as much.
    pub(super) filter: fn(&mut Terms),
    /// The attributes to return; none for all.
    pub(super) fields: &'static [&'static str],
}

impl Store {
    /// Gives each item of the range to `take`, in no order. Eventually consistent. Half a read unit for each 4 KB of orders, and
    /// for each empty partition.
    pub(super) async fn scan(
        &self,
        operation: &'static str,
        scan: &Scan,
        bounds: &Bounds<'_>,
        mut take: impl FnMut(&Item) + Send,
    ) -> Result<Looked<()>, StoreError> {
        let (low, high) =
            (OrderId::lower_bound(scan.from_ms).to_string(), just_before(&OrderId::lower_bound(scan.to_ms)));
        let mut looked = Looked { finished: true, ..Looked::default() };
        if low > high {
            return Ok(looked);
        }
        let mut waiting: VecDeque<(Shard, Option<Item>)> = Shard::all().map(|shard| (shard, None)).collect();
        let mut running = JoinSet::new();
        loop {
            while running.len() < SIDE_BY_SIDE && !waiting.is_empty() {
                looked.finished &= !bounds.reached(looked.units);
                if !looked.finished {
                    break;
                }
                let Some((shard, start)) = waiting.pop_front() else { break };
                let (store, query) = (self.clone(), query(scan, shard, (&low, &high), start));
                running.spawn(async move { (shard, store.query_counted(operation, query).await) });
            }
            let Some(done) = running.join_next().await else { return Ok(looked) };
            let (shard, page) = done.map_err(|_| StoreError::failed(operation, "a query was cut off"))?;
            let (items, next, units) = page?;
            looked.units += units;
            items.iter().for_each(&mut take);
            if next.is_some() {
                waiting.push_back((shard, next));
            }
        }
    }
}

fn query(scan: &Scan, shard: Shard, (low, high): (&str, &str), start: Option<Item>) -> Query {
    let mut terms = Terms::default();
    terms.equal(PK, text(shard_key(shard))).between(SK, low, high);
    let key = terms.take_expression();
    (scan.filter)(&mut terms);
    let filter = terms.take_expression();
    let projection = (!scan.fields.is_empty()).then(|| terms.projection(scan.fields));
    // As much as the service puts into a page.
    Query { key, filter, projection, terms, limit: usize::MAX, start, forward: true, ..Query::default() }
}

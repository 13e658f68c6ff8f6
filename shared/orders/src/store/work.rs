//! Work that waits for a scheduled run.

use lead::{Delivery, OrderId, Shard, Status};
use tokio::task::JoinSet;

use super::expression::Terms;
use super::listing::last_id;
use super::reading::{ABOVE_ALL, Query, just_after, just_before};
use super::{Store, StoreError, order_of};
use crate::item::{DELIVERY, DUE, Item, NETWORK_ORDER, NEXT_ATTEMPT, Reader, STATUS, Unreadable, text};
use crate::order::{Order, Work};
use crate::schema::{self, PK, SK, due_key, shard_key};

/// Which part of an account's work to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueQuery {
    /// The kind of work.
    pub work: Work,
    /// The account.
    pub account: String,
    /// The part, below [`schema::parts_of`] the kind.
    pub part: u8,
    /// Orders not older than this, in milliseconds since 1970.
    pub from_ms: Option<u64>,
    /// Orders older than this, in milliseconds since 1970.
    pub to_ms: Option<u64>,
    /// Entries of one page.
    pub page_size: usize,
}

/// An order with work to do, as the index tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The order.
    pub id: OrderId,
    /// The network's id of it.
    pub network_order_id: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Not before this time, in seconds since 1970.
    pub next_attempt: Option<u64>,
}

/// A page of work, oldest orders first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePage {
    /// The entries.
    pub due: Vec<Due>,
    /// The id the next page starts after; `None` at the end.
    pub next: Option<OrderId>,
}

/// Partitions asked at once for stalled orders.
const SIDE_BY_SIDE: usize = 16;

impl Store {
    /// One page of the work of one kind, account and part, after `start`: read from the sparse index alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, asked: &DueQuery, start: Option<&OrderId>) -> Result<DuePage, StoreError> {
        const OPERATION: &str = "due";
        let from = OrderId::lower_bound(asked.from_ms.unwrap_or_default()).to_string();
        let low = start.map(just_after).into_iter().chain([from]).max().unwrap_or_default();
        let high = asked.to_ms.map_or_else(|| ABOVE_ALL.to_owned(), |to| just_before(&OrderId::lower_bound(to)));
        if low > high {
            return Ok(DuePage { due: Vec::new(), next: None });
        }
        let mut terms = Terms::default();
        terms.equal(DUE, text(due_key(asked.work, &asked.account, asked.part))).between(SK, &low, &high);
        let query = Query {
            index: Some(schema::DUE.name),
            key: terms.take_expression(),
            terms,
            forward: true,
            limit: asked.page_size,
            ..Query::default()
        };
        let (items, next) = self.query(OPERATION, query).await?;
        let due = items.iter().map(due_of).collect::<Result<_, _>>();
        Ok(DuePage {
            due: due.map_err(|error| StoreError::unreadable(OPERATION, error))?,
            next: next.map(|key| last_id(OPERATION, &key)).transpose()?,
        })
    }

    /// Orders of a time range that are queued and that no run knows of: whoever was to send them died. The range ends
    /// before those whose first call may still be running.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stalled(&self, from_ms: u64, to_ms: u64) -> Result<Vec<Order>, StoreError> {
        let shards: Vec<Shard> = Shard::all().collect();
        let mut stalled = Vec::new();
        for side_by_side in shards.chunks(SIDE_BY_SIDE) {
            let mut running = JoinSet::new();
            for shard in side_by_side.iter().copied() {
                let store = self.clone();
                running.spawn(async move { store.stalled_in(shard, from_ms, to_ms).await });
            }
            while let Some(done) = running.join_next().await {
                stalled.extend(done.map_err(|_| StoreError::failed("stalled", "a query was cut off"))??);
            }
        }
        stalled.sort_by(|one: &Order, other| one.id.cmp(&other.id));
        Ok(stalled)
    }

    async fn stalled_in(&self, shard: Shard, from_ms: u64, to_ms: u64) -> Result<Vec<Order>, StoreError> {
        const OPERATION: &str = "stalled";
        const ITEMS: usize = 250;
        let (low, high) = (OrderId::lower_bound(from_ms).to_string(), just_before(&OrderId::lower_bound(to_ms)));
        let mut stalled = Vec::new();
        if low > high {
            return Ok(stalled);
        }
        let mut start = None;
        loop {
            let mut terms = Terms::default();
            terms.equal(PK, text(shard_key(shard))).between(SK, &low, &high);
            let key = terms.take_expression();
            terms
                .equal(DELIVERY, text(Delivery::Queued.as_str()))
                .equal(STATUS, text(Status::Wait.as_str()))
                .absent(DUE);
            let filter = terms.take_expression();
            let query =
                Query { key, filter, terms, limit: ITEMS, start, consistent: true, forward: true, ..Query::default() };
            let (items, next) = self.query(OPERATION, query).await?;
            for item in &items {
                stalled.extend(order_of(OPERATION, Some(item))?.map(|order| *order));
            }
            start = next;
            if start.is_none() {
                return Ok(stalled);
            }
        }
    }
}

fn due_of(item: &Item) -> Result<Due, Unreadable> {
    let item = Reader(item);
    Ok(Due {
        id: item.parsed(SK)?,
        network_order_id: item.optional(NETWORK_ORDER)?,
        status: item.parsed(STATUS)?,
        next_attempt: item.number(NEXT_ATTEMPT)?,
    })
}

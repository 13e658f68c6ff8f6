//! Work that waits for a scheduled run.

use lead::{Delivery, OrderId, Status};

use super::expression::Terms;
use super::listing::last_id;
use super::reading::{ABOVE_ALL, Query, just_after, just_before};
use super::scan::{Bounds, Looked, Scan};
use super::{Store, StoreError, order_or_skipped};
use crate::item::{
    DELIVERY, DUE, Item, NETWORK_ORDER, NEXT_ATTEMPT, Reader, STATUS, Skipped, Unreadable, skipped, text,
};
use crate::order::{Order, Work};
use crate::schema::{self, SK, due_key};

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DuePage {
    /// The entries.
    pub due: Vec<Due>,
    /// Entries that could not be read.
    pub unreadable: Vec<Skipped>,
    /// The id the next page starts after; `None` at the end.
    pub next: Option<OrderId>,
}

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
            return Ok(DuePage::default());
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
        let mut page = DuePage { next: next.map(|key| last_id(OPERATION, &key)).transpose()?, ..DuePage::default() };
        for item in &items {
            match due_of(item) {
                Ok(due) => page.due.push(due),
                Err(error) => page.unreadable.push(skipped(item, error)),
            }
        }
        Ok(page)
    }

    /// Orders of a time range that are queued and that no run knows of: whoever was to send them died. The range ends
    /// before those whose first call may still be running, so what is eventually consistent is long settled. What cannot be
    /// read is left to the audit, which counts and names it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stalled(
        &self,
        from_ms: u64,
        to_ms: u64,
        bounds: &Bounds<'_>,
    ) -> Result<Looked<Vec<Order>>, StoreError> {
        let filter = |terms: &mut Terms| {
            terms
                .equal(DELIVERY, text(Delivery::Queued.as_str()))
                .equal(STATUS, text(Status::Wait.as_str()))
                .absent(DUE);
        };
        let scan = Scan { from_ms, to_ms, filter, fields: &[] };
        let mut found: Vec<Order> = Vec::new();
        let looked = self.scan("stalled", &scan, bounds, |item| found.extend(order_or_skipped(item).ok())).await?;
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Looked { found, finished: looked.finished, units: looked.units })
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

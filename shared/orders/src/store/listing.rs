//! Lists of orders, newest first: the 32 partitions are read side by side, each from its newest end, and merged.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use lead::{Delivery, OrderId, Shard, Status};
use tokio::task::JoinSet;

use super::expression::Terms;
use super::reading::{ABOVE_ALL, Cursor, Page, Query, just_before};
use super::{Store, StoreError, order_of};
use crate::item::{ACCOUNT, DELIVERY, Item, LEAD, OFFER, Reader, STATUS, text};
use crate::order::Order;
use crate::schema::{PK, SK, shard_key};

/// Which orders to list. What is `None` excludes nothing. Its `Debug` hides the phone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this account.
    pub account: Option<String>,
    /// Of this offer.
    pub offer: Option<String>,
    /// At this status.
    pub status: Option<Status>,
    /// At this delivery state.
    pub delivery: Option<Delivery>,
    /// Of this customer's phone, in E.164.
    pub phone: Option<String>,
    /// Not older than this, in milliseconds since 1970.
    pub from_ms: Option<u64>,
    /// Older than this, in milliseconds since 1970.
    pub to_ms: Option<u64>,
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("account", &self.account)
            .field("offer", &self.offer)
            .field("status", &self.status)
            .field("delivery", &self.delivery)
            .field("from_ms", &self.from_ms)
            .field("to_ms", &self.to_ms)
            .finish_non_exhaustive()
    }
}

/// Queries at once.
const SIDE_BY_SIDE: usize = 16;
/// Queries for one page of a list. What a rare filter does not find by then is left to the next page.
const QUERIES_PER_PAGE: usize = 96;
/// Items looked at by one query when most of them may be left out.
const SELECTIVE_ITEMS: usize = 250;

impl Filter {
    /// Whether items are left out that a partition and a time range do not leave out already.
    const fn is_selective(&self) -> bool {
        self.account.is_some()
            || self.offer.is_some()
            || self.status.is_some()
            || self.delivery.is_some()
            || self.phone.is_some()
    }

    fn conditions(&self, terms: &mut Terms) {
        let words = [
            (ACCOUNT, self.account.as_deref()),
            (OFFER, self.offer.as_deref()),
            (STATUS, self.status.map(Status::as_str)),
            (DELIVERY, self.delivery.map(Delivery::as_str)),
        ];
        for (attribute, word) in words {
            if let Some(word) = word {
                terms.equal(attribute, text(word));
            }
        }
        if let Some(phone) = &self.phone {
            // As the stored lead writes it; what else may contain this text is left out once it is read.
            terms.containing(LEAD, phone);
        }
    }

    fn admits(&self, order: &Order) -> bool {
        let Some(phone) = &self.phone else { return true };
        order.lead.as_ref().is_some_and(|lead| lead.phone.e164() == phone)
    }
}

impl Store {
    /// The orders a filter admits, newest first. Orders of one phone live in one partition, so such a list asks one
    /// of the 32. A filter that admits few orders of many may give short pages that still have a next one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, filter: &Filter, cursor: Option<&Cursor>, limit: usize) -> Result<Page, StoreError> {
        let limit = limit.max(1);
        let low = OrderId::lower_bound(filter.from_ms.unwrap_or_default()).to_string();
        let below = filter.to_ms.map(OrderId::lower_bound);
        let below = below.iter().chain(cursor.map(|Cursor(id)| id)).min();
        let high = below.map_or_else(|| ABOVE_ALL.to_owned(), just_before);
        if low > high {
            return Ok(Page { orders: Vec::new(), next: None });
        }
        let shards: Vec<Shard> = match &filter.phone {
            Some(phone) => vec![Shard::of_phone(phone)],
            None => Shard::all().collect(),
        };
        let items = if filter.is_selective() { SELECTIVE_ITEMS } else { (limit / 8).clamp(4, SELECTIVE_ITEMS) };
        let asked = Arc::new(Asked { filter: filter.clone(), low, high, items });
        let mut merge = Merge::new(shards.len(), limit);
        let mut queries = 0;
        while queries < QUERIES_PER_PAGE {
            let lanes = merge.lanes_to_read(SIDE_BY_SIDE);
            if lanes.is_empty() {
                break;
            }
            queries += lanes.len();
            let mut running = JoinSet::new();
            for lane in lanes {
                let Some(shard) = shards.get(lane).copied() else { continue };
                let (store, asked, start) = (self.clone(), Arc::clone(&asked), merge.frontier(lane));
                running.spawn(async move { (lane, store.read_lane(&asked, shard, start).await) });
            }
            while let Some(done) = running.join_next().await {
                let (lane, read) = done.map_err(|_| StoreError::failed("list", "a query was cut off"))?;
                let (orders, frontier) = read?;
                merge.add(lane, orders.into_iter().map(|order| (order.id.clone(), order)), frontier);
            }
        }
        let (orders, next) = merge.finish();
        Ok(Page { orders, next: next.map(Cursor) })
    }

    /// One page of one partition, and the id down to which it is now read; `None` when it is read to its end.
    async fn read_lane(
        &self,
        asked: &Asked,
        shard: Shard,
        from: Option<OrderId>,
    ) -> Result<(Vec<Order>, Option<OrderId>), StoreError> {
        const OPERATION: &str = "list";
        let high = from.as_ref().map_or_else(|| asked.high.clone(), just_before);
        if asked.low > high {
            return Ok((Vec::new(), None));
        }
        let mut terms = Terms::default();
        terms.equal(PK, text(shard_key(shard))).between(SK, &asked.low, &high);
        let key = terms.take_expression();
        asked.filter.conditions(&mut terms);
        let filter = terms.take_expression();
        let query = Query { key, filter, terms, limit: asked.items, ..Query::default() };
        let (items, next) = self.query(OPERATION, query).await?;
        let mut orders = Vec::with_capacity(items.len());
        for item in &items {
            orders.extend(
                order_of(OPERATION, Some(item))?.filter(|order| asked.filter.admits(order)).map(|order| *order),
            );
        }
        Ok((orders, next.map(|key| last_id(OPERATION, &key)).transpose()?))
    }
}

/// What every query of a list has in common.
struct Asked {
    filter: Filter,
    low: String,
    high: String,
    items: usize,
}

/// The id a page of a query ended at.
pub(super) fn last_id(operation: &'static str, key: &Item) -> Result<OrderId, StoreError> {
    Reader(key).parsed(SK).map_err(|error| StoreError::unreadable(operation, error))
}

/// How far a partition is read.
#[derive(Clone, PartialEq, Eq)]
enum Lane {
    Unread,
    DownTo(OrderId),
    Ended,
}

/// Merges lanes that are each read from the newest end.
struct Merge<T> {
    lanes: Vec<Lane>,
    found: BTreeMap<OrderId, T>,
    limit: usize,
}

impl<T> Merge<T> {
    fn new(lanes: usize, limit: usize) -> Self {
        Self { lanes: vec![Lane::Unread; lanes], found: BTreeMap::new(), limit }
    }

    fn frontier(&self, lane: usize) -> Option<OrderId> {
        match self.lanes.get(lane) {
            Some(Lane::DownTo(id)) => Some(id.clone()),
            _ => None,
        }
    }

    /// The lanes that may still hold something newer than the last of the page, the newest first. One more than the
    /// page is looked for, to know whether there is a next one.
    fn lanes_to_read(&self, most: usize) -> Vec<usize> {
        let last = self.found.keys().rev().nth(self.limit);
        let mut lanes: Vec<(Option<&OrderId>, usize)> = Vec::new();
        for (number, lane) in self.lanes.iter().enumerate() {
            match lane {
                // Unread ones come first: their newest id is not known.
                Lane::Unread => lanes.push((None, number)),
                Lane::DownTo(id) if last.is_none_or(|last| id > last) => lanes.push((Some(id), number)),
                _ => {}
            }
        }
        lanes.sort_by(|(one, _), (other, _)| one.is_some().cmp(&other.is_some()).then(other.cmp(one)));
        lanes.into_iter().take(most).map(|(_, number)| number).collect()
    }

    fn add(&mut self, lane: usize, found: impl IntoIterator<Item = (OrderId, T)>, frontier: Option<OrderId>) {
        self.found.extend(found);
        if let Some(lane) = self.lanes.get_mut(lane) {
            *lane = frontier.map_or(Lane::Ended, Lane::DownTo);
        }
    }

    /// The page, and the id the next page is below.
    fn finish(self) -> (Vec<T>, Option<OrderId>) {
        let unread = self.lanes.contains(&Lane::Unread);
        let down_to = self.lanes.into_iter().filter_map(|lane| match lane {
            Lane::DownTo(id) => Some(id),
            _ => None,
        });
        // Below this some lane may hold an order that was not read yet.
        let read_down_to = down_to.max();
        let mut page = Vec::new();
        let mut last = None;
        for (id, found) in self.found.into_iter().rev() {
            if unread || read_down_to.as_ref().is_some_and(|bound| id < *bound) {
                break;
            }
            if page.len() == self.limit {
                return (page, last);
            }
            last = Some(id);
            page.push(found);
        }
        (page, read_down_to)
    }
}

#[cfg(test)]
#[path = "listing/tests.rs"]
mod tests;

//! Reading orders back: one by its id, and pages by what the network or the tracker calls them.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use lead::OrderId;

use super::expression::Terms;
use super::{Store, StoreError, order_of};
use crate::item::{Item, Reader, key, text};
use crate::order::Order;
use crate::schema::{self, BY_CLICK, BY_NETWORK_ORDER, Index};

/// Where the next page of a list begins: an opaque text to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(super) OrderId);

/// A text that is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is none that a list gave out")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.as_str()))
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let bytes = hex::decode(text).map_err(|_| NotACursor)?;
        let id = String::from_utf8(bytes).map_err(|_| NotACursor)?;
        id.parse().map(Self).map_err(|_| NotACursor)
    }
}

/// A page of orders, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The orders.
    pub orders: Vec<Order>,
    /// Where the next page begins; `None` at the end. A page may be short, even empty, and still have a next one.
    pub next: Option<Cursor>,
}

/// One question to the table or an index, page by page.
#[derive(Default)]
pub(super) struct Query {
    pub(super) index: Option<&'static str>,
    /// The key condition.
    pub(super) key: Option<String>,
    pub(super) filter: Option<String>,
    /// The attributes to return; `None` for all. What a read costs goes by whole items all the same.
    pub(super) projection: Option<String>,
    /// The names and values of both.
    pub(super) terms: Terms,
    pub(super) forward: bool,
    /// Items looked at for one page.
    pub(super) limit: usize,
    pub(super) start: Option<Item>,
    pub(super) consistent: bool,
}

/// The largest text below which no order id but those below `id` lies: the upper end of a range without `id`.
pub(super) fn just_before(id: &OrderId) -> String {
    let mut bytes = id.as_str().as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = last.saturating_sub(1);
    }
    // Ids are ASCII and of one length; a lower last byte and a tilde lie between the two neighbours.
    String::from_utf8(bytes).unwrap_or_default() + "~"
}

/// The lower end of a range of ids without `id`.
pub(super) fn just_after(id: &OrderId) -> String {
    format!("{id}!")
}

/// A text above every order id.
pub(super) const ABOVE_ALL: &str = "~";

impl Store {
    /// The order of an id, as it is at this moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        const OPERATION: &str = "get";
        let found = self.read(OPERATION, key(id)).await?;
        Ok(order_of(OPERATION, found.as_ref())?.map(|order| *order))
    }

    /// The orders of a click id, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_click(&self, click_id: &str, cursor: Option<&Cursor>, limit: usize) -> Result<Page, StoreError> {
        let (ids, next) = self.ids_of("by_click", BY_CLICK, click_id, cursor, limit).await?;
        Ok(Page { orders: self.get_many("by_click", &ids).await?, next })
    }

    /// The orders of a network's order id, newest first. More than one only where the network repeats its ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_network_order(
        &self,
        account: &str,
        network_order_id: &str,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        const OPERATION: &str = "by_network_order";
        let reference = schema::network_reference(account, network_order_id);
        let (ids, next) = self.ids_of(OPERATION, BY_NETWORK_ORDER, &reference, cursor, limit).await?;
        Ok(Page { orders: self.get_many(OPERATION, &ids).await?, next })
    }

    /// Only the ids of a network's order id, newest first, at most ten: half a read unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ids_by_network_order(
        &self,
        account: &str,
        network_order_id: &str,
    ) -> Result<Vec<OrderId>, StoreError> {
        let reference = schema::network_reference(account, network_order_id);
        Ok(self.ids_of("ids_by_network_order", BY_NETWORK_ORDER, &reference, None, 10).await?.0)
    }

    async fn ids_of(
        &self,
        operation: &'static str,
        index: Index,
        value: &str,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<(Vec<OrderId>, Option<Cursor>), StoreError> {
        // An index key is never empty, and the service refuses to look for one.
        if value.is_empty() {
            return Ok((Vec::new(), None));
        }
        let mut terms = Terms::default();
        terms.equal(index.hash, text(value));
        if let Some(Cursor(id)) = cursor {
            terms.between(index.range, "!", &just_before(id));
        }
        let key = terms.take_expression();
        let query = Query { index: Some(index.name), key, terms, limit: limit.saturating_add(1), ..Query::default() };
        let (items, _) = self.query(operation, query).await?;
        let mut ids = items
            .iter()
            .map(|item| Reader(item).parsed::<OrderId>(schema::SK))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| StoreError::unreadable(operation, error))?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        let next = ids.last().filter(|_| more).cloned().map(Cursor);
        Ok((ids, next))
    }

    /// One page of a query, and where the next one starts.
    pub(super) async fn query(
        &self,
        operation: &'static str,
        query: Query,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let request = self
            .client
            .query()
            .table_name(&*self.table)
            .set_index_name(query.index.map(str::to_owned))
            .set_key_condition_expression(query.key)
            .set_filter_expression(query.filter)
            .set_projection_expression(query.projection)
            .scan_index_forward(query.forward)
            .limit(i32::try_from(query.limit).unwrap_or(i32::MAX).max(1))
            .set_exclusive_start_key(query.start)
            .set_consistent_read(query.consistent.then_some(true))
            .set_return_consumed_capacity(self.capacity());
        let sent = query.terms.apply_to(request).send().await;
        let page = sent.map_err(|error| StoreError::of(operation, &error))?;
        self.count_read(page.consumed_capacity());
        let next = page.last_evaluated_key;
        Ok((page.items.unwrap_or_default(), next))
    }

    /// The orders of these ids, in this order; ids without an order are left out.
    async fn get_many(&self, operation: &'static str, ids: &[OrderId]) -> Result<Vec<Order>, StoreError> {
        let mut found = HashMap::new();
        for item in self.batch_get(operation, ids.iter().map(key).collect()).await? {
            if let Some(order) = order_of(operation, Some(&item))? {
                found.insert(order.id.clone(), *order);
            }
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// The items of these keys, which must differ from each other, in any order.
    pub(super) async fn batch_get(&self, operation: &'static str, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        const MOST_KEYS: usize = 100;
        const ROUNDS: usize = 8;
        let mut items = Vec::new();
        for chunk in keys.chunks(MOST_KEYS) {
            let mut keys = chunk.to_vec();
            for _ in 0..ROUNDS {
                let (found, rest) = self.batch_get_once(operation, keys).await?;
                items.extend(found);
                keys = rest;
                if keys.is_empty() {
                    break;
                }
            }
            if !keys.is_empty() {
                return Err(StoreError::busy(operation, "unprocessed keys"));
            }
        }
        Ok(items)
    }

    async fn batch_get_once(
        &self,
        operation: &'static str,
        keys: Vec<Item>,
    ) -> Result<(Vec<Item>, Vec<Item>), StoreError> {
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).build();
        let keys = keys.map_err(|_| StoreError::failed(operation, "request could not be built"))?;
        let answer = self
            .client
            .batch_get_item()
            .request_items(&*self.table, keys)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| StoreError::of(operation, &error))?;
        for capacity in answer.consumed_capacity() {
            self.count_read(Some(capacity));
        }
        let found = answer.responses.and_then(|mut tables| tables.remove(&*self.table)).unwrap_or_default();
        let rest = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&*self.table));
        Ok((found, rest.map(|rest| rest.keys).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_other_text_does_not() {
        let cursor = Cursor(OrderId::new(1_700_000_000_000, "+48500100200", 7));
        assert_eq!(cursor.to_string().parse(), Ok(cursor.clone()));
        for text in ["", "zz", "00", "{cursor}", cursor.0.as_str()] {
            assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
        }
    }

    #[test]
    fn bounds_lie_between_an_id_and_its_neighbours() {
        let ids: Vec<OrderId> =
            ["01k3000000a000000000000000", "01k3000000a00000000000000z", "01k3000000a000000000000010"]
                .map(|id| id.parse().unwrap())
                .to_vec();
        for (one, next) in ids.iter().zip(ids.iter().skip(1)) {
            assert!(just_before(next).as_str() > one.as_str() && just_before(next).as_str() < next.as_str());
            assert!(just_after(one).as_str() > one.as_str() && just_after(one).as_str() < next.as_str());
        }
    }
}

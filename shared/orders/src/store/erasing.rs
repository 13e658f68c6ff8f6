//! Erasing what orders know of people. The figures stay: account, offer, statuses, payout, times.

use aws_sdk_dynamodb::types::ReturnValue;
use lead::{Delivery, OrderId, Shard};

use super::expression::{Terms, Update};
use super::reading::{Query, just_before};
use super::{CONFLICT_TRIES, Store, StoreError, Written};
use crate::event::{Event, Kind, Source};
use crate::item::{CLICK, COMMENT, DELIVERY, DUE, LEAD, NEXT_ATTEMPT, OVERRIDES, Reader, VERSION, number, text};
use crate::order::{Order, Work};
use crate::schema::{PK, SK, shard_key};

/// What became of erasing an order's personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erased {
    /// It is erased; the order as it was before.
    Done(Box<Order>),
    /// It was erased before.
    Already,
    /// There is no such order.
    Missing,
}

impl Store {
    /// Erases the lead, the click id, the comment, the overrides and the notes of an order's events. A lead that waits
    /// to be sent cannot be sent without its data: it becomes undeliverable.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn erase(&self, id: &OrderId, source: Source, at_ms: u64) -> Result<Erased, StoreError> {
        const OPERATION: &str = "erase";
        let mut standing = self.get(id).await?.map(Box::new);
        for _ in 0..CONFLICT_TRIES {
            let Some(order) = standing else { return Ok(Erased::Missing) };
            if !holds_personal_data(&order) {
                return Ok(Erased::Already);
            }
            let mut update = Update::new(at_ms);
            for attribute in [LEAD, CLICK, COMMENT, OVERRIDES] {
                update.remove(attribute);
            }
            let mut events: Vec<Event> = order.history.iter().skip(1).map(silent).collect();
            if order.work == Some(Work::Send) {
                update.set(DELIVERY, text(Delivery::Undeliverable.as_str()));
                update.remove(DUE);
                update.remove(NEXT_ATTEMPT);
                events.push(Event::new(at_ms, Kind::Undeliverable, source));
            }
            events.push(Event::new(at_ms, Kind::Erased, source));
            update.rewrite_history(events.iter());
            update.when().equal(VERSION, number(order.version));
            standing = match self.update(OPERATION, id, update, ReturnValue::None).await? {
                Written::Done(_) => return Ok(Erased::Done(order)),
                Written::Failed(order) => order,
            };
        }
        Err(StoreError::busy(OPERATION, "conflict"))
    }

    /// Orders that came in from `from_ms` until before `to_ms`, in milliseconds since 1970, and still hold a lead or a
    /// comment: in no order, and no more than about `most`. Once these are erased the same call tells the next ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unerased(&self, from_ms: u64, to_ms: u64, most: usize) -> Result<Vec<OrderId>, StoreError> {
        const OPERATION: &str = "unerased";
        let (low, high) = (OrderId::lower_bound(from_ms).to_string(), just_before(&OrderId::lower_bound(to_ms)));
        let mut found = Vec::new();
        if low > high {
            return Ok(found);
        }
        for shard in Shard::all() {
            let mut start = None;
            loop {
                if found.len() >= most {
                    return Ok(found);
                }
                let mut terms = Terms::default();
                terms.equal(PK, text(shard_key(shard))).between(SK, &low, &high);
                let key = terms.take_expression();
                terms.present_any(&[LEAD, CLICK, COMMENT]);
                let filter = terms.take_expression();
                let projection = Some(terms.projection(&[SK]));
                let query =
                    Query { key, filter, projection, terms, limit: most, start, forward: true, ..Query::default() };
                let (items, next) = self.query(OPERATION, query).await?;
                for item in &items {
                    found.push(Reader(item).parsed(SK).map_err(|error| StoreError::unreadable(OPERATION, error))?);
                }
                start = next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }
}

fn holds_personal_data(order: &Order) -> bool {
    order.lead.is_some() || order.click_id.is_some() || order.comment.is_some() || !order.overrides.is_empty()
}

/// The event without its note, which may quote a network's free text.
fn silent(event: &Event) -> Event {
    Event { note: None, ..event.clone() }
}

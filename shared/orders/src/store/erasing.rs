//! Erasing what orders know of people. The figures stay: account, offer, statuses, payout, times.

use aws_sdk_dynamodb::types::AttributeValue;
use lead::{Delivery, OrderId};

use super::expression::{Terms, Update};
use super::scan::{Bounds, Looked, Scan};
use super::{CONFLICT_TRIES, Store, StoreError};
use crate::event::{Event, Kind, Source};
use crate::item::{
    CLICK, COMMENT, DELIVERY, DUE, HISTORY, Item, LEAD, NEXT_ATTEMPT, NOTE, NOTED, OVERRIDES, Reader, Unreadable,
    VERSION, event_value, key, number, text,
};
use crate::order::Work;
use crate::schema::SK;

/// What became of erasing an order's personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// It is erased.
    Done,
    /// It was erased before.
    Already,
    /// There is no such order.
    Missing,
}

impl Store {
    /// Erases the lead, the click id, the comment, the overrides and the notes of an order's events. A lead that waits
    /// to be sent cannot be sent without its data: it becomes undeliverable. An order that this version of the relay
    /// cannot read is erased as well, and keeps what nobody here knows.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn erase(&self, id: &OrderId, source: Source, at_ms: u64) -> Result<Erased, StoreError> {
        const OPERATION: &str = "erase";
        let unreadable = |error| StoreError::unreadable(OPERATION, error);
        for _ in 0..CONFLICT_TRIES {
            let Some(item) = self.read(OPERATION, key(id)).await? else { return Ok(Erased::Missing) };
            if !PERSONAL.iter().any(|attribute| item.contains_key(*attribute)) {
                return Ok(Erased::Already);
            }
            let version: u64 =
                Reader(&item).number(VERSION).and_then(|v| v.ok_or(Unreadable(VERSION))).map_err(unreadable)?;
            let mut update = Update::new(at_ms);
            for attribute in PERSONAL {
                update.remove(attribute);
            }
            let mut events = silent_history(&item);
            if waits_to_be_sent(&item) {
                update.set(DELIVERY, text(Delivery::Undeliverable.as_str()));
                update.remove(DUE);
                update.remove(NEXT_ATTEMPT);
                events.push(event_value(&Event::new(at_ms, Kind::Undeliverable, source)));
            }
            events.push(event_value(&Event::new(at_ms, Kind::Erased, source)));
            update.set(HISTORY, AttributeValue::L(events));
            update.when().equal(VERSION, number(version));
            if self.update_item(OPERATION, key(id), update).await? {
                return Ok(Erased::Done);
            }
        }
        Err(StoreError::busy(OPERATION, "conflict"))
    }

    /// Orders that came in from `from_ms` until before `to_ms`, in milliseconds since 1970, and still hold what says who the
    /// customer is: in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unerased(
        &self,
        from_ms: u64,
        to_ms: u64,
        bounds: &Bounds<'_>,
    ) -> Result<Looked<Vec<OrderId>>, StoreError> {
        let filter = |terms: &mut Terms| {
            terms.present_any(&PERSONAL);
        };
        let scan = Scan { from_ms, to_ms, filter, fields: &[SK] };
        let mut found = Vec::new();
        // A key that is no order id stands for no order.
        let take = |item: &Item| found.extend(Reader(item).parsed::<OrderId>(SK).ok());
        let looked = self.scan("unerased", &scan, bounds, take).await?;
        Ok(Looked { found, finished: looked.finished, units: looked.units })
    }
}

/// What says who the customer is, or may say so.
const PERSONAL: [&str; 5] = [LEAD, CLICK, COMMENT, OVERRIDES, NOTED];

/// The events as they are stored, each without its note, which may quote a network's free text.
fn silent_history(item: &Item) -> Vec<AttributeValue> {
    let stored = item.get(HISTORY).and_then(|history| history.as_l().ok());
    let silent = |event: &AttributeValue| match event {
        AttributeValue::M(map) => AttributeValue::M(
            map.iter().filter(|(name, _)| *name != NOTE).map(|(k, v)| (k.clone(), v.clone())).collect(),
        ),
        other => other.clone(),
    };
    stored.into_iter().flatten().map(silent).collect()
}

fn waits_to_be_sent(item: &Item) -> bool {
    let due = item.get(DUE).and_then(|due| due.as_s().ok());
    due.is_some_and(|due| due.starts_with(Work::Send.letter()))
}

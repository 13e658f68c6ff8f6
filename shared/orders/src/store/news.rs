//! Applying news: one conditional update when the order stands where the news may change it.

use aws_sdk_dynamodb::types::ReturnValue;
use lead::{Delivery, OrderId, Status};

use super::expression::Update;
use super::{CONFLICT_TRIES, HISTORY_CAP, Store, StoreError, Written};
use crate::event::{Event, Kind, Source};
use crate::item::{
    ACCOUNT, BY_POLL, BY_POSTBACK, COMMENT, CURRENCY, DELIVERY, DUE, NETWORK_ORDER, NETWORK_REFERENCE, PAYOUT, RAW,
    REASON, STATUS, VERSION, number, text,
};
use crate::order::{Order, Work};
use crate::schema;
use crate::transition::{MAX_NOTE_CHARS, MAX_RAW_CHARS, News, State, Transition, allowed_from, cut, next};

/// What became of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The status changed.
    Changed,
    /// The payout of an approved order changed.
    PayoutChanged,
    /// The status stands; nothing changed but perhaps what the news knew beside it.
    Same,
    /// The rules do not follow it. It is in the history.
    Ignored,
    /// There is no such order.
    Missing,
    /// The order belongs to another account.
    NotYours,
}

impl Store {
    /// Applies one report to one order of `account`, by the rules of [`crate::transition`].
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn apply_news(&self, account: &str, id: &OrderId, news: &News) -> Result<Applied, StoreError> {
        const OPERATION: &str = "apply_news";
        let news = news.within_limits();
        let mut standing = match changing_at_once(account, &news) {
            Some(update) => match self.update(OPERATION, id, update, ReturnValue::None).await? {
                Written::Done(_) => return Ok(Applied::Changed),
                Written::Failed(order) => order,
            },
            // News that changes no status is cheaper read than refused.
            None => self.get(id).await?.map(Box::new),
        };
        for _ in 0..CONFLICT_TRIES {
            let Some(order) = standing else { return Ok(Applied::Missing) };
            if order.account != account {
                return Ok(Applied::NotYours);
            }
            let mut update = Update::new(news.at_ms);
            let applied = match next(&order.state(), &news) {
                Transition::Same => return Ok(Applied::Same),
                Transition::Ignored(_) => {
                    let event = news.event(Kind::Ignored);
                    if !worth_adding(&order, &event) {
                        return Ok(Applied::Ignored);
                    }
                    update.append(&event);
                    Applied::Ignored
                }
                Transition::Changed(after) => {
                    set_state(&mut update, &order, &after);
                    update.append(&news.event(Kind::Status));
                    Applied::Changed
                }
                Transition::PayoutChanged(after) => {
                    set_state(&mut update, &order, &after);
                    update.append(&news.event(Kind::Payout));
                    Applied::PayoutChanged
                }
                Transition::Learned(after) => {
                    set_state(&mut update, &order, &after);
                    Applied::Same
                }
            };
            update.when().equal(VERSION, number(order.version));
            standing = match self.update(OPERATION, id, update, ReturnValue::None).await? {
                Written::Done(_) => return Ok(applied),
                Written::Failed(order) => order,
            };
        }
        Err(StoreError::busy(OPERATION, "conflict"))
    }

    /// Adds an event that changes nothing, such as a word without a meaning: once for each kind, source and raw word,
    /// and never to a full history. Tells whether it was added ([`Applied::Changed`]).
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn note(&self, account: &str, id: &OrderId, event: &Event) -> Result<Applied, StoreError> {
        const OPERATION: &str = "note";
        let mut event = event.clone();
        event.raw_status = cut(event.raw_status.as_deref(), MAX_RAW_CHARS);
        event.note = cut(event.note.as_deref(), MAX_NOTE_CHARS);
        let mut standing = self.get(id).await?.map(Box::new);
        for _ in 0..CONFLICT_TRIES {
            let Some(order) = standing else { return Ok(Applied::Missing) };
            if order.account != account {
                return Ok(Applied::NotYours);
            }
            if !worth_adding(&order, &event) {
                return Ok(Applied::Same);
            }
            let mut update = Update::new(event.at_ms);
            update.append(&event);
            update.when().equal(VERSION, number(order.version));
            standing = match self.update(OPERATION, id, update, ReturnValue::None).await? {
                Written::Done(_) => return Ok(Applied::Changed),
                Written::Failed(order) => order,
            };
        }
        Err(StoreError::busy(OPERATION, "conflict"))
    }
}

fn worth_adding(order: &Order, event: &Event) -> bool {
    order.history.len() < HISTORY_CAP && !order.history.iter().any(|there| there.repeats(event))
}

/// The update that needs no look at the order, with the transition table as its condition. `None` for news that
/// changes nothing from anywhere.
///
/// An order that is opened again may have to be polled again, and one in doubt becomes delivered: these two take the
/// second way, which knows the order.
fn changing_at_once(account: &str, news: &News) -> Option<Update> {
    let from: Vec<_> =
        allowed_from(news.status).iter().filter(|from| !from.is_final() || news.status.is_final()).collect();
    if from.is_empty() {
        return None;
    }
    let mut update = Update::new(news.at_ms);
    update.set(STATUS, text(news.status.as_str()));
    update.put(REASON, news.reason.map(|reason| number(reason.code())));
    if let Some(raw) = &news.raw_status {
        update.set(RAW, text(raw));
    }
    if let Some(comment) = &news.comment {
        update.set(COMMENT, text(comment));
    }
    if let Some(payout) = &news.payout {
        update.set(PAYOUT, text(payout.amount.to_string()));
        if let Some(currency) = payout.currency {
            update.set(CURRENCY, text(currency.as_str()));
        }
    }
    if let Some(nid) = &news.network_order_id {
        update.set_if_absent(NETWORK_ORDER, text(nid));
        update.set_if_absent(NETWORK_REFERENCE, text(schema::network_reference(account, nid)));
    }
    let decided = Some(news.status).filter(|status| status.is_final()).map(|status| text(status.as_str()));
    match news.source {
        Source::Postback => update.put(BY_POSTBACK, decided),
        Source::Poll => update.put(BY_POLL, decided),
        _ => {}
    }
    if news.status.is_final() {
        update.remove(DUE);
    }
    update.append(&news.event(Kind::Status));
    update
        .when()
        .equal(ACCOUNT, text(account))
        .equal(DELIVERY, text(Delivery::Delivered.as_str()))
        .one_of(STATUS, from.into_iter().map(|status| status.as_str()));
    Some(update)
}

/// Writes the difference between the order and the state it moves to.
fn set_state(update: &mut Update, order: &Order, after: &State) {
    let before = order.state();
    if before.status != after.status {
        update.set(STATUS, text(after.status.as_str()));
    }
    if before.delivery != after.delivery {
        update.set(DELIVERY, text(after.delivery.as_str()));
    }
    if before.raw_status != after.raw_status {
        update.put(RAW, after.raw_status.as_deref().map(text));
    }
    if before.reason != after.reason {
        update.put(REASON, after.reason.map(|reason| number(reason.code())));
    }
    if before.comment != after.comment {
        update.put(COMMENT, after.comment.as_deref().map(text));
    }
    if before.payout != after.payout {
        let currency = after.payout.as_ref().and_then(|payout| payout.currency);
        update.put(PAYOUT, after.payout.as_ref().map(|payout| text(payout.amount.to_string())));
        update.put(CURRENCY, currency.map(|code| text(code.as_str())));
    }
    if before.network_order_id != after.network_order_id {
        let nid = after.network_order_id.as_deref();
        update.put(NETWORK_ORDER, nid.map(text));
        update.put(NETWORK_REFERENCE, nid.map(|nid| text(schema::network_reference(&order.account, nid))));
    }
    let decision = |status: Option<Status>| status.map(|status| text(status.as_str()));
    if before.decided_by_postback != after.decided_by_postback {
        update.put(BY_POSTBACK, decision(after.decided_by_postback));
    }
    if before.decided_by_poll != after.decided_by_poll {
        update.put(BY_POLL, decision(after.decided_by_poll));
    }
    let work = work_after(order, after);
    if work != order.work {
        update.put(DUE, work.map(|work| text(schema::due_key(work, &order.account, schema::part_of(work, &order.id)))));
    }
}

/// The work that remains on `order` once it is at `after`.
fn work_after(order: &Order, after: &State) -> Option<Work> {
    if after.status.is_final() {
        return None;
    }
    if after.delivery != Delivery::Delivered {
        return order.work;
    }
    // A lead the network was seen to have is never sent again; a lookup may still learn the network's id.
    Some(Work::Poll).filter(|_| order.pollable).or(order.work.filter(|work| *work == Work::LookUp))
}

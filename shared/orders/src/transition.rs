//! Which news changes an order, and how. Pure: no clock, no store.
//!
//! | from \ to | wait | hold | approve | cancel | trash |
//! |---|---|---|---|---|---|
//! | wait | same | changes | changes | changes | changes |
//! | hold | ignored | same | changes | changes | changes |
//! | approve | ignored | ignored | same, or a new payout | reversal | reversal |
//! | cancel | ignored | recovery | recovery | same | changes |
//! | trash | ignored | recovery | recovery | changes | same |

use std::fmt;

use lead::{Delivery, Payout, Reason, Status};
use serde::{Deserialize, Serialize};

use crate::event::{Event, Kind, Source};

/// One report on one order. Its `Debug` hides the network's free text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// The status it tells.
    #[serde(rename = "st")]
    pub status: Status,
    /// The network's own word; `None` when a person speaks.
    #[serde(rename = "raw", default, skip_serializing_if = "Option::is_none")]
    pub raw_status: Option<String>,
    /// The canonical reason.
    #[serde(rename = "rs", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The network's comment.
    #[serde(rename = "cm", default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The payout it tells.
    #[serde(rename = "po", default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<Payout>,
    /// Who brought it.
    #[serde(rename = "s")]
    pub source: Source,
    /// When it came, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at_ms: u64,
    /// The network's id of the order. Taken over where the order has none yet.
    #[serde(rename = "nid", default, skip_serializing_if = "Option::is_none")]
    pub network_order_id: Option<String>,
    /// What else the event should keep: a reason code of the network's own, an unreadable payout.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The longest raw word kept, in characters.
pub const MAX_RAW_CHARS: usize = 100;
/// The longest note of an event, in characters.
pub const MAX_NOTE_CHARS: usize = 255;
/// The longest comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 1000;
/// The longest network order id kept, in characters; a longer one is no id and is dropped.
pub const MAX_NETWORK_ORDER_ID_CHARS: usize = 255;

impl News {
    /// News that tells a status and nothing else.
    #[must_use]
    pub const fn new(status: Status, source: Source, at_ms: u64) -> Self {
        Self {
            status,
            raw_status: None,
            reason: None,
            comment: None,
            payout: None,
            source,
            at_ms,
            network_order_id: None,
            note: None,
        }
    }

    /// The same news with texts cut to what an order keeps and empty ones left out.
    #[must_use]
    pub fn within_limits(&self) -> Self {
        Self {
            raw_status: cut(self.raw_status.as_deref(), MAX_RAW_CHARS),
            comment: cut(self.comment.as_deref(), MAX_COMMENT_CHARS),
            network_order_id: usable_id(self.network_order_id.as_deref()),
            note: cut(self.note.as_deref(), MAX_NOTE_CHARS),
            ..self.clone()
        }
    }

    /// The history entry of this news. It keeps the payout and, without a note of its own, the comment: later ones
    /// replace both in the order.
    #[must_use]
    pub fn event(&self, kind: Kind) -> Event {
        let paid = self.payout.as_ref().map(Payout::to_string);
        let said = self.note.as_deref().or(self.comment.as_deref());
        let parts: Vec<&str> = paid.as_deref().into_iter().chain(said).collect();
        let note = Some(parts.join(", "));
        Event {
            at_ms: self.at_ms,
            kind,
            source: self.source,
            status: Some(self.status),
            raw_status: self.raw_status.clone(),
            note: cut(note.as_deref(), MAX_NOTE_CHARS),
        }
    }
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("News")
            .field("status", &self.status)
            .field("raw_status", &self.raw_status)
            .field("reason", &self.reason)
            .field("payout", &self.payout)
            .field("source", &self.source)
            .field("at_ms", &self.at_ms)
            .field("network_order_id", &self.network_order_id)
            .finish_non_exhaustive()
    }
}

pub(crate) fn cut(text: Option<&str>, max_chars: usize) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(|text| text.chars().take(max_chars).collect())
}

pub(crate) fn usable_id(id: Option<&str>) -> Option<String> {
    id.map(str::trim).filter(|id| !id.is_empty() && id.chars().count() <= MAX_NETWORK_ORDER_ID_CHARS).map(str::to_owned)
}

/// The part of an order that news can change. Its `Debug` hides the comment.
#[derive(Clone, PartialEq, Eq)]
pub struct State {
    /// What became of handing the lead over.
    pub delivery: Delivery,
    /// Where the order stands.
    pub status: Status,
    /// The network's last word.
    pub raw_status: Option<String>,
    /// The network's id of the order.
    pub network_order_id: Option<String>,
    /// What the network pays.
    pub payout: Option<Payout>,
    /// Why it was cancelled.
    pub reason: Option<Reason>,
    /// The network's last comment.
    pub comment: Option<String>,
    /// The last decision by postback.
    pub decided_by_postback: Option<Status>,
    /// The last decision by poll.
    pub decided_by_poll: Option<Status>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("delivery", &self.delivery)
            .field("status", &self.status)
            .field("raw_status", &self.raw_status)
            .field("payout", &self.payout)
            .field("reason", &self.reason)
            .field("decided_by_postback", &self.decided_by_postback)
            .field("decided_by_poll", &self.decided_by_poll)
            .finish_non_exhaustive()
    }
}

/// What news does to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    /// The status moves: one `status` event.
    Changed(State),
    /// An approved order is paid differently: one `payout` event.
    PayoutChanged(State),
    /// The status stands, but the news knew something new beside it (a word, a reason, the network's id): no event.
    Learned(State),
    /// Nothing new.
    Same,
    /// The rules do not follow it: one `ignored` event, the order stays.
    Ignored(Why),
}

/// Why news is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing goes back to `wait`.
    NoLongerWaiting,
    /// An approved order does not go back to `hold`.
    AlreadyApproved,
}

/// The statuses from which news of `status` changes an order.
#[must_use]
pub const fn allowed_from(status: Status) -> &'static [Status] {
    match status {
        Status::Wait => &[],
        Status::Hold => &[Status::Wait, Status::Cancel, Status::Trash],
        Status::Approve => &[Status::Wait, Status::Hold, Status::Cancel, Status::Trash],
        Status::Cancel => &[Status::Wait, Status::Hold, Status::Approve, Status::Trash],
        Status::Trash => &[Status::Wait, Status::Hold, Status::Approve, Status::Cancel],
    }
}

/// What `news` does to an order that stands at `state`.
#[must_use]
pub fn next(state: &State, news: &News) -> Transition {
    if state.status == news.status {
        return repeated(state, news);
    }
    if allowed_from(news.status).contains(&state.status) {
        return Transition::Changed(changed(state, news));
    }
    Transition::Ignored(if news.status == Status::Wait { Why::NoLongerWaiting } else { Why::AlreadyApproved })
}

fn changed(state: &State, news: &News) -> State {
    let mut after = told(state, news);
    after.status = news.status;
    // A reason belongs to the status it came with.
    after.reason = news.reason;
    if let Some(payout) = &news.payout {
        after.payout = Some(payout_after(state.payout.as_ref(), payout));
    }
    let decided = Some(news.status).filter(|status| status.is_final());
    match news.source {
        Source::Postback => after.decided_by_postback = decided,
        Source::Poll => after.decided_by_poll = decided,
        _ => {}
    }
    after
}

fn repeated(state: &State, news: &News) -> Transition {
    let mut after = told(state, news);
    after.reason = news.reason.or(state.reason);
    settle(&mut after, news);
    if let Some(payout) = &news.payout {
        let paid = payout_after(state.payout.as_ref(), payout);
        if state.status == Status::Approve && state.payout.as_ref() != Some(&paid) {
            after.payout = Some(paid);
            return Transition::PayoutChanged(after);
        }
        if state.payout.is_none() {
            after.payout = Some(paid);
        }
    }
    if after == *state { Transition::Same } else { Transition::Learned(after) }
}

/// What any news that is not ignored tells beside its status.
fn told(state: &State, news: &News) -> State {
    let mut after = state.clone();
    if news.raw_status.is_some() {
        after.raw_status.clone_from(&news.raw_status);
    }
    if news.comment.is_some() {
        after.comment.clone_from(&news.comment);
    }
    if after.network_order_id.is_none() {
        after.network_order_id.clone_from(&news.network_order_id);
    }
    // A network that reports on an order has it, whatever its answer to us was.
    let in_doubt = matches!(state.delivery, Delivery::Queued | Delivery::Unknown | Delivery::Undeliverable);
    if news.source.is_network() && in_doubt {
        after.delivery = Delivery::Delivered;
    }
    after
}

/// Notes the source's decision when the two sources have spoken and this one's word was another or is missing.
fn settle(after: &mut State, news: &News) {
    let (own, other) = match news.source {
        Source::Postback => (&mut after.decided_by_postback, after.decided_by_poll),
        Source::Poll => (&mut after.decided_by_poll, after.decided_by_postback),
        _ => return,
    };
    let another = |decided: Option<Status>| decided.is_some_and(|status| status != news.status);
    if news.status.is_final() && (another(*own) || another(other)) {
        *own = Some(news.status);
    }
}

/// A payout without a currency is in the currency of the one before.
fn payout_after(before: Option<&Payout>, told: &Payout) -> Payout {
    Payout { amount: told.amount, currency: told.currency.or_else(|| before.and_then(|payout| payout.currency)) }
}

#[cfg(test)]
mod tests;

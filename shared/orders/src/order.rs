//! The order: a stored lead and all that happened to it.

use std::collections::BTreeMap;
use std::fmt;

use lead::{Delivery, Field, Lead, OrderId, Payout, Reason, Status};

use crate::event::{Event, Kind, Source};
use crate::transition::State;

/// An order as it stands. Its `Debug` shows no personal data and none of a network's free text.
#[derive(Clone, PartialEq, Eq)]
pub struct Order {
    /// Our id. It tells when the lead arrived.
    pub id: OrderId,
    /// The account the lead goes through.
    pub account: String,
    /// The offer the lead was sent to.
    pub offer: String,
    /// The network's slug.
    pub network: String,
    /// The client that sent the lead.
    pub client: String,
    /// What became of handing the lead over.
    pub delivery: Delivery,
    /// Where the order stands.
    pub status: Status,
    /// The network's last word for it.
    pub raw_status: Option<String>,
    /// The network's id of the order.
    pub network_order_id: Option<String>,
    /// The tracker's click id.
    pub click_id: Option<String>,
    /// What the network pays.
    pub payout: Option<Payout>,
    /// Why it was cancelled, where the network gave a canonical reason.
    pub reason: Option<Reason>,
    /// The network's last comment, 1,000 characters at most.
    pub comment: Option<String>,
    /// The earlier order this one repeats.
    pub duplicate_of: Option<OrderId>,
    /// When it last changed, in milliseconds since 1970.
    pub updated: u64,
    /// The lead; `None` once it was erased.
    pub lead: Option<Lead>,
    /// Overrides of the offer's parameters, for this lead alone.
    pub overrides: BTreeMap<String, String>,
    /// How often sending was begun, the first time included.
    pub tries: u32,
    /// When it may be sent or claimed again, in seconds since 1970.
    pub next_attempt: Option<u64>,
    /// When the item may be deleted, in seconds since 1970; `None`: kept.
    pub expires: Option<u64>,
    /// Counts the writes: 1 when stored.
    pub version: u64,
    /// Whether the network can be asked for this order's status.
    pub pollable: bool,
    /// The work that waits for a scheduled run.
    pub work: Option<Work>,
    /// The network's last decision by postback: approve, cancel or trash.
    pub decided_by_postback: Option<Status>,
    /// The network's last decision by poll: approve, cancel or trash.
    pub decided_by_poll: Option<Status>,
    /// Every event, oldest first, beginning with `received`.
    pub history: Vec<Event>,
}

impl Order {
    /// When the lead arrived, in milliseconds since 1970.
    #[must_use]
    pub fn created(&self) -> u64 {
        self.id.unix_ms()
    }

    /// Whether the network's postback and its poll have decided differently, and not yet agreed.
    #[must_use]
    pub fn disputed(&self) -> bool {
        self.decided_by_postback.zip(self.decided_by_poll).is_some_and(|(postback, poll)| postback != poll)
    }

    /// Whether sending was begun and no answer was ever recorded: a call is running, or its runner died.
    ///
    /// Such a lead may have reached the network, so it must not be sent again unless the network can tell.
    #[must_use]
    pub fn attempt_unanswered(&self) -> bool {
        // An order that is still queued had no other outcomes than these; events of other kinds may stand between.
        let sending = [Kind::Received, Kind::Attempt, Kind::Queued, Kind::Unknown, Kind::Undeliverable];
        let last = self.history.iter().rev().map(|event| event.kind).find(|kind| sending.contains(kind));
        self.delivery == Delivery::Queued && matches!(last, Some(Kind::Received | Kind::Attempt))
    }

    /// The part that news can change.
    #[must_use]
    pub fn state(&self) -> State {
        State {
            delivery: self.delivery,
            status: self.status,
            raw_status: self.raw_status.clone(),
            network_order_id: self.network_order_id.clone(),
            payout: self.payout.clone(),
            reason: self.reason,
            comment: self.comment.clone(),
            decided_by_postback: self.decided_by_postback,
            decided_by_poll: self.decided_by_poll,
        }
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order")
            .field("id", &self.id)
            .field("account", &self.account)
            .field("offer", &self.offer)
            .field("network", &self.network)
            .field("client", &self.client)
            .field("delivery", &self.delivery)
            .field("status", &self.status)
            .field("raw_status", &self.raw_status)
            .field("network_order_id", &self.network_order_id)
            .field("payout", &self.payout)
            .field("reason", &self.reason)
            .field("tries", &self.tries)
            .field("next_attempt", &self.next_attempt)
            .field("version", &self.version)
            .field("work", &self.work)
            .field("history", &self.history)
            .finish_non_exhaustive()
    }
}

/// Work on an order that waits for a scheduled run. Each kind has its place in the `due` index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Work {
    /// Ask the network for the order's status.
    Poll,
    /// Send the lead again.
    Send,
    /// Find out whether the network has the lead.
    LookUp,
}

impl Work {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Poll, Self::Send, Self::LookUp];

    /// The letter that begins the index key: `p`, `q` or `u`.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Poll => 'p',
            Self::Send => 'q',
            Self::LookUp => 'u',
        }
    }
}

/// A checked lead on its way into the store. Its `Debug` shows no personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// The id it gets.
    pub id: OrderId,
    /// The account it goes through.
    pub account: String,
    /// The offer.
    pub offer: String,
    /// The network's slug.
    pub network: String,
    /// Who sent it.
    pub client: String,
    /// The lead. Its click id becomes the order's.
    pub lead: Lead,
    /// Overrides of the offer's parameters.
    pub overrides: BTreeMap<String, String>,
    /// True: stored as `test` from the first moment on, so that nothing can ever send it.
    pub test: bool,
    /// The earlier order this one repeats.
    pub duplicate_of: Option<OrderId>,
    /// When the item may be deleted, in seconds since 1970; `None`: kept.
    pub expires: Option<u64>,
}

impl fmt::Debug for NewOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewOrder")
            .field("id", &self.id)
            .field("account", &self.account)
            .field("offer", &self.offer)
            .field("test", &self.test)
            .finish_non_exhaustive()
    }
}

/// What a new order begins with. A test order begins as `test`, whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Whoever stores it calls the network at once.
    Sent,
    /// The same, for an order whose id is older than anybody looks back for a caller that died: the due index knows it
    /// from the first moment on, on lease until then, in seconds since 1970.
    SentLate(u64),
    /// It is queued, and no call is begun: the network is left alone until then, in seconds since 1970.
    Held(u64),
    /// The relay itself refuses it, since it repeats [`NewOrder::duplicate_of`]. It is never sent.
    Repeated,
}

/// What the history says of an order that was [`Beginning::Held`].
const HELD: &str = "the network is left alone just now";
/// What the history says of an order that was [`Beginning::Repeated`].
const REPEATED: &str = "the same customer has ordered at this offer before";

impl Order {
    /// The order that `new` is stored as.
    #[must_use]
    pub fn begun(new: NewOrder, beginning: Beginning) -> Self {
        let is_test = new.test;
        let mut order = Self::from(new);
        let received = order.created();
        let said =
            |kind, note: &str| Event { note: Some(note.to_owned()), ..Event::new(received, kind, Source::Intake) };
        match beginning {
            _ if is_test => {}
            Beginning::Sent => {}
            Beginning::SentLate(lease_until_s) => {
                order.work = Some(Work::Send);
                order.next_attempt = Some(lease_until_s);
            }
            Beginning::Held(until_s) => {
                order.tries = 0;
                order.work = Some(Work::Send);
                order.next_attempt = Some(until_s);
                order.history.push(said(Kind::Queued, HELD));
            }
            Beginning::Repeated => {
                order.tries = 0;
                order.delivery = Delivery::Refused;
                order.status = Status::Cancel;
                order.reason = Some(Reason::DUPLICATE);
                let event = said(Kind::Refused, REPEATED);
                order.history.push(Event { status: Some(Status::Cancel), ..event });
            }
        }
        order
    }

    /// Whether this order stands in the way of another lead of the same customer at the same offer: the network has it,
    /// may have it or is about to get it. One that the network refused for another reason than having the customer
    /// already, or that never reached it, does not.
    #[must_use]
    pub fn holds_customer(&self) -> bool {
        match self.delivery {
            Delivery::Queued | Delivery::Unknown | Delivery::Delivered => true,
            Delivery::Refused => self.reason == Some(Reason::DUPLICATE),
            Delivery::Undeliverable | Delivery::Test => false,
        }
    }
}

impl From<NewOrder> for Order {
    fn from(new: NewOrder) -> Self {
        let received = new.id.unix_ms();
        Self {
            account: new.account,
            offer: new.offer,
            network: new.network,
            client: new.client,
            delivery: if new.test { Delivery::Test } else { Delivery::Queued },
            status: Status::Wait,
            raw_status: None,
            network_order_id: None,
            click_id: new.lead.field(Field::ClickId).map(str::to_owned),
            payout: None,
            reason: None,
            comment: None,
            duplicate_of: new.duplicate_of,
            updated: received,
            lead: Some(new.lead),
            overrides: new.overrides,
            tries: u32::from(!new.test),
            next_attempt: None,
            expires: new.expires,
            version: 1,
            pollable: false,
            work: None,
            decided_by_postback: None,
            decided_by_poll: None,
            history: vec![Event::new(received, Kind::Received, Source::Intake)],
            id: new.id,
        }
    }
}

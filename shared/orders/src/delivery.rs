//! What became of handing a lead over, and from where each outcome may follow. Pure.

use std::fmt;

use lead::{Delivery, Payout, Reason, Status};

use crate::event::{Event, Kind, Source};
use crate::order::Order;
use crate::transition::{MAX_NOTE_CHARS, MAX_RAW_CHARS, cut, usable_id};

/// What a call to the network ended in. Its `Debug` hides the network's message.
#[derive(Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The network took the lead.
    Delivered {
        /// Its id of the order.
        network_order_id: Option<String>,
        /// Its word for the order's state, where the answer has one.
        raw_status: Option<String>,
        /// The payout it promised.
        payout: Option<Payout>,
        /// Whether it can be asked for the order's status: then the order waits for polls.
        pollable: bool,
    },
    /// The network said no. The order is cancelled, unless news said otherwise before.
    Refused {
        /// What it said.
        message: Option<String>,
        /// The canonical reason.
        reason: Option<Reason>,
    },
    /// The network surely does not have it: send it again.
    Queued {
        /// Not before this time, in seconds since 1970.
        next_attempt: u64,
    },
    /// It was sent and the answer is lost.
    Unknown {
        /// Whether the network can be asked about it: then the order waits to be looked up.
        lookup: bool,
    },
    /// Every try failed.
    Undeliverable,
}

impl DeliveryOutcome {
    /// The delivery state it leads to.
    #[must_use]
    pub const fn delivery(&self) -> Delivery {
        match self {
            Self::Delivered { .. } => Delivery::Delivered,
            Self::Refused { .. } => Delivery::Refused,
            Self::Queued { .. } => Delivery::Queued,
            Self::Unknown { .. } => Delivery::Unknown,
            Self::Undeliverable => Delivery::Undeliverable,
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Delivered { .. } => Kind::Delivered,
            Self::Refused { .. } => Kind::Refused,
            Self::Queued { .. } => Kind::Queued,
            Self::Unknown { .. } => Kind::Unknown,
            Self::Undeliverable => Kind::Undeliverable,
        }
    }
}

impl fmt::Debug for DeliveryOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().as_str())
    }
}

/// An outcome, who learned it and when. Two reports with the same kind, source and time are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// What the call ended in.
    pub outcome: DeliveryOutcome,
    /// `intake`, `poll` (a scheduled run) or `operator`.
    pub source: Source,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What else the event should keep, such as why it is sent again.
    pub note: Option<String>,
}

/// What a report does to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is written.
    Follow,
    /// It is written already.
    Already,
    /// The order has moved on to where this outcome cannot follow.
    Superseded,
}

impl DeliveryReport {
    /// A report without a note.
    #[must_use]
    pub const fn new(outcome: DeliveryOutcome, source: Source, at_ms: u64) -> Self {
        Self { outcome, source, at_ms, note: None }
    }

    /// The same report with texts cut to what an order keeps.
    pub(crate) fn within_limits(&self) -> Self {
        let mut report = self.clone();
        report.note = cut(report.note.as_deref(), MAX_NOTE_CHARS);
        match &mut report.outcome {
            DeliveryOutcome::Delivered { network_order_id, raw_status, .. } => {
                *network_order_id = usable_id(network_order_id.as_deref());
                *raw_status = cut(raw_status.as_deref(), MAX_RAW_CHARS);
            }
            DeliveryOutcome::Refused { message, .. } => {
                *message = cut(message.as_deref(), crate::transition::MAX_COMMENT_CHARS);
            }
            _ => {}
        }
        report
    }

    /// The status of an order at `status` once this report is written.
    pub(crate) const fn status_after(&self, status: Status) -> Status {
        match (&self.outcome, status) {
            (DeliveryOutcome::Refused { .. }, Status::Wait) => Status::Cancel,
            _ => status,
        }
    }

    pub(crate) fn event(&self, status_before: Status) -> Event {
        let (raw_status, said) = match &self.outcome {
            DeliveryOutcome::Delivered { raw_status, .. } => (raw_status.clone(), None),
            DeliveryOutcome::Refused { message, .. } => (None, message.as_deref()),
            _ => (None, None),
        };
        let status = self.status_after(status_before);
        Event {
            at_ms: self.at_ms,
            kind: self.outcome.kind(),
            source: self.source,
            status: Some(status).filter(|status| *status != status_before),
            raw_status,
            note: cut(self.note.as_deref().or(said), MAX_NOTE_CHARS),
        }
    }

    /// Whether the report may be written on `order`.
    pub(crate) fn step(&self, order: &Order) -> Step {
        let kind = self.outcome.kind();
        let written = |event: &Event| event.kind == kind && event.source == self.source && event.at_ms == self.at_ms;
        if order.history.iter().any(written) {
            return Step::Already;
        }
        match (order.delivery, &self.outcome) {
            (Delivery::Queued | Delivery::Unknown, _)
            | (Delivery::Undeliverable, DeliveryOutcome::Delivered { .. }) => Step::Follow,
            // News came first and showed that the network has it: the call's own answer adds what it knows.
            (Delivery::Delivered, DeliveryOutcome::Delivered { .. }) => {
                let told = order.history.iter().any(|event| event.kind == Kind::Delivered);
                if told { Step::Already } else { Step::Follow }
            }
            (Delivery::Undeliverable, DeliveryOutcome::Undeliverable)
            | (Delivery::Refused, DeliveryOutcome::Refused { .. }) => Step::Already,
            // A person may have it tried again.
            (Delivery::Undeliverable, _) if matches!(self.source, Source::Operator) => Step::Follow,
            _ => Step::Superseded,
        }
    }
}

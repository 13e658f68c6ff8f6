//! What happened to an order, one entry a happening.

use std::fmt;
use std::str::FromStr;

use lead::Status;
use serde::{Deserialize, Serialize};

/// One entry of an order's history. Its `Debug` hides the note, which may quote a network's free text.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What happened.
    pub kind: Kind,
    /// Who brought it.
    pub source: Source,
    /// The status it told, where it told one.
    pub status: Option<Status>,
    /// The network's own word.
    pub raw_status: Option<String>,
    /// Anything else worth keeping: a network's message, an unreadable payout, a code of its own.
    pub note: Option<String>,
}

impl Event {
    /// An event that tells no more than that it happened.
    #[must_use]
    pub const fn new(at_ms: u64, kind: Kind, source: Source) -> Self {
        Self { at_ms, kind, source, status: None, raw_status: None, note: None }
    }

    /// Whether the other tells the same, whenever it was.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        self.kind == other.kind && self.source == other.source && self.raw_status == other.raw_status
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("at_ms", &self.at_ms)
            .field("kind", &self.kind)
            .field("source", &self.source)
            .field("status", &self.status)
            .field("raw_status", &self.raw_status)
            .finish_non_exhaustive()
    }
}

/// A stored word that names no kind of event and no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no known kind or source of an event")]
pub struct UnknownKind;

macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $($variant:ident $wire:literal $doc:literal,)* }) => {
        $(#[$outer])*
        pub enum $name {
            $(
                #[doc = $doc]
                #[serde(rename = $wire)]
                $variant,
            )*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The wire name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownKind;

            fn from_str(word: &str) -> Result<Self, UnknownKind> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word).ok_or(UnknownKind)
            }
        }
    };
}

words! {
    /// What an event is about.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    Kind {
        Received "received" "The lead came in and was stored.",
        Attempt "attempt" "A queued lead is being sent again.",
        Delivered "delivered" "The network took the lead.",
        Refused "refused" "The network said no.",
        Queued "queued" "The network could not be reached or was busy; the lead will be sent again.",
        Unknown "unknown" "The lead was sent and the answer is lost or unreadable.",
        Undeliverable "undeliverable" "Every try failed.",
        Status "status" "The status changed.",
        Payout "payout" "The payout of an approved order changed.",
        Ignored "ignored" "News that the rules do not follow.",
        Unmapped "unmapped" "A word of the network that has no meaning to us.",
        Conflict "conflict" "News that named two orders at once.",
        Parked "parked" "News that had waited for this order.",
        Notified "notified" "The tracker was told.",
        Erased "erased" "The customer's data was erased.",
    }
}

words! {
    /// Who brought an event.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    Source {
        Intake "intake" "The request that brought the lead.",
        Postback "postback" "The network's own call.",
        Poll "poll" "Our question to the network, in a scheduled run.",
        Operator "operator" "A person.",
        Tracker "tracker" "The tracker's answer.",
    }
}

impl Source {
    /// The letter an item keeps.
    #[must_use]
    pub(crate) const fn letter(self) -> &'static str {
        match self {
            Self::Intake => "i",
            Self::Postback => "p",
            Self::Poll => "a",
            Self::Operator => "o",
            Self::Tracker => "k",
        }
    }

    pub(crate) fn from_letter(letter: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|source| source.letter() == letter)
    }

    /// Whether the network itself speaks: its call to us, or its answer to ours.
    #[must_use]
    pub const fn is_network(self) -> bool {
        matches!(self, Self::Postback | Self::Poll)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_letter_reads_back_as_itself() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        for source in Source::ALL {
            assert_eq!(source.as_str().parse(), Ok(*source));
            assert_eq!(Source::from_letter(source.letter()), Some(*source));
        }
        assert_eq!("nothing".parse::<Kind>(), Err(UnknownKind));
    }

    #[test]
    fn debug_hides_the_note() {
        let event = Event { note: Some("call Anna".into()), ..Event::new(1, Kind::Refused, Source::Intake) };
        assert!(!format!("{event:?}").contains("Anna"));
    }
}

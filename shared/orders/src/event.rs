//! What happened to an order, one entry a happening.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use lead::Status;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

/// What an event is about. A word of a later version of the relay is kept as it is stored and read back as
/// [`Kind::Other`]: functions are deployed one after the other, and an older one must not stop at a newer one's events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The lead came in and was stored.
    Received,
    /// A queued lead is being sent again.
    Attempt,
    /// The network took the lead.
    Delivered,
    /// The network said no.
    Refused,
    /// The network could not be reached or was busy; the lead will be sent again.
    Queued,
    /// The lead was sent and the answer is lost or unreadable.
    Unknown,
    /// Every try failed.
    Undeliverable,
    /// The status changed.
    Status,
    /// The payout of an order on hold or approved changed.
    Payout,
    /// News that the rules do not follow, or a payout that cannot be read.
    Ignored,
    /// A word of the network that has no meaning to us.
    Unmapped,
    /// News that named two orders at once.
    Conflict,
    /// News that had waited for this order.
    Parked,
    /// A receiver was told.
    Notified,
    /// The customer's data was erased.
    Erased,
    /// A kind that this version does not know, by its stored word.
    Other(String),
}

impl Kind {
    /// All that this version knows.
    pub const ALL: &[Self] = &[
        Self::Received,
        Self::Attempt,
        Self::Delivered,
        Self::Refused,
        Self::Queued,
        Self::Unknown,
        Self::Undeliverable,
        Self::Status,
        Self::Payout,
        Self::Ignored,
        Self::Unmapped,
        Self::Conflict,
        Self::Parked,
        Self::Notified,
        Self::Erased,
    ];

    /// The wire name, which is the stored word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Received => "received",
            Self::Attempt => "attempt",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Queued => "queued",
            Self::Unknown => "unknown",
            Self::Undeliverable => "undeliverable",
            Self::Status => "status",
            Self::Payout => "payout",
            Self::Ignored => "ignored",
            Self::Unmapped => "unmapped",
            Self::Conflict => "conflict",
            Self::Parked => "parked",
            Self::Notified => "notified",
            Self::Erased => "erased",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        let known = Self::ALL.iter().find(|known| known.as_str() == word);
        Ok(known.cloned().unwrap_or_else(|| Self::Other(word.to_owned())))
    }
}

/// Who brought an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The request that brought the lead.
    Intake,
    /// The network's own call.
    Postback,
    /// Our question to the network for statuses.
    Poll,
    /// The schedule's own doing: what is sent again, doubts, erasures by age.
    Run,
    /// A sheet of decisions.
    Sheet,
    /// A person.
    Operator,
    /// A receiver that is told.
    Tracker,
    /// One that this version does not know, by the letter that is stored.
    Other(char),
}

impl Source {
    /// All that this version knows.
    pub const ALL: &[Self] =
        &[Self::Intake, Self::Postback, Self::Poll, Self::Run, Self::Sheet, Self::Operator, Self::Tracker];

    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Postback => "postback",
            Self::Poll => "poll",
            Self::Run => "run",
            Self::Sheet => "sheet",
            Self::Operator => "operator",
            Self::Tracker => "tracker",
            Self::Other(_) => "other",
        }
    }

    /// The letter an item keeps. Never reuse one for something else.
    #[must_use]
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::Intake => 'i',
            Self::Postback => 'p',
            Self::Poll => 'a',
            Self::Run => 'r',
            Self::Sheet => 's',
            Self::Operator => 'o',
            Self::Tracker => 'k',
            Self::Other(letter) => letter,
        }
    }

    /// The source of a stored letter; `None` only for no text at all.
    pub(crate) fn from_letter(text: &str) -> Option<Self> {
        let letter = text.chars().next()?;
        Some(Self::ALL.iter().copied().find(|source| source.letter() == letter).unwrap_or(Self::Other(letter)))
    }

    /// Whether the network itself speaks: its call to us, its answer to ours, or its sheet.
    #[must_use]
    pub const fn is_network(self) -> bool {
        matches!(self, Self::Postback | Self::Poll | Self::Sheet)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        let known = Self::ALL.iter().copied().find(|known| known.as_str() == word);
        Ok(known.unwrap_or(Self::Other('?')))
    }
}

macro_rules! as_words {
    ($($name:ty),*) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = Cow::<'de, str>::deserialize(deserializer)?;
                word.parse().map_err(|never: Infallible| match never {})
            }
        }
    )* };
}

as_words!(Kind, Source);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_letter_reads_back_as_itself() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind.clone()));
        }
        for source in Source::ALL {
            assert_eq!(source.as_str().parse(), Ok(*source));
            assert_eq!(Source::from_letter(&source.letter().to_string()), Some(*source));
        }
    }

    #[test]
    fn a_later_versions_words_are_carried_along() {
        let kind: Kind = "rerouted".parse().unwrap();
        assert_eq!((&kind, kind.as_str()), (&Kind::Other("rerouted".to_owned()), "rerouted"));
        assert_eq!(Source::from_letter("z").map(Source::letter), Some('z'));
        assert_eq!(serde_json::from_str::<Source>(r#""drone""#).unwrap(), Source::Other('?'));
        assert_eq!(serde_json::to_string(&kind).unwrap(), r#""rerouted""#);
    }

    #[test]
    fn debug_hides_the_note() {
        let event = Event { note: Some("call Anna".into()), ..Event::new(1, Kind::Refused, Source::Intake) };
        assert!(!format!("{event:?}").contains("Anna"));
    }
}

//! Canonical statuses, cancel reasons and delivery states: the words every part of the relay shares.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where an order stands, whatever word its network used for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// New, in processing, at the call centre, or no answer yet.
    Wait,
    /// The customer agreed; payment or delivery is still to come. Never a synonym of pending.
    Hold,
    /// Confirmed, sold, paid.
    Approve,
    /// Refused, declined, not wanted. A duplicate is a cancel with [`Reason::DUPLICATE`].
    Cancel,
    /// Invalid: fake, spam, wrong number.
    Trash,
}

impl Status {
    /// All statuses, in the order they are listed to people.
    pub const ALL: [Self; 5] = [Self::Wait, Self::Hold, Self::Approve, Self::Cancel, Self::Trash];

    /// The wire name: `wait`, `hold`, `approve`, `cancel` or `trash`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Hold => "hold",
            Self::Approve => "approve",
            Self::Cancel => "cancel",
            Self::Trash => "trash",
        }
    }

    /// Whether the network has decided: approve, cancel or trash.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Approve | Self::Cancel | Self::Trash)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no canonical status, delivery state or reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not one of {allowed}")]
pub struct UnknownWord {
    given: String,
    allowed: &'static str,
}

impl FromStr for Status {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or_else(|| UnknownWord { given: word.to_owned(), allowed: "wait, hold, approve, cancel, trash" })
    }
}

/// A canonical cancel reason, 1 to 15. A network's own codes (16 and up) are kept raw instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Reason(u8);

impl Reason {
    /// The phone is wrong (1).
    pub const INCORRECT_PHONE: Self = Self(1);
    /// The customer has ordered already (7).
    pub const DUPLICATE: Self = Self(7);

    const TITLES: [&'static str; 15] = [
        "incorrect phone",
        "changed mind",
        "did not order",
        "requires certificate",
        "wrong geo",
        "errors or fake",
        "duplicate",
        "ordered elsewhere",
        "expensive",
        "unhappy with delivery",
        "could not reach",
        "possible fraud",
        "different language",
        "product did not fit",
        "offer disabled",
    ];

    /// The reason of a code, or `None` for one outside 1 to 15.
    #[must_use]
    pub const fn new(code: u8) -> Option<Self> {
        if code >= 1 && code <= 15 { Some(Self(code)) } else { None }
    }

    /// The code, 1 to 15.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }

    /// What the code means, in English.
    #[must_use]
    pub fn title(self) -> &'static str {
        Self::TITLES.get(usize::from(self.0) - 1).copied().unwrap_or_default()
    }
}

impl TryFrom<u8> for Reason {
    type Error = UnknownWord;

    fn try_from(code: u8) -> Result<Self, UnknownWord> {
        Self::new(code).ok_or_else(|| UnknownWord { given: code.to_string(), allowed: "the reason codes 1 to 15" })
    }
}

impl From<Reason> for u8 {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

/// What became of handing the lead to its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Stored; the network has not taken it yet and will be asked (again).
    Queued,
    /// The network took it.
    Delivered,
    /// The network said no.
    Refused,
    /// Sent, the answer is lost or unreadable. Looked up where possible, never sent again by itself.
    Unknown,
    /// Every try failed; a person has to decide.
    Undeliverable,
    /// A test lead: nothing is sent.
    Test,
}

impl Delivery {
    /// All delivery states, in the order they are listed to people.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Delivered, Self::Refused, Self::Unknown, Self::Undeliverable, Self::Test];

    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Undeliverable => "undeliverable",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Delivery {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|delivery| delivery.as_str() == word).ok_or_else(|| UnknownWord {
            given: word.to_owned(),
            allowed: "queued, delivered, refused, unknown, undeliverable, test",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_itself() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for delivery in Delivery::ALL {
            assert_eq!(delivery.as_str().parse(), Ok(delivery));
        }
    }

    #[test]
    fn reasons_are_1_to_15() {
        assert_eq!(Reason::new(0), None);
        assert_eq!(Reason::new(16), None);
        assert_eq!(Reason::new(1).map(Reason::title), Some("incorrect phone"));
        assert_eq!(Reason::new(15).map(Reason::title), Some("offer disabled"));
        assert_eq!(Reason::DUPLICATE.title(), "duplicate");
    }
}

//! What was done to a field so that it would not cost the lead.

use serde::Serialize;

/// What was done to what a field held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Did {
    /// Written otherwise, with the same meaning.
    #[serde(rename = "repaired")]
    Repaired,
    /// Cut at the field's limit; its beginning is kept.
    #[serde(rename = "cut")]
    Cut,
    /// Not taken: it could not be read.
    #[serde(rename = "left out")]
    LeftOut,
}

impl Did {
    /// The wire word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Repaired => "repaired",
            Self::Cut => "cut",
            Self::LeftOut => "left out",
        }
    }
}

/// One field and what was done to it. It holds nothing of what the customer wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Noted {
    /// The field's name in the request.
    pub field: &'static str,
    /// What was done.
    pub did: Did,
}

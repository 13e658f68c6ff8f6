//! How often an account's orders are asked for, where it is not as usual.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The rhythm of one class of age. Stored in seconds, 0 for never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub enum Every {
    /// Only a run that asks for everything asks for these.
    Never,
    /// Seconds from one question to the next.
    Seconds(u64),
}

/// What an account says of its rhythm; what is `None` is as usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rhythm {
    /// Orders of the last two hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Every>,
    /// Up to three days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Every>,
    /// Up to thirty days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weeks: Option<Every>,
    /// Up to 130 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<Every>,
}

impl Rhythm {
    /// The names of the classes, youngest first.
    pub const CLASSES: [&str; 4] = ["hours", "days", "weeks", "months"];

    /// Whether nothing is said.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What is said of a class.
    #[must_use]
    pub fn of(&self, class: &str) -> Option<Every> {
        match class {
            "hours" => self.hours,
            "days" => self.days,
            "weeks" => self.weeks,
            "months" => self.months,
            _ => None,
        }
    }

    pub(super) fn set(&mut self, class: &str, every: Every) {
        match class {
            "hours" => self.hours = Some(every),
            "days" => self.days = Some(every),
            "weeks" => self.weeks = Some(every),
            "months" => self.months = Some(every),
            _ => {}
        }
    }
}

/// A text that is no rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a time such as \"90s\", \"5m\", \"6h\" or \"1d\", or \"never\"")]
pub struct NotARhythm;

impl FromStr for Every {
    type Err = NotARhythm;

    fn from_str(text: &str) -> Result<Self, NotARhythm> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or(NotARhythm)?;
        let (number, unit) = text.split_at(unit_at);
        let unit: u64 = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return Err(NotARhythm),
        };
        let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        seconds.filter(|seconds| *seconds > 0).map(Self::Seconds).ok_or(NotARhythm)
    }
}

impl From<u64> for Every {
    fn from(seconds: u64) -> Self {
        if seconds == 0 { Self::Never } else { Self::Seconds(seconds) }
    }
}

impl From<Every> for u64 {
    fn from(every: Every) -> Self {
        match every {
            Every::Never => 0,
            Every::Seconds(seconds) => seconds,
        }
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Seconds(seconds) => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("6h", 21_600), ("1d", 86_400)] {
            assert_eq!(text.parse(), Ok(Every::Seconds(seconds)), "{text}");
        }
        assert_eq!("never".parse(), Ok(Every::Never));
        for wrong in ["", "5", "m", "0m", "-1m", "5 m", "5min", "1w", "99999999999999999999d", "Never"] {
            assert_eq!(wrong.parse::<Every>(), Err(NotARhythm), "{wrong}");
        }
    }

    #[test]
    fn what_is_stored_reads_back() {
        let rhythm = Rhythm { hours: Some(Every::Seconds(60)), months: Some(Every::Never), ..Rhythm::default() };
        let json = serde_json::to_string(&rhythm).unwrap();
        assert_eq!(json, r#"{"hours":60,"months":0}"#);
        assert_eq!(serde_json::from_str::<Rhythm>(&json).unwrap(), rhythm);
    }
}

//! The state of an account that rests, as all processes see it.

use std::time::Duration;

use lead::Backoff;
use networks::Rest;
use serde::{Deserialize, Serialize};

/// Why an account rests of which no answer said so.
const FAILURES: &str = "failures";

/// How long an account is left alone, time after time, where its network does not say how long.
const PAUSES: Backoff = Backoff::doubling(Duration::from_mins(1), Duration::from_hours(1));
/// An account that rests: the state's text is this as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Down {
    /// Since when, in seconds since 1970.
    #[serde(rename = "s")]
    pub(super) since_s: u64,
    /// The pauses so far.
    #[serde(rename = "n")]
    pauses: u32,
    /// It is left alone until then, in seconds since 1970.
    #[serde(rename = "u")]
    pub(super) until_s: u64,
    /// Why: `credentials`, `address`, `limit`, `edge`; nothing for failures in a row.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Down {
    /// About to rest for the first time.
    pub(super) const fn new(now_s: u64) -> Self {
        Self { since_s: now_s, pauses: 0, until_s: 0, why: None }
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// At rest for one pause more: as long as the network asks, or longer than the last time.
    pub(super) fn again(&self, now_s: u64, why: Option<Rest>, asked_s: Option<u64>) -> Self {
        let pauses = self.pauses.saturating_add(1);
        let own_s = || PAUSES.pause(pauses).unwrap_or_default().as_secs();
        let until_s = now_s.saturating_add(asked_s.filter(|asked_s| *asked_s > 0).unwrap_or_else(own_s));
        Self { since_s: self.since_s, pauses, until_s, why: why.map(|why| why.as_str().to_owned()) }
    }

    /// The same, which somebody tries until then.
    pub(super) fn tried(&self, until_s: u64) -> Self {
        Self { until_s, ..self.clone() }
    }

    pub(super) fn why(&self) -> &str {
        self.why.as_deref().unwrap_or(FAILURES)
    }

    pub(super) fn rests(&self) -> Rests {
        Rests { until_s: self.until_s, why: self.why().to_owned() }
    }
}

/// Until when an account is left alone, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rests {
    /// In seconds since 1970.
    pub(crate) until_s: u64,
    /// `credentials`, `address`, `limit`, `edge` or `failures`.
    pub(crate) why: String,
}

impl std::fmt::Display for Rests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let until = i64::try_from(self.until_s).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
        let until = until.map_or_else(String::new, |until| format!(" until {until}"));
        let why = match self.why.as_str() {
            "credentials" => "the network turns its credentials away (HTTP 401 or 403)",
            "address" => "nothing takes leads at its address (HTTP 404 or 405)",
            "limit" => "the network wants fewer calls (HTTP 429)",
            "edge" => "what stands before the network does not reach it",
            _ => "the network gives no answer, or none that proves anything",
        };
        write!(f, "its leads wait{until}: {}: {why}", self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_unless_the_network_says_how_long() {
        let mut down = Down::new(1000);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            down = down.again(1000, None, None);
            pauses.push(down.until_s - 1000);
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!(down.since_s, 1000);
        assert_eq!(serde_json::from_str::<Down>(&down.text()).unwrap(), down);
        let asked = down.again(1000, Some(Rest::Limit), Some(7200));
        assert_eq!((asked.until_s, asked.why()), (8200, "limit"));
        assert_eq!(down.again(1000, Some(Rest::Limit), Some(0)).until_s, 4600);
    }

    #[test]
    fn a_state_without_a_reason_is_one_of_failures() {
        let before: Down = serde_json::from_str(r#"{"s":1,"n":2,"u":3}"#).unwrap();
        assert_eq!((before.why(), before.text().as_str()), (FAILURES, r#"{"s":1,"n":2,"u":3}"#));
    }
}

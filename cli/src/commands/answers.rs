//! What a relay answers, as far as it is shown to people.

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;

/// An order, or the receipt of one. What is not there is left out of what is shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct OrderAnswer {
    pub(super) order_id: String,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) offer: String,
    pub(super) account: String,
    pub(super) network: String,
    pub(super) network_order_id: Option<String>,
    pub(super) click_id: Option<String>,
    pub(super) status: String,
    pub(super) raw_status: Option<String>,
    pub(super) delivery: String,
    pub(super) reason: Option<u8>,
    pub(super) comment: Option<String>,
    pub(super) payout: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) duplicate_of: Option<String>,
    pub(super) replayed: bool,
    pub(super) disputed: bool,
    pub(super) tries: u32,
    pub(super) lead: Option<LeadAnswer>,
    pub(super) history: Vec<EventAnswer>,
}

/// Of a lead only the country is read: the rest is the customer's.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct LeadAnswer {
    pub(super) country: Option<String>,
}

/// One event of an order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventAnswer {
    pub(super) at: String,
    pub(super) kind: String,
    pub(super) source: String,
    pub(super) status: Option<String>,
    pub(super) raw_status: Option<String>,
    pub(super) note: Option<String>,
}

impl OrderAnswer {
    /// Reads an order of an answer.
    pub(super) fn read(value: &Value) -> Result<Self, Failure> {
        Self::deserialize(value).map_err(|error| Failure::new(format!("the relay's answer is no order: {error}")))
    }

    /// The canonical reason in words, such as `duplicate (7)`.
    pub(super) fn reason_text(&self) -> Option<String> {
        let code = self.reason?;
        Some(match lead::Reason::new(code) {
            Some(reason) => format!("{} ({code})", reason.title()),
            None => code.to_string(),
        })
    }

    /// The payout with its currency, such as `12.50 EUR`.
    pub(super) fn payout_text(&self) -> Option<String> {
        let payout = self.payout.as_deref()?;
        Some(format!("{payout} {}", self.currency.as_deref().unwrap_or_default()).trim_end().to_owned())
    }
}

/// `2026-11-22 10:00:05` of an RFC 3339 time in UTC, as all of a relay's times are; another text stays.
pub(super) fn time(rfc3339: &str) -> String {
    match (rfc3339.get(..10), rfc3339.get(10..11), rfc3339.get(11..19)) {
        (Some(day), Some("T"), Some(time)) if rfc3339.ends_with('Z') => format!("{day} {time}"),
        _ => rfc3339.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_without_fractions() {
        assert_eq!(time("2026-11-22T10:00:05.123Z"), "2026-11-22 10:00:05");
        assert_eq!(time("2026-11-22T10:00:05Z"), "2026-11-22 10:00:05");
        for other in ["2026-11-22T10:00:05+01:00", "", "soon"] {
            assert_eq!(time(other), other);
        }
    }

    #[test]
    fn a_reason_is_told_in_words() {
        let order = OrderAnswer { reason: Some(7), payout: Some("12.50".to_owned()), ..OrderAnswer::default() };
        assert_eq!(order.reason_text().as_deref(), Some("duplicate (7)"));
        assert_eq!(order.payout_text().as_deref(), Some("12.50"));
    }
}

//! What a list is asked for.

use std::str::FromStr;

use lead::{Country, Delivery, Phone, PhoneProblem, Status};
use orders::{Cursor, Filter, Order};

use super::{Refused, problem};
use crate::call::Call;
use crate::operate::time_ms;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;
const PARAMETERS: [&str; 12] = [
    "click_id",
    "network_order_id",
    "account",
    "phone",
    "status",
    "delivery",
    "offer",
    "from",
    "to",
    "limit",
    "cursor",
    "history",
];

/// A question for a list.
pub(super) struct Asked {
    pub(super) named: Named,
    pub(super) filter: Filter,
    pub(super) limit: usize,
    pub(super) cursor: Option<Cursor>,
    pub(super) history: bool,
}

/// What an index finds.
pub(super) enum Named {
    Click(String),
    NetworkOrder { account: String, id: String },
    None,
}

impl Asked {
    pub(super) fn read(call: &Call, now_ms: u64) -> Result<Self, Refused> {
        if let Some((unknown, _)) = call.query_pairs().find(|(name, _)| !PARAMETERS.contains(&name.as_str())) {
            let detail = format!("unknown parameter `{unknown}`; there are {}", PARAMETERS.join(", "));
            return Err(problem(400, "parameter", detail));
        }
        let filter = Filter {
            account: call.query_value("account"),
            offer: call.query_value("offer"),
            status: word::<Status>(call, "status")?,
            delivery: word::<Delivery>(call, "delivery")?,
            phone: call.query_value("phone").map(|phone| phone_of(&phone)).transpose()?,
            from_ms: time(call, "from", now_ms)?,
            to_ms: time(call, "to", now_ms)?,
        };
        let named = match (call.query_value("click_id"), call.query_value("network_order_id")) {
            (Some(click), _) => Named::Click(click),
            (None, Some(id)) => {
                let detail = "network_order_id needs account: two networks may use the same number";
                let account = filter.account.clone().ok_or_else(|| problem(400, "parameter", detail))?;
                Named::NetworkOrder { account, id }
            }
            (None, None) => Named::None,
        };
        let cursor = call.query_value("cursor").map(|text| text.parse());
        let cursor = cursor.transpose().map_err(|error| problem(400, "parameter", format!("cursor: {error}")))?;
        Ok(Self { named, filter, limit: limit(call)?, cursor, history: history(call)? })
    }

    /// Whether all of the question is true of an order that an index found.
    pub(super) fn admits(&self, order: &Order) -> bool {
        let filter = &self.filter;
        let asked_id = call_id(&self.named);
        let phone = order.lead.as_ref().map(|lead| lead.phone.e164());
        filter.account.as_ref().is_none_or(|account| *account == order.account)
            && filter.offer.as_ref().is_none_or(|offer| *offer == order.offer)
            && filter.status.is_none_or(|status| status == order.status)
            && filter.delivery.is_none_or(|delivery| delivery == order.delivery)
            && filter.phone.as_deref().is_none_or(|wanted| phone == Some(wanted))
            && filter.from_ms.is_none_or(|from_ms| order.created() >= from_ms)
            && filter.to_ms.is_none_or(|to_ms| order.created() < to_ms)
            && asked_id.is_none_or(|id| order.network_order_id.as_deref() == Some(id))
    }
}

/// The network's id that was asked for.
fn call_id(named: &Named) -> Option<&str> {
    match named {
        Named::NetworkOrder { id, .. } => Some(id),
        _ => None,
    }
}

pub(super) fn limit(call: &Call) -> Result<usize, Refused> {
    let Some(text) = call.query_value("limit") else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| problem(400, "parameter", format!("limit is 1 to {MAX_LIMIT}")))
}

fn history(call: &Call) -> Result<bool, Refused> {
    match call.query_value("history").as_deref() {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(problem(400, "parameter", "history is 1, or it is left out")),
    }
}

/// A word in either case.
fn word<T: FromStr<Err: std::fmt::Display>>(call: &Call, name: &str) -> Result<Option<T>, Refused> {
    let Some(text) = call.query_value(name) else { return Ok(None) };
    let word = text.trim().to_lowercase().parse();
    word.map(Some).map_err(|error| problem(400, "parameter", format!("{name}: {error}")))
}

/// A time as people write it, in milliseconds since 1970.
fn time(call: &Call, name: &str, now_ms: u64) -> Result<Option<u64>, Refused> {
    let Some(text) = call.query_value(name) else { return Ok(None) };
    // A plus that a query turned into a space is put back.
    let found = time_ms(&text.trim().replace(' ', "+"), now_ms);
    found.map(Some).map_err(|error| problem(400, "parameter", format!("{name}: {error}")))
}

/// The E.164 of a phone in any spelling that has its country code, as the intake stored it. A plus that a query turned
/// into a space is put back, and one that was left out is thought of.
fn phone_of(text: &str) -> Result<String, Refused> {
    let wrong = || problem(400, "parameter", "phone is a number with its country code (E.164), such as %2B48512345678");
    let mut text = text.trim();
    for prefix in ["tel:", "phone:", "p:"] {
        let cut = text.get(..prefix.len()).filter(|begin| begin.eq_ignore_ascii_case(prefix));
        text = cut.and_then(|_| text.get(prefix.len()..)).unwrap_or(text);
    }
    let number = text.trim_start_matches(['+', '\u{ff0b}', ' ', '(']);
    let number = number.strip_prefix("00").unwrap_or(number);
    let dialled = format!("+{number}");
    if let Some(phone) = read_phone(&dialled) {
        return Ok(phone);
    }
    // A number of no plan was stored by no intake; it finds nothing, and is no mistake of the asker's.
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let spelt =
        number.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "-./()\u{2010}\u{2011}\u{2013}".contains(c));
    if spelt && (4..=15).contains(&digits.len()) { Ok(format!("+{digits}")) } else { Err(wrong()) }
}

/// Any country's plan tells whose the number is.
fn read_phone(dialled: &str) -> Option<String> {
    let any: Country = "US".parse().ok()?;
    let phone = Phone::parse(dialled, any).or_else(|error| match error.problem {
        PhoneProblem::OtherCountry(Some(country)) => Phone::parse(dialled, country),
        _ => Err(error),
    });
    phone.ok().map(|phone| phone.e164().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_found_by_any_spelling_with_its_country_code() {
        for spelling in [
            "+48500100200",
            " 48500100200",
            "48500100200",
            "+48 500 100 200",
            "+48-500-100-200",
            "(+48) 500.100.200",
            "0048 500 100 200",
            "tel:+48500100200",
            "p:+48500100200",
            "\u{ff0b}48 500\u{a0}100\u{a0}200",
        ] {
            assert_eq!(phone_of(spelling).as_deref(), Ok("+48500100200"), "{spelling}");
        }
        assert_eq!(phone_of("+1 (204) 234-5678").as_deref(), Ok("+12042345678"));
        assert_eq!(phone_of("+49 (0)30 123456").as_deref(), Ok("+4930123456"));
        assert_eq!(phone_of("+999 12 34").as_deref(), Ok("+9991234"));
        for wrong in ["", "anna", "+", "+48 500 100 200 ext 7", "1234567890123456"] {
            assert!(phone_of(wrong).is_err(), "{wrong}");
        }
    }
}

//! The shape a value must have after its filter, or as the value that it is.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use url::Url;

use crate::filter::Filter;
use crate::template::{Alternative, Name, Placeholder};

use super::capture::only_name;

/// Seconds as `datetime` writes them.
const DATETIME: &str = "%Y-%m-%d %H:%M:%S";

/// What is wrong with a value's shape, in words; `None` where nothing is.
pub(super) fn wrong(placeholder: &Placeholder, value: &str) -> Option<&'static str> {
    if value.is_empty() {
        let may_be = placeholder.alternatives.contains(&Alternative::Text(String::new()));
        return (!may_be).then_some("is empty");
    }
    match placeholder.filter {
        Some(filter) => wrong_for(filter, value),
        None => only_name(placeholder).and_then(|name| wrong_as(name, value)),
    }
}

fn wrong_for(filter: Filter, value: &str) -> Option<&'static str> {
    let (right, complaint) = match filter {
        Filter::Digits => (is_digits(value), "has something else than digits"),
        Filter::National => (value.chars().any(|c| c.is_ascii_digit()), "has no digits"),
        Filter::Lower => (value.to_lowercase() == value, "is not in lower case"),
        Filter::Alpha3 => {
            (value.len() == 3 && value.bytes().all(|b| b.is_ascii_uppercase()), "is no country of three letters")
        }
        Filter::FirstWord => (!value.contains(char::is_whitespace), "is more than one word"),
        Filter::Host => (is_host(value), "is no host"),
        Filter::Origin => {
            (Url::parse(value).is_ok_and(|url| url.origin().ascii_serialization() == value), "is no scheme and host")
        }
        Filter::Number => (serde_json::from_str::<serde_json::Number>(value).is_ok(), "is no number"),
        Filter::Datetime => (DateTime::strptime(DATETIME, value).is_ok(), "is no time such as 2026-11-22 10:00:00"),
        Filter::Sha1 => (is_hex(value, 40), "is no SHA-1 digest in lower-case hex"),
        Filter::Max(length) => (value.chars().count() <= length, "is longer than the contract allows"),
        Filter::RestWords | Filter::Comma | Filter::Each | Filter::One => return None,
    };
    (!right).then_some(complaint)
}

fn wrong_as(name: &Name, value: &str) -> Option<&'static str> {
    let (right, complaint) = match name {
        Name::LeadPhone => (value.strip_prefix('+').is_some_and(is_digits), "is no phone with a plus and digits"),
        Name::LeadCountry => (value.parse::<lead::Country>().is_ok(), "is no country of two letters"),
        Name::OrderId => (value.parse::<lead::OrderId>().is_ok(), "is no order id of the relay"),
        Name::OrderCreated | Name::WindowFrom | Name::WindowTo => {
            (value.parse::<i64>().is_ok(), "is no time in unix seconds")
        }
        _ => return None,
    };
    (!right).then_some(complaint)
}

/// Unix seconds of a time as a call sends it.
pub(super) fn seconds(value: &str) -> Option<i64> {
    let written = || Offset::UTC.to_timestamp(DateTime::strptime(DATETIME, value).ok()?).ok();
    value.parse().ok().or_else(|| written().map(Timestamp::as_second))
}

fn is_digits(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit())
}

fn is_hex(value: &str, length: usize) -> bool {
    value.len() == length && value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

fn is_host(value: &str) -> bool {
    Url::parse(&format!("https://{value}/")).is_ok_and(|url| url.host_str() == Some(value))
}

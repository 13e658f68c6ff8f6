//! What is read of a field that goes with an order: repaired, cut or left out, and never a reason to refuse the lead.

use std::net::{IpAddr, SocketAddr};

use email_address::{EmailAddress, Options};
use rust_decimal::Decimal;
use url::Url;

use super::draft::Written;
use super::notes::Did;
use crate::marks;
use crate::{CurrencyCode, Field, money};

/// What is there of a field, and what was done to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) text: Option<String>,
    pub(super) did: Option<Did>,
    /// The currency that stood beside a price.
    pub(super) currency: Option<CurrencyCode>,
}

impl Reading {
    fn left_out() -> Self {
        Self { did: Some(Did::LeftOut), ..Self::default() }
    }

    /// A text that is to be told as repaired where it is not what `written` was.
    fn of(text: String, written: &str) -> Self {
        let did = (text != written.trim()).then_some(Did::Repaired);
        Self { text: Some(text), did, currency: None }
    }
}

/// Reads an optional field. Nothing but white space is nothing.
pub(super) fn read(field: Field, value: Written) -> Reading {
    match value {
        Written::Null => Reading::default(),
        Written::Text(text) => read_text(field, text),
        // The one field whose natural form is yes or no.
        Written::Bool(bool) if field == Field::Consent => read_text(field, if bool { "true" } else { "false" }),
        Written::Bool(_) | Written::Garbage | Written::Other => Reading::left_out(),
    }
}

fn read_text(field: Field, text: &str) -> Reading {
    if text.trim().is_empty() {
        return Reading::default();
    }
    let read = match field {
        Field::Email => email(text).map(|email| Reading::of(email, text)),
        Field::Ip => ip(text),
        Field::Quantity => quantity(text).map(|number| Reading::of(number, text)),
        Field::Price => price(text),
        Field::Currency => currency(text),
        _ => Some(free(field, text)),
    };
    read.unwrap_or_else(Reading::left_out)
}

fn free(field: Field, text: &str) -> Reading {
    let mut reading = match field {
        // What a tracker sent comes back to it untouched.
        _ if is_trackers(field) => {
            let kept = marks::without_controls(text);
            let did = (kept != text).then_some(Did::Repaired);
            Reading { text: Some(kept), did, currency: None }
        }
        // A box of several lines has line breaks: nothing is wrong with them.
        Field::Address | Field::Comment => {
            Reading::of(marks::without_controls(text.trim()).trim().to_owned(), text).untold()
        }
        Field::Referer | Field::LandingUrl | Field::UserAgent => {
            Reading::of(marks::without_controls(text.trim()).trim().to_owned(), text)
        }
        // What a browser accepts is a list of languages, the best one first.
        Field::Language => Reading::of(marks::tidy(text.split([',', ';']).next().unwrap_or_default()), text),
        _ => Reading::of(marks::tidy(text), text),
    };
    reading.text = reading.text.filter(|text| !text.trim().is_empty());
    let Some(text) = &mut reading.text else { return Reading::left_out() };
    if let Some((end, _)) = text.char_indices().nth(field.max_chars()) {
        text.truncate(end);
        reading.did = Some(Did::Cut);
    }
    if field == Field::LandingUrl && !is_web_address(text) {
        return Reading::left_out();
    }
    reading
}

impl Reading {
    fn untold(self) -> Self {
        Self { did: None, ..self }
    }
}

const fn is_trackers(field: Field) -> bool {
    use Field::{ClickId, Fbc, Fbclid, Fbp, Gbraid, Gclid, Sub1, Sub2, Sub3, Sub4, Sub5, Ttclid, Ttp, Wbraid};
    use Field::{UtmCampaign, UtmContent, UtmMedium, UtmSource, UtmTerm};
    matches!(
        field,
        ClickId | Sub1 | Sub2 | Sub3 | Sub4 | Sub5 | UtmSource | UtmMedium | UtmCampaign | UtmContent | UtmTerm
    ) || matches!(field, Fbclid | Fbc | Fbp | Ttclid | Ttp | Gclid | Gbraid | Wbraid)
}

/// The address alone: without `mailto:`, a name before it in angle brackets, or a mark behind it.
fn email(text: &str) -> Option<String> {
    let tidy = marks::tidy(text);
    let inner = match (tidy.rfind('<'), tidy.strip_suffix('>')) {
        (Some(open), Some(closed)) => closed.get(open..)?.trim_start_matches('<'),
        _ => &tidy,
    };
    let bare = inner.strip_prefix("mailto:").unwrap_or(inner).trim_matches([' ', '.', ',', ';', '"', '\'']);
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    let right =
        bare.chars().count() <= Field::Email.max_chars() && EmailAddress::parse_with_options(bare, options).is_ok();
    right.then(|| bare.to_owned())
}

/// The first address of a list such as `X-Forwarded-For`, without port, brackets or zone. One that hides itself
/// (`unknown`) leaves nobody's: the next ones are proxies.
fn ip(text: &str) -> Option<Reading> {
    let tidy = marks::tidy(text);
    let first = tidy.split([',', ';', ' ']).map(str::trim).find(|part| !part.is_empty())?;
    let first = first.trim_matches(['"', '\'']);
    let first = first.strip_prefix("for=").map_or(first, |value| value.trim_matches('"'));
    let address = address(first)?.to_canonical().to_string();
    let did = (text.trim().parse::<IpAddr>().is_err()).then_some(Did::Repaired);
    Some(Reading { text: Some(address), did, currency: None })
}

fn address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(with_port) = text.parse::<SocketAddr>() {
        return Some(with_port.ip());
    }
    let bare = text.strip_prefix('[').map_or(text, |rest| rest.split(']').next().unwrap_or_default());
    let bare = bare.split('%').next().unwrap_or_default();
    // A port that is none.
    let bare = if bare.matches(':').count() == 1 { bare.split(':').next().unwrap_or_default() } else { bare };
    bare.parse().ok()
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn quantity(text: &str) -> Option<String> {
    let tidy = marks::tidy(text);
    decimal(&tidy).filter(|number| number.bytes().any(|byte| matches!(byte, b'1'..=b'9')))
}

fn price(text: &str) -> Option<Reading> {
    let tidy = marks::tidy(text);
    if let Some(plain) = decimal(&tidy) {
        return Some(Reading::of(plain, text));
    }
    let written: money::Written = tidy.parse().ok()?;
    Some(Reading { currency: written.currency(), ..Reading::of(written.amount.to_string(), text) })
}

fn currency(text: &str) -> Option<Reading> {
    let tidy = marks::tidy(text);
    let code: CurrencyCode = tidy.parse().ok()?;
    // Either case is the same word.
    let did = (!text.trim().eq_ignore_ascii_case(code.as_str())).then_some(Did::Repaired);
    Some(Reading { text: Some(code.as_str().to_owned()), did, currency: None })
}

/// A number in digits with at most one point, exact in 28 digits, without a sign or an exponent: as it was written, but for
/// zeros in front, with which it would be no number of JSON.
fn decimal(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = text.len() <= Field::Price.max_chars();
    if !(fits && digits(whole) && digits(fraction) && Decimal::from_str_exact(text).is_ok()) {
        return None;
    }
    let significant = text.trim_start_matches('0');
    let lacks_one = significant.is_empty() || significant.starts_with('.');
    Some(if lacks_one { format!("0{significant}") } else { significant.to_owned() })
}

#[cfg(test)]
mod tests;

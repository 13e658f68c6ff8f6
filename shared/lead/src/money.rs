//! Money: decimals and currencies, never floats.

mod number;
mod unit;

use std::fmt;
use std::str::FromStr;

pub use iso_currency::Currency;
pub use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use unit::Unit;

/// What the network pays for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// The amount, zero or more.
    pub amount: Decimal,
    /// ISO 4217; `None` where the network named none.
    pub currency: Option<CurrencyCode>,
}

impl fmt::Display for Payout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.currency {
            Some(currency) => write!(f, "{} {currency}", self.amount),
            None => write!(f, "{}", self.amount),
        }
    }
}

/// An ISO 4217 currency, in upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CurrencyCode(Currency);

impl CurrencyCode {
    /// The three letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.code()
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code())
    }
}

/// A text that is no decimal amount or no currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number.
    #[error("a decimal number such as 12.50 is wanted")]
    NotANumber,
    /// A comma and three digits: a thousand to some, a decimal to others.
    #[error("an amount that can be read one way only is wanted: 1234 or 1.234")]
    Ambiguous,
    /// Below zero.
    #[error("an amount of zero or more is wanted")]
    Negative,
    /// No ISO 4217 code.
    #[error("an ISO 4217 code such as EUR is wanted")]
    NotACurrency,
}

impl FromStr for CurrencyCode {
    type Err = MoneyError;

    /// Reads a code in either case, one that another replaced at par (`RUR`), a sign (`€`) or a short word (`zł`). `$` is
    /// the dollar of the USA; a sign of several currencies (`kr`, `¥`) names none.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Unit::read(text).and_then(Unit::alone).ok_or(MoneyError::NotACurrency)
    }
}

impl TryFrom<String> for CurrencyCode {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<CurrencyCode> for String {
    fn from(code: CurrencyCode) -> Self {
        code.as_str().to_owned()
    }
}

/// An amount as people and networks write it: `12.50`, `12,50 €`, `1 299.00`, `USD 5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The amount, zero or more.
    pub amount: Decimal,
    unit: Option<Unit>,
}

impl FromStr for Written {
    type Err = MoneyError;

    /// Reads an amount with at most a currency around it. One point is always that of a decimal.
    ///
    /// # Errors
    /// [`MoneyError::Ambiguous`] for `1,234`; [`MoneyError::Negative`] below zero; [`MoneyError::NotANumber`] for anything
    /// else, numbers with an exponent or of more than 15 digits before the point among them.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let is_digit = |c: char| c.is_ascii_digit();
        let first = text.find(is_digit).ok_or(MoneyError::NotANumber)?;
        let last = text.rfind(is_digit).ok_or(MoneyError::NotANumber)?;
        let (before, rest) = text.split_at_checked(first).ok_or(MoneyError::NotANumber)?;
        let (number, after) = rest.split_at_checked(last + 1 - first).ok_or(MoneyError::NotANumber)?;
        // `.50` has no digit before its point; in `Rs.50` it ends a word.
        let (before, is_fraction) = match before.strip_suffix(['.', ',']) {
            Some(shorter) if !shorter.ends_with(char::is_alphabetic) => (shorter, true),
            _ => (before, false),
        };
        // `139,-` is how shops write that there are no cents.
        let after =
            [",-", ".-", ",\u{2013}", ".\u{2013}"].iter().find_map(|end| after.strip_prefix(end)).unwrap_or(after);
        let (before, is_negative) = unsigned(before);
        let amount = if is_fraction { number::read(&format!("0.{number}"))? } else { number::read(number)? };
        let unit = match (beside(&before)?, beside(after)?) {
            (Some(one), Some(two)) => Some(one.and(two)),
            (one, two) => one.or(two),
        };
        if is_negative && !amount.is_zero() { Err(MoneyError::Negative) } else { Ok(Self { amount, unit }) }
    }
}

impl Written {
    /// The currency that is named beside the amount.
    #[must_use]
    pub fn currency(&self) -> Option<CurrencyCode> {
        self.unit.and_then(Unit::alone)
    }

    /// Whether a currency stands beside the amount, known or not.
    #[must_use]
    pub const fn names_currency(&self) -> bool {
        self.unit.is_some()
    }

    /// The payout, with the currency that is named apart from the amount. A sign of several currencies beside the amount
    /// is the one that is named apart; two that contradict each other are none.
    #[must_use]
    pub fn payout(&self, named: Option<&str>) -> Payout {
        let named = named.map(str::trim).filter(|text| !text.is_empty());
        let currency = match (self.unit, named.map(Unit::read)) {
            (unit, None) => unit.and_then(Unit::alone),
            (None, Some(named)) => named.and_then(Unit::alone),
            // What cannot be read does not take away what can.
            (Some(unit), Some(named)) => named.map_or(unit, |named| unit.and(named)).alone(),
        };
        Payout { amount: self.amount, currency }
    }
}

/// Takes off one sign before the digits, wherever the currency stands to it (`-$5`, `$-5`).
fn unsigned(before: &str) -> (String, bool) {
    let Some((at, sign)) = before.char_indices().find(|(_, c)| matches!(c, '+' | '-' | '\u{2212}')) else {
        return (before.to_owned(), false);
    };
    let rest = before.char_indices().filter(|(other, _)| *other != at).map(|(_, c)| c).collect();
    (rest, sign != '+')
}

/// The currency that the text on one side of the amount names.
fn beside(text: &str) -> Result<Option<Unit>, MoneyError> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ':'));
    if text.is_empty() {
        return Ok(None);
    }
    let whole = Unit::beside_an_amount(text);
    let in_words = || text.split_whitespace().map(Unit::beside_an_amount).reduce(|all, one| Some(all?.and(one?)))?;
    whole.or_else(in_words).map(Some).ok_or(MoneyError::NotANumber)
}

#[cfg(test)]
mod tests;

//! Money: decimals and currencies, never floats.

use std::fmt;
use std::str::FromStr;

pub use iso_currency::Currency;
pub use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

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
    /// Below zero.
    #[error("an amount of zero or more is wanted")]
    Negative,
    /// No ISO 4217 code.
    #[error("an ISO 4217 code such as EUR is wanted")]
    NotACurrency,
}

impl FromStr for CurrencyCode {
    type Err = MoneyError;

    /// Reads a code in either case.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Currency::from_code(&text.trim().to_ascii_uppercase()).map(Self).ok_or(MoneyError::NotACurrency)
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

/// Reads an amount as networks and forms write it: `12.50` and `12,50` are the same.
///
/// # Errors
/// [`MoneyError::NotANumber`] for anything that is not plain digits with at most one point or comma,
/// [`MoneyError::Negative`] below zero.
pub fn parse_amount(text: &str) -> Result<Decimal, MoneyError> {
    let text = text.trim();
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+'));
    if !plain || text.matches(['.', ',']).count() > 1 {
        return Err(MoneyError::NotANumber);
    }
    let amount = Decimal::from_str(&text.replace(',', ".")).map_err(|_| MoneyError::NotANumber)?;
    if amount.is_sign_negative() && !amount.is_zero() {
        return Err(MoneyError::Negative);
    }
    Ok(amount.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_and_comma_are_the_same() {
        assert_eq!(parse_amount("12,50"), Ok(Decimal::new(1250, 2)));
        assert_eq!(parse_amount(" 12.50 "), Ok(Decimal::new(1250, 2)));
        assert_eq!(parse_amount("7"), Ok(Decimal::from(7)));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "abc", "1,234.50", "1e5", "NaN", "{payout}", "--1", "1.2.3"] {
            assert_eq!(parse_amount(text), Err(MoneyError::NotANumber), "{text}");
        }
        assert_eq!(parse_amount("-1"), Err(MoneyError::Negative));
    }

    #[test]
    fn currencies_are_iso_codes_in_either_case() {
        assert_eq!("eur".parse::<CurrencyCode>().map(CurrencyCode::as_str), Ok("EUR"));
        assert_eq!("euros".parse::<CurrencyCode>(), Err(MoneyError::NotACurrency));
    }
}

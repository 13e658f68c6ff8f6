//! Phone numbers, by Google's numbering plans (libphonenumber's metadata).

use std::fmt;

use rlibphonenumber::{
    NumberLengthType, ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil, Region,
    ValidationError,
};
use serde::{Deserialize, Serialize};

use crate::{Country, marks};

mod error;
mod plans;
mod spelling;

pub use error::{PhoneError, PhoneProblem};

/// A customer's phone: the text as it came, and the number in E.164. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// `None` where it is the same text as `e164`.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    #[serde(rename = "e")]
    e164: String,
}

/// A plus and a calling code.
const MOST_OF_CODE: usize = 4;
/// No country has longer numbers, whatever is dialled before them.
const MOST_DIGITS: usize = 25;

impl Phone {
    /// Reads a number as a customer of `country` writes it: nationally, or internationally with `+`, the
    /// country's dialling-out prefix, or just the calling code.
    ///
    /// The number has to be *valid* in the numbering plan of that very country, not only of a possible length:
    /// length alone can't tell the countries of a shared calling code apart, and lets mistyped numbers through.
    /// So the plans have to be fresh: new number ranges arrive by updating the library.
    ///
    /// # Errors
    /// [`PhoneError`] for a number that is not one of `country`. It is never taken for another country's.
    pub fn parse(raw: &str, country: Country) -> Result<Self, PhoneError> {
        let raw = marks::without_controls(raw.trim());
        let text = spelling::bare(&raw);
        let failed = |problem, example| PhoneError { problem, country, example };
        let Some((region, plan)) = plans::of_country(country) else { return Err(failed(PhoneProblem::NoPlan, None)) };
        let number = read(&text, region, plan)
            .or_else(|problem| match problem {
                // Only all plans together tell which.
                PhoneProblem::OtherCountry(None) => read(&text, region, plans::all().ok_or(problem)?),
                problem => Err(problem),
            })
            .or_else(|problem| {
                let other = Some(problem).filter(|problem| spelling::may_be_other(*problem));
                other.and_then(|_| spelling::other(&text, region, plan)).ok_or(problem)
            })
            .map_err(|problem| failed(problem, example(region, plan)))?;
        let e164 = plan.format(&number, PhoneNumberFormat::E164).into_owned();
        Ok(Self { raw: (raw != e164).then_some(raw), e164 })
    }

    /// The text as it came, without spaces around it.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.raw.as_deref().unwrap_or(&self.e164)
    }

    /// The number in E.164: `+48500100200`.
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The number in E.164 without the plus: `48500100200`.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.e164.strip_prefix('+').unwrap_or(&self.e164)
    }

    /// The significant digits without the calling code: `500100200`. An Italian number keeps its leading zero,
    /// a trunk prefix such as the German 0 is no part of the number.
    #[must_use]
    pub fn national(&self) -> String {
        let number = plans::of_digits(self.digits()).and_then(|plan| plan.parse(&self.e164, None).ok());
        number.map_or_else(|| self.digits().to_owned(), |number| number.get_national_significant_number())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

/// A made-up mobile number of a country, to show what one looks like.
fn example(region: Region, plan: &PhoneNumberUtil) -> Option<String> {
    let number = plan.get_example_number_for_type_and_region(region, PhoneNumberType::Mobile).ok()?;
    Some(plan.format(&number, PhoneNumberFormat::International).into_owned())
}

fn read(raw: &str, region: Region, plan: &PhoneNumberUtil) -> Result<PhoneNumber, PhoneProblem> {
    let dialled = dialled(raw, plan).ok_or(PhoneProblem::Characters)?;
    if dialled.len() > MOST_DIGITS {
        return Err(PhoneProblem::TooLong);
    }
    let number = plan.parse(&dialled, Some(region)).map_err(|error| match error {
        ParseError::InvalidCountryCode => PhoneProblem::OtherCountry(None),
        ParseError::TooLongNsn => PhoneProblem::TooLong,
        ParseError::NotANumber(_) | ParseError::TooShortAfterIdd | ParseError::TooShortNsn => PhoneProblem::TooShort,
    })?;
    let number = without_plus(&dialled, &number, region, plan).unwrap_or(number);
    if belongs_to(&number, region, plan) { Ok(number) } else { Err(problem_of(&number, region, plan)) }
}

/// What is dialled of a number as people write it: digits of any script as 0 to 9, with `+` if it is in front.
/// `None` when anything else is in the text: a letter may be a typo, and an extension has no place in E.164.
fn dialled(raw: &str, plan: &PhoneNumberUtil) -> Option<String> {
    let mut dialled = String::new();
    for char in raw.chars() {
        match char {
            '0'..='9' => dialled.push(char),
            // Zeros before it dial out as well; a second one stands between a code that was filled in and the number.
            '+' | '\u{ff0b}' | '\u{fe62}' | '\u{207a}' => match dialled.len() {
                _ if dialled.bytes().all(|byte| byte == b'0') => "+".clone_into(&mut dialled),
                1..=MOST_OF_CODE if dialled.starts_with('+') => {}
                _ => return None,
            },
            _ if is_separator(char) => {}
            _ if char.is_numeric() => {
                let digit = plan.normalize_digits_only(char.to_string());
                dialled.push(digit.parse().ok()?);
            }
            _ => return None,
        }
    }
    Some(dialled)
}

fn is_separator(char: char) -> bool {
    char.is_whitespace()
        || matches!(char, '_' | ',' | '\'' | '`' | '~' | '\u{b7}' | '\u{2019}' | '\u{2022}' | '\u{2043}' | '\u{30fb}' | '\u{fe58}' | '\u{fe63}')
        || matches!(char, '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\u{2212}' | '\u{2010}'..='\u{2015}')
        || matches!(char, '\u{ff08}' | '\u{ff09}' | '\u{ff0d}'..='\u{ff0f}')
        // Marks no one sees, which come along when a number is copied from an address book.
        || matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The reading of digits as calling code and mobile number, where they are no mobile number by themselves.
///
/// Much software drops the plus of E.164. Where national numbers have many lengths (Germany, Indonesia), the
/// calling code would be taken for an area code.
fn without_plus(dialled: &str, national: &PhoneNumber, region: Region, plan: &PhoneNumberUtil) -> Option<PhoneNumber> {
    let calling_code = plan.get_country_code_for_region(region)?.to_string();
    if !dialled.starts_with(&calling_code) || is_mobile(national, plan) {
        return None;
    }
    let number = plan.parse(format!("+{dialled}"), Some(region)).ok()?;
    (belongs_to(&number, region, plan) && is_mobile(&number, plan)).then_some(number)
}

fn is_mobile(number: &PhoneNumber, plan: &PhoneNumberUtil) -> bool {
    matches!(plan.get_number_type(number), PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile)
}

/// The calling code is compared here: the library's check of a region looks at the national part only.
fn belongs_to(number: &PhoneNumber, region: Region, plan: &PhoneNumberUtil) -> bool {
    plan.get_country_code_for_region(region) == Some(number.country_code)
        && plan.is_valid_number_for_region(number, region)
}

fn problem_of(number: &PhoneNumber, region: Region, plan: &PhoneNumberUtil) -> PhoneProblem {
    let other = plan.get_region_for_number(number).filter(|other| *other != region && belongs_to(number, *other, plan));
    let foreign_code = plan.get_country_code_for_region(region) != Some(number.country_code);
    if other.is_some() || foreign_code {
        return PhoneProblem::OtherCountry(other.and_then(|other| other.to_string().parse().ok()));
    }
    match plan.is_possible_number_with_reason(number) {
        Ok(NumberLengthType::IsPossibleLocalOnly) | Err(ValidationError::TooShort) => PhoneProblem::TooShort,
        Err(ValidationError::TooLong) => PhoneProblem::TooLong,
        _ => PhoneProblem::Unassigned,
    }
}

#[cfg(test)]
mod tests;

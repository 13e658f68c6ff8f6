//! Phone numbers, by Google's numbering plans (libphonenumber's metadata).

use std::fmt;

use rlibphonenumber::{
    NumberLengthType, ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil, Region,
    ValidationError,
};
use serde::{Deserialize, Serialize};

use crate::Country;

mod error;
mod plans;

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
        let raw = raw.trim();
        let failed = |problem, example| PhoneError { problem, country, example };
        let Some((region, plan)) = plans::of_country(country) else { return Err(failed(PhoneProblem::NoPlan, None)) };
        let number = read(raw, region, plan)
            .or_else(|problem| match problem {
                // Only all plans together tell which.
                PhoneProblem::OtherCountry(None) => read(raw, region, plans::all().ok_or(problem)?),
                problem => Err(problem),
            })
            .map_err(|problem| failed(problem, example(region, plan)))?;
        let e164 = plan.format(&number, PhoneNumberFormat::E164).into_owned();
        Ok(Self { raw: (raw != e164).then(|| raw.to_owned()), e164 })
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
            '+' | '\u{ff0b}' if dialled.is_empty() => dialled.push('+'),
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(raw: &str, country: &str) -> Result<Phone, PhoneError> {
        Phone::parse(raw, country.parse().unwrap())
    }

    #[test]
    fn a_number_of_its_country_is_read_however_it_is_written() {
        for (country, raw, e164) in [
            ("PL", "500 100 200", "+48500100200"),
            ("PL", "+48 500-100-200", "+48500100200"),
            ("PL", "0048500100200", "+48500100200"),
            ("PL", "48500100200", "+48500100200"),
            ("PL", "\u{202a}+48 500 100 200\u{202c}", "+48500100200"),
            ("RO", "0712 345 678", "+40712345678"),
            ("KZ", "8 (701) 123-45-67", "+77011234567"),
            ("KZ", "77011234567", "+77011234567"),
            ("RU", "8 (912) 345-67-89", "+79123456789"),
            ("IT", "02 1234567", "+39021234567"),
            ("IT", "3912345678", "+393912345678"),
            ("US", "(202) 555-0123", "+12025550123"),
            ("CA", "+1 416.555.0123", "+14165550123"),
            ("DE", "+49 (0)151 23456789", "+4915123456789"),
            ("DE", "0151/23456789", "+4915123456789"),
            ("DE", "4915123456789", "+4915123456789"),
            ("ID", "62812345678", "+62812345678"),
            ("IN", "098765 43210", "+919876543210"),
            ("TR", "5321234567", "+905321234567"),
            ("XK", "+383 43 201 234", "+38343201234"),
            ("SJ", "+47 79 12 34 56", "+4779123456"),
            ("EG", "\u{660}\u{661}\u{660}\u{660}\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}", "+201001234567"),
        ] {
            let phone = parse(raw, country).unwrap_or_else(|error| panic!("{country} {raw}: {error}"));
            assert_eq!((phone.e164(), phone.raw()), (e164, raw));
        }
    }

    #[test]
    fn a_number_that_does_not_fit_its_country_is_refused_with_the_reason() {
        use PhoneProblem::{Characters, NoPlan, OtherCountry, TooLong, TooShort, Unassigned};
        let country = |code: &str| Some(code.parse().unwrap());
        for (code, raw, problem) in [
            ("PL", "", TooShort),
            ("PL", "()", TooShort),
            ("PL", "123", TooShort),
            ("US", "555-0123", TooShort),
            ("PL", "500100200500", TooLong),
            ("PL", "500100200 / 600200300 / 700300400 / 800400500", TooLong),
            ("PL", "111111111", Unassigned),
            ("IN", "1111111111", Unassigned),
            ("PL", "+40 712 345 678", OtherCountry(country("RO"))),
            ("PL", "+40 700 000 001", OtherCountry(country("RO"))),
            ("PL", "0040712345678", OtherCountry(country("RO"))),
            ("RU", "+7 701 123 45 67", OtherCountry(country("KZ"))),
            ("KZ", "+7 912 345 67 89", OtherCountry(country("RU"))),
            ("US", "+1 416 555 0123", OtherCountry(country("CA"))),
            ("CA", "202 555 0123", OtherCountry(country("US"))),
            ("RS", "+383 43 201 234", OtherCountry(country("XK"))),
            ("PL", "+999 500 100 200", OtherCountry(None)),
            ("PL", "5O0 1OO 2OO", Characters),
            ("PL", "500 100 200 ext. 5", Characters),
            ("PL", "500 100 200+48", Characters),
            ("PL", "5\u{bd}0 100 200", Characters),
            ("AQ", "+672 1 12345", NoPlan),
        ] {
            assert_eq!(parse(raw, code).unwrap_err().problem, problem, "{code} {raw}");
        }
    }

    #[test]
    fn messages_tell_what_would_be_right() {
        let message = |raw, country| parse(raw, country).unwrap_err().to_string();
        assert_eq!(
            message("+40 712 345 678", "PL"),
            "a phone number of PL such as +48 512 345 678 is wanted; this one is a number of RO"
        );
        assert_eq!(
            message("12", "IT"),
            "a phone number of IT such as +39 312 345 6789 is wanted; this one is too short"
        );
        assert_eq!(message("12", "AQ"), "no phone numbers of AQ are known; give the country the number belongs to");
    }

    #[test]
    fn the_forms_networks_ask_for_are_derived() {
        let phone = parse("+39 06 1234 5678", "IT").unwrap();
        assert_eq!((phone.digits(), phone.national().as_str()), ("390612345678", "0612345678"));
        let phone = parse("0151 23456789", "DE").unwrap();
        assert_eq!((phone.digits(), phone.national().as_str()), ("4915123456789", "15123456789"));
    }

    #[test]
    fn it_is_stored_short_and_shown_never() {
        let phone = parse("+48500100200", "PL").unwrap();
        assert_eq!(serde_json::to_string(&phone).unwrap(), r#"{"e":"+48500100200"}"#);
        let phone = parse("500 100 200", "PL").unwrap();
        assert_eq!(serde_json::to_string(&phone).unwrap(), r#"{"r":"500 100 200","e":"+48500100200"}"#);
        assert_eq!(format!("{phone:?}"), "Phone(…)");
    }

    #[test]
    fn every_country_with_a_plan_takes_its_own_example() {
        for code in iso_country::data::all() {
            let country: Country = code.alpha2.parse().unwrap();
            let Some((region, plan)) = plans::of_country(country) else { continue };
            let Some(example) = example(region, plan) else { continue };
            let phone = Phone::parse(&example, country).unwrap_or_else(|error| panic!("{error}"));
            let again = Phone::parse(phone.e164(), country).unwrap();
            assert_eq!(again.e164(), phone.e164());
        }
    }

    proptest! {
        #[test]
        fn the_plan_of_a_calling_code_reads_as_all_plans_together(
            raw in "(\\+|00|011|8)?[0-9 ]{1,16}",
            index in 0..249_usize,
        ) {
            let country: Country = iso_country::data::all()[index].alpha2.parse().unwrap();
            let Some((region, plan)) = plans::of_country(country) else { return Ok(()) };
            let (own, together) = (read(&raw, region, plan), read(&raw, region, plans::all().unwrap()));
            match own {
                Err(PhoneProblem::OtherCountry(None)) => prop_assert!(together.is_err()),
                own => prop_assert_eq!(own, together),
            }
        }

        #[test]
        fn nothing_makes_it_panic_and_what_it_takes_reads_back(raw in "[+0-9(). a-z-]{0,30}|\\PC{0,30}", index in 0..249_usize) {
            let country: Country = iso_country::data::all()[index].alpha2.parse().unwrap();
            match Phone::parse(&raw, country) {
                Ok(phone) => {
                    let again = Phone::parse(phone.e164(), country).unwrap();
                    prop_assert_eq!(again.e164(), phone.e164());
                }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}

//! Why a phone number is refused.

use std::fmt;

use crate::Country;

/// A number that is none of the wanted country. Tells what would be right, never the number itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneError {
    /// What is wrong with it.
    pub problem: PhoneProblem,
    /// The country the number was to belong to.
    pub country: Country,
    /// A made-up number of that country, where the numbering plans have one.
    pub example: Option<String>,
}

/// What is wrong with a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneProblem {
    /// It has letters, an extension or other signs that are no part of a number.
    Characters,
    /// It has too few digits.
    TooShort,
    /// It has too many digits.
    TooLong,
    /// It is in use in another country, which is named where it is certain.
    OtherCountry(Option<Country>),
    /// The country has no numbers that begin like this, or none of this length.
    Unassigned,
    /// The country has no numbering plan of its own (Antarctica, for example).
    NoPlan,
}

impl std::error::Error for PhoneError {}

impl fmt::Display for PhoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let country = self.country;
        if self.problem == PhoneProblem::NoPlan {
            return write!(f, "no phone numbers of {country} are known; give the country the number belongs to");
        }
        write!(f, "a phone number of {country}")?;
        if let Some(example) = &self.example {
            write!(f, " such as {example}")?;
        }
        f.write_str(" is wanted; ")?;
        match self.problem {
            PhoneProblem::Characters => f.write_str("only digits, spaces and + - . / ( ) may be in it, no extension"),
            PhoneProblem::TooShort => f.write_str("this one is too short"),
            PhoneProblem::TooLong => f.write_str("this one is too long"),
            PhoneProblem::OtherCountry(Some(other)) => write!(f, "this one is a number of {other}"),
            PhoneProblem::OtherCountry(None) => f.write_str("this one begins with another calling code"),
            PhoneProblem::Unassigned | PhoneProblem::NoPlan => write!(f, "{country} has no numbers like this one"),
        }
    }
}

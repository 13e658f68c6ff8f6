//! Countries: ISO 3166-1 alpha-2 codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A country, two upper-case letters of ISO 3166-1.
///
/// The 249 officially assigned codes, and `XK` for Kosovo: ISO leaves `XA` to `XZ` to users, and `XK` is what
/// numbering plans, the European Union and the affiliate networks use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// A text that is no country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an ISO 3166-1 country code of two letters such as PL is wanted")]
pub struct NotACountry;

const KOSOVO: &str = "XK";

impl Country {
    /// The two letters, in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII letters are ever put in.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The three letters of ISO 3166-1 alpha-3, in upper case. Kosovo's are `XKX`, which is common use, not ISO.
    #[must_use]
    pub fn alpha3(&self) -> &'static str {
        let code = iso_country::data::all().into_iter().find(|code| code.alpha2 == self.as_str());
        code.map_or("XKX", |code| code.alpha3)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Country {
    type Err = NotACountry;

    /// Reads a code in either case, with or without spaces around it.
    fn from_str(text: &str) -> Result<Self, NotACountry> {
        let letters: [u8; 2] = text.trim().to_ascii_uppercase().into_bytes().try_into().map_err(|_| NotACountry)?;
        let code = str::from_utf8(&letters).map_err(|_| NotACountry)?;
        if code != KOSOVO && iso_country::Country::from_str(code).is_err() {
            return Err(NotACountry);
        }
        Ok(Self(letters))
    }
}

impl TryFrom<String> for Country {
    type Error = NotACountry;

    fn try_from(text: String) -> Result<Self, NotACountry> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_either_case_and_shown_in_upper_case() {
        for text in ["pl", "PL", " Pl "] {
            assert_eq!(text.parse::<Country>().unwrap().as_str(), "PL");
        }
        assert_eq!("kz".parse::<Country>().unwrap().to_string(), "KZ");
    }

    #[test]
    fn what_iso_does_not_assign_is_no_country() {
        for text in ["", "P", "POL", "XX", "UK", "EU", "ZZ", "SU", "12", "P L", "\u{15b}", "Poland"] {
            assert_eq!(text.parse::<Country>(), Err(NotACountry), "{text}");
        }
    }

    #[test]
    fn all_249_codes_read_and_have_their_three_letters() {
        let all = iso_country::data::all();
        assert_eq!(all.len(), 249);
        for code in all {
            assert_eq!(code.alpha2.parse::<Country>().unwrap().alpha3(), code.alpha3);
        }
        assert_eq!("XK".parse::<Country>().unwrap().alpha3(), "XKX");
    }

    #[test]
    fn json_is_the_two_letters() {
        let country: Country = serde_json::from_str("\"ro\"").unwrap();
        assert_eq!(serde_json::to_string(&country).unwrap(), "\"RO\"");
        assert!(serde_json::from_str::<Country>("\"UK\"").is_err());
    }
}

//! What each field's text has to be.

use std::net::IpAddr;

use email_address::{EmailAddress, Options};
use rust_decimal::Decimal;
use url::Url;

use crate::{CurrencyCode, Field, MoneyError};

pub(super) const NAME_CHARS: usize = 255;
pub(super) const PHONE_CHARS: usize = 64;
pub(super) const OFFER_CHARS: usize = 128;
pub(super) const KEY_CHARS: usize = 255;
pub(super) const EXTERNAL_ID_CHARS: usize = 255;
pub(super) const PARAM_NAME_CHARS: usize = 64;
pub(super) const PARAM_CHARS: usize = 500;
pub(super) const MOST_PARAMS: usize = 20;

/// What is wrong with a text. The messages hold nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("at most {most} characters are allowed, this has {given}")]
    TooLong { most: usize, given: usize },
    #[error("line breaks and other control characters are not allowed")]
    ControlCharacter,
    #[error("an e-mail address such as name@example.com is wanted")]
    Email,
    #[error("an IPv4 or IPv6 address such as 192.0.2.1 is wanted")]
    Ip,
    #[error("a URL that begins with https:// or http:// is wanted")]
    Url,
    #[error("a decimal number above zero such as 1 is wanted, in digits with at most one point")]
    Quantity,
    #[error("a decimal number of zero or more such as 12.50 is wanted, in digits with at most one point")]
    Price,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What becomes of white space in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// It is taken off both ends.
    Trimmed,
    /// As trimmed, and line breaks and tabs inside become a space.
    OneLine,
    /// Nothing: what a tracker sent comes back to it untouched.
    Kept,
}

/// Checks and tidies an optional field's text; `None` if nothing but white space is there.
pub(super) fn optional(field: Field, text: &str) -> Result<Option<String>, Fault> {
    let Some(text) = plain(text, space(field), field.max_chars())? else { return Ok(None) };
    match field {
        Field::Email => email(text),
        Field::Ip => text.parse().map_err(|_| Fault::Ip).map(|ip: IpAddr| ip.to_canonical().to_string()),
        Field::LandingUrl => web_address(text),
        Field::Quantity if decimal(&text).is_none_or(|number| number.is_zero()) => Err(Fault::Quantity),
        Field::Price if decimal(&text).is_none() => Err(Fault::Price),
        Field::Currency => Ok(text.parse::<CurrencyCode>()?.as_str().to_owned()),
        _ => Ok(text),
    }
    .map(Some)
}

/// Checks a text's characters and length; `None` if nothing but white space is there.
pub(super) fn plain(text: &str, space: Space, most: usize) -> Result<Option<String>, Fault> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    let text = match space {
        Space::Trimmed => trimmed.to_owned(),
        Space::OneLine => one_line(trimmed),
        Space::Kept => text.to_owned(),
    };
    if text.contains(char::is_control) {
        return Err(Fault::ControlCharacter);
    }
    let given = text.chars().count();
    if given > most { Err(Fault::TooLong { most, given }) } else { Ok(Some(text)) }
}

const fn space(field: Field) -> Space {
    match field {
        Field::Address | Field::Comment => Space::OneLine,
        Field::ClickId
        | Field::Sub1
        | Field::Sub2
        | Field::Sub3
        | Field::Sub4
        | Field::Sub5
        | Field::UtmSource
        | Field::UtmMedium
        | Field::UtmCampaign
        | Field::UtmContent
        | Field::UtmTerm => Space::Kept,
        _ => Space::Trimmed,
    }
}

fn one_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\n', '\r', '\t'], " ")
}

fn email(text: String) -> Result<String, Fault> {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    EmailAddress::parse_with_options(&text, options).map_err(|_| Fault::Email)?;
    Ok(text)
}

fn web_address(text: String) -> Result<String, Fault> {
    let url = Url::parse(&text).map_err(|_| Fault::Url)?;
    if matches!(url.scheme(), "http" | "https") { Ok(text) } else { Err(Fault::Url) }
}

/// A number in digits with at most one point, and exact in 28 digits. No sign, no exponent.
fn decimal(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if digits(whole) && digits(fraction) { Decimal::from_str_exact(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(field: Field, text: &str) -> String {
        optional(field, text).unwrap().unwrap()
    }

    #[test]
    fn texts_are_trimmed_and_white_space_alone_is_nothing() {
        assert_eq!(kept(Field::City, " \t\u{141}\u{f3}d\u{17a}\n"), "\u{141}\u{f3}d\u{17a}");
        assert_eq!(optional(Field::City, " \u{a0} "), Ok(None));
        assert_eq!(optional(Field::ClickId, " "), Ok(None));
    }

    #[test]
    fn what_a_tracker_sent_is_untouched() {
        for field in [Field::ClickId, Field::Sub1, Field::Sub5, Field::UtmTerm] {
            assert_eq!(kept(field, " a+b%20 "), " a+b%20 ");
            assert_eq!(optional(field, "a\nb"), Err(Fault::ControlCharacter));
        }
    }

    #[test]
    fn line_breaks_are_spaces_in_free_text_and_refused_elsewhere() {
        assert_eq!(kept(Field::Comment, "call\r\nafter\n\t6"), "call after  6");
        assert_eq!(kept(Field::Address, "Main St 1\rTown"), "Main St 1 Town");
        for text in ["a\rb", "a\nb", "a\0b", "a\u{1b}b", "a\u{85}b", "a\tb"] {
            assert_eq!(optional(Field::City, text), Err(Fault::ControlCharacter), "{text:?}");
        }
        assert_eq!(optional(Field::Comment, "a\0b"), Err(Fault::ControlCharacter));
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(kept(Field::House, &"\u{17c}".repeat(64)).chars().count(), 64);
        let fault = optional(Field::House, &"\u{17c}".repeat(65)).unwrap_err();
        assert_eq!(fault.to_string(), "at most 64 characters are allowed, this has 65");
        for field in Field::ALL {
            let long = "1".repeat(field.max_chars() + 1);
            assert!(matches!(optional(*field, &long), Err(Fault::TooLong { .. })), "{field:?}");
        }
    }

    #[test]
    fn an_email_is_an_address_and_nothing_around_it() {
        assert_eq!(kept(Field::Email, " jan.k+1@mail.example.com "), "jan.k+1@mail.example.com");
        for text in
            ["jan", "jan@", "@example.com", "jan@localhost", "Jan <jan@example.com>", "j@[192.0.2.1]", "a@b.c, d@e.f"]
        {
            assert_eq!(optional(Field::Email, text), Err(Fault::Email), "{text}");
        }
    }

    #[test]
    fn an_ip_is_written_in_its_canonical_form() {
        assert_eq!(kept(Field::Ip, "192.0.2.7"), "192.0.2.7");
        assert_eq!(kept(Field::Ip, "2001:DB8:0:0::0001"), "2001:db8::1");
        assert_eq!(kept(Field::Ip, "::ffff:192.0.2.7"), "192.0.2.7");
        for text in ["192.0.2", "192.0.2.256", "192.0.2.7:80", "010.0.0.1", "localhost", "192.0.2.7, 192.0.2.8"] {
            assert_eq!(optional(Field::Ip, text), Err(Fault::Ip), "{text}");
        }
    }

    #[test]
    fn a_landing_page_is_on_the_web_and_a_referer_is_any_text() {
        assert_eq!(kept(Field::LandingUrl, "https://shop.example/tea?x=1#form"), "https://shop.example/tea?x=1#form");
        for text in ["shop.example", "/tea", "javascript:alert(1)", "ftp://shop.example/", "https://", "data:,x"] {
            assert_eq!(optional(Field::LandingUrl, text), Err(Fault::Url), "{text}");
        }
        assert_eq!(kept(Field::Referer, "android-app://com.example.app"), "android-app://com.example.app");
    }

    #[test]
    fn numbers_are_plain_decimals_kept_as_written() {
        for text in ["1", "2.5", "12.10", "0.001", "007"] {
            assert_eq!(kept(Field::Quantity, text), text);
            assert_eq!(kept(Field::Price, text), text);
        }
        assert_eq!(kept(Field::Price, "0.00"), "0.00");
        for text in ["0", "0.0", "-1", "+1", "1e2", "1,5", ".5", "5.", "1.2.3", "one", "NaN", "0x1", "\u{661}"] {
            assert_eq!(optional(Field::Quantity, text), Err(Fault::Quantity), "{text}");
        }
        for text in ["-1", "-0", "1e2", "1 000", "12,50", "$5", "0.12345678901234567890123456789"] {
            assert_eq!(optional(Field::Price, text), Err(Fault::Price), "{text}");
        }
    }

    #[test]
    fn a_currency_is_of_iso_4217() {
        assert_eq!(kept(Field::Currency, "pln"), "PLN");
        assert_eq!(optional(Field::Currency, "zzz"), Err(Fault::Money(MoneyError::NotACurrency)));
    }
}

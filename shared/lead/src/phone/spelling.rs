//! What people, templates and exports put around a number, and the spellings of before.

use percent_encoding::percent_decode_str;
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberUtil, Region};

use super::{PhoneProblem, dialled, read};
use crate::marks::tidy;

/// The text without what marks it as a phone number: `p:`, `tel:`, quotes, what is left of an encoding, an extension.
pub(super) fn bare(text: &str) -> String {
    let mut text = text.to_owned();
    for (entity, sign) in [
        ("&amp;", "&"),
        ("&#43;", "+"),
        ("&#x2b;", "+"),
        ("&#x2B;", "+"),
        ("&plus;", "+"),
        ("&nbsp;", " "),
        ("&#160;", " "),
    ] {
        text = text.replace(entity, sign);
    }
    // What was encoded twice, or is still encoded.
    for _ in 0..2 {
        if let (true, Ok(decoded)) = (text.contains('%'), percent_decode_str(&text).decode_utf8()) {
            text = decoded.into_owned();
        }
    }
    let text = tidy(&text);
    let text = text.trim_matches(|char| is_quote(char) || matches!(char, '=' | ';' | ',' | ':' | ' '));
    let text = without_extension(without_label(text));
    // A sheet that took the number for an amount.
    let whole =
        text.strip_suffix(".0").filter(|whole| whole.len() > 6 && whole.bytes().all(|byte| byte.is_ascii_digit()));
    whole.unwrap_or(text).trim_matches(is_quote).to_owned()
}

fn is_quote(char: char) -> bool {
    matches!(char, '"' | '\'' | '`' | '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}')
}

fn without_label(text: &str) -> &str {
    const LABELS: [&str; 15] = [
        "p",
        "tel",
        "phone",
        "mobile",
        "mob",
        "cell",
        "callto",
        "sms",
        "whatsapp",
        "wa",
        "telefon",
        "т",
        "тел",
        "телефон",
        "моб",
    ];
    let end = text.find(|char: char| !char.is_alphabetic()).unwrap_or(text.len());
    let (label, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let is_label = LABELS.contains(&label.to_lowercase().as_str());
    if is_label { rest.trim_start_matches([':', '.', ' ', '/']) } else { text }
}

/// An extension is dialled once the number answers: with it and without it is one number.
fn without_extension(text: &str) -> &str {
    const MARKS: [&str; 8] = [";ext=", "ext", "доб", "wew", "int", "x", "#", ";phone-context="];
    const MOST_DIGITS: usize = 6;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let found = MARKS.iter().find_map(|mark| text.find(mark));
    let Some((number, extension)) = found.and_then(|at| text.split_at_checked(at)) else { return text };
    let is_context = extension.starts_with(";phone-context=");
    let dialled = extension.trim_start_matches(|char: char| !char.is_numeric());
    let is_extension = (1..=MOST_DIGITS).contains(&dialled.len()) && digits(dialled) == dialled.len();
    if digits(number) > MOST_DIGITS && (is_context || is_extension) { number.trim_end() } else { text }
}

/// The number that other spellings of the same digits are: with the dialling-out prefix of another country, with the calling
/// code twice, with a trunk digit that is no longer dialled. `None` where they are none of this country, or two.
pub(super) fn other(text: &str, region: Region, plan: &PhoneNumberUtil) -> Option<PhoneNumber> {
    let dialled = dialled(text, plan)?;
    let code = plan.get_country_code_for_region(region)?.to_string();
    let mut found: Option<(String, PhoneNumber)> = None;
    for spelling in spellings(&dialled, &code) {
        let Ok(number) = read(&spelling, region, plan) else { continue };
        let e164 = plan.format(&number, PhoneNumberFormat::E164).into_owned();
        match &found {
            Some((other, _)) if *other != e164 => return None,
            Some(_) => {}
            None => found = Some((e164, number)),
        }
    }
    found.map(|(_, number)| number)
}

fn spellings(dialled: &str, code: &str) -> Vec<String> {
    let digits = dialled.trim_start_matches('+');
    let has_plus = digits.len() < dialled.len();
    let mut spellings = Vec::new();
    // Each says by the country's own calling code that the number is of this country.
    let abroad =
        ["", "00", "011", "0011", "810"].into_iter().filter_map(|out| digits.strip_prefix(out)?.strip_prefix(code));
    for rest in abroad {
        spellings.push(format!("+{code}{rest}"));
        spellings.extend(rest.strip_prefix('0').map(|rest| format!("+{code}{}", rest.trim_start_matches('0'))));
        let again = rest.trim_start_matches('0').strip_prefix(code);
        spellings.extend(again.map(|rest| format!("+{code}{rest}")));
        // Mexico dialled a 1 before mobile numbers until 2020.
        spellings.extend(rest.strip_prefix('1').filter(|_| code == "52").map(|rest| format!("+{code}{rest}")));
    }
    match code {
        // Ukraine dialled 8 before the 0 until 2009, and still writes it.
        "380" if !has_plus => {
            spellings.extend(digits.strip_prefix('8').filter(|rest| rest.starts_with('0')).map(str::to_owned));
        }
        // Mexico's prefixes of before.
        "52" if !has_plus => {
            let rest = ["01", "044", "045", "1"].into_iter().filter_map(|trunk| digits.strip_prefix(trunk));
            spellings.extend(rest.map(str::to_owned));
        }
        // The 8 that is dialled within the country, with the plus of the 7.
        "7" if has_plus && digits.starts_with('8') => spellings.push(digits.to_owned()),
        _ => {}
    }
    spellings
}

/// Whether another spelling may be looked for: not of a number that is another country's, nor of what is no number.
pub(super) const fn may_be_other(problem: PhoneProblem) -> bool {
    !matches!(problem, PhoneProblem::OtherCountry(Some(_)) | PhoneProblem::Characters)
}

#[cfg(test)]
mod tests {
    use crate::Phone;

    #[test]
    fn every_spelling_that_means_one_number_is_read() {
        for (country, e164, spellings) in [
            (
                "PL",
                "+48500100200",
                &[
                    "p:+48500100200",
                    "tel:+48500100200",
                    "tel://48500100200",
                    "'+48500100200",
                    "=\"+48500100200\"",
                    "%2B48500100200",
                    "%252B48500100200",
                    "&#43;48500100200",
                    "&amp;#43;48500100200",
                    "500100200;",
                    "\u{ff0b}\u{ff14}\u{ff18}\u{ff15}\u{ff10}\u{ff10}\u{ff11}\u{ff10}\u{ff10}\u{ff12}\u{ff10}\u{ff10}",
                    "\u{665}\u{660}\u{660}\u{661}\u{660}\u{660}\u{662}\u{660}\u{660}",
                    "500\u{2013}100\u{2014}200",
                    "500\u{a0}100\u{202f}200",
                    "\u{200e}+48 500 100 200",
                    "500\t100\n200",
                    "(+48) 500 100 200",
                    "+48 (0) 500 100 200",
                    "+48 (0)500100200",
                    "0048 0500100200",
                    "011 48 500100200",
                    "+48 48 500100200",
                    "+48 +48 500100200",
                    "+48 0048 500100200",
                    "++48500100200",
                    "00+48500100200",
                    "+0048500100200",
                    "48500100200.0",
                    "500_100_200",
                    "500'100'200",
                    "500,100,200",
                    "500\u{b7}100\u{b7}200",
                    "Tel. 500 100 200",
                    "whatsapp: 500100200",
                    "тел: +48 500 100 200",
                    "+48 500 100 200 ext. 5",
                    "500100200x12",
                    "500100200#1",
                    "tel:+48-500-100-200;ext=5",
                ][..],
            ),
            (
                "UA",
                "+380501234567",
                &["80501234567", "8 050 123 45 67", "8(050)1234567", "0501234567", "+38 (050) 123-45-67"],
            ),
            ("US", "+12025550123", &["001 202 555 0123", "0012025550123", "1 202 555 0123", "011 1 202 555 0123"]),
            ("MX", "+525512345678", &["+52 1 55 1234 5678", "5215512345678", "044 55 1234 5678", "01 55 1234 5678"]),
            ("RU", "+79123456789", &["+8 912 345-67-89", "8 912 345-67-89", "810 7 912 3456789"]),
            ("DE", "+4915123456789", &["+49 (0)151 23456789", "0049 0151 23456789"]),
            ("IN", "+919876543210", &["+91 098765 43210", "0091-98765-43210"]),
        ] {
            for spelling in spellings {
                let read = Phone::parse(spelling, country.parse().unwrap());
                assert_eq!(read.map(|phone| phone.e164().to_owned()), Ok(e164.to_owned()), "{country} {spelling:?}");
            }
        }
    }

    #[test]
    fn what_may_be_another_number_is_refused() {
        for (country, spelling) in [
            ("PL", "0712345678"),
            ("PL", "+40 0712345678"),
            ("PL", "+500100200"),
            ("PL", "80501234567"),
            ("PL", "500100200 or 600200300"),
            ("PL", "500100200, 600200300"),
            ("PL", "q:500100200"),
            ("PL", "500100200 ext"),
            ("US", "+52 1 55 1234 5678"),
            ("CA", "001 202 555 0123"),
            ("UA", "8 912 345 67 89"),
        ] {
            assert!(Phone::parse(spelling, country.parse().unwrap()).is_err(), "{country} {spelling}");
        }
    }
}

//! The bytes of a query or a form: where its pairs end, and which letters they mean.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1251;
use futures_util::{FutureExt, stream};
use multer::bytes::Bytes;
use percent_encoding::percent_decode;

/// The door's names. A mark that is no `&` separates only where one of them follows it.
const NAMES: [&str; 13] =
    ["id", "oid", "eid", "status", "sta", "stc", "stt", "stw", "sth", "reason", "comment", "pay", "cc"];

/// What a page that escapes HTML makes of `&`, without the `&`.
const ESCAPES: [&str; 6] = ["amp;", "amp%3b", "#38;", "#038;", "#38%3b", "#x26;"];

/// A parameter's name as the door knows it: without case, decoration and what is left of an escaped `&`.
pub(super) fn name(written: &str) -> String {
    let lower = written.trim().to_ascii_lowercase();
    let mut name = lower.as_str();
    loop {
        let shorter = name.trim_start_matches(['?', '&', ';', '\u{feff}']).trim_end_matches("[]").trim();
        let shorter = ESCAPES.iter().find_map(|escape| shorter.strip_prefix(escape)).unwrap_or(shorter);
        if shorter == name {
            return name.to_owned();
        }
        name = shorter;
    }
}

/// The decoded pairs of a query or a form.
pub(super) fn pairs(form: &[u8]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = form;
    while !rest.is_empty() {
        let end = (0..rest.len()).find(|at| ends_pair(rest, *at)).unwrap_or(rest.len());
        let (pair, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = after.get(1..).unwrap_or_default();
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default()),
            None => (pair, &[][..]),
        };
        if !name.is_empty() {
            pairs.push((unescaped(name), unescaped(value)));
        }
    }
    pairs
}

fn ends_pair(form: &[u8], at: usize) -> bool {
    match form.get(at) {
        Some(b'&') => true,
        Some(b'?' | b';') => {
            let after = form.get(at + 1..).unwrap_or_default();
            NAMES.iter().any(|name| {
                let begins = after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
                begins && after.get(name.len()) == Some(&b'=')
            })
        }
        _ => false,
    }
}

/// A name or a value, decoded; once more where it was encoded twice.
fn unescaped(bytes: &[u8]) -> String {
    // `%ad_id%` is no escape and a letter.
    if bytes.len() > 2 && bytes.starts_with(b"%") && bytes.ends_with(b"%") {
        return decoded(bytes).into_owned();
    }
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let once = decoded(&Cow::from(percent_decode(&spaced))).into_owned();
    if !is_encoded(&once) {
        return once;
    }
    let twice: Cow<'_, [u8]> = percent_decode(once.as_bytes()).into();
    match str::from_utf8(&twice) {
        Ok(twice) if !twice.contains(char::is_control) => twice.to_owned(),
        _ => once,
    }
}

/// Whether every `%` begins an escape, so that it reads as nothing else (`100% sure` and `%macro%` do not).
fn is_encoded(text: &str) -> bool {
    let mut escapes = text.split('%').skip(1).peekable();
    let is_hex = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    escapes.peek().is_some() && escapes.all(is_hex)
}

/// Text of bytes: UTF-8, or else windows-1251, which the older half of this trade writes.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1251.decode_without_bom_handling(bytes).0,
    }
}

/// The boundary of a multipart form.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    multer::parse_boundary(content_type).ok()
}

/// The texts of a multipart form, as far as they can be read; files are passed over.
pub(super) fn parts(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let body = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::copy_from_slice(body))]);
    let mut multipart = multer::Multipart::new(body, boundary);
    let mut parts = Vec::new();
    let reading = async {
        while let Ok(Some(field)) = multipart.next_field().await {
            let name = field.name().filter(|_| field.file_name().is_none()).map(str::to_owned);
            let Ok(bytes) = field.bytes().await else { break };
            if let Some(name) = name {
                parts.push((name, decoded(&bytes).into_owned()));
            }
        }
    };
    // The whole body is there, so nothing ever waits.
    reading.now_or_never().unwrap_or_default();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_case_and_lose_what_is_left_of_an_escaped_ampersand() {
        for written in ["oid", "OID", " Oid ", "amp;oid", "amp;amp;oid", "amp%3Boid", "#38;oid", "?oid", "oid[]"] {
            assert_eq!(name(written), "oid", "{written}");
        }
    }

    #[test]
    fn a_second_question_mark_or_a_semicolon_separates_only_before_a_name_of_the_door() {
        let read = |form: &str| pairs(form.as_bytes()).into_iter().map(|(n, v)| format!("{n}:{v}")).collect::<Vec<_>>();
        assert_eq!(read("id=a-b?oid=1;STATUS=x"), ["id:a-b", "oid:1", "STATUS:x"]);
        assert_eq!(read("comment=why?so;x=1&cc=eur"), ["comment:why?so;x=1", "cc:eur"]);
        assert_eq!(read("&&=x&a"), ["a:"]);
    }

    #[test]
    fn values_are_decoded_as_often_as_they_were_encoded() {
        for (written, read) in [
            ("in+work", "in work"),
            ("in%20work", "in work"),
            ("in%2520work", "in work"),
            ("%25D0%259F", "\u{41f}"),
            ("%CF%F0%E8%ED%FF%F2", "\u{41f}\u{440}\u{438}\u{43d}\u{44f}\u{442}"),
            ("100%25+sure", "100% sure"),
            ("%25status%25", "%status%"),
            ("%2500", "%00"),
            ("%", "%"),
        ] {
            assert_eq!(unescaped(written.as_bytes()), read, "{written}");
        }
    }
}

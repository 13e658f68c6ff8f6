//! Bodies as text: what encoding they are in, and numbers too long for a machine kept digit by digit.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251};

use super::HttpReply;

/// The longest run of digits that surely fits into 64 bits.
const SAFE_DIGITS: usize = 18;

/// The body as text. A byte-order mark decides; then UTF-8, whatever the server calls it, for other text is almost
/// never valid UTF-8 by chance; then the charset that the server names; and at last windows-1251, which cabinets of
/// the trade still speak without saying so.
pub(super) fn decoded(reply: &HttpReply) -> Cow<'_, str> {
    if let Some((encoding, _)) = Encoding::for_bom(&reply.body) {
        return encoding.decode_with_bom_removal(&reply.body).0;
    }
    let named = reply.content_type.as_deref().and_then(charset);
    // ASCII bytes mean something else in these, so that valid UTF-8 says nothing.
    let of_its_own = [UTF_16LE, UTF_16BE, ISO_2022_JP].map(Some).contains(&named);
    match std::str::from_utf8(&reply.body) {
        Ok(text) if !of_its_own => Cow::Borrowed(text),
        _ => {
            let encoding = named.filter(|encoding| *encoding != UTF_8).unwrap_or(WINDOWS_1251);
            encoding.decode_without_bom_handling(&reply.body).0
        }
    }
}

/// The charset that a content type names.
pub(crate) fn charset(content_type: &str) -> Option<&'static Encoding> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|part| part.split_once('='));
    let (_, label) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes())
}

/// JSON in which whole numbers of more digits than 64 bits may hold are texts of the same digits: they are ids, and
/// a rounded id is another order's.
pub(super) fn with_long_numbers_kept(json: &str) -> Cow<'_, str> {
    if !json.as_bytes().windows(SAFE_DIGITS + 1).any(|run| run.iter().all(u8::is_ascii_digit)) {
        return Cow::Borrowed(json);
    }
    let mut kept = String::with_capacity(json.len() + 2);
    let mut rest = json;
    while let Some(start) = rest.find(['"', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
        let (before, from) = rest.split_at(start);
        kept.push_str(before);
        let end = if from.starts_with('"') { end_of_text(from) } else { end_of_number(from) };
        let (token, after) = from.split_at(end);
        let is_long = token.len() > SAFE_DIGITS && token.bytes().all(|byte| byte.is_ascii_digit());
        if is_long && !before.ends_with('-') {
            kept.extend(["\"", token, "\""]);
        } else {
            kept.push_str(token);
        }
        rest = after;
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

fn end_of_text(from: &str) -> usize {
    let mut escaped = false;
    let closing = from.bytes().enumerate().skip(1).find(|(_, byte)| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    closing.map_or(from.len(), |(index, _)| index + 1)
}

fn end_of_number(from: &str) -> usize {
    from.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))).unwrap_or(from.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_by_its_mark_its_charset_or_what_it_must_be() {
        let cp1251 = WINDOWS_1251.encode("{\"msg\":\"Принят\"}").0.into_owned();
        let koi8 = encoding_rs::KOI8_R.encode("{\"msg\":\"Принят\"}").0.into_owned();
        let utf16 = |mark: [u8; 2], unit: fn(u16) -> [u8; 2]| {
            mark.into_iter().chain("{\"msg\":\"Принят\"}".encode_utf16().flat_map(unit)).collect::<Vec<u8>>()
        };
        let cases: [(&str, Option<&str>, Vec<u8>); 9] = [
            ("UTF-8", None, "{\"msg\":\"Принят\"}".into()),
            ("UTF-8 with a mark", Some("application/json"), "\u{feff}{\"msg\":\"Принят\"}".into()),
            ("windows-1251", Some("application/json; charset=windows-1251"), cp1251.clone()),
            ("windows-1251 in quotes", Some("text/html; Charset=\"CP1251\""), cp1251.clone()),
            ("windows-1251 that nobody named", Some("application/json"), cp1251),
            ("koi8-r", Some("text/plain;charset=koi8-r"), koi8),
            ("UTF-8 called windows-1251", Some("text/html; charset=windows-1251"), "{\"msg\":\"Принят\"}".into()),
            ("UTF-16, little end first", None, utf16([0xff, 0xfe], u16::to_le_bytes)),
            ("UTF-16, big end first", Some("application/json"), utf16([0xfe, 0xff], u16::to_be_bytes)),
        ];
        for (name, content_type, body) in cases {
            let reply = HttpReply { content_type: content_type.map(str::to_owned), ..HttpReply::new(200, body) };
            assert_eq!(decoded(&reply), "{\"msg\":\"Принят\"}", "{name}");
        }
    }

    #[test]
    fn only_long_whole_numbers_become_texts() {
        let cases = [
            (r#"{"id":118446744073709551615}"#, r#"{"id":"118446744073709551615"}"#),
            (r"[118446744073709551615, 7]", r#"["118446744073709551615", 7]"#),
            (r#"{"id":"118446744073709551615"}"#, r#"{"id":"118446744073709551615"}"#),
            (r#"{"a\"118446744073709551615":1}"#, r#"{"a\"118446744073709551615":1}"#),
            (r#"{"n":-118446744073709551615}"#, r#"{"n":-118446744073709551615}"#),
            (r#"{"n":1184467440737095516.15}"#, r#"{"n":1184467440737095516.15}"#),
            (r#"{"n":0.1184467440737095516}"#, r#"{"n":0.1184467440737095516}"#),
            ("1184467440737095516", "\"1184467440737095516\""),
            (r#"{"id":118446744073709551615"#, r#"{"id":"118446744073709551615""#),
        ];
        for (json, wanted) in cases {
            assert_eq!(with_long_numbers_kept(json), wanted, "{json}");
        }
    }
}

//! Bytes as text: UTF-8, or the charset that the request names.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// A text, and whether some of its bytes are of neither charset. Those stand in it as U+FFFD.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) has_garbage: bool,
}

/// A charset by one of its names; `None` for UTF-8, and for a name that nobody knows.
pub(super) fn charset(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.trim().as_bytes()).filter(|charset| *charset != UTF_8)
}

/// A parameter of a content type, such as `charset`.
pub(super) fn parameter<'a>(content_type: &'a str, name: &str) -> Option<&'a str> {
    content_type.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// Decodes a whole body or one value. A byte-order mark at its beginning is passed over, and says what the bytes are.
pub(super) fn decode<'a>(bytes: &'a [u8], named: Option<&'static Encoding>) -> Decoded<'a> {
    let (marked, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (Some(encoding), bytes.get(length..).unwrap_or_default()),
        None => (None, bytes),
    };
    let clean = |text| Decoded { text, has_garbage: false };
    let named = marked.or(named).filter(|encoding| *encoding != UTF_8);
    if let Some(text) = named.and_then(|named| named.decode_without_bom_handling_and_without_replacement(bytes)) {
        return clean(text);
    }
    match str::from_utf8(bytes) {
        Ok(text) => clean(text.into()),
        Err(_) => Decoded { text: String::from_utf8_lossy(bytes), has_garbage: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_charset_counts_and_utf_8_otherwise() {
        let read = |bytes: &[u8], label: &str| {
            let decoded = decode(bytes, charset(label));
            (decoded.text.into_owned(), decoded.has_garbage)
        };
        assert_eq!(read(b"\xc8\xe2\xe0\xed", "windows-1251"), ("\u{418}\u{432}\u{430}\u{43d}".to_owned(), false));
        assert_eq!(read(b"Jos\xe9", "ISO-8859-1"), ("Jos\u{e9}".to_owned(), false));
        assert_eq!(read(b"Jos\xe9", "utf-8"), ("Jos\u{fffd}".to_owned(), true));
        assert_eq!(read(b"Jan", "nonsense"), ("Jan".to_owned(), false));
        assert_eq!(read(b"\xef\xbb\xbfJan", ""), ("Jan".to_owned(), false));
        assert_eq!(read(b"\xff\xfeJ\0a\0n\0", ""), ("Jan".to_owned(), false));
        // What is no Shift_JIS may still be UTF-8.
        assert!(!read("Łódź".as_bytes(), "shift_jis").1);
    }

    #[test]
    fn a_parameter_is_found_whatever_its_case_and_quotes() {
        assert_eq!(parameter("text/plain; Charset=\"windows-1251\"", "charset"), Some("windows-1251"));
        assert_eq!(parameter("text/plain;charset= utf-8 ;x=1", "charset"), Some("utf-8"));
        assert_eq!(parameter("text/plain", "charset"), None);
    }
}

//! What is read of an answer beside its body as it is: how long the server wants to be left alone, and what it packed.

use std::io::Read;
use std::time::{Duration, SystemTime};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::REPLY_BYTES;

/// The longest pause that a server may ask for, in seconds: a day. What asks for more is mistaken, and leads would grow old.
const MOST_PAUSE_S: u64 = 24 * 60 * 60;

/// A number of seconds beyond this is no pause but a time, in seconds since 1970, as some servers write it.
const A_TIME_S: u64 = 1_000_000_000;

/// `Retry-After` in seconds from now: a number, or an HTTP date, which counts from the answer's own `Date` where it has
/// one: the server's clock may be wrong, but not against itself. What is over already, or cannot be read, asks nothing.
pub(super) fn retry_after_s(headers: &HeaderMap, now_ms: u64) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let now_s = now_ms / 1000;
    let pause_s = match whole_seconds(text) {
        Some(seconds) if seconds >= A_TIME_S => seconds.saturating_sub(now_s),
        Some(seconds) => seconds,
        None => {
            let until = httpdate::parse_http_date(text).ok()?;
            let told = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?.trim()).ok());
            let now = told.unwrap_or(SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms));
            until.duration_since(now).ok()?.as_secs()
        }
    };
    Some(pause_s.min(MOST_PAUSE_S)).filter(|pause_s| *pause_s > 0)
}

/// Digits, perhaps with a fraction, which counts as a second more.
fn whole_seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|byte| byte != b'0'));
    Some(whole.parse::<u64>().ok()?.saturating_add(more))
}

/// Why a body is not unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Packed {
    /// A content encoding that is not read. Nobody asked for it: no request names one.
    #[error("a content encoding that is not read")]
    Unknown,
    /// It is cut short, or not what its header says.
    #[error("a body that cannot be unpacked")]
    Broken,
    /// Few bytes that would become very many.
    #[error("more than {REPLY_BYTES} bytes once unpacked")]
    TooLong,
}

/// A body without its content encodings. No request asks for one, but some servers pack whatever is accepted.
///
/// # Errors
/// [`Packed`]. No more than [`REPLY_BYTES`] are ever made of a body.
pub(super) fn unpacked(encodings: &str, mut body: Vec<u8>) -> Result<Vec<u8>, Packed> {
    if is_gzip(&body) {
        // It says so itself, whatever the header says: no text begins like this.
        body = unpack(MultiGzDecoder::new(body.as_slice()))?;
    }
    for encoding in encodings.rsplit(',').map(str::trim).filter(|encoding| !encoding.is_empty()) {
        body = match encoding.to_ascii_lowercase().as_str() {
            "identity" | "none" | "utf-8" => body,
            "gzip" | "x-gzip" if is_gzip(&body) => unpack(MultiGzDecoder::new(body.as_slice()))?,
            // Unpacked above, or announced and not done.
            "gzip" | "x-gzip" => body,
            "deflate" if is_zlib(&body) => unpack(ZlibDecoder::new(body.as_slice()))?,
            "deflate" if !body.is_empty() && !is_text(&body) => unpack(DeflateDecoder::new(body.as_slice()))?,
            "deflate" => body,
            _ if body.is_empty() => body,
            _ => return Err(Packed::Unknown),
        };
    }
    Ok(body)
}

fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&[0x1f, 0x8b])
}

/// The head of RFC 1950: the method, and a sum that divides by 31.
fn is_zlib(body: &[u8]) -> bool {
    match body {
        [method, flags, ..] => method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31),
        _ => false,
    }
}

/// What was announced as packed and begins as JSON or a page does.
fn is_text(body: &[u8]) -> bool {
    body.first().is_some_and(|first| matches!(first, b'{' | b'[' | b'<' | b'"'))
}

fn unpack(reader: impl Read) -> Result<Vec<u8>, Packed> {
    let most = u64::try_from(REPLY_BYTES).unwrap_or(u64::MAX);
    let mut unpacked = Vec::new();
    reader.take(most.saturating_add(1)).read_to_end(&mut unpacked).map_err(|_| Packed::Broken)?;
    if unpacked.len() > REPLY_BYTES { Err(Packed::TooLong) } else { Ok(unpacked) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = br#"[{"guid": "g-1", "status": "confirmed"}]"#;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(body: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_a_server_packs_unasked_is_unpacked() {
        let cases = [
            ("gzip", gzip(TEXT)),
            ("x-gzip", gzip(TEXT)),
            ("GZIP", gzip(TEXT)),
            ("gzip, identity", gzip(TEXT)),
            ("gzip, gzip", gzip(&gzip(TEXT))),
            ("deflate, gzip", gzip(&zlib(TEXT))),
            ("", gzip(TEXT)),
            ("gzip", TEXT.to_vec()),
            ("deflate", zlib(TEXT)),
            ("deflate", raw(TEXT)),
            ("deflate", TEXT.to_vec()),
            ("identity", TEXT.to_vec()),
            ("", TEXT.to_vec()),
        ];
        for (encodings, body) in cases {
            assert_eq!(unpacked(encodings, body).as_deref(), Ok(TEXT), "{encodings}");
        }
        for encodings in ["gzip", "deflate", "br", ""] {
            assert_eq!(unpacked(encodings, Vec::new()), Ok(Vec::new()), "{encodings}: an empty body");
        }
    }

    #[test]
    fn what_cannot_be_unpacked_is_no_answer() {
        let mut cut = gzip(TEXT);
        cut.truncate(cut.len() - 12);
        assert_eq!(unpacked("gzip", cut), Err(Packed::Broken));
        assert_eq!(unpacked("br", TEXT.to_vec()), Err(Packed::Unknown));
        assert_eq!(unpacked("zstd, gzip", gzip(TEXT)), Err(Packed::Unknown));
        for (encodings, body) in [
            ("gzip", gzip(&vec![b' '; 50_000_000])),
            ("deflate", zlib(&vec![b' '; REPLY_BYTES + 1])),
            ("gzip, gzip", gzip(&gzip(&vec![b' '; 50_000_000]))),
        ] {
            assert!(body.len() < REPLY_BYTES);
            assert_eq!(unpacked(encodings, body), Err(Packed::TooLong), "{encodings}");
        }
        assert_eq!(unpacked("gzip", gzip(&vec![b' '; REPLY_BYTES])).map(|body| body.len()), Ok(REPLY_BYTES));
    }

    #[test]
    fn a_pause_is_read_as_seconds_and_as_a_date() {
        // 6 November 1994, 08:49:37 GMT.
        const NOW_MS: u64 = 784_111_777_000;
        let cases = [
            ("3600", None, Some(3600)),
            (" 7 ", None, Some(7)),
            ("1.2", None, Some(2)),
            ("0", None, None),
            ("-5", None, None),
            ("", None, None),
            ("soon", None, None),
            ("100000000", None, Some(MOST_PAUSE_S)),
            ("Sun, 06 Nov 1994 09:49:37 GMT", None, Some(3600)),
            ("Sunday, 06-Nov-94 09:49:37 GMT", None, Some(3600)),
            ("Sun Nov  6 09:49:37 1994", None, Some(3600)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", None, None),
            ("Wed, 06 Nov 2094 08:49:00 GMT", None, Some(MOST_PAUSE_S)),
            // Its clock is an hour ahead: it asks for a minute.
            ("Sun, 06 Nov 1994 09:50:37 GMT", Some("Sun, 06 Nov 1994 09:49:37 GMT"), Some(60)),
        ];
        for (text, date, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(retry_after_s(&headers, NOW_MS), expected, "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "1764200060".parse().unwrap());
        assert_eq!(retry_after_s(&headers, 1_764_200_000_000), Some(60), "a time in seconds since 1970");
        assert_eq!(retry_after_s(&HeaderMap::new(), NOW_MS), None);
    }
}

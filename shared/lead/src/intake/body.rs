//! A request's body, of whatever kind its content type names.

use super::decode::{charset, decode, parameter};
use super::form::parse_form_in;
use super::json::parse_object;
use super::multipart::parse_multipart;
use super::{BodyError, Intake};

/// Reads an intake from a body by the request's `Content-Type`.
///
/// # Errors
/// [`BodyError`] for a body from which no field can be read. What is wrong with fields is told by [`Intake::to_lead`].
pub fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Intake, BodyError> {
    let content_type = content_type.unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let named = parameter(content_type, "charset").and_then(charset);
    match kind.as_str() {
        "application/json" => parse_object(&decode(body, named)),
        _ if kind.ends_with("+json") => parse_object(&decode(body, named)),
        "application/x-www-form-urlencoded" => Ok(parse_form_in(body, named)),
        "multipart/form-data" => parse_multipart(body, content_type),
        "text/plain" => {
            // What a page sends to another origin without being asked for leave first.
            let text = decode(body, named);
            let is_object = text.text.trim_start().starts_with('{');
            if is_object { parse_object(&text) } else { Err(BodyError::Kind { given: kind }) }
        }
        _ => Err(BodyError::Kind { given: if kind.is_empty() { "none".to_owned() } else { kind } }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lead;

    const JSON: &str = r#"{"offer": "tea", "name": "Jan", "phone": "500100200"}"#;

    fn lead(content_type: &str, body: &[u8]) -> Result<Lead, BodyError> {
        parse(Some(content_type), body).map(|intake| intake.to_lead(Some("PL".parse().unwrap())).unwrap())
    }

    #[test]
    fn every_kind_of_body_is_the_same_lead() {
        let wanted = lead("application/json", JSON.as_bytes()).unwrap();
        let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(JSON.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for (content_type, body) in [
            ("Application/JSON; charset=utf-8", JSON.as_bytes()),
            ("application/vnd.crm.lead+json", JSON.as_bytes()),
            ("text/plain;charset=UTF-8", JSON.as_bytes()),
            ("text/plain", format!("\u{feff}\n {JSON}").as_bytes()),
            ("application/json", &utf16),
            ("application/x-www-form-urlencoded; charset=UTF-8", b"offer=tea&name=Jan&phone=500100200"),
        ] {
            assert_eq!(lead(content_type, body), Ok(wanted.clone()), "{content_type}");
        }
    }

    #[test]
    fn the_charset_that_the_request_names_is_read() {
        let body = b"{\"offer\": \"tea\", \"phone\": \"500100200\", \"name\": \"\xc8\xe2\xe0\xed\"}";
        let ivan = "\u{418}\u{432}\u{430}\u{43d}";
        assert_eq!(lead("application/json; charset=windows-1251", body).unwrap().name, ivan);
        assert_eq!(lead("text/plain; charset=\"CP1251\"", body).unwrap().name, ivan);
    }

    #[test]
    fn what_is_none_of_these_is_told_by_its_kind() {
        for (content_type, body, given) in [
            (None, JSON, "none"),
            (Some("text/plain"), "offer=tea", "text/plain"),
            (Some("text/plain"), "", "text/plain"),
            (Some("text/plain"), "[1]", "text/plain"),
            (Some("text/html; charset=utf-8"), JSON, "text/html"),
            (Some("application/xml"), JSON, "application/xml"),
        ] {
            assert_eq!(parse(content_type, body.as_bytes()), Err(BodyError::Kind { given: given.to_owned() }));
        }
        assert!(matches!(parse(Some("text/plain"), b"{\"a\""), Err(BodyError::NotJson { .. })));
    }
}

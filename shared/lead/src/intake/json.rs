//! JSON bodies.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::draft::{Draft, Source, Written};
use super::{BodyError, Intake};

/// Reads an intake from a JSON object.
///
/// Numbers keep their text: `12.10` stays `12.10`, and no float is ever made of it. A text field takes a number
/// too. `null` is the same as a field left out. Names that are not known, and names given twice, are errors.
///
/// # Errors
/// [`BodyError`] if the body is no JSON object. What is wrong with fields is told by [`Intake::to_lead`].
pub fn parse_json(body: &[u8]) -> Result<Intake, BodyError> {
    let Members(members) = serde_json::from_slice(body).map_err(|error| body_error(&error))?;
    let mut draft = Draft::new(Source::Json);
    for (name, raw) in members {
        if name == "params"
            && let Ok(Members(params)) = serde_json::from_str(raw.get())
        {
            if draft.first_time("params") {
                for (name, raw) in params {
                    take(raw, |value| draft.take_param(&name, value));
                }
            }
        } else {
            take(raw, |value| draft.take(&name, value));
        }
    }
    Ok(draft.finish())
}

/// The members of an object in their order, each value as it is written. Unlike a map it keeps a name twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// Hands a value on. The first character tells its kind; objects and arrays are never looked into, so that no
/// depth of them can do harm.
fn take(raw: &RawValue, then: impl FnOnce(Written)) {
    let raw = raw.get();
    match raw.as_bytes().first() {
        Some(b'n') => then(Written::Null),
        Some(b't') => then(Written::Bool(true)),
        Some(b'f') => then(Written::Bool(false)),
        Some(b'-' | b'0'..=b'9') => then(Written::Text(raw)),
        // An escape of half a surrogate pair is good JSON and still no text.
        Some(b'"') => match serde_json::from_str::<String>(raw) {
            Ok(text) => then(Written::Text(&text)),
            Err(_) => then(Written::Other),
        },
        _ => then(Written::Other),
    }
}

fn body_error(error: &serde_json::Error) -> BodyError {
    // A data error's message quotes the body, so it is never passed on.
    if error.classify() == Category::Data {
        return BodyError::NotAnObject;
    }
    let text = error.to_string();
    let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem).to_owned();
    BodyError::NotJson { problem, line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Country, Field, Lead};

    fn lead(body: &str) -> Result<Lead, Vec<String>> {
        let poland: Country = "PL".parse().unwrap();
        let intake = parse_json(body.as_bytes()).unwrap();
        intake.to_lead(Some(poland)).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    fn good(members: &str) -> String {
        format!(r#"{{"offer": "slim-tea-pl", "name": "Jan", "phone": "500 100 200"{members}}}"#)
    }

    #[test]
    fn a_full_body_becomes_a_lead() {
        let body = good(
            r#", "country": "pl", "email": "jan@example.com", "ip": "192.0.2.7", "click_id": "abc",
                "params": {"flow": 12, "price": 12.10, "fast": true, "none": null}, "test": true, "external_id": "x-1""#,
        );
        let intake = parse_json(body.as_bytes()).unwrap();
        assert_eq!((intake.offer(), intake.external_id()), (Some("slim-tea-pl"), Some("x-1")));
        assert!(intake.is_test());
        let params: Vec<_> = intake.params().iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(params, ["fast=true", "flow=12", "price=12.10"]);
        let lead = intake.to_lead(None).unwrap();
        assert_eq!((lead.name.as_str(), lead.phone.e164()), ("Jan", "+48500100200"));
        assert_eq!(lead.field(Field::ClickId), Some("abc"));
    }

    #[test]
    fn numbers_keep_their_text() {
        let lead = lead(&good(r#", "price": 12.10, "quantity": "2.50", "zip": 12345, "sub1": 900719925474099312345"#))
            .unwrap();
        assert_eq!(lead.field(Field::Price), Some("12.10"));
        assert_eq!(lead.field(Field::Quantity), Some("2.50"));
        assert_eq!(lead.field(Field::Zip), Some("12345"));
        assert_eq!(lead.field(Field::Sub1), Some("900719925474099312345"));
        let price = "price: a decimal number of zero or more such as 12.50 is wanted, in digits with at most one point";
        for wrong in ["1e3", "-1", "\"12,50\""] {
            assert_eq!(self::lead(&good(&format!(r#", "price": {wrong}"#))).unwrap_err(), [price]);
        }
    }

    #[test]
    fn a_name_twice_is_an_error_in_the_body_and_in_params() {
        assert_eq!(
            lead(&good(r#", "phone": "500100201", "params": {"a": 1, "a": 2}, "params": {}"#)).unwrap_err(),
            [
                "phone: given more than once; it is wanted once",
                "params.a: given more than once; it is wanted once",
                "params: given more than once; it is wanted once",
            ]
        );
        // Written with an escape it is the same name.
        assert_eq!(lead(&good(r#", "ph\u006fne": "1""#)).unwrap_err().len(), 1);
    }

    #[test]
    fn params_are_an_object_of_plain_values() {
        let shape = "params: an object of texts, numbers, true or false is wanted";
        for wrong in ["[]", "\"a=1\"", "1", "true"] {
            assert_eq!(lead(&good(&format!(r#", "params": {wrong}"#))).unwrap_err(), [shape]);
        }
        assert_eq!(lead(&good(r#", "params": {"a": [1]}"#)).unwrap_err(), ["params.a: a text or a number is wanted"]);
        assert!(lead(&good(r#", "params": null"#)).is_ok());
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        assert_eq!(lead(&good(r#", "city": "\ud800""#)).unwrap_err(), ["city: a text or a number is wanted"]);
    }

    #[test]
    fn what_is_no_json_object_is_told_with_its_place_and_without_its_content() {
        let error = parse_json(b"{\"offer\": \"o\",\n \"name\" \"Jan\"}").unwrap_err();
        assert_eq!(error.to_string(), "the body is not JSON: expected `:` at line 2, column 9");
        for body in ["[]", "\"Jan\"", "12", "null", "[{}]"] {
            let error = parse_json(body.as_bytes()).unwrap_err();
            assert_eq!(error, BodyError::NotAnObject, "{body}");
            assert!(!error.to_string().contains("Jan"));
        }
        for body in
            [&b""[..], b"{", b"{}x", b"{\"a\": \xff\"}", b"{\"name\": \"\xff\"}", b"{\"a\": 01}", b"{1: 2}", b"offer=o"]
        {
            assert!(matches!(parse_json(body), Err(BodyError::NotJson { .. })), "{body:?}");
        }
    }

    #[test]
    fn depth_does_no_harm() {
        let deep = format!(r#"{{"city": {}1{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
        let errors = parse_json(deep.as_bytes()).map(|intake| intake.to_lead(None).unwrap_err());
        assert!(errors.is_ok_and(|errors| errors.iter().any(|error| error.field == "city")));
    }
}

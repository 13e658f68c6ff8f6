//! Answers: bodies read as JSON whatever they claim to be, and the conditions a manifest asks of them.

use serde_json::Value;

use crate::manifest::{Condition, OneOrMany};

/// One HTTP answer as it came, body cut to what the transport allows.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// The HTTP status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// How long the server wants to be left alone, in seconds (`Retry-After`).
    pub retry_after_s: Option<u64>,
    /// What the server calls the body (`Content-Type`).
    pub content_type: Option<String>,
}

impl HttpReply {
    /// An answer without headers.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), retry_after_s: None, content_type: None }
    }
}

impl std::fmt::Debug for HttpReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpReply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// A reply with its body parsed once.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `None` where the body is no JSON.
    pub(crate) json: Option<Value>,
}

impl Answer {
    pub(crate) fn read(reply: &HttpReply) -> Self {
        Self { status: reply.status, json: serde_json::from_slice(without_mark(&reply.body)).ok() }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn any(&self, conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| self.holds(condition))
    }

    fn holds(&self, condition: &Condition) -> bool {
        let http = condition.http.is_empty() || condition.http.iter().any(|code| http_matches(&code.0, self.status));
        let json = condition.json.is_none_or(|wanted| wanted == self.json.is_some());
        http && json && holds_at(condition, self.json.as_ref())
    }
}

/// The body without a UTF-8 byte-order mark.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn http_matches(wanted: &str, status: u16) -> bool {
    match wanted.strip_suffix("xx") {
        Some(hundreds) => hundreds.parse::<u16>().is_ok_and(|hundreds| status / 100 == hundreds),
        None => wanted.parse::<u16>().is_ok_and(|code| code == status),
    }
}

/// Whether the value part of a condition holds for a body or a row.
pub(crate) fn holds_at(condition: &Condition, value: Option<&Value>) -> bool {
    let Some(at) = &condition.at else { return true };
    let found = value.and_then(|value| value.pointer(at.get_ref()));
    let there = found.is_some_and(|found| !is_empty(found));
    let text = found.and_then(scalar);
    let is_one_of =
        |list: &[crate::manifest::Scalar]| text.as_ref().is_some_and(|text| list.iter().any(|s| s.0 == *text));
    let alone = condition.is.is_empty()
        && condition.not.is_empty()
        && condition.contains.is_empty()
        && condition.truthy.is_none()
        && condition.present.is_none();
    (!alone || there)
        && (condition.is.is_empty() || is_one_of(&condition.is))
        && (condition.not.is_empty() || (there && !is_one_of(&condition.not)))
        && (condition.contains.is_empty() || found.is_some_and(|found| contains_any(found, &condition.contains)))
        && condition.present.is_none_or(|wanted| wanted == there)
        && condition.truthy.is_none_or(|wanted| wanted == found.is_some_and(is_truthy))
}

fn contains_any(value: &Value, needles: &[String]) -> bool {
    let text = words_of(value).to_lowercase();
    needles.iter().any(|needle| text.contains(&needle.to_lowercase()))
}

pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Bool(boolean) => *boolean,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(text.trim(), "" | "0" | "false"),
        other => !is_empty(other),
    }
}

/// A text, number or boolean as text: `7` and `"7"` are the same to a reader of answers.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The first pointer that leads to a scalar which is not empty.
pub(crate) fn first_scalar(pointers: &OneOrMany, value: &Value) -> Option<String> {
    pointers.0.iter().filter_map(|pointer| value.pointer(pointer).and_then(scalar)).find(|text| !text.is_empty())
}

/// The first pointer that leads to an id: a text or a whole number, nothing else. A number beyond 64 bits has been
/// rounded by the time it is here, and may have become another order's.
pub(crate) fn first_id(pointers: &OneOrMany, value: &Value) -> Option<String> {
    let found = pointers.0.iter().filter_map(|pointer| value.pointer(pointer));
    found.filter(|value| !value.is_boolean() && !value.is_f64()).filter_map(scalar).find(|text| !text.is_empty())
}

/// The first pointer that leads to something people can read, cut to `max` characters: a text, or the texts of a
/// list or of an object such as `{"phone": ["double"]}`.
pub(crate) fn first_words(pointers: &OneOrMany, value: &Value, max: usize) -> Option<String> {
    pointers.0.iter().filter_map(|pointer| value.pointer(pointer)).find_map(|found| {
        let words: String = words_of(found).chars().filter(|c| !c.is_control()).take(max).collect();
        (!words.is_empty()).then_some(words)
    })
}

fn words_of(value: &Value) -> String {
    match value {
        Value::Array(list) => list.iter().map(words_of).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map.iter().map(|(k, v)| format!("{k}: {}", words_of(v))).collect::<Vec<_>>().join("; "),
        other => scalar(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer::read(&HttpReply::new(status, body))
    }

    fn condition(toml: &str) -> Condition {
        toml::from_str(toml).unwrap()
    }

    fn holds(toml: &str, status: u16, body: &str) -> bool {
        answer(status, body).any(&[condition(toml)])
    }

    #[test]
    fn a_byte_order_mark_does_not_matter() {
        assert!(answer(200, "\u{feff}{\"id\":1}").json.is_some());
    }

    #[test]
    fn numbers_and_texts_that_look_alike_are_the_same() {
        assert!(holds("at = \"/code\"\nis = [0]", 200, r#"{"code":"0"}"#));
        assert!(holds("at = \"/code\"\nis = [\"0\"]", 200, r#"{"code":0}"#));
        assert!(!holds("at = \"/code\"\nis = [0]", 200, r#"{"code":null}"#));
    }

    #[test]
    fn a_pointer_alone_means_there_and_not_empty() {
        assert!(holds("at = \"/id\"", 200, r#"{"id":5}"#));
        for body in [r#"{"id":""}"#, r#"{"id":null}"#, "{}", "[]", "no json"] {
            assert!(!holds("at = \"/id\"", 200, body), "{body}");
        }
    }

    #[test]
    fn not_needs_a_value_and_present_false_does_not() {
        assert!(holds("at = \"/code\"\nnot = [\"ok\"]", 200, r#"{"code":"error"}"#));
        assert!(!holds("at = \"/code\"\nnot = [\"ok\"]", 200, "{}"));
        assert!(holds("at = \"/errmsg\"\npresent = false", 200, r#"{"errmsg":""}"#));
    }

    #[test]
    fn http_codes_match_one_by_one_or_by_the_hundred() {
        assert!(holds("http = [200, \"4xx\"]", 404, ""));
        assert!(holds("http = [200, \"4xx\"]", 200, ""));
        assert!(!holds("http = [200, \"4xx\"]", 500, ""));
    }

    #[test]
    fn truthy_knows_the_ways_to_say_no() {
        for body in [r#"{"s":true}"#, r#"{"s":1}"#, r#"{"s":"yes"}"#] {
            assert!(holds("at = \"/s\"\ntruthy = true", 200, body), "{body}");
        }
        for body in [r#"{"s":false}"#, r#"{"s":0}"#, r#"{"s":"0"}"#, r#"{"s":""}"#, r#"{"s":[]}"#, "{}"] {
            assert!(holds("at = \"/s\"\ntruthy = false", 200, body), "{body}");
        }
    }

    #[test]
    fn true_is_no_id() {
        let places = OneOrMany(vec!["/data".to_owned(), "/id".to_owned()]);
        let json = serde_json::json!({"data": true, "id": 7});
        assert_eq!(first_id(&places, &json).as_deref(), Some("7"));
    }

    #[test]
    fn a_number_that_was_rounded_is_no_id() {
        let places = OneOrMany(vec!["/id".to_owned(), "/uuid".to_owned()]);
        let id = |json: &str| first_id(&places, &serde_json::from_str(json).unwrap());
        assert_eq!(id(r#"{"id": 18446744073709551615}"#).as_deref(), Some("18446744073709551615"));
        assert_eq!(id(r#"{"id": 118446744073709551615, "uuid": "u-1"}"#).as_deref(), Some("u-1"));
        assert_eq!(id(r#"{"id": 70021.5}"#), None);
    }

    #[test]
    fn words_are_found_inside_lists_and_objects() {
        assert!(holds("at = \"/errors\"\ncontains = [\"DOUBLE\"]", 422, r#"{"errors":{"phone":["double"]}}"#));
    }
}

//! An intake in the making: takes one named value after another, whatever kind of body it came from.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::names::{NAMES, nearest, shown};
use super::rules::{self, Fault, Space};
use super::{FieldError, Intake};
use crate::Field;

/// A value as the body has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written<'a> {
    /// JSON's `null`: the same as a field that is not there.
    Null,
    /// JSON's `true` or `false`.
    Bool(bool),
    /// A text, or a JSON number exactly as it is written.
    Text(&'a str),
    /// A JSON object or array, or a JSON string that is no text.
    Other,
}

/// Where the values come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Json,
    Form,
}

pub(super) struct Draft {
    source: Source,
    seen: BTreeSet<String>,
    intake: Intake,
}

/// So many errors are told; a body of nothing but mistakes is not answered in full.
const MOST_ERRORS: usize = 100;
const WORDS_FOR_TEST: &str = "1, true or on is wanted for a test, 0, false or off otherwise";

impl Draft {
    pub(super) fn new(source: Source) -> Self {
        Self { source, seen: BTreeSet::new(), intake: Intake::default() }
    }

    pub(super) fn finish(self) -> Intake {
        self.intake
    }

    /// Takes the value of one name. A name given twice is an error: no one can say which value was meant.
    pub(super) fn take(&mut self, name: &str, value: Written) {
        let field = Field::from_name(name);
        if field.is_none() && !NAMES.contains(&name) && !(name == "key" && self.source == Source::Form) {
            return self.unknown(name);
        }
        if !self.first_time(name) {
            return;
        }
        if let Some(field) = field {
            if let Some(text) = self.text(name, value, |text| rules::optional(field, text)) {
                self.intake.fields.insert(field, text);
            }
            return;
        }
        match name {
            "offer" => self.intake.offer = self.plain(name, value, rules::OFFER_CHARS),
            "name" => self.intake.name = self.plain(name, value, rules::NAME_CHARS),
            "phone" => self.intake.phone = self.plain(name, value, rules::PHONE_CHARS),
            "external_id" => self.intake.external_id = self.plain(name, value, rules::EXTERNAL_ID_CHARS),
            "key" => self.intake.key = self.plain(name, value, rules::KEY_CHARS),
            "country" => self.country(value),
            "test" => self.test(value),
            _ => self.params(value),
        }
    }

    /// Takes one member of `params`.
    pub(super) fn take_param(&mut self, name: &str, value: Written) {
        let path = format!("params.{}", shown(name));
        let length = name.chars().count();
        if length == 0 || length > rules::PARAM_NAME_CHARS || name.contains(char::is_control) {
            let most = rules::PARAM_NAME_CHARS;
            return self.wrong(
                &path,
                format!("a parameter's name has 1 to {most} characters, none of them a control character"),
            );
        }
        if !self.first_time(&path) {
            return;
        }
        let value =
            if let Written::Bool(bool) = value { Written::Text(if bool { "true" } else { "false" }) } else { value };
        let Some(text) = self.plain(&path, value, rules::PARAM_CHARS) else { return };
        if self.intake.params.len() < rules::MOST_PARAMS {
            self.intake.params.insert(name.to_owned(), text);
        } else {
            self.first_error("params", format!("at most {} parameters are allowed", rules::MOST_PARAMS));
        }
    }

    /// Says once for all of `params` that it has the wrong shape.
    pub(super) fn params(&mut self, value: Written) {
        if value == Written::Null {
            return;
        }
        let message = match self.source {
            Source::Json => "an object of texts, numbers, true or false is wanted",
            Source::Form => "write each parameter as a field params[NAME]",
        };
        self.first_error("params", message);
    }

    /// Whether a name is new. If it is not, that is noted as an error.
    pub(super) fn first_time(&mut self, name: &str) -> bool {
        let new = self.seen.insert(name.to_owned());
        if !new {
            self.first_error(name, "given more than once; it is wanted once");
        }
        new
    }

    fn country(&mut self, value: Written) {
        let Some(text) = self.plain("country", value, rules::NAME_CHARS) else { return };
        match text.parse() {
            Ok(country) => self.intake.country = Some(country),
            Err(error) => self.wrong("country", error.to_string()),
        }
    }

    fn test(&mut self, value: Written) {
        match (value, self.source) {
            (Written::Null, _) => {}
            (Written::Bool(test), _) => self.intake.test = test,
            (Written::Text(text), Source::Form) => match text.trim().to_ascii_lowercase().as_str() {
                "1" | "true" | "on" => self.intake.test = true,
                "" | "0" | "false" | "off" => {}
                _ => self.wrong("test", WORDS_FOR_TEST),
            },
            _ => self.wrong("test", "true or false is wanted, without quotes"),
        }
    }

    fn plain(&mut self, name: &str, value: Written, most: usize) -> Option<String> {
        self.text(name, value, |text| rules::plain(text, Space::Trimmed, most))
    }

    fn text(
        &mut self,
        name: &str,
        value: Written,
        rule: impl FnOnce(&str) -> Result<Option<String>, Fault>,
    ) -> Option<String> {
        match value {
            Written::Null => None,
            Written::Text(text) => rule(text).unwrap_or_else(|fault| {
                self.wrong(name, fault.to_string());
                None
            }),
            Written::Bool(_) | Written::Other => {
                self.wrong(name, "a text or a number is wanted");
                None
            }
        }
    }

    /// A form carries the names of buttons and tokens too: there an unknown name is passed over.
    fn unknown(&mut self, name: &str) {
        if self.source == Source::Form || self.intake.errors.len() >= MOST_ERRORS {
            return;
        }
        let message: Cow<str> = if name == "key" {
            "no field of a JSON body; send the key in the header Authorization: Bearer KEY".into()
        } else if let Some(near) = nearest(name) {
            format!("unknown field; the nearest known one is {near}").into()
        } else {
            "unknown field; data of your own fits into sub1 to sub5 and comment".into()
        };
        self.wrong(&shown(name), message);
    }

    fn wrong(&mut self, field: &str, message: impl Into<String>) {
        if self.intake.errors.len() < MOST_ERRORS {
            self.intake.errors.push(FieldError::new(field, message));
        }
    }

    fn first_error(&mut self, field: &str, message: impl Into<String>) {
        let error = FieldError::new(field, message);
        if !self.intake.errors.contains(&error) {
            self.wrong(field, error.message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(source: Source, values: &[(&str, Written)]) -> Vec<String> {
        let mut draft = Draft::new(source);
        for (name, value) in values {
            draft.take(name, *value);
        }
        draft.finish().errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_unknown_name_is_refused_in_json_with_the_nearest_known_one() {
        for (name, near) in [
            ("fone", "phone"),
            ("Email", "email"),
            ("utm-source", "utm_source"),
            ("clickid", "click_id"),
            ("externalId", "external_id"),
        ] {
            let message = format!("{name}: unknown field; the nearest known one is {near}");
            assert_eq!(errors(Source::Json, &[(name, Written::Null)]), [message]);
        }
        let far = errors(Source::Json, &[("xyzzy", Written::Null)]);
        assert_eq!(far, ["xyzzy: unknown field; data of your own fits into sub1 to sub5 and comment"]);
        assert_eq!(errors(Source::Form, &[("xyzzy", Written::Text("1")), ("xyzzy", Written::Text("1"))]), [""; 0]);
    }

    #[test]
    fn a_key_is_taken_from_a_form_only() {
        let mut draft = Draft::new(Source::Form);
        draft.take("key", Written::Text("k"));
        assert_eq!(draft.finish().key(), Some("k"));
        let message = "key: no field of a JSON body; send the key in the header Authorization: Bearer KEY";
        assert_eq!(errors(Source::Json, &[("key", Written::Text("k"))]), [message]);
    }

    #[test]
    fn a_name_given_twice_is_an_error_even_if_one_is_empty() {
        let twice = "sub1: given more than once; it is wanted once";
        assert_eq!(errors(Source::Json, &[("sub1", Written::Text("a")), ("sub1", Written::Null)]), [twice]);
        assert_eq!(errors(Source::Form, &[("sub1", Written::Text("")); 3]), [twice]);
    }

    #[test]
    fn a_text_is_no_object_and_no_truth() {
        for value in [Written::Bool(true), Written::Other] {
            assert_eq!(errors(Source::Json, &[("city", value)]), ["city: a text or a number is wanted"]);
        }
    }

    #[test]
    fn test_is_true_or_false_in_json_and_a_word_in_a_form() {
        let is_test = |source, value| {
            let mut draft = Draft::new(source);
            draft.take("test", value);
            let intake = draft.finish();
            intake.errors.is_empty().then_some(intake.test)
        };
        assert_eq!(is_test(Source::Json, Written::Bool(true)), Some(true));
        assert_eq!(is_test(Source::Json, Written::Null), Some(false));
        assert_eq!(is_test(Source::Json, Written::Text("1")), None);
        for (text, test) in [
            ("1", Some(true)),
            ("TRUE", Some(true)),
            ("on", Some(true)),
            ("0", Some(false)),
            ("", Some(false)),
            ("yes", None),
        ] {
            assert_eq!(is_test(Source::Form, Written::Text(text)), test, "{text}");
        }
    }

    #[test]
    fn params_are_few_and_short() {
        let mut draft = Draft::new(Source::Json);
        draft.take_param("flow", Written::Text(" 12 "));
        draft.take_param("fast", Written::Bool(true));
        draft.take_param("none", Written::Null);
        draft.take_param("long", Written::Text(&"x".repeat(501)));
        draft.take_param("", Written::Text("x"));
        draft.take_param("list", Written::Other);
        draft.take_param("flow", Written::Text("13"));
        let intake = draft.finish();
        assert_eq!(intake.params.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(), ["fast=true", "flow=12"]);
        assert_eq!(
            intake.errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(),
            ["params.long", "params.", "params.list", "params.flow"]
        );
    }

    #[test]
    fn the_21st_param_is_refused_once() {
        let mut draft = Draft::new(Source::Form);
        for index in 0..25 {
            draft.take_param(&format!("p{index}"), Written::Text("x"));
        }
        let intake = draft.finish();
        assert_eq!(intake.params.len(), 20);
        assert_eq!(intake.errors, [FieldError::new("params", "at most 20 parameters are allowed")]);
    }

    #[test]
    fn a_body_of_mistakes_is_not_answered_in_full() {
        let long = "x".repeat(5000);
        let many = vec![(long.as_str(), Written::Null); 500];
        let told = errors(Source::Json, &many);
        assert_eq!(told.len(), MOST_ERRORS);
        assert!(told.iter().all(|error| error.chars().count() < 200));
    }
}

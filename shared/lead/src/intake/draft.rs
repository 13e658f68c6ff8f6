//! An intake in the making: takes one named value after another, whatever kind of body it came from.

use std::fmt::Display;

use super::names::{nearest, shown};
use super::notes::{Did, Noted};
use super::rules::{self, Fault};
use super::{FieldError, Ignored, Intake, context};
use crate::{Country, Field};

/// A value as the body has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written<'a> {
    /// JSON's `null`: the same as a field that is not there.
    Null,
    /// JSON's `true` or `false`.
    Bool(bool),
    /// A text, or a JSON number exactly as it is written.
    Text(&'a str),
    /// A text with bytes of no charset that the request could mean.
    Garbage,
    /// A JSON object or array, or a JSON string that is no text.
    Other,
}

pub(super) struct Draft {
    intake: Intake,
}

/// So many errors are told; a body of nothing but mistakes is not answered in full.
const MOST_ERRORS: usize = 100;
/// So many names that were not read are told.
const MOST_IGNORED: usize = 100;
const TWICE: &str = "given more than once, with different values; one is wanted";
const NO_CHARSET: &str = "a text in UTF-8, or in the charset that the request names, is wanted";

impl Draft {
    pub(super) fn of_json() -> Self {
        Self { intake: Intake::default() }
    }

    pub(super) fn of_form() -> Self {
        Self { intake: Intake { is_form: true, ..Intake::default() } }
    }

    pub(super) fn finish(self) -> Intake {
        let mut intake = self.intake;
        if let (true, Some(currency)) = (intake.has(Field::Price), intake.price_currency) {
            intake.fields.entry(Field::Currency).or_insert_with(|| currency.as_str().to_owned());
        }
        intake
    }

    /// Takes the value of one name. What a name is given again is one with it where both mean the same.
    pub(super) fn take(&mut self, name: &str, value: Written) {
        if let Some(field) = Field::from_name(name) {
            return self.context(field, value);
        }
        match name {
            "offer" => {
                let offer = self.text(name, value, |text| rules::seen(text, rules::OFFER_CHARS));
                self.once(name, offer, |intake| &mut intake.offer);
            }
            "name" => self.name(value),
            "phone" => {
                let phone = self.text(name, value, |text| rules::seen(text, rules::PHONE_CHARS));
                // Which of them mean the same number the country tells.
                self.intake.phones.extend(phone);
            }
            "external_id" => {
                let id = self.text(name, value, |text| rules::plain(text, rules::EXTERNAL_ID_CHARS));
                self.once(name, id, |intake| &mut intake.external_id);
            }
            "key" if self.intake.is_form => {
                let key = self.text(name, value, |text| rules::plain(text, rules::KEY_CHARS));
                self.once(name, key, |intake| &mut intake.key);
            }
            "country" => self.country(value),
            "test" => self.test(value),
            "params" => self.params(value),
            _ => self.unknown(name),
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
        let value =
            if let Written::Bool(bool) = value { Written::Text(if bool { "true" } else { "false" }) } else { value };
        let Some(text) = self.text(&path, value, |text| rules::plain(text, rules::PARAM_CHARS)) else { return };
        match self.intake.params.get(name) {
            Some(there) if *there == text => {}
            Some(_) => self.first_error(&path, TWICE),
            None if self.intake.params.len() < rules::MOST_PARAMS => {
                self.intake.params.insert(name.to_owned(), text);
            }
            None => self.first_error("params", format!("at most {} parameters are allowed", rules::MOST_PARAMS)),
        }
    }

    /// Says once for all of `params` that it has the wrong shape.
    pub(super) fn params(&mut self, value: Written) {
        if matches!(value, Written::Null) || matches!(value, Written::Text(text) if text.trim().is_empty()) {
            return;
        }
        let message = if self.intake.is_form {
            "write each parameter as a field params[NAME]"
        } else {
            "an object of texts, numbers, true or false is wanted"
        };
        self.first_error("params", message);
    }

    fn context(&mut self, field: Field, value: Written) {
        let reading = context::read(field, value);
        if let Some(did) = reading.did {
            self.note(field.name(), did);
        }
        self.intake.price_currency = self.intake.price_currency.or(reading.currency);
        let Some(text) = reading.text else { return };
        match self.intake.fields.get(&field) {
            Some(there) if *there == text => {}
            Some(_) => self.first_error(field.name(), TWICE),
            None => {
                self.intake.fields.insert(field, text);
            }
        }
    }

    fn name(&mut self, value: Written) {
        let name = self.text("name", value, |text| rules::seen(text, rules::NAME_CHARS));
        let as_written = |name: &String| matches!(value, Written::Text(text) if text.trim() == name);
        if name.as_ref().is_some_and(|name| !as_written(name)) {
            self.note("name", Did::Repaired);
        }
        self.once("name", name, |intake| &mut intake.name);
    }

    fn country(&mut self, value: Written) {
        let Some(text) = self.text("country", value, |text| rules::seen(text, rules::NAME_CHARS)) else { return };
        match Country::as_written(&text) {
            Ok(Some(country)) => {
                if !text.eq_ignore_ascii_case(country.as_str()) {
                    self.note("country", Did::Repaired);
                }
                self.once("country", Some(country), |intake| &mut intake.country);
            }
            Ok(None) => self.note("country", Did::LeftOut),
            Err(error) => self.first_error("country", error.to_string()),
        }
    }

    fn test(&mut self, value: Written) {
        let test = match value {
            Written::Null => None,
            Written::Bool(test) => Some(Some(test)),
            Written::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "" => None,
                "1" | "true" | "on" | "yes" => Some(Some(true)),
                "0" | "false" | "off" | "no" => Some(Some(false)),
                _ => Some(None),
            },
            Written::Garbage | Written::Other => Some(None),
        };
        match test {
            None => {}
            Some(Some(test)) => self.once("test", Some(test), |intake| &mut intake.test),
            // A lead that was meant as a test must not reach a network.
            Some(None) => {
                self.first_error("test", "true (1, on, yes) is wanted for a test, false (0, off, no) otherwise");
            }
        }
    }

    /// Sets what is wanted once; an error where it stands there with another value.
    fn once<T: PartialEq>(&mut self, name: &str, value: Option<T>, place: impl FnOnce(&mut Intake) -> &mut Option<T>) {
        let Some(value) = value else { return };
        let there = place(&mut self.intake);
        match there {
            Some(there) if *there == value => {}
            Some(_) => self.first_error(name, TWICE),
            None => *there = Some(value),
        }
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
                self.first_error(name, fault.to_string());
                None
            }),
            Written::Garbage => {
                self.first_error(name, NO_CHARSET);
                None
            }
            Written::Bool(_) | Written::Other => {
                self.first_error(name, "a text or a number is wanted");
                None
            }
        }
    }

    fn unknown(&mut self, name: &str) {
        let ignored = Ignored { name: shown(name), meant: nearest(name) };
        if self.intake.ignored.len() < MOST_IGNORED && !self.intake.ignored.contains(&ignored) {
            self.intake.ignored.push(ignored);
        }
    }

    fn note(&mut self, field: &'static str, did: Did) {
        let noted = Noted { field, did };
        if !self.intake.noted.contains(&noted) {
            self.intake.noted.push(noted);
        }
    }

    fn wrong(&mut self, field: &str, message: impl Display) {
        if self.intake.errors.len() < MOST_ERRORS {
            self.intake.errors.push(FieldError::new(field, message.to_string()));
        }
    }

    fn first_error(&mut self, field: &str, message: impl Display) {
        let error = FieldError::new(field, message.to_string());
        if !self.intake.errors.contains(&error) {
            self.wrong(field, error.message);
        }
    }
}

#[cfg(test)]
mod tests;

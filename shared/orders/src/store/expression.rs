//! Builds update and filter expressions. Every name goes in by an alias, since `of` and `raw` are reserved words.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::event::Event;
use crate::item::{HISTORY, UPDATED, VERSION, event_value, number, text};

/// Conditions joined by `AND`, with the names and values they use.
#[derive(Default)]
pub(super) struct Terms {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
    all: Vec<String>,
}

impl Terms {
    fn name(&mut self, attribute: &str) -> String {
        let alias = format!("#{attribute}");
        self.names.insert(alias.clone(), attribute.to_owned());
        alias
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let alias = format!(":{}", self.values.len());
        self.values.insert(alias.clone(), value);
        alias
    }

    pub(super) fn equal(&mut self, attribute: &str, value: AttributeValue) -> &mut Self {
        let term = format!("{} = {}", self.name(attribute), self.value(value));
        self.all.push(term);
        self
    }

    pub(super) fn below(&mut self, attribute: &str, value: AttributeValue) -> &mut Self {
        let term = format!("{} < {}", self.name(attribute), self.value(value));
        self.all.push(term);
        self
    }

    pub(super) fn one_of<'a>(&mut self, attribute: &str, words: impl IntoIterator<Item = &'a str>) -> &mut Self {
        let name = self.name(attribute);
        let values: Vec<_> = words.into_iter().map(|word| self.value(text(word))).collect();
        self.all.push(format!("{name} IN ({})", values.join(", ")));
        self
    }

    pub(super) fn between(&mut self, attribute: &str, low: &str, high: &str) -> &mut Self {
        let name = self.name(attribute);
        let (low, high) = (self.value(text(low)), self.value(text(high)));
        self.all.push(format!("{name} BETWEEN {low} AND {high}"));
        self
    }

    pub(super) fn starting_with(&mut self, attribute: &str, prefix: &str) -> &mut Self {
        let term = format!("begins_with({}, {})", self.name(attribute), self.value(text(prefix)));
        self.all.push(term);
        self
    }

    pub(super) fn containing(&mut self, attribute: &str, part: &str) -> &mut Self {
        let term = format!("contains({}, {})", self.name(attribute), self.value(text(part)));
        self.all.push(term);
        self
    }

    /// At least one of the attributes is there.
    pub(super) fn present_any(&mut self, attributes: &[&str]) -> &mut Self {
        let any: Vec<_> = attributes.iter().map(|it| format!("attribute_exists({})", self.name(it))).collect();
        self.all.push(format!("({})", any.join(" OR ")));
        self
    }

    /// A list of attributes to return.
    pub(super) fn projection(&mut self, attributes: &[&str]) -> String {
        attributes.iter().map(|attribute| self.name(attribute)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn absent(&mut self, attribute: &str) -> &mut Self {
        let term = format!("attribute_not_exists({})", self.name(attribute));
        self.all.push(term);
        self
    }

    /// Takes what was said so far as one expression, and leaves names and values for the next one.
    pub(super) fn take_expression(&mut self) -> Option<String> {
        let all = std::mem::take(&mut self.all);
        (!all.is_empty()).then(|| all.join(" AND "))
    }

    /// Puts the names and values into a query.
    pub(super) fn apply_to(self, request: QueryFluentBuilder) -> QueryFluentBuilder {
        request.set_expression_attribute_names(Some(self.names)).set_expression_attribute_values(Some(self.values))
    }
}

/// One update of an order: it counts the version and notes the time.
pub(super) struct Update {
    terms: Terms,
    set: Vec<String>,
    remove: Vec<String>,
}

impl Update {
    pub(super) fn new(at_ms: u64) -> Self {
        let mut update = Self { terms: Terms::default(), set: Vec::new(), remove: Vec::new() };
        let (version, one) = (update.terms.name(VERSION), update.terms.value(number(1)));
        update.set.push(format!("{version} = {version} + {one}"));
        update.set(UPDATED, number(at_ms));
        update
    }

    pub(super) fn set(&mut self, attribute: &str, value: AttributeValue) {
        let part = format!("{} = {}", self.terms.name(attribute), self.terms.value(value));
        self.set.push(part);
    }

    pub(super) fn set_if_absent(&mut self, attribute: &str, value: AttributeValue) {
        let name = self.terms.name(attribute);
        let part = format!("{name} = if_not_exists({name}, {})", self.terms.value(value));
        self.set.push(part);
    }

    pub(super) fn remove(&mut self, attribute: &str) {
        let name = self.terms.name(attribute);
        self.remove.push(name);
    }

    /// Sets the attribute, or removes it for `None`.
    pub(super) fn put(&mut self, attribute: &str, value: Option<AttributeValue>) {
        match value {
            Some(value) => self.set(attribute, value),
            None => self.remove(attribute),
        }
    }

    pub(super) fn append(&mut self, event: &Event) {
        let name = self.terms.name(HISTORY);
        let entry = self.terms.value(AttributeValue::L(vec![event_value(event)]));
        self.set.push(format!("{name} = list_append({name}, {entry})"));
    }

    /// Puts another history in place of the one there is.
    pub(super) fn rewrite_history<'a>(&mut self, events: impl Iterator<Item = &'a Event>) {
        self.set(HISTORY, AttributeValue::L(events.map(event_value).collect()));
    }

    /// The conditions it is made under.
    pub(super) const fn when(&mut self) -> &mut Terms {
        &mut self.terms
    }

    pub(super) fn apply_to(mut self, request: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        let mut expression = format!("SET {}", self.set.join(", "));
        if !self.remove.is_empty() {
            expression.push_str(" REMOVE ");
            expression.push_str(&self.remove.join(", "));
        }
        request
            .update_expression(expression)
            .set_condition_expression(self.terms.take_expression())
            .set_expression_attribute_names(Some(self.terms.names))
            .set_expression_attribute_values(Some(self.terms.values))
    }
}

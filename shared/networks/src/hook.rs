//! Hooks: compiled-in steps for what the vocabulary cannot say. A manifest only names one.
//!
//! A hook rewrites the request body of one call and nothing else. There are at most eight; a ninth means that the
//! vocabulary should be widened instead.

use std::fmt;

use serde_json::{Map, Value};

use crate::request::{RenderError, Settings};

mod php_json_envelope;

/// One compiled-in step.
pub(crate) trait Hook: Sync + fmt::Debug {
    /// The name a manifest calls it by.
    fn name(&self) -> &'static str;

    /// The settings it reads, beside those the manifest's templates name.
    fn settings(&self) -> &'static [&'static str];

    /// Makes the JSON body of a call from the fields its manifest lists.
    fn body(&self, fields: Map<String, Value>, settings: &Settings) -> Result<Value, RenderError>;

    /// Finds the fields in a body that [`Hook::body`] has made; `None` where it has another shape.
    #[cfg(feature = "cases")]
    fn fields<'a>(&self, body: &'a Value) -> Option<&'a Map<String, Value>>;
}

const HOOKS: [&dyn Hook; 1] = [&php_json_envelope::PhpJsonEnvelope];

pub(crate) fn find(name: &str) -> Option<&'static dyn Hook> {
    HOOKS.into_iter().find(|hook| hook.name() == name)
}

pub(crate) fn names() -> Vec<&'static str> {
    HOOKS.iter().map(|hook| hook.name()).collect()
}

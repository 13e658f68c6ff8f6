//! What can be wrong with a body and its fields.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with one field. Neither text holds what the customer wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name in the request; `params.NAME` for a member of `params`.
    pub field: String,
    /// What would be right.
    pub message: String,
}

/// A body no field can be read from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The body breaks JSON's grammar. Lines count from 1, columns are bytes.
    #[error("the body is not JSON: {problem} at line {line}, column {column}")]
    NotJson {
        /// What the parser met or missed; nothing of the body.
        problem: String,
        /// The line of the first mistake.
        line: usize,
        /// The column in that line.
        column: usize,
    },
    /// The body is JSON, but not an object.
    #[error("the body has to be a JSON object with the lead's fields in it, such as {{\"offer\": \"slim-tea-pl\", …}}")]
    NotAnObject,
    /// The body's bytes, or what is percent-encoded in it, are not UTF-8.
    #[error("the form has to be encoded in UTF-8")]
    NotUtf8,
}

impl FieldError {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

//! The one place that prints.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

/// Prints a line to standard output. A reader that has gone away is no error.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// Prints a line on the way to standard error.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

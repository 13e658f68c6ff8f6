//! The one place that prints.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};

use serde::Serialize;

use crate::failure::Failure;

/// Prints a line to standard output. A reader that has gone away is no error.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// Prints a value as indented JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(error.to_string()))?;
    line(text);
    Ok(())
}

/// Prints a line for people to standard error.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

/// Prints what went wrong to standard error.
pub(crate) fn error(failure: &Failure) {
    note(format_args!("error: {failure}"));
}

/// The columns of the terminal that shows standard output; `None` where it goes into a file or a pipe.
pub(crate) fn width() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(stdout())?;
    is_watched().then(|| usize::from(columns))
}

/// Whether a person watches standard output.
pub(crate) fn is_watched() -> bool {
    stdout().is_terminal()
}

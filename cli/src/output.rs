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

/// A cell of a CSV file that no spreadsheet runs as a formula: what came from outside may begin like one. Numbers are
/// left as they are.
pub(crate) fn cell(text: &str) -> String {
    let is_number = text.strip_prefix(['-', '+']).unwrap_or(text).chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_formula = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    // A sign and digits are a number to a spreadsheet as well, but `+48…` would lose its plus.
    let keeps = is_number && text.starts_with('-') && text.len() > 1;
    if is_formula && !keeps { format!("'{text}") } else { text.to_owned() }
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

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_of_a_csv_is_a_formula_and_numbers_stay() {
        for formula in
            ["=1+880134", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "+48500100200", "-", "=", "-a"]
        {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for plain in ["", "plain", "12.50", "-3.25", "a=b", "2026-11-22T10:00:00Z", "'=1"] {
            assert_eq!(cell(plain), plain);
        }
    }
}

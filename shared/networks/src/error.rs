//! What is wrong with a manifest, and where.

use std::fmt;
use std::ops::Range;

/// A place in a manifest and what is wrong there. `Display` shows file, line, column, the line and a caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The whole line.
    pub source_line: String,
    /// How many characters are wrong.
    pub width: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem at a byte range of `text`.
    #[must_use]
    pub fn at(file: &str, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = floor_char_boundary(text, span.start);
        let end = floor_char_boundary(text, span.end).max(start);
        let (before, from) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let source_line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
        let marked = from.get(..end - start).unwrap_or_default().lines().next().unwrap_or_default();
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column,
            source_line: source_line.to_owned(),
            width: marked.chars().count().max(1),
            message: message.into(),
        }
    }

    /// A problem of a parse, in the words of those who write TOML: keys and words, not fields and variants.
    #[must_use]
    pub fn of_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let plain = [
            ("unknown field ", "unknown key "),
            ("missing field ", "missing key "),
            ("duplicate field ", "duplicate key "),
            ("unknown variant ", "unknown word "),
        ];
        let told = error.message();
        let reworded = plain.iter().find_map(|(theirs, ours)| Some(format!("{ours}{}", told.strip_prefix(theirs)?)));
        Self::at(file, text, error.span().unwrap_or(0..0), reworded.unwrap_or_else(|| told.to_owned()))
    }
}

fn floor_char_boundary(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        writeln!(f, " {margin} |")?;
        writeln!(f, " {number} | {}", self.source_line)?;
        let lead_in: String =
            self.source_line.chars().take(self.column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        write!(f, " {margin} | {lead_in}{}", "^".repeat(self.width))
    }
}

/// A manifest that was refused: at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    /// All that was found.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ManifestError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_points_at_its_characters() {
        let text = "a = 1\nfęld = 2\n";
        let start = text.find("= 2").unwrap();
        let problem = Problem::at("network.toml", text, start..start + 3, "no");
        assert_eq!(problem.to_string(), "network.toml:2:6: no\n   |\n 2 | fęld = 2\n   |      ^^^");
    }
}

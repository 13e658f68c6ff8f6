//! Status words: from a network's word or code to a canonical status.

use std::collections::HashMap;
use std::sync::OnceLock;

use lead::{Reason, Status};
use serde::Deserialize;

/// What a status word was read as. The raw word is kept either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusReading {
    /// A canonical status.
    Known {
        /// The status.
        status: Status,
        /// The reason the word itself tells (`double` is a cancel with reason 7).
        reason: Option<Reason>,
        /// The network's own word.
        raw: String,
    },
    /// A word no table has, an unfilled macro, or nothing: the order does not change.
    Unmapped {
        /// The network's own word.
        raw: String,
    },
}

impl StatusReading {
    /// The network's own word.
    #[must_use]
    pub fn raw(&self) -> &str {
        match self {
            Self::Known { raw, .. } | Self::Unmapped { raw } => raw,
        }
    }
}

/// The most characters of a raw word that are kept.
pub const RAW_WORD_CHARS: usize = 100;

/// A status with the reason a word implies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The status.
    pub status: Status,
    /// The reason.
    pub reason: Option<Reason>,
}

impl Meaning {
    /// Reads `approve` or `cancel, reason 7`.
    ///
    /// # Errors
    /// A message that says what would be right.
    pub fn parse(written: &str) -> Result<Self, String> {
        let (status, reason) = match written.split_once(',') {
            Some((status, reason)) => (status.trim(), Some(reason.trim())),
            None => (written.trim(), None),
        };
        let status = status.parse::<Status>().map_err(|unknown| unknown.to_string())?;
        let reason = reason
            .map(|text| {
                text.strip_prefix("reason ")
                    .and_then(|code| code.trim().parse().ok())
                    .and_then(Reason::new)
                    .ok_or_else(|| format!("`{text}` is no reason; write `{status}, reason N` with N from 1 to 15"))
            })
            .transpose()?;
        Ok(Self { status, reason })
    }
}

/// The word lists that one postback URL carries (`sta`, `stc`, `stt`, `stw`, `sth`); they outrank every table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists {
    entries: Vec<(Status, String)>,
}

impl Lists {
    /// Adds one list, comma separated, as it stands in the URL.
    pub fn add(&mut self, status: Status, list: &str) {
        let words = list.split(',').map(fold).filter(|word| !word.is_empty());
        self.entries.extend(words.map(|word| (status, word)));
    }

    /// The status of a folded word; `Err` where the word stands in lists of two statuses.
    fn find(&self, folded: &str) -> Result<Option<Status>, Ambiguous> {
        let mut found = None;
        for (status, word) in &self.entries {
            if word == folded && found.replace(*status).is_some_and(|before| before != *status) {
                return Err(Ambiguous);
            }
        }
        Ok(found)
    }
}

struct Ambiguous;

/// Reads a word: the URL's lists first, then the network's table, then the general dictionary.
#[must_use]
pub(crate) fn read(raw: &str, lists: &Lists, table: &HashMap<String, Meaning>) -> StatusReading {
    let raw: String = raw.trim().chars().filter(|c| !c.is_control()).take(RAW_WORD_CHARS).collect();
    let folded = fold(&raw);
    if folded.is_empty() || matches!(folded.as_str(), "null" | "undefined") || is_unfilled_macro(&raw) {
        return StatusReading::Unmapped { raw };
    }
    let meaning = match lists.find(&folded) {
        Err(Ambiguous) => None,
        Ok(Some(status)) => Some(Meaning { status, reason: duplicate_reason(status, &folded, table) }),
        Ok(None) => table.get(&folded).or_else(|| dictionary().get(&folded)).copied(),
    };
    match meaning {
        Some(Meaning { status, reason }) => StatusReading::Known { status, reason, raw },
        None => StatusReading::Unmapped { raw },
    }
}

/// A URL's list gives the status alone, but a duplicate stays one: a cancel with reason 7 whoever lists its word.
fn duplicate_reason(status: Status, folded: &str, table: &HashMap<String, Meaning>) -> Option<Reason> {
    let meaning = table.get(folded).or_else(|| dictionary().get(folded))?;
    meaning.reason.filter(|reason| status == Status::Cancel && *reason == Reason::DUPLICATE)
}

/// Folds a word for comparison: case, `_`, `-`, `.` and spaces alike, `ё` as `е`, and a leading `status`
/// dropped as decoration. A number keeps its sign: `-1` is not `1`.
#[must_use]
pub fn fold(word: &str) -> String {
    let trimmed = word.trim();
    if trimmed.starts_with('-') && trimmed.parse::<i64>().is_ok() {
        return trimmed.to_owned();
    }
    let spaced: String = word
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '_' | '-' | '.' => ' ',
            'ё' => 'е',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .filter(|c| !c.is_control())
        .collect();
    let words: Vec<&str> = spaced.split(' ').filter(|part| !part.is_empty()).collect();
    match words.as_slice() {
        ["status", rest @ ..] if !rest.is_empty() => rest.join(" "),
        words => words.join(" "),
    }
}

/// Whether a value is a macro the network did not fill: `{status}`, `{{status}}`, `[status]`, `%status%`, `<status>`.
#[must_use]
pub fn is_unfilled_macro(value: &str) -> bool {
    let value = value.trim();
    [("{", "}"), ("[", "]"), ("%", "%"), ("<", ">")]
        .iter()
        .any(|(open, close)| value.len() > 2 && value.starts_with(open) && value.ends_with(close))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dictionary {
    approve: Vec<String>,
    hold: Vec<String>,
    wait: Vec<String>,
    cancel: Vec<String>,
    trash: Vec<String>,
    reasons: HashMap<String, u8>,
}

const DICTIONARY: &str = include_str!("../words.toml");

/// The general dictionary, folded word to meaning.
pub fn dictionary() -> &'static HashMap<String, Meaning> {
    static FOLDED: OnceLock<HashMap<String, Meaning>> = OnceLock::new();
    FOLDED.get_or_init(|| {
        // A test holds that the file parses; a word that could not be read would only be unmapped.
        let Ok(words) = toml::from_str::<Dictionary>(DICTIONARY) else { return HashMap::new() };
        let reasons: HashMap<String, Reason> =
            words.reasons.iter().filter_map(|(word, code)| Some((fold(word), Reason::new(*code)?))).collect();
        let lists = [
            (Status::Approve, &words.approve),
            (Status::Hold, &words.hold),
            (Status::Wait, &words.wait),
            (Status::Cancel, &words.cancel),
            (Status::Trash, &words.trash),
        ];
        let mut folded = HashMap::new();
        for (status, list) in lists {
            for word in list {
                let word = fold(word);
                let reason = reasons.get(&word).copied();
                folded.insert(word, Meaning { status, reason });
            }
        }
        folded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(word: &str) -> StatusReading {
        read(word, &Lists::default(), &HashMap::new())
    }

    fn known(word: &str) -> Option<(Status, Option<u8>)> {
        match plain(word) {
            StatusReading::Known { status, reason, .. } => Some((status, reason.map(Reason::code))),
            StatusReading::Unmapped { .. } => None,
        }
    }

    #[test]
    fn the_dictionary_file_is_read_whole_and_no_word_stands_in_two_lists() {
        let words: Dictionary = toml::from_str(DICTIONARY).unwrap();
        let lists = [words.approve, words.hold, words.wait, words.cancel, words.trash];
        let written: usize = lists.iter().map(Vec::len).sum();
        assert_eq!(dictionary().len(), written, "two entries fold to the same word");
        for (word, code) in words.reasons {
            let meaning = dictionary().get(&fold(&word)).expect("a reason belongs to a word of a list");
            assert_eq!(meaning.reason.map(Reason::code), Some(code));
        }
        for word in dictionary().keys() {
            assert!(word.parse::<i64>().is_err(), "a bare number in the general dictionary: {word}");
        }
    }

    #[test]
    fn case_separators_and_decoration_do_not_count() {
        for word in ["In_Processing", "in-processing", "IN.PROCESSING", " in processing ", "STATUS_in_processing"] {
            assert_eq!(known(word), Some((Status::Wait, None)), "{word}");
        }
    }

    #[test]
    fn a_negative_number_keeps_its_sign() {
        assert_eq!(fold(" -1 "), "-1");
        assert_eq!(fold("-new"), "new");
    }

    #[test]
    fn only_whole_words_count() {
        for word in ["disapproved", "not_approved", "unconfirmed", "approve,cancel", "lead", "ok", "success", "1"] {
            assert_eq!(known(word), None, "{word}");
        }
    }

    #[test]
    fn a_url_list_outranks_the_dictionary_and_a_word_in_two_lists_is_unmapped() {
        let mut lists = Lists::default();
        lists.add(Status::Trash, "reject, Fake_Lead");
        let read_with = |word| read(word, &lists, &HashMap::new());
        assert!(matches!(read_with("REJECT"), StatusReading::Known { status: Status::Trash, .. }));
        assert!(matches!(read_with("fake lead"), StatusReading::Known { status: Status::Trash, .. }));
        assert!(matches!(read_with("rejected"), StatusReading::Known { status: Status::Cancel, .. }));
        lists.add(Status::Cancel, "reject");
        assert!(matches!(read("reject", &lists, &HashMap::new()), StatusReading::Unmapped { .. }));
    }

    #[test]
    fn unfilled_macros_are_unmapped_and_keep_their_text() {
        for word in ["{status}", "{{status}}", "[status]", "%status%", "<status>", "", "null", "undefined"] {
            assert_eq!(plain(word), StatusReading::Unmapped { raw: word.to_owned() });
        }
    }

    #[test]
    fn a_raw_word_is_kept_to_its_limit_without_control_characters() {
        assert_eq!(plain("approve\n").raw(), "approve");
        assert_eq!(plain(&"ж".repeat(500)).raw().chars().count(), RAW_WORD_CHARS);
    }

    #[test]
    fn a_meaning_is_a_status_with_or_without_a_reason() {
        assert_eq!(Meaning::parse("approve"), Ok(Meaning { status: Status::Approve, reason: None }));
        assert_eq!(Meaning::parse("cancel, reason 7"), Ok(Meaning { status: Status::Cancel, reason: Reason::new(7) }));
        assert!(Meaning::parse("cancel, reason 16").unwrap_err().contains("N from 1 to 15"));
        assert!(Meaning::parse("approved").unwrap_err().contains("wait, hold, approve, cancel, trash"));
    }
}

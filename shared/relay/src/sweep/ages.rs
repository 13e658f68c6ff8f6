//! Ages: young orders are asked for often, old ones rarely.

use serde::{Deserialize, Serialize};

/// One class of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// The name in duties and logs.
    pub name: &'static str,
    /// Orders older than this, in seconds.
    pub from_s: u64,
    /// Orders younger than this, in seconds.
    pub to_s: u64,
    /// How often they are asked for, in seconds.
    pub every_s: u64,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A tenth of all decisions comes after 44 days, the last seen after 129.
pub const AGES: [Age; 4] = [
    Age { name: "hours", from_s: 0, to_s: 2 * HOUR, every_s: 5 * MINUTE },
    Age { name: "days", from_s: 2 * HOUR, to_s: 3 * DAY, every_s: HOUR },
    Age { name: "weeks", from_s: 3 * DAY, to_s: 30 * DAY, every_s: 6 * HOUR },
    Age { name: "months", from_s: 30 * DAY, to_s: 130 * DAY, every_s: DAY },
];

/// How far the polling of one class of one account came: the note of its duty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// When the last whole round began, in seconds since 1970.
    #[serde(rename = "b", default)]
    pub(crate) began_s: u64,
    /// Where an unfinished round goes on: the part and the last order of it that was asked for.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) resume: Option<(u8, Option<String>)>,
    /// Rounds in a row that failed.
    #[serde(rename = "f", default)]
    pub(crate) failures: u32,
    /// Not before this time, in seconds since 1970.
    #[serde(rename = "p", default)]
    pub(crate) pause_until_s: u64,
}

impl Progress {
    pub(crate) fn read(note: &str) -> Self {
        serde_json::from_str(note).unwrap_or_default()
    }

    pub(crate) fn note(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether a round is due.
    pub(crate) const fn is_due(&self, age: &Age, now_s: u64, all: bool) -> bool {
        if now_s < self.pause_until_s {
            return false;
        }
        all || self.resume.is_some() || now_s >= self.began_s.saturating_add(age.every_s)
    }

    /// After a failed round the account is left alone: a minute, then twice as long each time, up to an hour.
    pub(crate) fn pause(&mut self, now_s: u64, asked_s: Option<u64>) {
        self.failures = self.failures.saturating_add(1);
        let grown = MINUTE << self.failures.saturating_sub(1).min(6);
        self.pause_until_s = now_s.saturating_add(asked_s.unwrap_or(0).max(grown.min(HOUR)).min(DAY));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_follow_each_other_without_a_gap() {
        for pair in AGES.windows(2) {
            assert_eq!(pair[0].to_s, pair[1].from_s);
            assert!(pair[0].every_s < pair[1].every_s);
        }
        assert_eq!(AGES[3].to_s, 130 * DAY);
    }

    #[test]
    fn a_round_is_due_after_its_interval_or_where_it_stopped() {
        let [hours, ..] = AGES;
        let mut progress = Progress { began_s: 1000, ..Progress::default() };
        assert!(!progress.is_due(&hours, 1000 + 299, false));
        assert!(progress.is_due(&hours, 1000 + 300, false));
        assert!(progress.is_due(&hours, 1001, true));
        progress.resume = Some((3, None));
        assert!(progress.is_due(&hours, 1001, false));
        assert_eq!(Progress::read(&progress.note()), progress);
    }

    #[test]
    fn failures_in_a_row_pause_longer_and_longer_up_to_an_hour() {
        let mut progress = Progress::default();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            progress.pause(0, None);
            pauses.push(progress.pause_until_s);
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        progress.pause(0, Some(7200));
        assert_eq!(progress.pause_until_s, 7200);
    }
}

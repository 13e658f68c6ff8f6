//! Ages: young orders are asked for often, old ones rarely.

use serde::{Deserialize, Serialize};

use crate::config::{Every, Rhythm};

/// One class of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// The name in duties and logs.
    pub name: &'static str,
    /// Orders older than this, in seconds.
    pub from_s: u64,
    /// Orders younger than this, in seconds.
    pub to_s: u64,
    /// How often they are asked for, in seconds; [`u64::MAX`]: never.
    pub every_s: u64,
}

impl Age {
    /// Whether no class is older.
    pub(crate) fn is_last(&self) -> bool {
        AGES.last().is_some_and(|last| last.name == self.name)
    }
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

/// The classes in an account's own rhythm.
pub(crate) fn ages_of(rhythm: &Rhythm) -> [Age; 4] {
    AGES.map(|age| match rhythm.of(age.name) {
        None => age,
        Some(Every::Never) => Age { every_s: u64::MAX, ..age },
        Some(Every::Seconds(every_s)) => Age { every_s, ..age },
    })
}

/// How far the polling of one class of one account, or of a slice of it, came: the note of its duty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// When the last round began, in seconds since 1970.
    #[serde(rename = "b", default)]
    pub(crate) began_s: u64,
    /// Where an unfinished round goes on: the part and the last order of it that was asked for, or the time of a window.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) resume: Option<(u8, Option<String>)>,
    /// Rounds in a row that failed.
    #[serde(rename = "f", default, skip_serializing_if = "is_zero")]
    pub(crate) failures: u64,
    /// Not before this time, in seconds since 1970.
    #[serde(rename = "p", default, skip_serializing_if = "is_zero")]
    pub(crate) pause_until_s: u64,
    /// The pause is that of the whole account, not of this class alone.
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) whole: bool,
    /// The round is cut into slices, each with a duty and a note of its own.
    #[serde(rename = "c", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cut: bool,
    /// When its slices were last sent to the queue, in seconds since 1970.
    #[serde(rename = "q", default, skip_serializing_if = "is_zero")]
    pub(crate) sent_s: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
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
        if self.is_paused(now_s) || (age.every_s == u64::MAX && !all) {
            return false;
        }
        all || self.resume.is_some() || now_s >= self.began_s.saturating_add(age.every_s)
    }

    /// Whether no class of the account is asked for now.
    pub(crate) const fn pauses_account(&self, now_s: u64) -> bool {
        self.whole && now_s < self.pause_until_s
    }

    pub(crate) const fn is_paused(&self, now_s: u64) -> bool {
        now_s < self.pause_until_s
    }

    /// Whether a slice has been through a round that began then.
    pub(crate) const fn is_through(&self, round_s: u64) -> bool {
        self.began_s >= round_s && self.resume.is_none()
    }

    /// Since when the next round has been due, in seconds since 1970; 0 where there was none yet.
    pub(crate) const fn due_since_s(&self, age: &Age) -> u64 {
        match (self.began_s, self.resume.is_some()) {
            (0, _) => 0,
            (began_s, true) => began_s,
            (began_s, false) => began_s.saturating_add(age.every_s),
        }
    }

    /// After a failed round the class, or the `whole` account, is left alone: a minute, then twice as long each time, up
    /// to an hour.
    pub(crate) fn pause(&mut self, now_s: u64, asked_s: Option<u64>, whole: bool) {
        self.whole = whole;
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
    fn an_account_has_its_own_rhythm() {
        let rhythm = Rhythm { hours: Some(Every::Seconds(60)), months: Some(Every::Never), ..Rhythm::default() };
        let [hours, days, _, months] = ages_of(&rhythm);
        assert_eq!((hours.every_s, days.every_s), (60, HOUR));
        let new = Progress::default();
        assert!(!new.is_due(&months, 1000, false) && new.is_due(&months, 1000, true));
        assert!(new.is_due(&days, HOUR, false));
    }

    #[test]
    fn a_slice_is_through_a_round_once() {
        let mut slice = Progress { began_s: 500, ..Progress::default() };
        assert!(slice.is_through(500) && slice.is_through(400) && !slice.is_through(501));
        slice.resume = Some((2, None));
        assert!(!slice.is_through(500));
        assert_eq!(Progress::default().note(), r#"{"b":0}"#);
    }

    #[test]
    fn failures_in_a_row_pause_longer_and_longer_up_to_an_hour() {
        let mut progress = Progress::default();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            progress.pause(0, None, false);
            pauses.push(progress.pause_until_s);
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        progress.pause(0, Some(7200), true);
        assert_eq!(progress.pause_until_s, 7200);
        assert!(progress.pauses_account(7199) && !progress.pauses_account(7200));
    }
}

//! Slices: what one account's polling is cut into where it is much. A slice is one part of the due index in one class of
//! age, with a duty of its own, so that many runners share an account and none does another's work.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use orders::{Duty, StoreError, schema};
use serde::{Deserialize, Serialize};

use super::ages::{Age, Progress, ages_of};
use super::polling::{Round, Sliced, duty_name};
use super::{Run, Sums, Target};
use crate::relay::Relay;

/// Slices of a queue that were heard nothing of for so long are sent again, in seconds: longer than a function lives.
const SENT_AGAIN_S: u64 = 20 * 60;

/// Slices that one process works on at once.
pub(super) const SLICES_AT_ONCE: usize = 4;

/// One slice, as it goes through the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slice {
    /// The account.
    pub(crate) account: String,
    /// The name of the class of age.
    pub(crate) age: String,
    /// The part of the due index.
    pub(crate) part: u8,
    /// When the round began that it belongs to, in seconds since 1970.
    pub(crate) round: u64,
    /// Since when that round was due, in seconds since 1970; 0 for the first one.
    #[serde(default)]
    pub(crate) due: u64,
}

impl Slice {
    /// The name of its duty.
    pub(crate) fn duty(&self) -> String {
        slice_duty(&self.age, self.part)
    }
}

fn slice_duty(age: &str, part: u8) -> String {
    format!("poll#{age}#{part}")
}

/// The duties of an account as a run found them.
pub(crate) struct Notes<'a> {
    pub(crate) account: &'a str,
    pub(crate) duties: BTreeMap<String, Duty>,
    pub(crate) now_s: u64,
}

impl Notes<'_> {
    /// How far a class came.
    pub(crate) fn of(&self, age: &Age) -> Progress {
        self.named(&duty_name(age))
    }

    fn named(&self, duty: &str) -> Progress {
        Progress::read(self.duties.get(duty).map_or("", |duty| &duty.note))
    }

    /// Whether a call of the account failed as a whole, and it is left alone.
    pub(crate) fn are_paused(&self, ages: &[Age]) -> bool {
        ages.iter().any(|age| self.of(age).pauses_account(self.now_s))
    }

    /// The slices of a round that no runner has been through.
    pub(crate) fn open(&self, age: &Age, round: u64, due: u64) -> Vec<Slice> {
        let slice = |part| Slice { account: self.account.to_owned(), age: age.name.to_owned(), part, round, due };
        let all = (0..schema::PARTS).map(slice);
        all.filter(|slice| !self.named(&slice.duty()).is_through(round)).collect()
    }

    /// The slices that an earlier run left; of those in a queue only what was heard nothing of.
    pub(crate) fn left(&self, age: &Age, queued: bool) -> Vec<Slice> {
        let progress = self.of(age);
        let waits = queued && self.now_s < progress.sent_s.saturating_add(SENT_AGAIN_S);
        if !progress.cut || waits || progress.is_paused(self.now_s) {
            return Vec::new();
        }
        self.open(age, progress.began_s, progress.began_s)
    }
}

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The queue's id of it.
    pub id: String,
    /// What was sent.
    pub body: String,
}

impl Relay {
    /// Works on slices that came through the queue, over before `deadline_ms` as [`Relay::sweep`] is. Returns the ids of
    /// those that must come again; what was not finished in time has been sent again and is not among them.
    pub async fn work_off(&self, messages: &[Message], deadline_ms: u64) -> Vec<String> {
        let run = self.run(deadline_ms, false);
        let calls: Vec<_> = messages.iter().map(|message| self.work_off_one(&run, message)).collect();
        let ends: Vec<bool> = stream::iter(calls).buffered(SLICES_AT_ONCE).collect().await;
        let again = messages.iter().zip(ends).filter(|(_, done)| !done);
        again.map(|(message, _)| message.id.clone()).collect()
    }

    async fn work_off_one(&self, run: &Run, message: &Message) -> bool {
        let Ok(slice) = serde_json::from_str::<Slice>(&message.body) else {
            tracing::error!(message = message.id, "a message of the queue is no slice");
            return false;
        };
        match Box::pin(self.work_off_slice(run, &slice)).await {
            Ok(Sliced::Over) => true,
            Ok(Sliced::Held) => false,
            Ok(Sliced::Unfinished) => match &self.queue {
                Some(queue) => queue.send(std::slice::from_ref(&message.body)).await.is_ok_and(|taken| taken == 1),
                None => false,
            },
            Err(error) => {
                tracing::error!(account = slice.account, age = slice.age, part = slice.part, %error, "a slice fails");
                false
            }
        }
    }

    async fn work_off_slice(&self, run: &Run, slice: &Slice) -> Result<Sliced, StoreError> {
        let now_ms = self.clock.now_ms();
        let Some(account) = self.config.account(&self.store, now_ms, &slice.account).await? else {
            return Ok(Sliced::Over);
        };
        let network = self.config.network(&self.store, now_ms, &account).await?;
        let target = Target { name: slice.account.clone(), account, network };
        let ages = ages_of(&target.account.poll);
        let Some(age) = ages.iter().find(|age| age.name == slice.age) else { return Ok(Sliced::Over) };
        let duties = self.store.duties(&target.name).await?;
        let notes = Notes { account: &target.name, duties, now_s: now_ms / 1000 };
        // A paused account's slices are sent again when its pause is over. What came twice is through already.
        if notes.are_paused(&ages) || notes.named(&slice.duty()).is_through(slice.round) {
            return Ok(Sliced::Over);
        }
        let mut sums = Sums::default();
        let Some(round) = Round::begin(self, run, &target, &mut sums).await else { return Ok(Sliced::Over) };
        let end = round.slice(age, slice).await;
        let scope = format!("{}/{}", slice.age, slice.part);
        round.finish(Some(scope), end.as_ref().err().map(ToString::to_string), &mut sums);
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::AGES;

    fn notes(duties: &[(&str, Progress)], now_s: u64) -> Notes<'static> {
        let duty = |progress: &Progress| Duty { note: progress.note(), taken_until: 0 };
        let duties = duties.iter().map(|(name, progress)| ((*name).to_owned(), duty(progress))).collect();
        Notes { account: "a", duties, now_s }
    }

    #[test]
    fn slices_that_are_through_are_not_open() {
        let [hours, ..] = &AGES;
        let cut = Progress { began_s: 500, cut: true, sent_s: 500, ..Progress::default() };
        let through = Progress { began_s: 500, ..Progress::default() };
        let halfway = Progress { resume: Some((2, None)), ..through.clone() };
        let found = [("poll#hours", cut.clone()), ("poll#hours#1", through), ("poll#hours#2", halfway)];
        let parts = |slices: Vec<Slice>| slices.into_iter().map(|slice| slice.part).collect::<Vec<_>>();
        assert_eq!(parts(notes(&found, 600).open(hours, 500, 0)), [0, 2, 3, 4, 5, 6, 7]);
        assert_eq!(parts(notes(&found, 600).left(hours, false)), [0, 2, 3, 4, 5, 6, 7]);
        assert!(notes(&found, 600).left(hours, true).is_empty(), "they are in the queue");
        assert_eq!(notes(&found, 500 + SENT_AGAIN_S).left(hours, true).len(), 7);
        let paused = Progress { pause_until_s: 700, ..cut };
        assert!(notes(&[("poll#hours", paused)], 600).left(hours, false).is_empty());
        assert!(notes(&[], 600).left(hours, false).is_empty(), "no round was cut");
    }

    #[test]
    fn a_slice_is_a_small_message() {
        let slice = Slice { account: "main".into(), age: "days".into(), part: 3, round: 1_700_000_000, due: 0 };
        let text = serde_json::to_string(&slice).unwrap();
        assert_eq!(text, r#"{"account":"main","age":"days","part":3,"round":1700000000,"due":0}"#);
        assert_eq!(serde_json::from_str::<Slice>(&text).unwrap(), slice);
        assert_eq!(slice.duty(), "poll#days#3");
    }
}

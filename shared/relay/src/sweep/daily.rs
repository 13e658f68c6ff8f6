//! What the first run after midnight (UTC) does beside its work: it counts, and it erases what is kept too long. Each is
//! a duty of the whole relay, so that one run does it, and its note says how far it came.

use lead::OrderId;
use orders::{Bounds, Duty, Erased, Source, StoreError};
use serde::{Deserialize, Serialize};

use super::audit::Books;
use super::{Run, RunError, Sums};
use crate::relay::Relay;

pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The account name under which duties of the whole relay stand.
pub(super) const WHOLE: &str = "";

/// Read units that one slice of time should take.
const SLICE_UNITS: f64 = 250.0;
/// The longest slice of time.
const LONGEST_SLICE_MS: u64 = 30 * DAY_MS;
/// How long a duty that failed is left alone.
const PAUSE_MS: u64 = 15 * 60 * 1000;
/// Parked news read at once.
const PAGE: usize = 100;

/// What is done once a day, each apart from the other: its name and its step.
const DUTIES: [(&str, Step); 2] = [("retention", Step::Erase), ("audit", Step::Count)];

#[derive(Clone, Copy)]
enum Step {
    Erase,
    Count,
}

/// Cuts time into slices that cost about the same, however many orders lie in them.
pub(super) struct Pace {
    span_ms: u64,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self { span_ms: DAY_MS }
    }

    /// The end of the slice that begins at `from_ms`.
    pub(super) fn until_ms(&self, from_ms: u64, end_ms: u64) -> u64 {
        from_ms.saturating_add(self.span_ms).min(end_ms)
    }

    /// Learns from a slice: dear ones become shorter at once, cheap ones longer.
    pub(super) const fn learn(&mut self, units: f64) {
        if units > 2.0 * SLICE_UNITS {
            self.span_ms = self.span_ms / 4 + 1000;
        } else if units < SLICE_UNITS && self.span_ms < LONGEST_SLICE_MS {
            self.span_ms *= 2;
        }
    }
}

/// The note of a daily duty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    /// The day it was last done, in days since 1970; an unfinished one is done again.
    #[serde(rename = "d", default)]
    pub(super) day: u64,
    /// Up to where, in milliseconds since 1970.
    #[serde(rename = "t", default)]
    pub(super) to_ms: u64,
    /// It failed: not before then, in milliseconds since 1970.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(super) paused_until_ms: Option<u64>,
    /// What the audit knows of the orders before `to_ms`.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) books: Option<Books>,
}

impl Done {
    fn read(note: &str) -> Self {
        serde_json::from_str(note).unwrap_or_default()
    }

    fn note(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Relay {
    /// Does what is due once a day. Costs one read where nothing is. What one duty fails at does not stop the other: it is
    /// left alone for a while, and goes on where it stopped.
    pub(super) async fn do_daily(&self, run: &Run, sums: &mut Sums) {
        let duties = match self.store.duties(WHOLE).await {
            Ok(duties) => duties,
            Err(error) => {
                tracing::error!(%error, "the daily duties cannot be read");
                sums.errors.push(RunError { account: String::new(), error: error.to_string() });
                return;
            }
        };
        for (name, step) in DUTIES {
            if let Err(error) = self.do_duty(name, step, duties.get(name), run).await {
                tracing::error!(duty = name, %error, "a daily duty is not done; a later run goes on with it");
                sums.errors.push(RunError { account: String::new(), error: format!("{name}: {error}") });
            }
        }
    }

    async fn do_duty(&self, name: &str, step: Step, duty: Option<&Duty>, run: &Run) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let today = now_ms / DAY_MS;
        let Some(duty) = duty else {
            // A table that was never looked through begins with the next midnight.
            let begun = Done { day: today, ..Done::default() }.note();
            return self.store.swap_state(WHOLE, name, None, Some(&begun)).await.map(|_| ());
        };
        let known = Done::read(&duty.note);
        let paused = known.paused_until_ms.is_some_and(|until_ms| now_ms < until_ms);
        if known.day >= today || paused || now_ms >= run.stop_ms {
            return Ok(());
        }
        let taken = self.store.take_duty(WHOLE, name, &run.id, now_ms / 1000, run.until_s()).await?;
        let Some(duty) = taken else { return Ok(()) };
        let before = Done { paused_until_ms: None, ..Done::read(&duty.note) };
        let mut done = before;
        let result = match step {
            Step::Erase => self.erase_old(&mut done, today, run).await,
            Step::Count => self.audit_daily(&mut done, today, run).await,
        };
        if result.is_err() {
            done.paused_until_ms = Some(self.clock.now_ms() + PAUSE_MS);
        }
        // Given back in any case, with how far it came.
        self.store.give_back_duty(WHOLE, name, &run.id, &done.note()).await?;
        result
    }

    /// Erases the personal data of orders that are older than the days of retention, from where the last one stopped.
    async fn erase_old(&self, done: &mut Done, today: u64, run: &Run) -> Result<(), StoreError> {
        let kept_ms = u64::from(self.retention_days) * DAY_MS;
        let end_ms = self.clock.now_ms().saturating_sub(kept_ms);
        let oldest_ms = self.store.oldest().await?.unwrap_or(end_ms);
        done.to_ms = done.to_ms.max(oldest_ms).min(end_ms);
        let mut pace = Pace::new();
        let mut erased: u64 = 0;
        let is_up = || self.clock.now_ms() >= run.stop_ms;
        let bounds = Bounds { time_is_up: &is_up, ..Bounds::NONE };
        while done.to_ms < end_ms && !is_up() {
            let until_ms = pace.until_ms(done.to_ms, end_ms);
            let looked = self.store.unerased(done.to_ms, until_ms, &bounds).await?;
            pace.learn(looked.units);
            for id in &looked.found {
                if is_up() {
                    break;
                }
                erased += u64::from(self.erase_or_skip(id, Source::Run).await?);
            }
            if !looked.finished || is_up() {
                break;
            }
            done.to_ms = until_ms;
        }
        let finished = done.to_ms >= end_ms;
        if finished {
            self.erase_old_parked(end_ms).await?;
            done.day = today;
        }
        tracing::info!(erased, finished, days = self.retention_days, "personal data of old orders erased");
        Ok(())
    }

    /// Erases an order. One that cannot be erased is named, and stands in nobody's way. Tells whether it was done.
    pub(super) async fn erase_or_skip(&self, id: &OrderId, source: Source) -> Result<bool, StoreError> {
        match self.store.erase(id, source, self.clock.now_ms()).await {
            Ok(erased) => Ok(erased == Erased::Done),
            Err(error @ StoreError::Busy { .. }) => Err(error),
            Err(error) => {
                tracing::error!(order_id = %id, %error, "an order cannot be erased");
                Ok(false)
            }
        }
    }

    /// News that never found its order may speak of a customer too.
    async fn erase_old_parked(&self, end_ms: u64) -> Result<(), StoreError> {
        for (account, _) in self.config.accounts(&self.store, self.clock.now_ms()).await? {
            let mut start: Option<String> = None;
            loop {
                let page = self.store.parked(&account, start.as_deref(), PAGE).await?;
                for parked in page.parked.iter().filter(|parked| parked.news.at_ms < end_ms) {
                    self.store.erase_parked(&account, parked).await?;
                }
                start = page.next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}

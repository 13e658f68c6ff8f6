//! What the first run after midnight (UTC) does beside its work: it counts, and it erases what is kept too long. Each is
//! a duty of the whole relay, so that one run does it, and its note says how far it came.

use orders::{Source, StoreError};
use serde::{Deserialize, Serialize};

use super::{Run, RunError, Sums};
use crate::relay::Relay;

pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The account name under which duties of the whole relay stand.
const WHOLE: &str = "";
const AUDIT: &str = "audit";
const RETENTION: &str = "retention";

/// Orders of so much time are looked through before how far it came is noted.
const SLICE_MS: u64 = 30 * DAY_MS;
/// Orders erased before the clock is looked at again.
const AT_ONCE: usize = 100;
/// Parked news read at once.
const PAGE: usize = 100;

/// The note of a daily duty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    /// The day it was last done, in days since 1970; an unfinished one is done again.
    #[serde(rename = "d", default)]
    day: u64,
    /// Up to where, in milliseconds since 1970.
    #[serde(rename = "t", default)]
    to_ms: u64,
}

impl Done {
    fn read(note: &str) -> Self {
        serde_json::from_str(note).unwrap_or_default()
    }

    fn note(self) -> String {
        serde_json::to_string(&self).unwrap_or_default()
    }
}

impl Relay {
    /// Does what is due once a day. Costs one read where nothing is.
    pub(super) async fn do_daily(&self, run: &Run, sums: &mut Sums) {
        if let Err(error) = self.do_what_is_due(run).await {
            tracing::error!(%error, "the daily work is not done; the next run tries again");
            sums.errors.push(RunError { account: String::new(), error: error.to_string() });
        }
    }

    async fn do_what_is_due(&self, run: &Run) -> Result<(), StoreError> {
        let today = self.clock.now_ms() / DAY_MS;
        let duties = self.store.duties(WHOLE).await?;
        for name in [RETENTION, AUDIT] {
            let now_ms = self.clock.now_ms();
            let Some(duty) = duties.get(name) else {
                // A table that was never looked through begins with the next midnight.
                let begun = Done { day: today, to_ms: 0 }.note();
                self.store.swap_state(WHOLE, name, None, Some(&begun)).await?;
                continue;
            };
            if Done::read(&duty.note).day >= today || now_ms >= run.stop_ms {
                continue;
            }
            let Some(duty) = self.store.take_duty(WHOLE, name, &run.id, now_ms / 1000, run.until_s()).await? else {
                continue;
            };
            let before = Done::read(&duty.note);
            let done = if name == AUDIT {
                let to_ms = self.audit_daily(before.to_ms, run).await;
                to_ms.map(|to_ms| Done { day: today, to_ms })
            } else {
                self.erase_old(before, today, run).await
            };
            // Given back in any case, so that the next run can go on at once.
            let note = done.as_ref().map_or(before, |done| *done).note();
            self.store.give_back_duty(WHOLE, name, &run.id, &note).await?;
            done?;
        }
        Ok(())
    }

    /// Erases the personal data of orders that are older than the days of retention, from where the last one stopped.
    async fn erase_old(&self, before: Done, today: u64, run: &Run) -> Result<Done, StoreError> {
        let kept_ms = u64::from(self.retention_days) * DAY_MS;
        let end_ms = self.clock.now_ms().saturating_sub(kept_ms);
        let oldest_ms = self.store.oldest().await?.unwrap_or(end_ms);
        let mut from_ms = before.to_ms.max(oldest_ms).min(end_ms);
        let mut erased: u64 = 0;
        let mut finished = true;
        while from_ms < end_ms {
            let to_ms = from_ms.saturating_add(SLICE_MS).min(end_ms);
            if !self.erase_between(from_ms, to_ms, run, &mut erased).await? {
                finished = false;
                break;
            }
            from_ms = to_ms;
        }
        if finished {
            self.erase_old_parked(end_ms).await?;
        }
        tracing::info!(erased, finished, days = self.retention_days, "personal data of old orders erased");
        Ok(Done { day: if finished { today } else { before.day }, to_ms: from_ms })
    }

    /// Tells whether it was finished.
    async fn erase_between(&self, from_ms: u64, to_ms: u64, run: &Run, erased: &mut u64) -> Result<bool, StoreError> {
        loop {
            let ids = self.store.unerased(from_ms, to_ms, AT_ONCE).await?;
            if ids.is_empty() {
                return Ok(true);
            }
            for id in &ids {
                let now_ms = self.clock.now_ms();
                if now_ms >= run.stop_ms {
                    return Ok(false);
                }
                self.store.erase(id, Source::Poll, now_ms).await?;
                *erased += 1;
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

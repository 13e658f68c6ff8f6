//! Conservation: every lead that came in is in exactly one state. What is in none is the remainder, and an alarm.

use std::collections::{BTreeMap, BTreeSet};

use lead::OrderId;
use orders::{AccountTally, Bounds, StoreError, Tally};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::daily::{Done, Pace};
use super::resend::STALLED_MS;
use super::{Run, daily};
use crate::operate::{TaskFailure, time_ms};
use crate::relay::Relay;
use crate::telemetry::Line;
use crate::view::rfc3339;

/// Read units that the daily audit takes in one run; the next run goes on.
const RUN_UNITS: f64 = 200_000.0;
/// So long a lead in doubt is looked at again each day.
const OPEN_MS: u64 = 30 * daily::DAY_MS;
/// So many orders of a remainder are named.
const NAMED: usize = 20;

/// What is to be counted. Times are days, times in RFC 3339, or spans before now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditRequest {
    /// Leads that came in from then; all where it is left out.
    pub from: Option<String>,
    /// Until before then; now where it is left out.
    pub to: Option<String>,
    /// The sums of this account alone.
    pub account: Option<String>,
}

/// What became of the leads of a time range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditAnswer {
    /// The leads that came in from then, RFC 3339.
    pub from: String,
    /// Until before then, RFC 3339.
    pub to: String,
    /// The sums of each account.
    pub accounts: BTreeMap<String, Counts>,
    /// The sums of all.
    pub total: Counts,
    /// Orders of the remainder, oldest first, at most twenty.
    pub remainder: Vec<String>,
    /// False where time was up before all was counted: then the sums end at `to`.
    pub complete: bool,
}

/// One sum of leads: `received` is the sum of all others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All that came in.
    pub received: u64,
    /// Taken by the network.
    pub delivered: u64,
    /// Refused by the network, or by the relay as a duplicate.
    pub refused: u64,
    /// Waiting to be sent.
    pub queued: u64,
    /// In doubt.
    pub unknown: u64,
    /// Every try failed.
    pub undeliverable: u64,
    /// Tests.
    pub test: u64,
    /// In none of these states, or queued where no run will ever look.
    pub remainder: u64,
}

impl Counts {
    const fn of(tally: &AccountTally) -> Self {
        Self {
            received: tally.received,
            delivered: tally.delivered,
            refused: tally.refused,
            queued: tally.queued,
            unknown: tally.unknown,
            undeliverable: tally.undeliverable,
            test: tally.test,
            remainder: tally.unattended + tally.unreadable,
        }
    }

    const fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.delivered += other.delivered;
        self.refused += other.refused;
        self.queued += other.queued;
        self.unknown += other.unknown;
        self.undeliverable += other.undeliverable;
        self.test += other.test;
        self.remainder += other.remainder;
    }
}

/// What the daily audit has counted for good: it reads each lead once, and again only those that stand open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Books {
    /// The leads counted came in from then, in milliseconds since 1970.
    #[serde(rename = "f")]
    from_ms: u64,
    /// The sums of what does not change by itself any more, by account.
    #[serde(rename = "c", default)]
    closed: BTreeMap<String, AccountTally>,
    /// The others.
    #[serde(rename = "o", default)]
    open: Vec<OrderId>,
}

impl Books {
    /// Takes a slice in: what is settled for good, the rest by name. Too many names make it stay outside.
    fn close(&mut self, slice: &Tally) -> bool {
        if slice.is_open_beyond_names() || self.open.len() + slice.open.len() > Tally::MOST_NAMED {
            return false;
        }
        for (account, counts) in &slice.accounts {
            self.closed.entry(account.clone()).or_default().add(&counts.settled());
        }
        self.open.extend(slice.open.iter().cloned());
        true
    }

    /// Takes in what has stood open too long to be looked at every day: it counts as what it is now, but for the remainder,
    /// which is an alarm until somebody sees to it.
    fn close_old(&mut self, old: &Tally) {
        for (account, counts) in &old.accounts {
            self.closed.entry(account.clone()).or_default().add(&counts.without_remainder());
        }
        self.open.extend(old.unreadable.iter().chain(&old.unattended).cloned());
    }

    fn closed(&self) -> Tally {
        Tally { accounts: self.closed.clone(), ..Tally::default() }
    }
}

/// A count, and how far it came.
pub(super) struct Counted {
    pub(super) tally: Tally,
    pub(super) to_ms: u64,
    pub(super) complete: bool,
}

impl Relay {
    pub(crate) async fn audit_on_request(&self, asked: &AuditRequest, run: &Run) -> Result<AuditAnswer, TaskFailure> {
        let now_ms = self.clock.now_ms();
        let from_ms = asked.from.as_deref().map(|text| time_ms(text, now_ms)).transpose()?;
        let to_ms = asked.to.as_deref().map(|text| time_ms(text, now_ms)).transpose()?.unwrap_or(now_ms + 1);
        let from_ms = match from_ms {
            Some(from_ms) => from_ms,
            None => self.store.oldest().await?.unwrap_or(to_ms).min(to_ms),
        };
        if from_ms > to_ms {
            return Err(TaskFailure::Unclear("`from` is after `to`".to_owned()));
        }
        let mut counted = self.count(from_ms, to_ms, run).await?;
        if let Some(account) = &asked.account {
            counted.tally.accounts.retain(|name, _| name == account);
        }
        Ok(self.sum_up(from_ms, &counted).await?)
    }

    /// Counts until time is up.
    pub(super) async fn count(&self, from_ms: u64, to_ms: u64, run: &Run) -> Result<Counted, StoreError> {
        let settled_ms = self.clock.now_ms().saturating_sub(STALLED_MS);
        let mut counted = Counted { tally: Tally::default(), to_ms: from_ms, complete: true };
        let bounds = Bounds { time_is_up: &|| self.clock.now_ms() >= run.stop_ms, ..Bounds::NONE };
        let mut pace = Pace::new();
        while counted.to_ms < to_ms {
            let until_ms = pace.until_ms(counted.to_ms, to_ms);
            let slice = self.store.tally_within(counted.to_ms, until_ms, settled_ms, &bounds).await?;
            if !slice.finished {
                counted.complete = false;
                break;
            }
            pace.learn(slice.units);
            counted.tally.add(slice.found);
            counted.to_ms = until_ms;
        }
        Ok(counted)
    }

    /// What a count says. A lead that waits for an account that is no longer configured waits for ever: no run looks.
    pub(super) async fn sum_up(&self, from_ms: u64, counted: &Counted) -> Result<AuditAnswer, StoreError> {
        let configured = self.config.accounts(&self.store, self.clock.now_ms()).await?;
        let configured: BTreeSet<&str> = configured.iter().map(|(name, _)| name.as_str()).collect();
        let mut answer = AuditAnswer {
            from: rfc3339(from_ms),
            to: rfc3339(counted.to_ms),
            complete: counted.complete,
            ..AuditAnswer::default()
        };
        for (account, tally) in &counted.tally.accounts {
            let mut counts = Counts::of(tally);
            if !configured.contains(account.as_str()) {
                counts.remainder += std::mem::take(&mut counts.queued);
            }
            answer.total.add(&counts);
            answer.accounts.insert(account.clone(), counts);
        }
        let mut named: Vec<&OrderId> = counted.tally.unreadable.iter().chain(&counted.tally.unattended).collect();
        named.sort();
        answer.remainder = named.into_iter().take(NAMED).map(ToString::to_string).collect();
        Ok(answer)
    }

    /// The audit of every day: counts, puts in doubt what no run knows of, and says the sums in one line. What is counted
    /// and settled is kept in its books, so that it reads each lead once and looks again only at what is open; what may
    /// still be on its way is left to the next one. One that does not come to its end says nothing, and goes on.
    pub(super) async fn audit_daily(&self, done: &mut Done, today: u64, run: &Run) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let settled_ms = now_ms.saturating_sub(STALLED_MS);
        let Some(oldest_ms) = self.store.oldest().await? else {
            *done = Done { day: today, to_ms: settled_ms, ..Done::default() };
            self.say_audit(Counted { tally: Tally::default(), to_ms: now_ms, complete: true }, now_ms).await?;
            return Ok(());
        };
        let mut books = done.books.take().unwrap_or_else(|| {
            // The first books take in all there is, whatever was counted without any.
            done.to_ms = 0;
            Books { from_ms: oldest_ms, ..Books::default() }
        });
        let counted = self.fill_books(&mut books, &mut done.to_ms, (oldest_ms, settled_ms, now_ms), run).await;
        let from_ms = books.from_ms;
        done.books = Some(books);
        if let Some(counted) = counted? {
            self.say_audit(counted, from_ms).await?;
            done.day = today;
        }
        Ok(())
    }

    /// `None` where time or the budget was up first.
    async fn fill_books(
        &self,
        books: &mut Books,
        to_ms: &mut u64,
        (oldest_ms, settled_ms, now_ms): (u64, u64, u64),
        run: &Run,
    ) -> Result<Option<Counted>, StoreError> {
        let since = OrderId::lower_bound(now_ms.saturating_sub(OPEN_MS));
        let (old, young): (Vec<OrderId>, _) = books.open.iter().cloned().partition(|id| *id < since);
        let old = self.look_again(&old, settled_ms).await?;
        let again = self.look_again(&young, settled_ms).await?;
        books.open.clear();
        books.close_old(&old);
        books.close(&again);
        let mut rest = Tally::default();
        let (mut at_ms, mut left, mut pace) = ((*to_ms).max(oldest_ms), RUN_UNITS, Pace::new());
        *to_ms = at_ms;
        let mut closing = true;
        while at_ms < now_ms {
            let end_ms = if at_ms < settled_ms { settled_ms } else { now_ms };
            let until_ms = pace.until_ms(at_ms, end_ms);
            let bounds = Bounds { time_is_up: &|| self.clock.now_ms() >= run.stop_ms, units: left };
            let mut slice = self.store.tally_within(at_ms, until_ms, settled_ms, &bounds).await?;
            if !slice.finished {
                return Ok(None);
            }
            left -= slice.units;
            pace.learn(slice.units);
            if self.doubt(&slice.found.unattended).await {
                // What they are now.
                slice = self.store.tally_within(at_ms, until_ms, settled_ms, &Bounds::NONE).await?;
            }
            closing = closing && until_ms <= settled_ms && books.close(&slice.found);
            if closing {
                *to_ms = until_ms;
            }
            rest.add(if closing { open_of(slice.found) } else { slice.found });
            at_ms = until_ms;
        }
        let mut tally = books.closed();
        tally.add(open_of(again));
        tally.add(remainder_of(old));
        tally.add(rest);
        Ok(Some(Counted { tally, to_ms: at_ms, complete: true }))
    }

    /// Counts those that stood open, after what no run knows of is put in doubt.
    async fn look_again(&self, open: &[OrderId], settled_ms: u64) -> Result<Tally, StoreError> {
        let tally = self.store.tally_of(open, settled_ms).await?;
        if self.doubt(&tally.unattended).await { self.store.tally_of(open, settled_ms).await } else { Ok(tally) }
    }

    /// Puts in doubt what nobody has looked for. Tells whether there was any.
    async fn doubt(&self, unattended: &[OrderId]) -> bool {
        for id in unattended {
            let put = match self.store.get(id).await {
                Ok(Some(order)) => self.put_in_doubt(&order).await,
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = put {
                tracing::error!(order_id = %id, %error, "a lead that no run knows of is not put in doubt");
            }
        }
        !unattended.is_empty()
    }

    async fn say_audit(&self, counted: Counted, from_ms: u64) -> Result<(), StoreError> {
        let answer = self.sum_up(from_ms, &counted).await?;
        let sums = answer.total;
        // The sums stand in an object of their own: a lead is a metric once, when it comes in.
        Line::new("audit")
            .with("from", answer.from)
            .with("to", answer.to)
            .with("complete", answer.complete)
            .with("sums", json!(sums))
            .with("accounts", json!(answer.accounts))
            .with("orders", json!(answer.remainder))
            .with("audits", 1)
            .with("audit_remainder", sums.remainder)
            .write(self.clock.now_ms());
        Ok(())
    }
}

/// The part of a count that stays open.
fn open_of(mut tally: Tally) -> Tally {
    tally.accounts.values_mut().for_each(|counts| *counts = counts.open());
    tally
}

/// The part of a count that adds up to nothing.
fn remainder_of(mut tally: Tally) -> Tally {
    tally.accounts.values_mut().for_each(|counts| *counts = counts.remainder());
    tally
}

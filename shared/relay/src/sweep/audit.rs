//! Conservation: every lead that came in is in exactly one state. What is in none is the remainder, and an alarm.

use std::collections::{BTreeMap, BTreeSet};

use lead::OrderId;
use orders::{AccountTally, StoreError, Tally};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::requests::{RequestError, read, time_ms};
use super::resend::STALLED_MS;
use super::{Run, daily};
use crate::relay::Relay;
use crate::telemetry::Line;
use crate::view::rfc3339;

/// The leads that are counted before the clock is looked at again.
const SLICE_MS: u64 = 30 * daily::DAY_MS;
/// So many orders of a remainder are named.
const NAMED: usize = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AuditRequest {
    from: Option<String>,
    to: Option<String>,
    account: Option<String>,
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

/// A count, and how far it came.
pub(super) struct Counted {
    pub(super) tally: Tally,
    pub(super) to_ms: u64,
    pub(super) complete: bool,
}

impl Relay {
    pub(super) async fn audit_on_request(&self, request: &Value, run: &Run) -> Result<AuditAnswer, RequestError> {
        let now_ms = self.clock.now_ms();
        let asked: AuditRequest = read("audit", "`from`, `to` and `account`, all texts", request)?;
        let from_ms = asked.from.as_deref().map(|text| time_ms(text, now_ms)).transpose()?;
        let to_ms = asked.to.as_deref().map(|text| time_ms(text, now_ms)).transpose()?.unwrap_or(now_ms + 1);
        let from_ms = match from_ms {
            Some(from_ms) => from_ms,
            None => self.store.oldest().await?.unwrap_or(to_ms).min(to_ms),
        };
        if from_ms > to_ms {
            return Err(RequestError::Unclear("`from` is after `to`".to_owned()));
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
        while counted.to_ms < to_ms {
            if self.clock.now_ms() >= run.stop_ms {
                counted.complete = false;
                break;
            }
            let until_ms = counted.to_ms.saturating_add(SLICE_MS).min(to_ms);
            counted.tally.add(self.store.tally(counted.to_ms, until_ms, settled_ms).await?);
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

    /// The audit of every day: counts, puts in doubt what no run knows of, and says the sums in one line.
    ///
    /// `last_ms` is how far the last one came; what came in since is counted, and the last 30 days in any case. Returns how
    /// far this one came.
    pub(super) async fn audit_daily(&self, last_ms: u64, run: &Run) -> Result<u64, StoreError> {
        let to_ms = self.clock.now_ms();
        let from_ms = match self.store.oldest().await? {
            None => return Ok(to_ms),
            Some(oldest_ms) => oldest_ms.max(last_ms.min(to_ms.saturating_sub(SLICE_MS))),
        };
        let mut counted = self.count(from_ms, to_ms, run).await?;
        if !counted.tally.unattended.is_empty() {
            // Older than the hour that each run looks back over: nobody has looked for them.
            for id in &counted.tally.unattended {
                if let Some(order) = self.store.get(id).await? {
                    self.put_in_doubt(&order).await?;
                }
            }
            counted = self.count(from_ms, to_ms, run).await?;
        }
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
            .with("audit_remainder", sums.remainder)
            .write(self.clock.now_ms());
        // What may still have been on its way is looked at again by the next one, however late that comes.
        Ok(counted.to_ms.min(to_ms.saturating_sub(STALLED_MS)))
    }
}

//! Accounts that are left alone for growing pauses, and are asked with one lead before all others follow: those whose
//! network keeps failing, and those of which an answer says that no lead would be taken now.
//!
//! Failures are counted in the process. Once there are [`TRIPS`] in a row, or at once where an answer is about the account,
//! the account *rests*: a small state in the table, which all processes see. It is written when an account begins to
//! rest, when it is tried and when it is back, and never while it is well. It is taken to be unchanged for [`FRESH_MS`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod state;

use networks::{HttpReply, Rest};
use state::Down;
pub(crate) use state::Rests;

use crate::config::Account;
use crate::relay::Relay;
use crate::telemetry::Line;

/// Failures in a row after which an account rests.
const TRIPS: u32 = 5;
/// How long the state of an account is taken to be unchanged.
const FRESH_MS: u64 = 15_000;
/// How long whoever tries an account has it to itself, in seconds: longer than a function's call of two requests.
const TRIAL_S: u64 = 60;
/// The name of the state.
const STATE: &str = "health";

/// What a call tells of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The network answered in its contract's words.
    Answered,
    /// No connection, no answer, or one that proves nothing.
    Failed,
    /// No lead of the account would be taken now, for so many seconds where the network says how long.
    Rests { why: Rest, asked_s: Option<u64> },
    /// No call was made.
    Nothing,
}

impl Sign {
    /// What the answer to a status call tells of the account as a whole: that its calls are too many. All else may be a
    /// matter of status calls alone, and must not hold leads back.
    pub(crate) const fn of_poll(reply: &HttpReply) -> Self {
        match reply.status {
            429 => Self::Rests { why: Rest::Limit, asked_s: reply.retry_after_s },
            _ => Self::Nothing,
        }
    }
}

/// Whether an account may be called.
#[derive(Debug)]
pub(crate) enum Gate {
    /// It is well.
    Open,
    /// Its pause is over, and this caller tries it first.
    Trial(Trial),
    /// It is left alone.
    Closed(Rests),
}

/// The right to try an account first. Dropped without a sign it goes to the next caller of this process: whatever fails
/// between the gate and the call, the account is not left alone for a trial that nobody makes.
#[derive(Debug)]
pub(crate) struct Trial {
    health: Health,
    account: String,
    down: Option<Down>,
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(down) = self.down.take() {
            self.health.change(&self.account, |known| known.unused = Some(down));
        }
    }
}

/// The accounts as this process knows them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Health(Arc<Mutex<HashMap<String, Known>>>);

#[derive(Debug, Clone, Default)]
struct Known {
    failures: u32,
    down: Option<Down>,
    read_ms: Option<u64>,
    /// A trial that was given out and not made.
    unused: Option<Down>,
}

impl Health {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, account: &str, change: impl FnOnce(&mut Known) -> T) -> T {
        change(self.lock().entry(account.to_owned()).or_default())
    }

    fn trial(&self, account: &str, down: Down) -> Gate {
        Gate::Trial(Trial { health: self.clone(), account: account.to_owned(), down: Some(down) })
    }
}

impl Relay {
    /// Whether an account may be called now with a lead. What it gives comes back through [`Relay::take_sign`].
    ///
    /// A table that does not answer keeps no lead from being sent.
    pub(crate) async fn gate(&self, account: &str) -> Gate {
        let now_s = self.clock.now_ms() / 1000;
        let unused = self.health.change(account, |known| known.unused.take());
        if let Some(trial) = unused.filter(|trial| now_s < trial.until_s) {
            return self.health.trial(account, trial);
        }
        let Some(down) = self.down(account).await else { return Gate::Open };
        if now_s < down.until_s {
            return Gate::Closed(down.rests());
        }
        let trial = down.tried(now_s + TRIAL_S);
        match self.store.swap_state(account, STATE, Some(&down.text()), Some(&trial.text())).await {
            Ok(true) => {
                self.learn(account, Some(trial.clone()));
                self.health.trial(account, trial)
            }
            // Another process tries it.
            Ok(false) => {
                self.forget_health(account);
                Gate::Closed(trial.rests())
            }
            Err(_) => Gate::Open,
        }
    }

    /// Whether an account rests now: for whoever calls it without a lead, and whoever tells people.
    pub(crate) async fn rests(&self, account: &str) -> Option<Rests> {
        let down = self.down(account).await?;
        (self.clock.now_ms() / 1000 < down.until_s).then(|| down.rests())
    }

    /// The state of an account, as it was at most [`FRESH_MS`] ago.
    async fn down(&self, account: &str) -> Option<Down> {
        let at_ms = self.clock.now_ms();
        let known = self.health.change(account, |known| {
            let is_fresh = known.read_ms.is_some_and(|read_ms| at_ms < read_ms + FRESH_MS);
            is_fresh.then(|| known.down.clone())
        });
        if let Some(known) = known {
            return known;
        }
        match self.store.state(account, STATE).await {
            Ok(text) => {
                let down = text.and_then(|text| serde_json::from_str::<Down>(&text).ok());
                self.learn(account, down.clone());
                down
            }
            Err(error) => {
                tracing::warn!(account, %error, "whether the network is down is not known");
                None
            }
        }
    }

    /// Takes what a call told that no gate was asked for, such as a status call: see [`Sign::of_poll`].
    pub(crate) async fn sign(&self, account: &str, network: &str, sign: Sign) {
        if let Sign::Rests { .. } = sign {
            self.take_sign(account, network, Gate::Open, sign).await;
        }
    }

    /// Has the credentials of an account read anew where a call was turned away for them.
    pub(crate) fn doubt_credentials(&self, account: &Account, sign: Sign) {
        if matches!(sign, Sign::Rests { why: Rest::Credentials, .. }) {
            self.secrets.doubt(account);
        }
    }

    /// Takes back what [`Relay::gate`] gave, with what the call told.
    pub(crate) async fn take_sign(&self, account: &str, network: &str, gate: Gate, sign: Sign) {
        let now_s = self.clock.now_ms() / 1000;
        let tried = match gate {
            Gate::Closed(_) => return,
            Gate::Open => None,
            // Nothing was tried: dropped, the trial goes to the next.
            Gate::Trial(_) if sign == Sign::Nothing => return,
            Gate::Trial(mut trial) => trial.down.take(),
        };
        let before = || tried.clone().unwrap_or_else(|| Down::new(now_s));
        let after = match sign {
            Sign::Nothing => return,
            Sign::Answered if tried.is_none() => return self.health.change(account, |known| known.failures = 0),
            Sign::Answered => None,
            Sign::Rests { why, asked_s } => Some(before().again(now_s, Some(why), asked_s)),
            Sign::Failed if tried.is_some() => Some(before().again(now_s, None, None)),
            Sign::Failed => {
                let failures = self.health.change(account, |known| {
                    known.failures = known.failures.saturating_add(1);
                    known.failures
                });
                if failures < TRIPS {
                    return;
                }
                Some(before().again(now_s, None, None))
            }
        };
        self.change_state(account, tried.as_ref(), after, network).await;
    }

    /// Moves the state that all processes see. Who moves it says so, once.
    async fn change_state(&self, account: &str, before: Option<&Down>, after: Option<Down>, network: &str) {
        let (old, new) = (before.map(Down::text), after.as_ref().map(Down::text));
        match self.store.swap_state(account, STATE, old.as_deref(), new.as_deref()).await {
            Ok(true) => {}
            Ok(false) => return self.forget_health(account),
            Err(error) => {
                tracing::error!(account, %error, "that a network is down or back is not written");
                return self.forget_health(account);
            }
        }
        let now_ms = self.clock.now_ms();
        tell(account, before, after.as_ref(), network, now_ms);
        self.learn(account, after);
    }

    fn learn(&self, account: &str, down: Option<Down>) {
        let read_ms = Some(self.clock.now_ms());
        self.health.change(account, |known| {
            let failures = if down.is_some() { 0 } else { known.failures };
            let unused = known.unused.take().filter(|unused| down.as_ref() == Some(unused));
            *known = Known { failures, down, read_ms, unused };
        });
    }

    fn forget_health(&self, account: &str) {
        self.health.change(account, |known| *known = Known { failures: known.failures, ..Known::default() });
    }
}

/// One line when an account begins to rest, or rests for another reason than before, and one when it is back.
fn tell(account: &str, before: Option<&Down>, after: Option<&Down>, network: &str, now_ms: u64) {
    let line = |message| Line::new(message).with("network", network).with("account", account);
    match (before, after) {
        (None, Some(down)) => {
            let line =
                line("network down").with("why", down.why()).with("pause_s", down.until_s.saturating_sub(down.since_s));
            // A limit passes by itself: nobody is woken for it.
            let is_limit = down.why() == Rest::Limit.as_str();
            if is_limit { line } else { line.with("network_down", 1) }.write(now_ms);
        }
        (Some(before), Some(after)) if before.why() != after.why() => {
            line("network still down").with("why", after.why()).with("before", before.why()).write(now_ms);
        }
        (Some(down), None) => {
            line("network back")
                .with("why", down.why())
                .with("down_s", (now_ms / 1000).saturating_sub(down.since_s))
                .write(now_ms);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_status_calls_only_a_limit_concerns_the_leads() {
        for status in [200, 302, 401, 403, 404, 500, 503] {
            assert_eq!(Sign::of_poll(&HttpReply::new(status, "")), Sign::Nothing);
        }
        let limited = HttpReply { retry_after_s: Some(90), ..HttpReply::new(429, "") };
        assert_eq!(Sign::of_poll(&limited), Sign::Rests { why: Rest::Limit, asked_s: Some(90) });
    }
}

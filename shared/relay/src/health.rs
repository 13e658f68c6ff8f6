//! Networks that keep failing are left alone for growing pauses, and are asked with one lead before all others follow.
//!
//! Failures are counted in the process. Once there are [`TRIPS`] in a row the account is *down*: a small state in the
//! table, which all processes see. It is written when an account goes down, when it is tried and when it is back,
//! and never while it is well. The state is taken to be unchanged for [`FRESH_MS`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lead::Backoff;
use serde::{Deserialize, Serialize};

use crate::relay::Relay;
use crate::telemetry::Line;

/// Failures in a row after which an account is down.
const TRIPS: u32 = 5;
/// How long the state of an account is taken to be unchanged.
const FRESH_MS: u64 = 15_000;
/// How long an account is left alone, time after time.
const PAUSES: Backoff = Backoff::doubling(Duration::from_mins(1), Duration::from_hours(1));
/// How long whoever tries an account has it to itself, in seconds: longer than a function's call of two requests.
const TRIAL_S: u64 = 60;
/// The name of the state.
const STATE: &str = "health";

/// What a call tells of its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It answered.
    Answered,
    /// No connection, no answer, HTTP 429 or 5xx.
    Failed,
    /// No call was made.
    Nothing,
}

impl Sign {
    pub(crate) const fn of_status(status: u16) -> Self {
        if status == 429 || status >= 500 { Self::Failed } else { Self::Answered }
    }
}

/// An account that is down: the state's text is this as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Down {
    /// Since when, in seconds since 1970.
    #[serde(rename = "s")]
    since_s: u64,
    /// The pauses so far.
    #[serde(rename = "n")]
    pauses: u32,
    /// It is left alone until then, in seconds since 1970.
    #[serde(rename = "u")]
    until_s: u64,
}

impl Down {
    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Down for one pause more.
    fn again(&self, now_s: u64) -> Self {
        let pauses = self.pauses.saturating_add(1);
        let until_s = now_s.saturating_add(PAUSES.pause(pauses).unwrap_or_default().as_secs());
        Self { since_s: self.since_s, pauses, until_s }
    }
}

/// Whether an account may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It is well.
    Open,
    /// Its pause is over, and this caller tries it first.
    Trial(Down),
    /// It is left alone until then, in seconds since 1970.
    Closed(u64),
}

/// The accounts as this process knows them.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<HashMap<String, Known>>);

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
}

impl Relay {
    /// Whether an account may be called now. What it gives must come back through [`Relay::take_sign`].
    ///
    /// A table that does not answer keeps no lead from being sent.
    pub(crate) async fn gate(&self, account: &str) -> Gate {
        let at_ms = self.clock.now_ms();
        let now_s = at_ms / 1000;
        let known = self.health.change(account, |known| {
            let is_fresh = known.read_ms.is_some_and(|read_ms| at_ms < read_ms + FRESH_MS);
            (known.unused.take(), known.down.clone(), is_fresh)
        });
        let down = match known {
            (Some(trial), ..) if now_s < trial.until_s => return Gate::Trial(trial),
            (_, down, true) => down,
            (.., false) => match self.store.state(account, STATE).await {
                Ok(text) => {
                    let down = text.and_then(|text| serde_json::from_str::<Down>(&text).ok());
                    self.learn(account, down.clone());
                    down
                }
                Err(error) => {
                    tracing::warn!(account, %error, "whether the network is down is not known");
                    None
                }
            },
        };
        let Some(down) = down else { return Gate::Open };
        if now_s < down.until_s {
            return Gate::Closed(down.until_s);
        }
        let trial = Down { until_s: now_s + TRIAL_S, ..down.clone() };
        match self.store.swap_state(account, STATE, Some(&down.text()), Some(&trial.text())).await {
            Ok(true) => {
                self.learn(account, Some(trial.clone()));
                Gate::Trial(trial)
            }
            // Another process tries it.
            Ok(false) => {
                self.forget_health(account);
                Gate::Closed(trial.until_s)
            }
            Err(_) => Gate::Open,
        }
    }

    /// Takes back what [`Relay::gate`] gave, with what the call told.
    pub(crate) async fn take_sign(&self, account: &str, network: &str, gate: Gate, sign: Sign) {
        let now_s = self.clock.now_ms() / 1000;
        match (gate, sign) {
            (Gate::Trial(trial), Sign::Answered) => self.change_state(account, Some(&trial), None, network).await,
            (Gate::Trial(trial), Sign::Failed) => {
                let down = trial.again(now_s);
                self.change_state(account, Some(&trial), Some(down), network).await;
            }
            (Gate::Trial(trial), Sign::Nothing) => self.health.change(account, |known| known.unused = Some(trial)),
            (Gate::Open, Sign::Answered) => self.health.change(account, |known| known.failures = 0),
            (Gate::Open, Sign::Failed) => {
                let failures = self.health.change(account, |known| {
                    known.failures = known.failures.saturating_add(1);
                    known.failures
                });
                if failures >= TRIPS {
                    let down = Down { since_s: now_s, pauses: 0, until_s: 0 }.again(now_s);
                    self.change_state(account, None, Some(down), network).await;
                }
            }
            (Gate::Closed(_), _) | (Gate::Open, Sign::Nothing) => {}
        }
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
        match (before, &after) {
            (None, Some(down)) => Line::new("network down")
                .with("network", network)
                .with("account", account)
                .with("pause_s", down.until_s.saturating_sub(down.since_s))
                .with("network_down", 1)
                .write(now_ms),
            (Some(down), None) => Line::new("network back")
                .with("network", network)
                .with("account", account)
                .with("down_s", (now_ms / 1000).saturating_sub(down.since_s))
                .write(now_ms),
            _ => {}
        }
        self.learn(account, after);
    }

    fn learn(&self, account: &str, down: Option<Down>) {
        let read_ms = Some(self.clock.now_ms());
        self.health.change(account, |known| {
            let failures = if down.is_some() { 0 } else { known.failures };
            *known = Known { failures, down, read_ms, unused: None };
        });
    }

    fn forget_health(&self, account: &str) {
        self.health.change(account, |known| *known = Known { failures: known.failures, ..Known::default() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        let mut down = Down { since_s: 1000, pauses: 0, until_s: 0 };
        let mut pauses = Vec::new();
        for _ in 0..9 {
            down = down.again(1000);
            pauses.push(down.until_s - 1000);
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!(down.since_s, 1000);
        assert_eq!(serde_json::from_str::<Down>(&down.text()).unwrap(), down);
    }

    #[test]
    fn what_is_no_answer_of_a_network_is_a_failure() {
        for status in [200, 302, 400, 404, 422] {
            assert_eq!(Sign::of_status(status), Sign::Answered);
        }
        for status in [429, 500, 502, 503, 504] {
            assert_eq!(Sign::of_status(status), Sign::Failed);
        }
    }
}

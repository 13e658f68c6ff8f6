//! Secrets: references in the configuration and where their values come from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use networks::Settings as NetworkSettings;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex as AsyncMutex;

use crate::clock::{Clock, SystemClock};
use crate::config::Account;
use crate::signed::SignedError;
use crate::ssm::{self, Ssm};

/// How a setting's value is referred to in a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// `env:NAME`
    Env(&'a str),
    /// `ssm:/path`
    Ssm(&'a str),
    /// The value itself.
    Literal(&'a str),
}

impl<'a> Reference<'a> {
    /// Reads a configured text.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        if let Some(name) = text.strip_prefix("env:") {
            Self::Env(name)
        } else if let Some(name) = text.strip_prefix("ssm:") {
            Self::Ssm(name)
        } else {
            Self::Literal(text)
        }
    }
}

/// A secret that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("the environment variable {0} is not set")]
    NoVariable(String),
    /// SSM did not give it.
    #[error("the SSM parameter {name}: {reason}")]
    Ssm {
        /// The parameter.
        name: String,
        /// What went wrong.
        reason: String,
    },
}

/// How long a value of SSM is taken to be unchanged, in milliseconds: a credential that was changed reaches a process
/// that lives for hours.
const FRESH_MS: u64 = 10 * 60 * 1000;

/// How long nobody asks again for what could not be had, in milliseconds. SSM answers 40 calls a second, and leads of a
/// broken account come as fast as those of any other.
const FAILED_MS: u64 = 15 * 1000;

/// Resolves references. What SSM holds is read anew after [`FRESH_MS`], and earlier where a network turns it away; while
/// SSM fails, the value of before goes on.
pub struct Secrets {
    ssm: Option<Ssm>,
    known: Mutex<HashMap<String, Known>>,
    /// Who reads a parameter now: others that want it wait, and nobody else does.
    reading: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
    variable: Variable,
    clock: Arc<dyn Clock>,
}

/// A parameter as this process knows it.
#[derive(Default)]
struct Known {
    value: Option<SecretString>,
    /// When it was read last.
    read_ms: u64,
    /// A network turned it away: it is to be read anew.
    is_doubted: bool,
    /// Until when it is not asked for, and why.
    failed: Option<(u64, String)>,
}

impl Known {
    fn is_fresh(&self, now_ms: u64) -> bool {
        let is_known = self.value.is_some() && !self.is_doubted && now_ms < self.read_ms.saturating_add(FRESH_MS);
        is_known || self.failed.as_ref().is_some_and(|(until_ms, _)| now_ms < *until_ms)
    }

    fn fail(&mut self, now_ms: u64, why: &str) {
        self.failed = Some((now_ms.saturating_add(FAILED_MS), why.to_owned()));
    }
}

/// Reads a variable of the environment.
type Variable = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl Secrets {
    /// Secrets from the process's environment and, with a client, from SSM.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "`env:` references name variables of the process")]
    pub fn new(ssm: Option<Ssm>) -> Self {
        Self {
            ssm,
            known: Mutex::default(),
            reading: Mutex::default(),
            variable: Box::new(|name| std::env::var(name).ok()),
            clock: Arc::new(SystemClock),
        }
    }

    /// The same, whose values grow old by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The value of a reference.
    ///
    /// # Errors
    /// [`SecretError`], which names the variable or parameter.
    pub async fn resolve(&self, text: &str) -> Result<SecretString, SecretError> {
        if let Reference::Ssm(name) = Reference::of(text) {
            self.read(BTreeSet::from([name])).await;
        }
        self.known(text)
    }

    /// All settings of an account, resolved; what SSM holds of them is asked for together.
    ///
    /// # Errors
    /// The first [`SecretError`].
    pub async fn settings_of(&self, account: &Account) -> Result<NetworkSettings, SecretError> {
        self.read(parameters_of(account)).await;
        let mut resolved = BTreeMap::new();
        for (name, reference) in &account.settings {
            resolved.insert(name.clone(), self.known(reference)?.expose_secret().to_owned());
        }
        Ok(NetworkSettings::from_pairs(resolved))
    }

    /// A network has turned the credentials of an account away (HTTP 401 or 403): they are read anew before they are used
    /// again, for they may have been changed.
    pub(crate) fn doubt(&self, account: &Account) {
        let now_ms = self.clock.now_ms();
        let mut known = lock(&self.known);
        for name in parameters_of(account) {
            // What was read just now is as it is, however many leads are turned away.
            if let Some(known) = known.get_mut(name).filter(|known| known.read_ms + FAILED_MS <= now_ms) {
                known.is_doubted = true;
            }
        }
    }

    /// What is known of a reference, without asking anybody.
    fn known(&self, text: &str) -> Result<SecretString, SecretError> {
        let name = match Reference::of(text) {
            Reference::Literal(value) => return Ok(SecretString::from(value)),
            Reference::Env(name) => {
                let value = (self.variable)(name).filter(|value| !value.is_empty());
                return value.map(SecretString::from).ok_or_else(|| SecretError::NoVariable(name.to_owned()));
            }
            Reference::Ssm(name) => name,
        };
        let known = lock(&self.known);
        let known = known.get(name);
        if let Some(value) = known.and_then(|known| known.value.clone()) {
            return Ok(value);
        }
        let reason = known.and_then(|known| known.failed.as_ref()).map(|(_, reason)| reason.clone());
        Err(SecretError::Ssm { name: name.to_owned(), reason: reason.unwrap_or_default() })
    }

    /// Asks SSM for those of these parameters that are not known or no longer fresh.
    async fn read(&self, names: BTreeSet<&str>) {
        if self.stale(&names).is_empty() {
            return;
        }
        // In their order, so that two readers never wait for each other.
        let mut turns = Vec::new();
        for name in &names {
            let turn = Arc::clone(lock(&self.reading).entry((*name).to_owned()).or_default());
            turns.push(turn.lock_owned().await);
        }
        // Another reader may have been faster.
        let stale = self.stale(&names);
        for names in stale.chunks(ssm::BATCH) {
            let read = match &self.ssm {
                Some(ssm) => ssm.parameters(names).await.map_err(|error: SignedError| error.to_string()),
                None => Err("no AWS credentials here".to_owned()),
            };
            self.learn(names, read);
        }
    }

    fn stale<'a>(&self, names: &BTreeSet<&'a str>) -> Vec<&'a str> {
        let (now_ms, known) = (self.clock.now_ms(), lock(&self.known));
        names.iter().copied().filter(|name| !known.get(*name).is_some_and(|known| known.is_fresh(now_ms))).collect()
    }

    fn learn(&self, names: &[&str], read: Result<BTreeMap<String, SecretString>, String>) {
        let now_ms = self.clock.now_ms();
        let mut all = lock(&self.known);
        for name in names {
            let known = all.entry((*name).to_owned()).or_default();
            match &read {
                Ok(found) => match found.get(*name) {
                    Some(value) => {
                        *known = Known { value: Some(value.clone()), read_ms: now_ms, ..Known::default() };
                    }
                    // Who deletes a parameter means it.
                    None => {
                        known.value = None;
                        known.fail(now_ms, "ParameterNotFound");
                    }
                },
                Err(error) => {
                    let goes_on = known.value.is_some();
                    tracing::warn!(parameter = name, %error, goes_on, "a parameter cannot be read");
                    known.fail(now_ms, error);
                }
            }
        }
    }
}

/// The parameters of SSM that the settings of an account are in.
fn parameters_of(account: &Account) -> BTreeSet<&str> {
    let parameters = account.settings.values().filter_map(|reference| match Reference::of(reference) {
        Reference::Ssm(name) => Some(name),
        Reference::Env(_) | Reference::Literal(_) => None,
    });
    parameters.collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

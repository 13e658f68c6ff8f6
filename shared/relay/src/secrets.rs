//! Secrets: references in the configuration and where their values come from.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use networks::Settings as NetworkSettings;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::config::Account;
use crate::signed::SignedError;
use crate::ssm::Ssm;

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

/// Resolves references, each once in the life of a process.
pub struct Secrets {
    ssm: Option<Ssm>,
    known: Mutex<HashMap<String, SecretString>>,
    variable: Variable,
}

/// Reads a variable of the environment.
type Variable = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl Secrets {
    /// Secrets from the process's environment and, with a client, from SSM.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "`env:` references name variables of the process")]
    pub fn new(ssm: Option<Ssm>) -> Self {
        Self { ssm, known: Mutex::default(), variable: Box::new(|name| std::env::var(name).ok()) }
    }

    /// The value of a reference.
    ///
    /// # Errors
    /// [`SecretError`], which names the variable or parameter.
    pub async fn resolve(&self, text: &str) -> Result<SecretString, SecretError> {
        let name = match Reference::of(text) {
            Reference::Literal(value) => return Ok(SecretString::from(value)),
            Reference::Env(name) => {
                let value = (self.variable)(name).filter(|value| !value.is_empty());
                return value.map(SecretString::from).ok_or_else(|| SecretError::NoVariable(name.to_owned()));
            }
            Reference::Ssm(name) => name,
        };
        // Held while fetching, so that one cold start asks once.
        let mut known = self.known.lock().await;
        if let Some(value) = known.get(name) {
            return Ok(value.clone());
        }
        let failed = |reason: String| SecretError::Ssm { name: name.to_owned(), reason };
        let ssm = self.ssm.as_ref().ok_or_else(|| failed("no AWS credentials here".to_owned()))?;
        let value = ssm.parameter(name).await.map_err(|error: SignedError| failed(error.to_string()))?;
        known.insert(name.to_owned(), value.clone());
        Ok(value)
    }

    /// All settings of an account, resolved.
    ///
    /// # Errors
    /// The first [`SecretError`].
    pub async fn settings_of(&self, account: &Account) -> Result<NetworkSettings, SecretError> {
        let mut resolved = BTreeMap::new();
        for (name, reference) in &account.settings {
            resolved.insert(name.clone(), self.resolve(reference).await?.expose_secret().to_owned());
        }
        Ok(NetworkSettings::from_pairs(resolved))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

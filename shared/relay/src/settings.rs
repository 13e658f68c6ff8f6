//! What a process is told by its environment.

use std::fmt;

use aws_credential_types::Credentials;

/// The table's name.
pub const TABLE_NAME: &str = "TABLE_NAME";
/// The relay's secret itself: for one machine and tests.
pub const LEADRELAY_SECRET: &str = "LEADRELAY_SECRET";
/// The name of the SSM parameter (`SecureString`) that holds the relay's secret.
pub const LEADRELAY_SECRET_SSM: &str = "LEADRELAY_SECRET_SSM";
/// A PEM file of certificates to trust beside the public ones.
pub const LEADRELAY_CA_FILE: &str = "LEADRELAY_CA_FILE";
/// The URL of the SQS queue that slices of polling work go through. Left out, they are done where they are cut.
pub const LEADRELAY_QUEUE_URL: &str = "LEADRELAY_QUEUE_URL";
/// After so many days the personal data of an order is erased, 1 to 3650.
pub const LEADRELAY_RETENTION_DAYS: &str = "LEADRELAY_RETENTION_DAYS";
/// The days where nothing else is said.
pub const RETENTION_DAYS: u32 = 400;
/// What is logged, such as `info` or `relay=debug`.
pub const RUST_LOG: &str = "RUST_LOG";

/// The variables a deployed function is given by the template.
pub const ENVIRONMENT: [&str; 5] =
    [TABLE_NAME, LEADRELAY_SECRET_SSM, LEADRELAY_QUEUE_URL, LEADRELAY_RETENTION_DAYS, RUST_LOG];

/// The environment of a process, read once. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct Settings {
    /// The table's name.
    pub table: String,
    /// Where the relay's secret comes from.
    pub secret: RelaySecret,
    /// More certificates to trust.
    pub ca_file: Option<String>,
    /// What is logged.
    pub log_filter: Option<String>,
    /// The AWS region.
    pub region: String,
    /// Credentials: the key's id.
    pub access_key_id: String,
    /// Credentials: the key.
    pub secret_access_key: String,
    /// Credentials: the session.
    pub session_token: Option<String>,
    /// DynamoDB elsewhere than at AWS.
    pub dynamodb_endpoint: Option<String>,
    /// SSM elsewhere than at AWS.
    pub ssm_endpoint: Option<String>,
    /// After so many days the personal data of an order is erased.
    pub retention_days: u32,
    /// The queue of polling work.
    pub queue_url: Option<String>,
    /// SQS elsewhere than where the queue's URL says.
    pub sqs_endpoint: Option<String>,
}

/// Where the relay's secret comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum RelaySecret {
    /// The secret itself.
    Value(String),
    /// The name of an SSM parameter.
    Ssm(String),
}

/// A variable that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

impl Settings {
    /// Reads the environment through `get`, which returns the value of a variable.
    ///
    /// # Errors
    /// A message that names the variable and what it should hold.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let need = |name: &str, what: &str| {
            get(name).ok_or_else(|| SettingsError(format!("the environment variable {name} is missing: {what}")))
        };
        let secret = match (get(LEADRELAY_SECRET), get(LEADRELAY_SECRET_SSM)) {
            (Some(value), _) => RelaySecret::Value(value),
            (None, Some(name)) => RelaySecret::Ssm(name),
            (None, None) => {
                let what = format!("set {LEADRELAY_SECRET_SSM} to the name of the SSM parameter that holds the secret");
                return Err(SettingsError(format!(
                    "{LEADRELAY_SECRET} and {LEADRELAY_SECRET_SSM} are missing: {what}"
                )));
            }
        };
        let region = get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION"));
        let endpoint = |service: &str| get(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| get("AWS_ENDPOINT_URL"));
        Ok(Self {
            table: need(TABLE_NAME, "the name of the DynamoDB table")?,
            secret,
            ca_file: get(LEADRELAY_CA_FILE),
            log_filter: get(RUST_LOG),
            region: region.ok_or_else(|| SettingsError("AWS_REGION is missing: such as eu-central-1".to_owned()))?,
            access_key_id: need("AWS_ACCESS_KEY_ID", "AWS credentials; on Lambda they are always there")?,
            secret_access_key: need("AWS_SECRET_ACCESS_KEY", "AWS credentials; on Lambda they are always there")?,
            session_token: get("AWS_SESSION_TOKEN"),
            dynamodb_endpoint: endpoint("DYNAMODB"),
            ssm_endpoint: endpoint("SSM"),
            retention_days: retention_days(get(LEADRELAY_RETENTION_DAYS).as_deref())?,
            queue_url: get(LEADRELAY_QUEUE_URL),
            sqs_endpoint: endpoint("SQS"),
        })
    }

    /// The AWS credentials.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        let (id, key) = (self.access_key_id.clone(), self.secret_access_key.clone());
        Credentials::new(id, key, self.session_token.clone(), None, "environment")
    }

    /// The relay's secret of the process's environment, for a machine that may make its own.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn secret_of_environment() -> Option<String> {
        std::env::var(LEADRELAY_SECRET).ok().filter(|secret| !secret.is_empty())
    }

    /// What the process's environment wants logged.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn log_filter_of_environment() -> Option<String> {
        std::env::var(RUST_LOG).ok()
    }

    /// Reads the process's environment.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn from_environment() -> Result<Self, SettingsError> {
        Self::read(variable)
    }
}

/// Reads the days of retention.
///
/// # Errors
/// A message that names the variable and what it should hold.
pub fn retention_days(text: Option<&str>) -> Result<u32, SettingsError> {
    let Some(text) = text else { return Ok(RETENTION_DAYS) };
    let days = text.trim().parse().ok().filter(|days| (1..=3650).contains(days));
    days.ok_or_else(|| SettingsError(format!("{LEADRELAY_RETENTION_DAYS} is `{text}`: a whole number from 1 to 3650")))
}

/// The value of a variable of this process; `None` where it is not set or is no text.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("table", &self.table).field("region", &self.region).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    const WHOLE: [(&str, &str); 5] = [
        (TABLE_NAME, "leads"),
        (LEADRELAY_SECRET, "s3cret"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
    ];

    #[test]
    fn a_whole_environment_is_read_and_not_shown() {
        let settings = read(&WHOLE).unwrap();
        assert_eq!(settings.table, "leads");
        let shown = format!("{settings:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("key"), "{shown}");
    }

    #[test]
    fn days_of_retention_are_a_number_or_400() {
        assert_eq!(read(&WHOLE).unwrap().retention_days, 400);
        assert_eq!(retention_days(Some("30")).unwrap(), 30);
        for wrong in ["0", "-1", "3651", "a year", "30.5"] {
            let message = retention_days(Some(wrong)).unwrap_err().to_string();
            assert!(message.starts_with("LEADRELAY_RETENTION_DAYS is `"), "{message}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for missing in WHOLE {
            let rest: Vec<_> = WHOLE.into_iter().filter(|pair| *pair != missing).collect();
            let message = read(&rest).unwrap_err().to_string();
            assert!(message.contains(missing.0), "{message}");
        }
    }
}

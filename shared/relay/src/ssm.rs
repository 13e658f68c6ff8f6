//! SSM Parameter Store: reads decrypted parameters.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use crate::clock::Clock;
use crate::settings::Settings;
use crate::signed::{Service, SignedClient, SignedError};

/// Reads decrypted parameters.
#[derive(Debug)]
pub struct Ssm(SignedClient);

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "Parameter")]
    parameter: Parameter,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(rename = "Value")]
    value: String,
}

impl Ssm {
    /// A client over the relay's one HTTP client.
    #[must_use]
    pub fn new(settings: &Settings, client: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        let endpoint = settings.ssm_endpoint.clone();
        let service = Service {
            name: "ssm",
            target: "AmazonSSM",
            content_type: "application/x-amz-json-1.1",
            endpoint: endpoint.unwrap_or_else(|| format!("https://ssm.{}.amazonaws.com", settings.region)),
        };
        Self(SignedClient::new(settings, service, client, clock))
    }

    /// The decrypted value of a parameter.
    ///
    /// # Errors
    /// [`SignedError`]; it never holds a value.
    pub async fn parameter(&self, name: &str) -> Result<SecretString, SignedError> {
        let found: Found = self.0.call("GetParameter", &json!({ "Name": name, "WithDecryption": true })).await?;
        Ok(SecretString::from(found.parameter.value))
    }
}

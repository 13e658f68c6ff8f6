//! SSM Parameter Store: reads decrypted parameters.

use std::collections::BTreeMap;
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

/// The most parameters of one call.
pub(crate) const BATCH: usize = 10;

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "Parameters", default)]
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(rename = "Name", default)]
    name: String,
    /// The version or label where one was asked for, with its colon.
    #[serde(rename = "Selector", default)]
    selector: String,
    #[serde(rename = "ARN", default)]
    arn: String,
    #[serde(rename = "Value")]
    value: String,
}

impl Parameter {
    /// Whether it was asked for by this name: a plain one, or one with a version or label, or an ARN.
    fn is(&self, asked: &str) -> bool {
        let name = asked.strip_suffix(self.selector.as_str()).unwrap_or(asked);
        [self.name.as_str(), self.arn.as_str()].contains(&name)
    }
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

    /// The decrypted values of parameters by the names that were asked for, at most ten; those that are not there are left
    /// out.
    ///
    /// # Errors
    /// [`SignedError`]; it never holds a value.
    pub async fn parameters(&self, names: &[&str]) -> Result<BTreeMap<String, SecretString>, SignedError> {
        let found: Found = self.0.call("GetParameters", &json!({ "Names": names, "WithDecryption": true })).await?;
        let value_of = |asked: &str| found.parameters.iter().find(|parameter| parameter.is(asked));
        let values = names.iter().filter_map(|asked| {
            let value = SecretString::from(value_of(asked)?.value.as_str());
            Some(((*asked).to_owned(), value))
        });
        Ok(values.collect())
    }
}

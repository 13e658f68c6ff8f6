//! SSM Parameter Store: one call, signed by hand, since the whole SDK of the service would weigh more than the relay.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use secrecy::SecretString;
use serde::Deserialize;

use crate::clock::Clock;
use crate::settings::Settings;
use std::sync::Arc;

/// Reads decrypted parameters.
pub struct Ssm {
    client: reqwest::Client,
    endpoint: String,
    region: String,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
}

/// Why a parameter cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SsmError {
    /// The call could not be made.
    #[error("the call failed: {0}")]
    Call(String),
    /// The service said no.
    #[error("HTTP {status} {code}")]
    Refused {
        /// The HTTP code.
        status: u16,
        /// The service's code, such as `ParameterNotFound`.
        code: String,
    },
}

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

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type", default)]
    code: String,
}

impl Ssm {
    /// A client over the relay's one HTTP client.
    #[must_use]
    pub fn new(settings: &Settings, client: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        let endpoint = settings.ssm_endpoint.clone();
        Self {
            client,
            endpoint: endpoint.unwrap_or_else(|| format!("https://ssm.{}.amazonaws.com", settings.region)),
            region: settings.region.clone(),
            credentials: settings.credentials(),
            clock,
        }
    }

    /// The decrypted value of a parameter.
    ///
    /// # Errors
    /// [`SsmError`]; it never holds a value.
    pub async fn parameter(&self, name: &str) -> Result<SecretString, SsmError> {
        let body = serde_json::json!({ "Name": name, "WithDecryption": true }).to_string();
        let request = self.signed(body).map_err(SsmError::Call)?;
        let failed = |error: reqwest::Error| SsmError::Call(error.without_url().to_string());
        let response = self.client.execute(request).await.map_err(failed)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(failed)?;
        if !status.is_success() {
            let refusal = serde_json::from_slice::<Refusal>(&bytes).ok();
            let code = refusal.map(|refusal| refusal.code).unwrap_or_default();
            let code = code.rsplit('#').next().unwrap_or_default().to_owned();
            return Err(SsmError::Refused { status: status.as_u16(), code });
        }
        let found: Found =
            serde_json::from_slice(&bytes).map_err(|_| SsmError::Call("an answer without a value".to_owned()))?;
        Ok(SecretString::from(found.parameter.value))
    }

    fn signed(&self, body: String) -> Result<reqwest::Request, String> {
        const TARGET: &str = "AmazonSSM.GetParameter";
        const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("ssm")
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(self.clock.now_ms()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?;
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", TARGET)];
        let signable = SignableRequest::new(
            "POST",
            format!("{}/", self.endpoint.trim_end_matches('/')),
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )
        .map_err(|error| error.to_string())?;
        let (instructions, _) = sign(signable, &params.into()).map_err(|error| error.to_string())?.into_parts();
        let mut request = http::Request::post(format!("{}/", self.endpoint.trim_end_matches('/')))
            .header("content-type", CONTENT_TYPE)
            .header("x-amz-target", TARGET)
            .body(body)
            .map_err(|error| error.to_string())?;
        instructions.apply_to_request_http1x(&mut request);
        reqwest::Request::try_from(request).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for Ssm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ssm").field("region", &self.region).finish_non_exhaustive()
    }
}

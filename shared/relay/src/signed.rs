//! Calls of AWS services that speak JSON, signed by hand: a whole SDK for one call each would weigh more than the relay.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde::Deserialize;
use serde_json::Value;

use crate::clock::Clock;
use crate::settings::Settings;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// One service: where it is and how it wants to be spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name in signatures, such as `ssm`.
    pub name: &'static str,
    /// What every target begins with, such as `AmazonSSM`.
    pub target: &'static str,
    /// The content type of its protocol.
    pub content_type: &'static str,
    /// Scheme and host.
    pub endpoint: String,
}

/// A client of one service, over the relay's one HTTP client.
pub struct SignedClient {
    client: reqwest::Client,
    service: Service,
    region: String,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
}

/// Why a call has no answer. It never holds what was sent or answered.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
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
struct Refusal {
    #[serde(rename = "__type", default)]
    code: String,
}

impl SignedClient {
    /// A client with the credentials and region of `settings`. Connects to nothing yet.
    #[must_use]
    pub fn new(settings: &Settings, service: Service, client: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        let (region, credentials) = (settings.region.clone(), settings.credentials());
        Self { client, service, region, credentials, clock }
    }

    /// Calls an operation, such as `GetParameter`, and reads its answer.
    ///
    /// # Errors
    /// [`SignedError`].
    pub async fn call<T: serde::de::DeserializeOwned>(&self, operation: &str, body: &Value) -> Result<T, SignedError> {
        let mut request = self.signed(operation, body.to_string()).map_err(SignedError::Call)?;
        *request.timeout_mut() = Some(TIMEOUT);
        let failed = |error: reqwest::Error| SignedError::Call(error.without_url().to_string());
        let response = self.client.execute(request).await.map_err(failed)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(failed)?;
        if !status.is_success() {
            let refusal = serde_json::from_slice::<Refusal>(&bytes).ok();
            let code = refusal.map(|refusal| refusal.code).unwrap_or_default();
            let code = code.rsplit('#').next().unwrap_or_default().to_owned();
            return Err(SignedError::Refused { status: status.as_u16(), code });
        }
        serde_json::from_slice(&bytes).map_err(|_| SignedError::Call("an answer that cannot be read".to_owned()))
    }

    fn signed(&self, operation: &str, body: String) -> Result<reqwest::Request, String> {
        let Service { name, target, content_type, endpoint } = &self.service;
        let url = format!("{}/", endpoint.trim_end_matches('/'));
        let target = format!("{target}.{operation}");
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(name)
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(self.clock.now_ms()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?;
        let headers = [("content-type", *content_type), ("x-amz-target", target.as_str())];
        let body_signed = SignableBody::Bytes(body.as_bytes());
        let signable =
            SignableRequest::new("POST", &url, headers.into_iter(), body_signed).map_err(|error| error.to_string())?;
        let (instructions, _) = sign(signable, &params.into()).map_err(|error| error.to_string())?.into_parts();
        let mut request = http::Request::post(&url)
            .header("content-type", *content_type)
            .header("x-amz-target", &target)
            .body(body)
            .map_err(|error| error.to_string())?;
        instructions.apply_to_request_http1x(&mut request);
        reqwest::Request::try_from(request).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for SignedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedClient").field("service", &self.service.name).finish_non_exhaustive()
    }
}

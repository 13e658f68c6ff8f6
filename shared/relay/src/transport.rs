//! The HTTP clients, of one TLS set-up: one for AWS and a relay's own address, one for networks, whose names must be
//! those of public addresses.

use std::sync::Arc;
use std::time::Duration;

mod addresses;
mod clients;
mod reading;
mod resolver;

pub use addresses::is_public;
pub use clients::{Clients, TransportError, http_client, network_client, network_client_over};

use networks::manifest::Method;
use networks::{HttpReply, HttpRequest};
use url::Url;

use crate::clock::{Clock, SystemClock};

/// The largest answer of a network that is read, in bytes, packed and unpacked. One that is longer counts as lost.
pub const REPLY_BYTES: usize = 256 * 1024;

/// The most redirects that are followed where any are, on the same host only.
const REDIRECTS: usize = 3;

/// Sends requests to networks.
#[derive(Debug, Clone)]
pub struct Transport {
    clients: Clients,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No connection was made: the network cannot have seen the request.
    #[error("no connection: {0}")]
    NotConnected(String),
    /// The request may have arrived; its answer is lost.
    #[error("the answer is lost: {0}")]
    AnswerLost(String),
    /// The address must not be called: private or link-local, or no TLS.
    #[error("{0} must not be called: only public hosts over https, or a loopback base_url")]
    Forbidden(String),
}

/// An answer, and where it sends the caller.
struct Answered {
    reply: HttpReply,
    location: Option<String>,
}

impl Transport {
    /// A transport over `clients` that gives up on an answer after `timeout`.
    #[must_use]
    pub fn new(clients: impl Into<Clients>, timeout: Duration) -> Self {
        Self { clients: clients.into(), timeout, clock: Arc::new(SystemClock) }
    }

    /// The same, which reads dates of answers by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sends a request that hands something over, on a connection of its own, and reads its answer. A redirect is an
    /// answer like any other and never followed: what was handed over does not travel along, and who answers at its end
    /// has seen nothing of it.
    ///
    /// # Errors
    /// [`SendError::NotConnected`] only where it is certain that nothing was sent.
    pub async fn send(&self, request: &HttpRequest) -> Result<HttpReply, SendError> {
        self.exchange(&self.clients.once, request, &request.url).await.map(|answered| answered.reply)
    }

    /// Sends the request that goes before one that hands something over: as [`Transport::ask`], on a connection of its own.
    ///
    /// # Errors
    /// As [`Transport::ask`].
    pub async fn begin(&self, request: &HttpRequest) -> Result<HttpReply, SendError> {
        self.follow(&self.clients.once, request).await
    }

    /// Sends a request that changes nothing, such as a status call. A GET follows redirects on its own host, a few, and
    /// none across hosts: its credentials go along.
    ///
    /// # Errors
    /// [`SendError::NotConnected`] only where it is certain that nothing was sent, on the way of redirects included.
    pub async fn ask(&self, request: &HttpRequest) -> Result<HttpReply, SendError> {
        self.follow(&self.clients.kept, request).await
    }

    async fn follow(&self, client: &reqwest::Client, request: &HttpRequest) -> Result<HttpReply, SendError> {
        let most = if request.method == Method::Get { REDIRECTS } else { 0 };
        let all = async {
            let mut answered = self.exchange(client, request, &request.url).await?;
            let mut url = request.url.clone();
            for _ in 0..most {
                let Some(next) = next_url(&url, &answered) else { break };
                url = next;
                // Something has been sent by now, whatever becomes of this one.
                let lost = |error: SendError| SendError::AnswerLost(error.to_string());
                answered = self.exchange(client, request, &url).await.map_err(lost)?;
            }
            Ok(answered.reply)
        };
        // All on the way share the time of one request.
        let late = |_| Err(SendError::AnswerLost("timed out".to_owned()));
        tokio::time::timeout(self.timeout, all).await.unwrap_or_else(late)
    }

    async fn exchange(
        &self,
        client: &reqwest::Client,
        request: &HttpRequest,
        url: &Url,
    ) -> Result<Answered, SendError> {
        addresses::allowed(url)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut outgoing = client.request(method, url.clone()).timeout(self.timeout);
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value);
        }
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body.clone());
        }
        let mut response = outgoing.send().await.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let encodings: Vec<&str> =
            headers.get_all("content-encoding").iter().filter_map(|value| value.to_str().ok()).collect();
        let body = match reading::unpacked(&encodings.join(","), whole_body(&mut response).await?) {
            Ok(body) => body,
            Err(error) if (200..300).contains(&status) => {
                return Err(SendError::AnswerLost(format!("HTTP {status} with {error}")));
            }
            // What the code says holds; there are no words.
            Err(_) => Vec::new(),
        };
        let retry_after_s = reading::retry_after_s(&headers, self.clock.now_ms());
        let reply = HttpReply { status, body, retry_after_s, content_type: text("content-type") };
        Ok(Answered { reply, location: text("location") })
    }
}

async fn whole_body(response: &mut reqwest::Response) -> Result<Vec<u8>, SendError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= REPLY_BYTES => body.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                let status = response.status().as_u16();
                return Err(SendError::AnswerLost(format!("HTTP {status} with more than {REPLY_BYTES} bytes")));
            }
            Ok(None) => return Ok(body),
            Err(error) => return Err(SendError::AnswerLost(describe(&error))),
        }
    }
}

/// Where a redirect leads on the same host; `None` where the answer is none, or leads elsewhere.
fn next_url(url: &Url, answered: &Answered) -> Option<Url> {
    if !matches!(answered.reply.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let next = url.join(answered.location.as_ref()?).ok()?;
    (next.origin() == url.origin()).then_some(next)
}

fn classify(error: &reqwest::Error) -> SendError {
    // A connect error covers DNS, TCP and TLS: the request was not written. A builder error never left.
    if error.is_connect() || error.is_builder() {
        SendError::NotConnected(describe(error))
    } else {
        SendError::AnswerLost(describe(error))
    }
}

/// What happened, without the URL: it may hold keys and personal data.
fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    if text.contains("http") { "the request failed".to_owned() } else { text.chars().take(120).collect() }
}

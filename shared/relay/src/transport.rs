//! The HTTP clients, of one TLS set-up: one for AWS and a relay's own address, one for networks, whose names must be
//! those of public addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

mod resolver;

use networks::manifest::Method;
use networks::{HttpReply, HttpRequest};
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The largest answer of a network that is read, in bytes. More is cut off, and what is cut is no JSON.
pub const REPLY_BYTES: usize = 256 * 1024;

/// The most redirects that are followed, on the same host only.
const REDIRECTS: usize = 3;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends requests to networks.
#[derive(Debug, Clone)]
pub struct Transport {
    client: reqwest::Client,
    timeout: Duration,
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

/// Why the client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The extra CA file.
    #[error("{path}: {reason}")]
    CaFile {
        /// The file.
        path: String,
        /// What was wrong.
        reason: String,
    },
    /// The TLS or HTTP client.
    #[error("the HTTP client cannot be built: {0}")]
    Client(String),
}

/// Builds the HTTP client: HTTP/1.1, roots compiled in, connections kept, no redirects across hosts.
///
/// `extra_ca` names a PEM file of certificates to trust beside the public ones.
///
/// # Errors
/// [`TransportError`] for an unreadable CA file.
pub fn http_client(extra_ca: Option<&str>) -> Result<reqwest::Client, TransportError> {
    build(builder(extra_ca)?)
}

/// Builds the HTTP client for networks: as [`http_client`], but a name that leads to no public address is not called.
/// `localhost` alone may lead to this machine: only a `base_url` can name it.
///
/// # Errors
/// [`TransportError`] for an unreadable CA file.
pub fn network_client(extra_ca: Option<&str>) -> Result<reqwest::Client, TransportError> {
    network_client_over(extra_ca, Arc::new(resolver::PublicOnly))
}

/// The same, which leaves it to `names` where a name leads: for tests, in which some lead nowhere.
///
/// # Errors
/// [`TransportError`] for an unreadable CA file.
pub fn network_client_over(
    extra_ca: Option<&str>,
    names: Arc<dyn reqwest::dns::Resolve>,
) -> Result<reqwest::Client, TransportError> {
    build(builder(extra_ca)?.dns_resolver(names))
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, TransportError> {
    builder.build().map_err(|error| TransportError::Client(error.to_string()))
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that builds an HTTP client")]
fn builder(extra_ca: Option<&str>) -> Result<reqwest::ClientBuilder, TransportError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = extra_ca {
        let failed = |reason: String| TransportError::CaFile { path: path.to_owned(), reason };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
    }
    let failed = |error: &dyn std::fmt::Display| TransportError::Client(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let same_host = Policy::custom(|attempt| {
        let first = attempt.previous().first();
        let same = first.is_some_and(|first| first.origin() == attempt.url().origin());
        if same && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
    });
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(same_host)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(Duration::from_mins(1))
        .user_agent(concat!("leadrelay/", env!("CARGO_PKG_VERSION")))
        .no_proxy())
}

impl Transport {
    /// A transport over `client` that gives up on an answer after `timeout`.
    #[must_use]
    pub const fn new(client: reqwest::Client, timeout: Duration) -> Self {
        Self { client, timeout }
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// [`SendError::NotConnected`] only where it is certain that nothing was sent.
    pub async fn send(&self, request: &HttpRequest) -> Result<HttpReply, SendError> {
        allowed(request)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut outgoing = self.client.request(method, request.url.clone()).timeout(self.timeout);
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value);
        }
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body.clone());
        }
        let mut response = outgoing.send().await.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        let retry_after_s = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let content_type =
            response.headers().get("content-type").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= REPLY_BYTES => body.extend_from_slice(&chunk),
                Ok(Some(_)) => {
                    return Err(SendError::AnswerLost(format!("HTTP {status} with more than {REPLY_BYTES} bytes")));
                }
                Ok(None) => return Ok(HttpReply { status, body, retry_after_s, content_type }),
                Err(error) => return Err(SendError::AnswerLost(describe(&error))),
            }
        }
    }
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

/// Public hosts over https only; a loopback host in any way, which only a `base_url` can name.
fn allowed(request: &HttpRequest) -> Result<(), SendError> {
    let url = &request.url;
    let host = url.host_str().unwrap_or_default();
    let forbidden = || SendError::Forbidden(host.to_owned());
    match url.host() {
        Some(url::Host::Ipv4(ip)) if ip.is_loopback() => Ok(()),
        Some(url::Host::Ipv6(ip)) if ip.is_loopback() => Ok(()),
        Some(url::Host::Domain("localhost")) => Ok(()),
        Some(url::Host::Domain(_)) if url.scheme() == "https" => Ok(()),
        Some(url::Host::Ipv4(ip)) if url.scheme() == "https" && is_public(IpAddr::V4(ip)) => Ok(()),
        Some(url::Host::Ipv6(ip)) if url.scheme() == "https" && is_public(IpAddr::V6(ip)) => Ok(()),
        _ => Err(forbidden()),
    }
}

/// Whether an address is neither private nor link-local nor otherwise not of the open internet.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let shared = first == 100 && (64..128).contains(&second);
            // Of the routers themselves (192.0.0.0/24), and for measuring them (198.18.0.0/15).
            let routers = ip.octets().starts_with(&[192, 0, 0]) || (first == 198 && (18..20).contains(&second));
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
                || shared
                || routers
                || first == 0
                || first >= 240)
        }
        IpAddr::V6(ip) => {
            if let Some(v4) = carried(ip) {
                return is_public(IpAddr::V4(v4));
            }
            let first = ip.segments().first().copied().unwrap_or_default();
            let unique_local = first & 0xfe00 == 0xfc00;
            // Link-local, and what was site-local once.
            let local = first & 0xff80 == 0xfe80;
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || unique_local || local)
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped or compatible, or behind a translator
/// (`64:ff9b::/96`, RFC 6052) or a relay (`2002::/16`, RFC 3056).
fn carried(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        // Loopback and the unspecified address are written like compatible ones.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str) -> HttpRequest {
        HttpRequest { method: Method::Get, url: url.parse().unwrap(), headers: Vec::new(), body: Vec::new() }
    }

    #[test]
    fn only_public_https_and_loopback_may_be_called() {
        for url in ["https://api.network.example/x", "http://127.0.0.1:9/x", "http://[::1]:9/", "https://203.0.113.7/"]
        {
            assert_eq!(allowed(&request(url)), Ok(()), "{url}");
        }
        for url in [
            "http://api.network.example/x",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest",
            "http://169.254.169.254/latest",
            "https://192.168.1.1/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://0.0.0.0/",
            "https://100.64.0.1/",
            "https://192.0.0.1/",
            "https://198.18.0.1/",
            "https://[64:ff9b::10.0.0.1]/",
            "https://[2002:7f00:1::]/",
            "https://[::10.0.0.1]/",
            "https://[fec0::1]/",
            "https://2886729729/",
            "https://0xa9.0xfe.0xa9.0xfe/",
            "https://[::]/",
        ] {
            assert!(matches!(allowed(&request(url)), Err(SendError::Forbidden(_))), "{url}");
        }
    }

    #[test]
    fn a_missing_ca_file_is_named() {
        let error = http_client(Some("/nowhere/ca.pem")).unwrap_err().to_string();
        assert!(error.starts_with("/nowhere/ca.pem: "), "{error}");
    }
}

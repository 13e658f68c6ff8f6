//! The HTTP clients, of one TLS set-up.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{REDIRECTS, resolver};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a kept connection may stand idle: less than the 5 seconds after which common servers close it.
const IDLE: Duration = Duration::from_secs(4);

/// The clients for networks, of one TLS set-up: sessions that one began the other resumes.
#[derive(Debug, Clone)]
pub struct Clients {
    /// A connection of its own for each request. What hands a lead over never goes out on a kept one: that the server has
    /// closed it may show only once the lead is written, and then nobody knows whether the lead arrived. Between two calls
    /// Lambda freezes the process, and with it the clock that would let idle connections go. A handshake costs less than
    /// a lead in doubt.
    pub(super) once: reqwest::Client,
    /// Connections kept for a few seconds: for status calls, which come one after the other and may be made again.
    pub(super) kept: reqwest::Client,
}

impl From<reqwest::Client> for Clients {
    fn from(client: reqwest::Client) -> Self {
        Self { once: client.clone(), kept: client }
    }
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

/// Builds the HTTP client for AWS and the relay's own address: HTTP/1.1, roots compiled in, connections kept, no
/// redirects across hosts.
///
/// `extra_ca` names a PEM file of certificates to trust beside the public ones.
///
/// # Errors
/// [`TransportError`] for an unreadable CA file.
pub fn http_client(extra_ca: Option<&str>) -> Result<reqwest::Client, TransportError> {
    let same_host = Policy::custom(|attempt| {
        let first = attempt.previous().first();
        let same = first.is_some_and(|first| first.origin() == attempt.url().origin());
        if same && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
    });
    build(builder(tls(extra_ca)?).redirect(same_host).pool_idle_timeout(Duration::from_mins(1)))
}

/// Builds the HTTP clients for networks: as [`http_client`], but they follow no redirect by themselves, and a name that
/// leads to no public address is not called. `localhost` alone may lead to this machine: only a `base_url` can name it.
///
/// # Errors
/// [`TransportError`] for an unreadable CA file.
pub fn network_client(extra_ca: Option<&str>) -> Result<Clients, TransportError> {
    network_client_over(extra_ca, Arc::new(resolver::PublicOnly))
}

/// The same, which leaves it to `names` where a name leads: for tests, in which some lead nowhere.
///
/// # Errors
/// [`TransportError`] for an unreadable CA file.
pub fn network_client_over(
    extra_ca: Option<&str>,
    names: Arc<dyn reqwest::dns::Resolve>,
) -> Result<Clients, TransportError> {
    let tls = tls(extra_ca)?;
    let builder = |tls| builder(tls).redirect(Policy::none()).pool_idle_timeout(IDLE).dns_resolver(Arc::clone(&names));
    let once = build(builder(tls.clone()).pool_max_idle_per_host(0))?;
    Ok(Clients { once, kept: build(builder(tls))? })
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, TransportError> {
    builder.build().map_err(|error| TransportError::Client(error.to_string()))
}

fn tls(extra_ca: Option<&str>) -> Result<rustls::ClientConfig, TransportError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = extra_ca {
        let failed = |reason: String| TransportError::CaFile { path: path.to_owned(), reason };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| TransportError::Client(error.to_string()))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that builds an HTTP client")]
fn builder(tls: rustls::ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("leadrelay/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_ca_file_is_named() {
        let error = http_client(Some("/nowhere/ca.pem")).unwrap_err().to_string();
        assert!(error.starts_with("/nowhere/ca.pem: "), "{error}");
    }
}

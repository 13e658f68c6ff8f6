//! TLS in front of loopback servers, under a certificate authority made for one run.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::failure::Failure;

/// The certificates of this machine, in one file as Amazon Linux keeps them: what a process with defaults reads.
const SYSTEM_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A certificate authority and a server certificate for `localhost`.
pub(crate) struct Authority {
    acceptor: TlsAcceptor,
    /// The authority's certificate alone.
    pub(crate) ca_file: PathBuf,
    /// The system's certificates and the authority's.
    pub(crate) bundle: PathBuf,
}

impl Authority {
    /// Makes both and writes the files into `directory`.
    pub(crate) fn make(directory: &Path) -> Result<Self, Failure> {
        let (root, server) = certificates().map_err(Failure::of("the certificates"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(vec![server.certificate], server.key))
            .map_err(Failure::of("the TLS server"))?;
        let ca_file = directory.join("ca.pem");
        let bundle = directory.join("bundle.pem");
        let system = fs::read_to_string(SYSTEM_BUNDLE).unwrap_or_default();
        fs::write(&ca_file, &root).map_err(Failure::of(ca_file.display()))?;
        fs::write(&bundle, format!("{system}\n{root}")).map_err(Failure::of(bundle.display()))?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), ca_file, bundle })
    }

    /// Serves TLS on a port of its own and passes what comes on to `plain`. Returns the URL.
    pub(crate) async fn put_before(&self, plain: SocketAddr) -> Result<String, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Failure::of("a TLS port"))?;
        let port = listener.local_addr().map_err(Failure::of("a TLS port"))?.port();
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                // An end of either side ends the connection; there is nobody to tell.
                tokio::spawn(async move { pass(&acceptor, stream, plain).await.ok() });
            }
        });
        Ok(format!("https://localhost:{port}"))
    }
}

async fn pass(acceptor: &TlsAcceptor, stream: TcpStream, plain: SocketAddr) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut inner = TcpStream::connect(plain).await?;
    inner.set_nodelay(true)?;
    let mut outer = acceptor.accept(stream).await?;
    copy_bidirectional(&mut outer, &mut inner).await?;
    Ok(())
}

struct ServerCertificate {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

fn certificates() -> Result<(String, ServerCertificate), rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "bench authority");
    let root_key = KeyPair::generate()?;
    let root = params.self_signed(&root_key)?;
    let issuer = Issuer::new(params, root_key);
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?.der().clone();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    Ok((root.pem(), ServerCertificate { certificate, key }))
}

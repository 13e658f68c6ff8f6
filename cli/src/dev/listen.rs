//! Listening on loopback, with a clear word where a port is taken.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::failure::Failure;

/// Listens on a port of 127.0.0.1; 0 takes any free one.
pub(crate) async fn on(port: u16, who: &str, option: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listening.map_err(|error| {
        Failure::new(match error.kind() {
            ErrorKind::AddrInUse => {
                format!("port {port} is taken, perhaps by another `leadrelay dev`; choose another with {option}")
            }
            _ => format!("{who} cannot listen on port {port}: {error}"),
        })
    })?;
    let address = listener.local_addr().map_err(|error| Failure::new(error.to_string()))?;
    Ok((listener, address))
}

/// Listens on a port if it is free, else on any.
pub(crate) async fn near(port: u16, who: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    match on(port, who, "--port").await {
        Ok(listening) => Ok(listening),
        Err(_) => on(0, who, "--port").await,
    }
}

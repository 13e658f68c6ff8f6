//! Names to addresses, for calls to networks: what is not of the open internet is left out.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::is_public;

/// Resolves as the system does and drops addresses that are private, link-local or otherwise not public, so that no
/// name, whoever registered it, leads into the relay's own network. The address that is checked is the one that is
/// connected to: nothing is resolved a second time.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicOnly;

/// A name without a public address.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NoPublicAddress;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let kept = kept(name.as_str(), found);
            if kept.is_empty() {
                return Err(Box::new(NoPublicAddress).into());
            }
            let addresses: Addrs = Box::new(kept.into_iter());
            Ok(addresses)
        })
    }
}

fn kept(name: &str, found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let may_be = |ip: IpAddr| if is_local(name) { ip.is_loopback() } else { is_public(ip) };
    found.into_iter().filter(|address| may_be(address.ip())).collect()
}

/// Only a `base_url` names it, and then by this name alone.
fn is_local(name: &str) -> bool {
    name == "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()
    }

    #[test]
    fn only_public_addresses_of_a_name_are_kept() {
        let found = addresses(&[
            "10.0.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "192.168.1.1",
            "203.0.113.7",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "2a00:1450::5",
        ]);
        assert_eq!(kept("api.network.example", found.clone()), addresses(&["203.0.113.7", "2a00:1450::5"]));
        assert_eq!(kept("localhost", found), addresses(&["127.0.0.1", "::1"]));
        assert!(kept("localhost", addresses(&["203.0.113.7"])).is_empty());
        assert!(kept("localhost.network.example", addresses(&["127.0.0.1"])).is_empty());
    }
}

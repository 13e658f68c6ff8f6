//! Which addresses may be called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

use super::SendError;

/// Public hosts over https only; a loopback host in any way, which only a `base_url` can name.
pub(super) fn allowed(url: &Url) -> Result<(), SendError> {
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

    #[test]
    fn only_public_https_and_loopback_may_be_called() {
        for url in ["https://api.network.example/x", "http://127.0.0.1:9/x", "http://[::1]:9/", "https://203.0.113.7/"]
        {
            assert_eq!(allowed(&url.parse().unwrap()), Ok(()), "{url}");
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
            assert!(matches!(allowed(&url.parse().unwrap()), Err(SendError::Forbidden(_))), "{url}");
        }
    }
}

//! What replaces scheme and host of an account's calls.

use networks::Network;
use url::Url;

use super::section::{Checker, Section, span_of};
use crate::transport::is_public;

impl Checker<'_> {
    pub(super) fn base_url(&mut self, section: &Section<'_, '_>, network: &Network) -> Option<Url> {
        let url = self.url(section, "base_url", &["https", "http"])?;
        let loopback = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(host)) => host == "localhost",
            None => false,
        };
        let private = match url.host() {
            Some(url::Host::Ipv4(ip)) => !is_public(ip.into()),
            Some(url::Host::Ipv6(ip)) => !is_public(ip.into()),
            _ => false,
        };
        let fits = loopback || (url.scheme() == "https" && !private);
        let message = if !fits {
            "a base_url is https, or http for a loopback address only, and never a private address".to_owned()
        } else if url.query().is_some() || url.fragment().is_some() {
            "a base_url has neither ? nor #: the calls bring their own".to_owned()
        } else if !url.username().is_empty() || url.password().is_some() {
            "a base_url has no user and no password: credentials are the account's settings".to_owned()
        } else if let Some(path) = repeated(&url, network) {
            let right = url.origin().ascii_serialization();
            format!("a base_url stands before the path of each call, which is `{path}` already: write {right}")
        } else {
            return Some(url);
        };
        self.problem(span_of(section, "base_url"), message);
        None
    }
}

/// The path of a call that a base URL ends with, and that would be called twice over.
fn repeated<'n>(base: &Url, network: &'n Network) -> Option<&'n str> {
    let manifest = network.manifest();
    let submit = manifest.submit.as_ref().map(|submit| submit.call.url.get_ref().as_str());
    let poll = manifest.poll.as_ref().map(|poll| poll.call.url.get_ref().as_str());
    let ends = base.path().trim_end_matches('/');
    submit.into_iter().chain(poll).map(path_of).find(|path| {
        let path = path.trim_end_matches('/');
        !path.is_empty() && ends.ends_with(path)
    })
}

/// The path of a call as its manifest writes it: a whole URL, or a path alone where every account names its host.
fn path_of(url: &str) -> &str {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default(),
        None => url,
    }
}

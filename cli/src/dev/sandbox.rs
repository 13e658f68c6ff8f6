//! The sandbox: a small network on loopback, so that a newcomer sees the whole circle without an account anywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use relay::config::{Account, Client, Offer, Parsed, Scope};
use tokio::sync::watch;
use url::Url;

use super::data::Data;
use super::listen;
use crate::failure::Failure;

mod book;
mod server;

/// The account of the sandbox.
pub(crate) const ACCOUNT: &str = "sandbox";
/// Its offer.
pub(crate) const OFFER: &str = "sandbox-offer";
/// The key of its only client.
pub(crate) const KEY: &str = "sandbox-key";

/// A key that may stand in a page: it sends forms from this origin only.
const PAGE_KEY: &str = "sandbox-page-key";
const PAGE_ORIGIN: &str = "https://landing.example";

/// The sandbox's own manifest: stored beside the configuration as a user's own network would be.
const MANIFEST: &str = include_str!("sandbox/network.toml");

/// The running sandbox network.
pub(crate) struct Running {
    pub(crate) url: String,
}

/// Starts the network on the port after the relay's, or on any free one.
pub(crate) async fn start(
    relay_port: u16,
    data: &Data,
    door: String,
    stopped: watch::Receiver<bool>,
) -> Result<Running, Failure> {
    let (listener, address) = listen::near(relay_port.saturating_add(1), "the sandbox network").await?;
    let book = Arc::new(book::Book::open(data.file("sandbox-network.json")));
    tokio::spawn(server::serve(listener, book, door, stopped));
    Ok(Running { url: format!("http://{address}") })
}

/// The configuration that leads to it.
pub(crate) fn configuration(running: &Running) -> Parsed {
    let account = Account {
        network: "sandbox".to_owned(),
        base_url: Url::parse(&running.url).ok(),
        settings: BTreeMap::from([("api".to_owned(), "sandbox-token".to_owned())]),
        own_network: true,
        ..Account::default()
    };
    let offer = Offer {
        account: ACCOUNT.to_owned(),
        country: None,
        thanks_url: None,
        duplicates: None,
        params: BTreeMap::from([("product".to_owned(), "tea".to_owned())]),
    };
    let client = Client {
        name: "sandbox".to_owned(),
        offers: vec!["*".to_owned()],
        scopes: vec![Scope::Admin],
        publishable: false,
        origins: Vec::new(),
    };
    let page = Client {
        name: "sandbox-page".to_owned(),
        offers: vec![OFFER.to_owned()],
        scopes: vec![Scope::Send],
        publishable: true,
        origins: vec![PAGE_ORIGIN.to_owned()],
    };
    Parsed {
        accounts: BTreeMap::from([(ACCOUNT.to_owned(), account)]),
        offers: BTreeMap::from([(OFFER.to_owned(), offer)]),
        clients: vec![(KEY.to_owned(), client), (PAGE_KEY.to_owned(), page)],
        own_networks: BTreeMap::from([("sandbox".to_owned(), MANIFEST.to_owned())]),
        literal_secrets: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use networks::Network;
    use networks::case::Case;

    #[test]
    fn the_sandbox_manifest_is_right_and_its_case_holds() {
        let network = Network::parse("sandbox/network.toml", "sandbox", MANIFEST).unwrap();
        let case = Case::parse("accepted.toml", include_str!("sandbox/accepted.toml")).unwrap();
        assert_eq!(case.run(&network), []);
    }
}

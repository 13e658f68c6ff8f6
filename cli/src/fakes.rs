//! Fake networks on loopback: one for every network of the catalogue whose contract is known, so that any route can
//! be tried without an account.
//!
//! A fake checks what it receives against the network's manifest and answers by its cases. What it answers next is
//! set by control calls: other cases, or faults.

use std::sync::Arc;

use networks::{Network, catalog, fake as contract};
use relay::clock::{Clock, SystemClock};
use relay::config::{Account, Client, NetworkRef, Offer, Parsed, Scope};
use relay::secrets::Reference;
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

use crate::failure::Failure;
use crate::output;

mod book;
mod connection;
mod control;
mod fake;
mod page;
mod plan;
mod server;

use fake::Fake;
use server::Fakes;

/// The key of the only client where there is no configuration.
pub(crate) const KEY: &str = "fakes-key";

/// The running fakes.
pub(crate) struct Running {
    /// Where they listen, such as `http://127.0.0.1:49152`.
    pub(crate) url: String,
    fakes: Arc<Fakes>,
}

/// Starts a fake of every network with a known contract, on any free port.
pub(crate) async fn start(stopped: watch::Receiver<bool>) -> Result<Running, Failure> {
    // Order ids begin with the time: a table that outlives this process does not see them twice.
    let running = listen(stopped, SystemClock.now_ms()).await?;
    let (served, all) = (running.fakes.all().len(), catalog::slugs().count());
    output::note(format_args!("fakes: {served} of {all} networks; the contract of the others is not published"));
    Ok(running)
}

async fn listen(stopped: watch::Receiver<bool>, number: u64) -> Result<Running, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("the fake networks cannot start: {error}"));
    let client = relay::transport::http_client(None).map_err(|error| failed(&error))?;
    let fakes = catalog::all().filter(|network| network.can_submit());
    let fakes: Vec<Fake> =
        fakes.map(|network| Fake::new(NetworkRef::BuiltIn(network), number)).collect::<Result<_, _>>()?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    let fakes = Arc::new(Fakes::new(client, fakes));
    tokio::spawn(server::serve(listener, Arc::clone(&fakes), stopped));
    Ok(Running { url: format!("http://{address}"), fakes })
}

impl Running {
    /// Sends every account of a configuration to its fake; an empty configuration is filled with an account and an
    /// offer for each.
    ///
    /// # Errors
    /// One of the user's own networks that cannot be read.
    pub(crate) fn redirect(&self, mut parsed: Parsed) -> Result<Parsed, Failure> {
        if parsed.accounts.is_empty() {
            return self.made_up();
        }
        for (slug, text) in &parsed.own_networks {
            let network = Network::parse(slug, slug, text).map_err(|error| Failure::new(error.to_string()))?;
            if network.can_submit() {
                self.fakes.put(Fake::new(NetworkRef::Own(Arc::new(network)), SystemClock.now_ms())?);
            }
        }
        for account in parsed.accounts.values_mut() {
            account.base_url = Some(self.base_url(&account.network)?);
            let literal = account.settings.iter().filter_map(|(name, value)| match Reference::of(value) {
                Reference::Literal(value) => Some((name.clone(), value.to_owned())),
                Reference::Env(_) | Reference::Ssm(_) => None,
            });
            if let Some(fake) = self.fakes.find(&account.network) {
                fake.learn(networks::Settings::from_pairs(literal));
            }
        }
        Ok(parsed)
    }

    fn base_url(&self, slug: &str) -> Result<Url, Failure> {
        Url::parse(&format!("{}/{slug}", self.url)).map_err(|error| Failure::new(error.to_string()))
    }

    fn made_up(&self) -> Result<Parsed, Failure> {
        let mut parsed = Parsed::default();
        for fake in self.fakes.all() {
            let slug = fake.network.slug();
            let settings = contract::settings(&fake.network);
            fake.learn(networks::Settings::from_pairs(settings.clone()));
            let base_url = Some(self.base_url(slug)?);
            let name = format!("fake-{slug}");
            let offer = Offer {
                account: name.clone(),
                country: None,
                thanks_url: None,
                duplicates: None,
                params: contract::params(&fake.network),
            };
            let account = Account { network: slug.to_owned(), base_url, settings, ..Account::default() };
            parsed.accounts.insert(name, account);
            parsed.offers.insert(slug.to_owned(), offer);
        }
        let client = Client {
            name: "fakes".to_owned(),
            offers: vec!["*".to_owned()],
            scopes: vec![Scope::Admin],
            publishable: false,
            origins: Vec::new(),
        };
        parsed.clients.push((KEY.to_owned(), client));
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests;

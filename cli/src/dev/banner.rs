//! What a person sees when the local relay is up.

use std::net::SocketAddr;

use relay::Relay;
use relay::config::Parsed;

use super::data::Data;
use super::{TABLE, sandbox};
use crate::args::Every;
use crate::failure::Failure;
use crate::{fakes, output};

/// More accounts than this are not listed one by one.
const ACCOUNTS_SHOWN: usize = 6;

pub(crate) struct Banner<'a> {
    pub(crate) address: &'a SocketAddr,
    pub(crate) database: &'a str,
    pub(crate) data: &'a Data,
    pub(crate) sandbox: Option<&'a sandbox::Running>,
    pub(crate) fakes: Option<&'a fakes::Running>,
    pub(crate) parsed: &'a Parsed,
    pub(crate) door: &'a Relay,
    pub(crate) every: Every,
}

pub(crate) async fn print(banner: &Banner<'_>) -> Result<(), Failure> {
    let Banner { address, .. } = banner;
    output::line(format_args!("The relay is up: http://{address}"));
    if let Some(sandbox) = banner.sandbox {
        output::line(format_args!("  network   {}   a sandbox: see what arrives there, and answer it", sandbox.url));
    }
    if let Some(fakes) = banner.fakes {
        output::line(format_args!("  fakes     {}   a fake of every network with a known contract", fakes.url));
    }
    output::line(format_args!("  DynamoDB  {}   table {TABLE}", banner.database));
    let kept = match banner.data {
        Data::Memory => "in memory: gone when this ends".to_owned(),
        Data::Directory { path, .. } => format!("{}   the same directory continues where it stopped", path.display()),
    };
    output::line(format_args!("  data      {kept}"));
    let schedule = match banner.every {
        Every::Never => "never by itself; `leadrelay poll` makes a run".to_owned(),
        Every::After(pause) => format!("every {} s; `leadrelay poll` makes a run at once", pause.as_secs()),
    };
    output::line(format_args!("  schedule  {schedule}"));
    let keys = banner.door.door_keys().await.map_err(|error| Failure::new(error.to_string()))?;
    let accounts = banner.parsed.accounts.len();
    for account in banner.parsed.accounts.keys().take(if accounts > ACCOUNTS_SHOWN { 1 } else { accounts }) {
        let key = keys.key_of(account);
        output::line(format_args!("  postbacks http://{address}/api/sale/status.json?id={account}-{key} + the tail"));
    }
    if accounts > ACCOUNTS_SHOWN {
        output::line(format_args!(
            "            and so on for {accounts} accounts; `leadrelay postbacks ACCOUNT` prints them"
        ));
    }
    if let Some((offer, key)) = example(banner) {
        output::line("\nTry:");
        output::line(format_args!(
            "  curl http://{address}/leads -H 'Authorization: Bearer {key}' -d offer={offer} -d name='Jan Test' \
             -d phone='+48 500 100 200' -d country=PL{}",
            // Many networks want to know more of a customer than the sandbox does.
            if banner.sandbox.is_some() { "" } else { MORE_FIELDS }
        ));
    }
    output::line("\nCtrl-C ends it.");
    Ok(())
}

const MORE_FIELDS: &str = " -d ip=203.0.113.7 -d user_agent=Mozilla/5.0 -d landing_url=https://landing.example/ \
                           -d referer=https://landing.example/ -d price=139";

/// An offer, and a key to send to it where that is no secret.
fn example(banner: &Banner<'_>) -> Option<(String, String)> {
    if banner.sandbox.is_some() {
        return Some((sandbox::OFFER.to_owned(), sandbox::KEY.to_owned()));
    }
    let offer = banner.parsed.offers.keys().next()?;
    let key = if banner.fakes.is_some() { fakes::KEY } else { "<a client's key>" };
    Some((offer.clone(), key.to_owned()))
}

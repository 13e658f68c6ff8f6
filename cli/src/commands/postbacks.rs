//! `leadrelay postbacks`: the URLs to paste into a network's cabinet.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use networks::manifest::StatusesBy;
use networks::{Network, ReadyPostback, catalog};
use relay::config::{Account, NetworkRef, Parsed};
use relay::keys::DoorKeys;
use reqwest::Url;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value};

use super::verify;
use crate::api::{Api, is_loopback};
use crate::args::PostbacksArgs;
use crate::failure::Failure;
use crate::{config_file, output};

/// The file of the relay's secret in the data directory of `leadrelay dev`.
const SECRET_FILE: &str = "relay-secret";

/// A postback for machines.
#[derive(Serialize)]
struct PostbackObject<'a> {
    event: &'a str,
    url: &'a str,
    /// For a cabinet without a URL field: parameter to value.
    #[serde(skip_serializing_if = "Map::is_empty")]
    params: Map<String, Value>,
}

/// Fires an account's postbacks at the door of the relay that the arguments name.
pub(crate) async fn verify(args: PostbacksArgs) -> Result<(), Failure> {
    let parsed = config_file::read(&args.config)?;
    let account = account(&parsed, &args.account, &args.config)?;
    let network = network(&parsed, account)?;
    if network.manifest().postbacks.is_empty() {
        return Err(Failure::new(without(&network)));
    }
    let api = Api::new(&args.remote)?;
    let key = DoorKeys::new(secret(&args)?).key_of(&args.account);
    let ready = network.ready_postbacks(&host(&args.remote.url)?, &format!("{}-{key}", args.account));
    let account = verify::Account { name: &args.account, network: &network, parsed: &parsed, ready: &ready };
    verify::run(&api, &account, args.json).await
}

/// Prints an account's postbacks.
pub(crate) fn run(args: &PostbacksArgs) -> Result<(), Failure> {
    let parsed = config_file::read(&args.config)?;
    let account = account(&parsed, &args.account, &args.config)?;
    let host = host(&args.host)?;
    let network = &*network(&parsed, account)?;
    if network.manifest().postbacks.is_empty() {
        if args.json {
            output::json(&[(); 0])?;
        }
        output::note(without(network));
        return Ok(());
    }
    let key = DoorKeys::new(secret(args)?).key_of(&args.account);
    let ready = network.ready_postbacks(&host, &format!("{}-{key}", args.account));
    if args.json {
        return output::json(&ready.iter().map(PostbackObject::of).collect::<Vec<_>>());
    }
    output::line(text(&ready));
    if Url::parse(&host).is_ok_and(|url| is_loopback(&url)) {
        output::note("\nThe network cannot reach this host: give the relay's own with --host https://…");
    }
    Ok(())
}

fn account<'a>(parsed: &'a Parsed, name: &str, file: &Path) -> Result<&'a Account, Failure> {
    parsed.accounts.get(name).ok_or_else(|| {
        let known: Vec<&str> = parsed.accounts.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "no account at all".to_owned() } else { known.join(", ") };
        Failure::new(format!("there is no account `{name}`; {} has {known}", file.display()))
    })
}

/// The network of an account: of the catalogue, or the user's own.
fn network(parsed: &Parsed, account: &Account) -> Result<NetworkRef, Failure> {
    let slug = &account.network;
    if !account.own_network {
        let missing = || Failure::new(format!("`{slug}` is no network of the catalogue"));
        return catalog::find(slug).map(NetworkRef::BuiltIn).ok_or_else(missing);
    }
    let text = parsed.own_networks.get(slug).map(String::as_str).unwrap_or_default();
    let own = Network::parse(&format!("{slug}/network.toml"), slug, text);
    own.map(|own| NetworkRef::Own(Arc::new(own))).map_err(|error| Failure::new(error.to_string()))
}

/// Scheme and host of the door, without a slash at the end.
fn host(written: &str) -> Result<String, Failure> {
    let wrong = || {
        Failure::new(format!("--host {written}: write scheme and host of the relay, such as https://relay.example.com"))
    };
    let url = Url::parse(written).map_err(|_| wrong())?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.has_host();
    if !plain || !matches!(url.scheme(), "http" | "https") {
        return Err(wrong());
    }
    Ok(written.trim_end_matches('/').to_owned())
}

fn secret(args: &PostbacksArgs) -> Result<SecretString, Failure> {
    if let Some(secret) = args.secret.as_deref().filter(|secret| !secret.is_empty()) {
        return Ok(SecretString::from(secret));
    }
    let file = args.data.join(SECRET_FILE);
    match fs::read_to_string(&file) {
        Ok(text) if !text.trim().is_empty() => Ok(SecretString::from(text.trim())),
        _ => Err(Failure::new(format!(
            "the relay's secret is wanted, from which the door's key is derived: set LEADRELAY_SECRET to what the relay \
             itself uses (a deployed one keeps it in its SSM parameter), or name the data directory of `leadrelay dev` \
             with --data ({} is not there)",
            file.display()
        ))),
    }
}

/// What to say of a network without postbacks.
fn without(network: &Network) -> String {
    let name = network.name();
    if network.can_poll() {
        format!("{name} has no postbacks to set: the relay asks it for statuses in its scheduled runs.")
    } else if network.status_source() == StatusesBy::Postback {
        format!("The postbacks of {name} are not known; `leadrelay networks {}` tells what is.", network.slug())
    } else {
        format!(
            "{name} has no postbacks to set, and no status call of it is known: statuses do not come by themselves. \
             `leadrelay networks {}` tells what is known.",
            network.slug()
        )
    }
}

impl<'a> PostbackObject<'a> {
    fn of(ready: &'a ReadyPostback) -> Self {
        let params = ready.params.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        Self { event: &ready.event, url: &ready.url, params }
    }
}

/// Event and URL, one below the other; no line is ever wrapped.
fn text(ready: &[ReadyPostback]) -> String {
    let one = |postback: &ReadyPostback| {
        let mut lines = vec![postback.event.clone(), format!("  {}", postback.url)];
        lines.extend(postback.params.iter().map(|(name, value)| format!("    {name} = {value}")));
        lines.join("\n")
    };
    ready.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(slug: &str) -> Vec<ReadyPostback> {
        catalog::find(slug).unwrap().ready_postbacks("https://relay.example", "main-k3y")
    }

    #[test]
    fn each_event_has_its_url() {
        assert_eq!(
            text(&ready("inb-order")),
            "Global\n  https://relay.example/api/sale/status.json?id=main-k3y&oid={source_id}&status={event_name}&stw=Processing"
        );
        let apart = text(&ready("affbay"));
        let first = "Approve\n  https://relay.example/api/sale/status.json\n    id = main-k3y\n    oid = <Click ID>\n    \
                     status = accept\n    comment = <Comment>\n\nCancel\n";
        assert!(apart.starts_with(first), "{apart}");
    }

    #[test]
    fn machines_get_params_as_an_object() {
        let ready = ready("affbay");
        let object = serde_json::to_value(PostbackObject::of(&ready[0])).unwrap();
        assert_eq!(object["url"], "https://relay.example/api/sale/status.json");
        assert_eq!(object["params"]["id"], "main-k3y");
    }

    #[test]
    fn a_host_has_a_scheme_and_no_query() {
        assert_eq!(host("https://relay.example/").unwrap(), "https://relay.example");
        for wrong in ["relay.example", "ftp://relay.example", "https://relay.example/?a=b", "https://"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_without_postbacks_says_how_statuses_come() {
        let text = |slug: &str| without(catalog::find(slug).unwrap());
        assert_eq!(
            text("adcombo"),
            "AdCombo has no postbacks to set: the relay asks it for statuses in its scheduled runs."
        );
        assert!(text("apileads").contains("no status call of it is known"), "{}", text("apileads"));
    }
}

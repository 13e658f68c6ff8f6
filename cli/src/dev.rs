//! `leadrelay dev`: the whole relay on this machine.
//!
//! An embedded DynamoDB, a gateway that makes the events API Gateway would make and hands them to the functions'
//! own handlers, and a scheduler. Without a configuration there is also a network: the sandbox.

use std::collections::BTreeMap;
use std::sync::Arc;

use relay::Relay;
use relay::config::{Parsed, account_document};
use relay::settings::{LEADRELAY_RETENTION_DAYS, RETENTION_DAYS, RelaySecret, Settings, retention_days, variable};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;

use crate::args::Dev;
use crate::failure::Failure;
use crate::{config_file, fakes, output};

mod banner;
mod data;
mod database;
mod gateway;
mod listen;
mod sandbox;
mod schedule;

use data::Data;

/// The table of the local relay.
pub(crate) const TABLE: &str = "leadrelay";

/// The embedded engine warns of every refusal, such as of a table that is there already; each is read by the relay.
const QUIET_ENGINE: &str = "info,dynoxide=error";

/// Runs until Ctrl-C.
pub(crate) async fn run(args: Dev) -> Result<(), Failure> {
    let filter = Settings::log_filter_of_environment();
    relay::telemetry::log_plain(Some(filter.as_deref().unwrap_or(QUIET_ENGINE)));
    let data = Data::open(&args.data)?;
    // Taken first: a port in use is the most likely thing to be wrong.
    let (listener, address) = listen::on(args.port, "the relay", "--port").await?;
    let (stop, stopped) = watch::channel(false);

    let database = database::start(&args, &data, stopped.clone()).await?;
    let is_sandbox = args.config.is_none() && !args.fakes;
    let secret = data.secret(is_sandbox)?;
    let days = variable(LEADRELAY_RETENTION_DAYS).filter(|days| !days.is_empty());
    let days = retention_days(days.as_deref()).map_err(|error| Failure::new(error.to_string()))?;
    let settings = Settings { retention_days: days, ..settings(&database.url, &secret) };
    let relay = Arc::new(Relay::new(&settings).map_err(|error| Failure::new(error.to_string()))?);
    let mut network = None;
    let parsed = match &args.config {
        Some(file) => config_file::read(file)?,
        None if args.fakes => Parsed::default(),
        None => {
            let door = format!("http://{address}");
            let running = sandbox::start(args.port, &data, door, stopped.clone()).await?;
            let parsed = sandbox::configuration(&running);
            network = Some(running);
            parsed
        }
    };
    let fakes = if args.fakes { Some(fakes::start(stopped.clone()).await?) } else { None };
    let parsed = match &fakes {
        Some(fakes) => fakes.redirect(parsed)?,
        None => parsed,
    };
    store(&relay, &parsed).await?;

    let serving = gateway::serve(listener, Arc::clone(&relay), stopped.clone());
    let scheduling = schedule::run(Arc::clone(&relay), args.poll_every, stopped);
    let background = [tokio::spawn(serving), tokio::spawn(scheduling)];
    banner::print(&banner::Banner {
        address: &address,
        database: &database.url,
        data: &data,
        sandbox: network.as_ref(),
        fakes: fakes.as_ref(),
        parsed: &parsed,
        door: &relay,
        every: args.poll_every,
    })
    .await?;

    ctrl_c().await;
    output::note("stopping");
    let _ = stop.send(true);
    for task in background {
        let _ = task.await;
    }
    database.stop().await;
    Ok(())
}

async fn ctrl_c() {
    // Without a handler the process simply ends at Ctrl-C, which the table survives as well.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn settings(dynamodb: &str, secret: &SecretString) -> Settings {
    Settings {
        table: TABLE.to_owned(),
        secret: RelaySecret::Value(secret.expose_secret().to_owned()),
        ca_file: None,
        log_filter: None,
        region: "local".to_owned(),
        access_key_id: "local".to_owned(),
        secret_access_key: "local".to_owned(),
        session_token: None,
        dynamodb_endpoint: Some(dynamodb.to_owned()),
        ssm_endpoint: None,
        retention_days: RETENTION_DAYS,
        // No queue: slices of polling work are done in this process.
        queue_url: None,
        sqs_endpoint: None,
    }
}

/// Stores the configuration; what an earlier start stored and this one does not name goes.
async fn store(relay: &Relay, parsed: &Parsed) -> Result<(), Failure> {
    let mut keys: BTreeMap<&str, String> = BTreeMap::new();
    for (reference, client) in &parsed.clients {
        let key = relay.secret(reference).await;
        let key = key.map_err(|error| Failure::new(format!("clients.{}.key: {error}", client.name)))?;
        keys.insert(reference, key.expose_secret().to_owned());
    }
    let resolved = |reference: &str| keys.get(reference).cloned().ok_or_else(|| "not resolved".to_owned());
    let documents = parsed.documents(resolved).map_err(Failure::new)?;
    let failed = |error: orders::StoreError| Failure::new(format!("the configuration cannot be stored: {error}"));
    let before = relay.store().list_config("").await.map_err(failed)?;
    for (name, document) in &documents {
        relay.store().put_config(name, document).await.map_err(failed)?;
    }
    for (name, _) in before.iter().filter(|(name, _)| !documents.contains_key(name)) {
        relay.store().delete_config(name).await.map_err(failed)?;
    }
    for account in parsed.accounts.keys() {
        // A setting that cannot be resolved is told at the start, not at the first lead.
        let unresolved = relay.check_secrets(account).await.map_err(failed)?;
        if let Some(error) = unresolved {
            output::note(format_args!("warning: {}: {error}", account_document(account).replace('#', " ")));
        }
    }
    Ok(())
}

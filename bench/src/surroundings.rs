//! What the subjects talk to: a table behind TLS, a network behind TLS, and the relay's configuration in the table.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use dynoxide::Database;
use orders::{Store, schema};
use relay::config::parse;
use relay::settings::Settings;
use relay::transport::http_client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::front::Authority;

/// The account, the offer and the client's key that the events name.
pub(crate) const ACCOUNT: &str = "bench";
pub(crate) const OFFER: &str = "bench-offer";
pub(crate) const KEY: &str = "bench-key-0123456789";
/// The relay's secret.
pub(crate) const SECRET: &str = "bench-secret-0123456789abcdef0123456789abcdef";

/// The tables: one with leads, one for the scheduled run to find nothing to do in, one for each peer.
pub(crate) const LEADS: &str = "leads";
pub(crate) const IDLE: &str = "idle";

/// The running servers.
pub(crate) struct Surroundings {
    pub(crate) authority: Authority,
    /// The table's endpoint.
    pub(crate) dynamodb: String,
    /// The network's base URL.
    pub(crate) network: String,
}

impl Surroundings {
    /// Starts all and writes certificates into `directory`. `peers` names the tables of the peers.
    pub(crate) async fn start(directory: &Path, peers: &[&str]) -> Result<Self, Failure> {
        let authority = Authority::make(directory)?;
        let table = start_table().await?;
        let dynamodb = authority.put_before(table).await?;
        let network = authority.put_before(start_network().await?).await?;
        let endpoint = format!("http://{table}");
        for name in [LEADS, IDLE].iter().chain(peers) {
            let store = make_table(&endpoint, name).await?;
            for (document, text) in configuration(&network)? {
                store.put_config(&document, &text).await.map_err(Failure::of("the configuration"))?;
            }
        }
        Ok(Self { authority, dynamodb, network })
    }
}

async fn start_table() -> Result<SocketAddr, Failure> {
    let database = Database::memory().map_err(Failure::of("the embedded table"))?;
    let (listener, address) = listen().await?;
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending::<()>()));
    Ok(address)
}

/// A network that takes every lead at once. It has nothing to say about any of them later. Bodies are read to their end:
/// a server that does not closes the connection, and the next lead would pay for that.
async fn start_network() -> Result<SocketAddr, Failure> {
    async fn take(State(counter): State<Arc<AtomicU64>>, _: Bytes) -> Json<Value> {
        let id = counter.fetch_add(1, Ordering::Relaxed);
        Json(json!({"status": "ok", "uid": id.to_string()}))
    }
    let routes = Router::new()
        .route("/ext/add.json", post(take))
        .route("/ext/list.json", post(|_: Bytes| async { Json(json!({})) }))
        .with_state(Arc::new(AtomicU64::new(700_001)));
    let (listener, address) = listen().await?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

async fn listen() -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Failure::of("a port"))?;
    let address = listener.local_addr().map_err(Failure::of("a port"))?;
    Ok((listener, address))
}

async fn make_table(endpoint: &str, name: &str) -> Result<Store, Failure> {
    let settings = Settings::read(|variable| {
        let value = match variable {
            "TABLE_NAME" => name,
            "AWS_REGION" => "eu-central-1",
            "AWS_ENDPOINT_URL_DYNAMODB" => endpoint,
            "LEADRELAY_SECRET" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "bench",
            _ => return None,
        };
        Some(value.to_owned())
    });
    let settings = settings.map_err(Failure::of("the settings"))?;
    let http = http_client(None).map_err(Failure::of("the HTTP client"))?;
    let client = relay::dynamodb(&settings, http);
    schema::create_table(&client, name).await.map_err(Failure::of("the table cannot be made"))?;
    Ok(Store::new(client, name))
}

fn configuration(network: &str) -> Result<BTreeMap<String, String>, Failure> {
    let text = format!(
        r#"
        [accounts.{ACCOUNT}]
        network = "altercpa"
        base_url = "{network}"
        user = "17"
        api = "bench-token"

        [offers.{OFFER}]
        account = "{ACCOUNT}"
        altercpa = "22456"

        [clients.bench]
        key = "{KEY}"
        "#
    );
    let parsed = parse("bench.toml", &text, &BTreeMap::new()).map_err(Failure::of("the configuration"))?;
    parsed.documents(|key| Ok(key.to_owned())).map_err(Failure::new)
}

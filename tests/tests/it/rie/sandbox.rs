//! What the sample events are sent to: an account of a real network of the catalogue, answered on loopback.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::routing::post;
use axum::{Json, Router};
use relay::config::parse;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::engine::{Engine, TABLE};

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// Starts a network that takes every lead; its address.
pub(crate) async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let take = || async {
        let number = TAKEN.fetch_add(1, Ordering::Relaxed) + 1;
        Json(json!({ "uuid": format!("a-{number}") }))
    };
    let router = Router::new().route("/v1/order", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

/// Stores the configuration that the sample events speak of.
pub(crate) async fn configure(engine: &Engine, network: &str) {
    let text = format!(
        r#"
        [accounts.sandbox]
        network = "drcash"
        api = "env:TOKEN"
        base_url = "{network}"
        [offers.sandbox-offer]
        account = "sandbox"
        drcash = "ab1c"
        thanks_url = "https://landing.example/thanks"
        [clients.crm]
        key = "env:sandbox-key"
        [clients.page]
        key = "env:sandbox-page-key"
        publishable = true
        offers = ["sandbox-offer"]
        origins = ["https://landing.example"]
        "#
    );
    let parsed = parse("sandbox.toml", &text, &BTreeMap::new()).unwrap();
    let documents = parsed.documents(|reference| Ok(reference.replace("env:", ""))).unwrap();
    for (name, document) in documents {
        let item = json!({"pk": {"S": "config"}, "sk": {"S": name}, "d": {"S": document}});
        let put = engine.call("PutItem", &json!({"TableName": TABLE, "Item": item})).await;
        assert_eq!(put, Value::Object(serde_json::Map::new()));
    }
}

//! The two servers of the suite, both on loopback.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use orders::{Store, schema};

pub(crate) enum Kept {
    By(Store),
    Skipped,
}

pub(crate) fn client(url: &str, attempts: u32) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "example", None, None, "static"))
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::standard().with_max_attempts(attempts))
        .build();
    Client::from_conf(config)
}

/// The embedded engine's address: one engine for the whole suite, on a thread and runtime of its own.
pub(crate) fn embedded_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(format!("http://{}", listener.local_addr().unwrap())).unwrap();
                let database = dynoxide::Database::memory().unwrap();
                dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()).await.unwrap();
            });
        });
        told.recv().unwrap()
    })
}

/// A fresh table of the embedded engine.
pub(crate) async fn embedded() -> Store {
    table_at(embedded_url(), "embedded").await
}

/// A fresh table of the second server.
#[expect(clippy::disallowed_methods, reason = "the suite has no settings but this one")]
pub(crate) async fn second(name: &str) -> Kept {
    match std::env::var("LEADRELAY_SECOND_STORE_URL") {
        Ok(url) if !url.is_empty() => Kept::By(table_at(&url, name).await),
        _ => Kept::Skipped,
    }
}

pub(crate) async fn table_at(url: &str, name: &str) -> Store {
    static TABLES: AtomicU32 = AtomicU32::new(0);
    let table = format!("{name}-{}-{}", std::process::id(), TABLES.fetch_add(1, Ordering::Relaxed));
    let client = client(url, 1);
    schema::create_table(&client, &table).await.unwrap();
    schema::create_table(&client, &table).await.expect("a table that is there is left as it is");
    Store::new(client, table)
}

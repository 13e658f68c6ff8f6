//! The table of the local relay: an embedded DynamoDB engine, or a running one.

use std::time::Duration;

use dynoxide::Database;
use orders::schema::create_table;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::data::Data;
use super::{TABLE, listen, settings};
use crate::args::Dev;
use crate::failure::Failure;

/// A DynamoDB endpoint with the relay's table in it.
pub(crate) struct Running {
    pub(crate) url: String,
    tasks: Vec<JoinHandle<()>>,
}

/// How often expired items are deleted. At AWS it may take days.
const TTL_EVERY: Duration = Duration::from_mins(1);

/// Starts the embedded engine, or takes the one at `--endpoint-url`, and makes the table where it is missing.
pub(crate) async fn start(args: &Dev, data: &Data, stopped: watch::Receiver<bool>) -> Result<Running, Failure> {
    let running = match &args.endpoint_url {
        Some(url) => Running { url: url.clone(), tasks: Vec::new() },
        None => embedded(args.dynamodb_port.unwrap_or(0), data, stopped).await?,
    };
    let client = relay::transport::http_client(None).map_err(|error| Failure::new(error.to_string()))?;
    let client = relay::dynamodb(&settings(&running.url, &"".into()), client);
    let made = create_table(&client, TABLE).await;
    made.map_err(|error| Failure::new(format!("the table cannot be made at {}: {error}", running.url)))?;
    Ok(running)
}

async fn embedded(port: u16, data: &Data, mut stopped: watch::Receiver<bool>) -> Result<Running, Failure> {
    let cannot = |error: &dyn std::fmt::Display| Failure::new(format!("the table's file cannot be opened: {error}"));
    let database = match data.file("table.db") {
        None => Database::memory().map_err(|error| cannot(&error))?,
        Some(file) => Database::new(&file.to_string_lossy()).map_err(|error| cannot(&error))?,
    };
    let (listener, address) = listen::on(port, "the embedded DynamoDB", "--dynamodb-port").await?;
    let mut shutdown = stopped.clone();
    let serving = dynoxide::server::serve_with_shutdown(listener, database.clone(), async move {
        let _ = shutdown.wait_for(|stop| *stop).await;
    });
    let serving = tokio::spawn(async move {
        let _ = serving.await;
    });
    let expiring = tokio::spawn(async move {
        while tokio::time::timeout(TTL_EVERY, stopped.wait_for(|stop| *stop)).await.is_err() {
            if let Err(error) = database.sweep_ttl() {
                tracing::warn!(%error, "expired items are not deleted");
            }
        }
    });
    Ok(Running { url: format!("http://{address}"), tasks: vec![serving, expiring] })
}

impl Running {
    /// Waits until the engine has closed its file.
    pub(crate) async fn stop(self) {
        for task in self.tasks {
            let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
        }
    }
}

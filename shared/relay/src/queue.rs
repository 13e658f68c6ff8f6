//! The queue of work slices: SQS, whose messages start the polling function again.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::clock::Clock;
use crate::settings::Settings;
use crate::signed::{Service, SignedClient, SignedError};

/// The most messages of one call.
const BATCH: usize = 10;

/// How often what the service could not take in a call is sent again.
const TRIES: usize = 3;

/// A queue that messages are sent to. Receiving is Lambda's part.
#[derive(Debug)]
pub struct Queue {
    client: SignedClient,
    url: String,
}

#[derive(Deserialize)]
struct Sent {
    #[serde(rename = "Failed", default)]
    failed: Vec<Failed>,
}

#[derive(Deserialize)]
struct Failed {
    #[serde(rename = "Id")]
    id: String,
}

impl Queue {
    /// The queue of `settings`; `None` where none is configured.
    #[must_use]
    pub fn new(settings: &Settings, client: reqwest::Client, clock: Arc<dyn Clock>) -> Option<Self> {
        let url = settings.queue_url.clone()?;
        // A queue's URL names the endpoint of its region.
        let own = Url::parse(&url).ok().map(|url| url.origin().ascii_serialization());
        let endpoint = settings.sqs_endpoint.clone().or(own);
        let service = Service {
            name: "sqs",
            target: "AmazonSQS",
            content_type: "application/x-amz-json-1.0",
            endpoint: endpoint.unwrap_or_else(|| format!("https://sqs.{}.amazonaws.com", settings.region)),
        };
        Some(Self { client: SignedClient::new(settings, service, client, clock), url })
    }

    /// Sends messages. Tells how many the queue took.
    ///
    /// # Errors
    /// [`SignedError`] where a call has no answer; what was sent before it is sent.
    pub async fn send(&self, bodies: &[String]) -> Result<usize, SignedError> {
        let mut taken = 0;
        for batch in bodies.chunks(BATCH) {
            let mut waiting: Vec<&String> = batch.iter().collect();
            for _ in 0..TRIES {
                let entries: Vec<Value> = waiting
                    .iter()
                    .enumerate()
                    .map(|(id, body)| json!({ "Id": id.to_string(), "MessageBody": body }))
                    .collect();
                let request = json!({ "QueueUrl": self.url, "Entries": entries });
                let sent: Sent = self.client.call("SendMessageBatch", &request).await?;
                let failed = sent.failed.iter().filter_map(|failed| failed.id.parse::<usize>().ok());
                let rest: Vec<&String> = failed.filter_map(|id| waiting.get(id).copied()).collect();
                taken += waiting.len() - rest.len();
                waiting = rest;
                if waiting.is_empty() {
                    break;
                }
            }
        }
        Ok(taken)
    }
}

//! The scheduled run, and the slices of its work that come back through the queue.

use std::convert::Infallible;

use lambda_runtime::LambdaEvent;
use relay::Relay;
use relay::sweep::{RemapAnswer, RemapRequest, RunRequest, Sums};
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod slices;

pub use slices::Failures;

/// What an invocation is answered with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The sums of a run.
    Run(Sums),
    /// The messages of the queue that must come again.
    Slices(Failures),
    /// What reading words again has found.
    Remap {
        /// The findings.
        remap: RemapAnswer,
    },
}

/// Serves one scheduled event, one request for a run of certain accounts, messages of the queue, or a request to read
/// words again (`{"remap": {"account": "…", "apply": false}}`).
///
/// # Errors
/// Never: what goes wrong stands in the outcome.
pub async fn handle(relay: &Relay, event: LambdaEvent<Value>) -> Result<Outcome, Infallible> {
    let deadline_ms = relay.deadline_of(event.context.deadline);
    if let Some(messages) = slices::messages(&event.payload) {
        return Ok(Outcome::Slices(Failures::of(Box::pin(relay.work_off(&messages, deadline_ms)).await)));
    }
    if let Some(remap) = event.payload.get("remap") {
        return Ok(Outcome::Remap { remap: Box::pin(remapped(relay, remap, deadline_ms)).await });
    }
    let request = RunRequest::read(&event.payload);
    Ok(Outcome::Run(Box::pin(relay.sweep(&request, deadline_ms)).await))
}

async fn remapped(relay: &Relay, request: &Value, deadline_ms: u64) -> RemapAnswer {
    match RemapRequest::deserialize(request) {
        Ok(request) => relay.remap(&request, deadline_ms).await,
        Err(error) => {
            let error = format!("`remap` is an object with `account`, and perhaps `apply` and `cursor`: {error}");
            RemapAnswer { error: Some(error), ..RemapAnswer::default() }
        }
    }
}

//! The scheduled run, and the slices of its work that come back through the queue.

use std::convert::Infallible;

use lambda_runtime::LambdaEvent;
use relay::Relay;
use relay::sweep::{RunRequest, Sums};
use serde::Serialize;
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
}

/// Serves one scheduled event, one request for a run of certain accounts, or messages of the queue.
///
/// # Errors
/// Never: what goes wrong stands in the outcome.
pub async fn handle(relay: &Relay, event: LambdaEvent<Value>) -> Result<Outcome, Infallible> {
    let deadline_ms = relay.deadline_of(event.context.deadline);
    if let Some(messages) = slices::messages(&event.payload) {
        return Ok(Outcome::Slices(Failures::of(relay.work_off(&messages, deadline_ms).await)));
    }
    let request = RunRequest::read(&event.payload);
    Ok(Outcome::Run(relay.sweep(&request, deadline_ms).await))
}

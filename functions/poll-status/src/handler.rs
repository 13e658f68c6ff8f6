//! The scheduled run.

use std::convert::Infallible;

use lambda_runtime::LambdaEvent;
use relay::Relay;
use relay::sweep::{RunRequest, Sums};
use serde_json::Value;

/// Serves one scheduled event, or one request for a run of certain accounts.
///
/// # Errors
/// Never: what goes wrong stands in the sums.
pub async fn handle(relay: &Relay, event: LambdaEvent<Value>) -> Result<Sums, Infallible> {
    let request = RunRequest::read(&event.payload);
    Ok(relay.sweep(&request, relay.deadline_of(event.context.deadline)).await)
}

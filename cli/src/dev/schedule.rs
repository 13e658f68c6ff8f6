//! The local scheduler: invokes the polling function with the event `EventBridge` would send.

use std::sync::Arc;
use std::time::Duration;

use lambda_runtime::{Context, LambdaEvent};
use poll_status::Outcome;
use relay::Relay;
use relay::clock::{Clock, SystemClock};
use relay::sweep::MARGIN_MS;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::args::Every;

/// A run may take this long. A run that is killed keeps its share from others no longer than that.
const RUN_MS: u64 = 60_000;

/// Runs until told to stop, the first time after one interval.
pub(crate) async fn run(relay: Arc<Relay>, every: Every, mut stopped: watch::Receiver<bool>) {
    let Every::After(pause) = every else { return };
    while tokio::time::timeout(pause.max(Duration::from_millis(1)), stopped.wait_for(|stop| *stop)).await.is_err() {
        invoke(&relay, event()).await;
    }
}

/// One invocation of the polling function.
pub(crate) async fn invoke(relay: &Relay, payload: Value) -> Outcome {
    let mut context = Context::default();
    context.deadline = SystemClock.now_ms() + RUN_MS + MARGIN_MS;
    let Ok(outcome) = poll_status::handle(relay, LambdaEvent::new(payload, context)).await;
    outcome
}

fn event() -> Value {
    json!({
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": relay::view::rfc3339(SystemClock.now_ms()),
        "region": "local",
        "resources": ["arn:aws:events:local:000000000000:rule/leadrelay"],
        "detail": {},
    })
}

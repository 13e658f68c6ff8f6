//! The polling function: what the schedule sends, messages of the queue, and an operator's tasks.

use lambda_runtime::{Diagnostic, LambdaEvent};
use relay::Relay;
use relay::operate::{Task, TaskAnswer, TaskFailure};
use serde::Serialize;
use serde_json::Value;

mod slices;

pub use slices::Failures;

/// What an invocation is answered with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// Of the schedule or a task.
    Task(TaskAnswer),
    /// The messages of the queue that must come again.
    Slices(Failures),
}

/// Why an invocation fails as a function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Failed(#[from] pub TaskFailure);

impl From<Failed> for Diagnostic {
    fn from(Failed(failure): Failed) -> Self {
        let kind = match failure.status() {
            400..500 => "Refused",
            _ => "Failed",
        };
        Self { error_type: kind.to_owned(), error_message: failure.to_string() }
    }
}

/// Serves one event: messages of the queue, or what [`Task::of_event`] reads.
///
/// # Errors
/// [`Failed`] where the event is nothing that can be done, or a run could not even read its accounts.
pub async fn handle(relay: &Relay, event: LambdaEvent<Value>) -> Result<Outcome, Failed> {
    let deadline_ms = relay.deadline_of(event.context.deadline);
    if let Some(messages) = slices::messages(&event.payload) {
        return Ok(Outcome::Slices(Failures::of(Box::pin(relay.work_off(&messages, deadline_ms)).await)));
    }
    let done = match Task::of_event(&event.payload) {
        Ok(task) => Box::pin(relay.operate(&task, deadline_ms)).await,
        Err(failure) => Err(failure),
    };
    done.map(Outcome::Task).map_err(|failure| {
        tracing::error!(error = %failure, "the event is not served");
        Failed(failure)
    })
}

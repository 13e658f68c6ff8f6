//! Requests to the scheduled function that are no run: an audit, a retry, a forgetting.

use relay::sweep::Sums;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, RUN_TIMEOUT};
use crate::args::Remote;
use crate::failure::Failure;
use crate::layout::clean;

/// Asks a relay, and returns its answer as it came and as it reads. `shown` is the request as it may be printed.
pub(super) async fn ask(remote: &Remote, what: &str, asked: Value, shown: &Value) -> Result<(Value, Sums), Failure> {
    let api = Api::new(remote)?;
    let answer = api.post(&["dev", "schedule"], &json!({what: asked}), &[], Some(RUN_TIMEOUT)).await?;
    if answer.status == 404 {
        return Err(Failure::new(super::poll::deployed(&remote.url, &json!({what: shown}))));
    }
    let mut answer: Value = api.accepted(&answer)?.json()?;
    let sums = Sums::deserialize(&answer)
        .map_err(|error| Failure::new(format!("the relay's answer cannot be read: {error}")))?;
    match sums.errors.first() {
        Some(error) => Err(Failure::new(clean(&error.error))),
        None => Ok((answer.get_mut(what).map(Value::take).unwrap_or_default(), sums)),
    }
}

/// The failure of an answer that lacks what was asked for: an older relay made a run instead.
pub(super) fn unanswered(what: &str) -> Failure {
    Failure::new(format!("the relay knows no `{what}`: it is older than this command"))
}

//! Tasks of a relay beside its runs: an audit, a retry, a forgetting.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api::{Api, RUN_TIMEOUT};
use crate::args::Remote;
use crate::failure::Failure;

/// Asks a relay, and returns its answer as it came and as it reads. `shown` is the request as it may be printed.
pub(super) async fn ask<T: DeserializeOwned>(
    remote: &Remote,
    what: &str,
    asked: Value,
    shown: &Value,
) -> Result<(Value, T), Failure> {
    let api = Api::new(remote)?;
    let answer = api.post(&["dev", "schedule"], &json!({what: asked}), &[], Some(RUN_TIMEOUT)).await?;
    if answer.status == 404 && !answer.is_problem() {
        return Err(Failure::new(super::poll::deployed(&remote.url, &json!({what: shown}))));
    }
    let mut answer: Value = api.accepted(&answer)?.json()?;
    let answer = answer.get_mut(what).map(Value::take);
    // An older relay makes a run of what it does not know.
    let answer =
        answer.ok_or_else(|| Failure::new(format!("the relay knows no `{what}`: it is older than this command")))?;
    let read = T::deserialize(&answer);
    let read = read.map_err(|error| Failure::new(format!("the relay's answer cannot be read: {error}")))?;
    Ok((answer, read))
}

//! What an operator asks of the scheduled function beside a run: an audit, a retry, a forgetting. Each is a member of the
//! event (`{"audit": {…}}`) and its answer a member of the sums; no run is made then.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Run, RunError, RunRequest, Sums};
use crate::relay::Relay;

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    /// It does not say what is wanted.
    #[error("{0}")]
    Unclear(String),
    /// The table did not do it.
    #[error(transparent)]
    Store(#[from] orders::StoreError),
}

impl Relay {
    /// Does what was asked for beside a run; `None` where a run was asked for.
    pub(super) async fn requested(&self, request: &RunRequest, run: &Run) -> Option<Sums> {
        let mut sums = Sums::default();
        let mut failed = None;
        let mut asked = false;
        if let Some(audit) = &request.audit {
            asked = true;
            match self.audit_on_request(audit, run).await {
                Ok(answer) => sums.audit = Some(Box::new(answer)),
                Err(error) => failed = Some(error),
            }
        }
        if let Some(retry) = &request.retry {
            asked = true;
            match self.retry_on_request(retry, run).await {
                Ok(answer) => sums.retry = Some(answer),
                Err(error) => failed = Some(error),
            }
        }
        if let Some(forget) = &request.forget {
            asked = true;
            match self.forget_on_request(forget, run).await {
                Ok(answer) => sums.forget = Some(answer),
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            tracing::error!(%error, "an operator's request is not done");
            sums.errors.push(RunError { account: String::new(), error: error.to_string() });
        }
        asked.then_some(sums)
    }
}

/// Reads a request. What it says is not repeated: it may hold a phone.
pub(super) fn read<T: DeserializeOwned>(what: &str, members: &str, request: &Value) -> Result<T, RequestError> {
    T::deserialize(request).map_err(|_| RequestError::Unclear(format!("`{what}` is an object with {members}")))
}

/// A time as people write it: a day, a time in RFC 3339, or a span before now such as `2d`, `12h`, `30m`.
/// In milliseconds since 1970.
pub(super) fn time_ms(text: &str, now_ms: u64) -> Result<u64, RequestError> {
    let text = text.trim();
    let instant = |text: &str| u64::try_from(text.parse::<Timestamp>().ok()?.as_millisecond()).ok();
    let found = span_ms(text)
        .map(|span| now_ms.saturating_sub(span))
        .or_else(|| instant(text))
        .or_else(|| instant(&format!("{text}T00:00:00Z")));
    found.ok_or_else(|| {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        RequestError::Unclear(format!("`{shown}` is no time: 2026-03-01, 2026-03-01T12:00:00Z, or 2d, 12h, 30m ago"))
    })
}

fn span_ms(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let unit_s: u64 = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_s)?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_days_instants_and_spans() {
        let now_ms = 1_700_000_000_000;
        assert_eq!(time_ms("2023-11-14", now_ms), Ok(1_699_920_000_000));
        assert_eq!(time_ms("2023-11-14T22:13:20Z", now_ms), Ok(now_ms));
        assert_eq!(time_ms(" 2d ", now_ms), Ok(now_ms - 2 * 86_400_000));
        assert_eq!(time_ms("90m", now_ms), Ok(now_ms - 5_400_000));
        for wrong in ["", "soon", "d", "2w", "-1d", "1923-11-14", "99999999999999999999d"] {
            assert!(time_ms(wrong, now_ms).is_err(), "{wrong}");
        }
    }
}

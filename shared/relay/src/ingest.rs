//! The postback door: a network tells a status.

use networks::{DoorError, DoorParams, read_postback};
use orders::{Source, StoreError};
use serde_json::json;

use crate::call::{Answer, Call};
use crate::news::{Named, Outcome, Report};
use crate::relay::Relay;
use crate::telemetry::Line;

/// The paths the door answers on.
pub const DOOR_PATHS: [&str; 2] = ["/api/sale/status.json", "/api/comp/status.json"];

/// The largest body the door reads, in bytes.
const BODY_BYTES: usize = 64 * 1024;

impl Relay {
    /// Answers one call of the door.
    pub async fn ingest(&self, call: &Call) -> Answer {
        let (id, params) = read_call(call);
        let keys = match self.door_keys().await {
            Ok(keys) => keys,
            Err(error) => {
                tracing::error!(%error, "the relay's secret cannot be had");
                return Answer::json(503, &json!({"status": "error", "error": "busy"}));
            }
        };
        let Some(account) = id.as_deref().and_then(|id| keys.account_of(id)) else {
            Line::new("postback with a wrong key").with("door_refusals", 1).write(self.clock.now_ms());
            return Answer::json(403, &json!({"status": "error", "error": "key"}));
        };
        match self.ingest_for(account, &params).await {
            Ok(Ok((network, outcome))) => {
                Line::new("postback")
                    .with("account", account)
                    .with_some("network", network)
                    .with("outcome", outcome.as_str())
                    .with("postbacks", 1)
                    .with_some("unmapped_words", (outcome == Outcome::Unmapped).then_some(1))
                    .write(self.clock.now_ms());
                Answer::json(200, &json!({"status": "ok"}))
            }
            Ok(Err(error)) => {
                tracing::warn!(account, missing = %error, "postback that cannot be read");
                Answer::json(400, &json!({"status": "error", "error": error.to_string()}))
            }
            Err(error) => {
                tracing::error!(account, %error, "postback not stored");
                Answer::json(503, &json!({"status": "error", "error": "busy"}))
            }
        }
    }

    /// What became of a postback, and the slug of the account's network where it is known.
    async fn ingest_for(&self, account: &str, params: &DoorParams) -> Result<Ingested, StoreError> {
        let now_ms = self.clock.now_ms();
        let configured = self.config.account(&self.store, now_ms, account).await?;
        let network = match &configured {
            Some(configured) => self.config.network(&self.store, now_ms, configured).await?,
            // An account that was removed still has orders: its URLs' lists and the dictionary still read.
            None => None,
        };
        let report = match read_postback(network.as_deref(), params) {
            Ok(report) => report,
            Err(error) => return Ok(Err(error)),
        };
        let slug = configured.as_ref().map(|configured| configured.network.clone());
        let named = Named { oid: report.oid.as_deref(), eid: report.eid.as_deref() };
        let desk = self.news_of(account, slug.as_deref());
        let outcome = desk.take(named, &Report::from(&report), Source::Postback).await?;
        Ok(Ok((slug, outcome)))
    }
}

/// The network's slug and what became of the news, or why there is none.
type Ingested = Result<(Option<String>, Outcome), DoorError>;

/// The account's id and the parameters of a call: query first, then the body as its content type says.
fn read_call(call: &Call) -> (Option<String>, DoorParams) {
    let mut id = None;
    let mut params = DoorParams::default();
    let mut take = |name: &str, value: &str| {
        if name == "id" {
            id.get_or_insert_with(|| value.to_owned());
        } else {
            params.add(name, value);
        }
    };
    for (name, value) in call.query_pairs() {
        take(&name, &value);
    }
    if call.method == http::Method::POST && call.body.len() <= BODY_BYTES {
        if call.media_type().as_deref() == Some("application/json") {
            if let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(&call.body) {
                for (name, value) in fields {
                    match value {
                        serde_json::Value::String(text) => take(&name, &text),
                        serde_json::Value::Number(number) => take(&name, &number.to_string()),
                        _ => {}
                    }
                }
            }
        } else {
            for (name, value) in form_urlencoded::parse(&call.body) {
                take(&name, &value);
            }
        }
    }
    (id, params)
}

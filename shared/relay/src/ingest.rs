//! The postback door: a network tells a status.

use lead::OrderId;
use networks::{DoorError, DoorParams, PostbackReport, StatusReading, read_postback};
use orders::{Applied, Event, Kind, News, ParkKey, Source, StoreError};
use serde_json::json;

use crate::call::{Answer, Call};
use crate::relay::Relay;
use crate::telemetry::Line;

/// The paths the door answers on.
pub const DOOR_PATHS: [&str; 2] = ["/api/sale/status.json", "/api/comp/status.json"];

/// The largest body the door reads, in bytes.
const BODY_BYTES: usize = 64 * 1024;

/// What became of a postback; all but `Conflict` and `Unmapped` concern one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingested {
    /// The order changed.
    Changed,
    /// It knew already.
    Same,
    /// The rules do not follow the news.
    Ignored,
    /// Nobody knows the word.
    Unmapped,
    /// The order is not there (yet).
    Parked,
    /// `oid` and `eid` name two orders.
    Conflict,
}

impl Ingested {
    /// The word in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Ignored => "ignored",
            Self::Unmapped => "unmapped",
            Self::Parked => "parked",
            Self::Conflict => "conflict",
        }
    }
}

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
            Ok(Ok(ingested)) => {
                let line = Line::new("postback").with("account", account).with("outcome", ingested.as_str());
                let line = line.with("postbacks", 1);
                let unmapped = (ingested == Ingested::Unmapped).then_some(1);
                let changed = (ingested == Ingested::Changed).then_some(1);
                line.with_some("unmapped_words", unmapped)
                    .with_some("status_changes", changed)
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

    async fn ingest_for(&self, account: &str, params: &DoorParams) -> Result<Result<Ingested, DoorError>, StoreError> {
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
        self.apply_report(account, &report, now_ms).await.map(Ok)
    }

    async fn apply_report(&self, account: &str, report: &PostbackReport, at_ms: u64) -> Result<Ingested, StoreError> {
        let target = match self.target(account, report).await? {
            Target::Order(id) => Some(id),
            Target::None => None,
            Target::Conflict(ours, theirs) => {
                // On both: the one that our id names may be another account's or none at all.
                for (id, name, other) in [(&ours, "eid", &report.eid), (&theirs, "oid", &report.oid)] {
                    let event = Event {
                        raw_status: Some(report.reading.raw().to_owned()),
                        note: other.as_ref().map(|other| format!("{name} {other} is not this order's")),
                        ..Event::new(at_ms, Kind::Conflict, Source::Postback)
                    };
                    self.store.note(account, id, &event).await?;
                }
                return Ok(Ingested::Conflict);
            }
        };
        let StatusReading::Known { status, raw, .. } = &report.reading else {
            return self.keep_unmapped(account, target.as_ref(), report, at_ms).await;
        };
        let news = News {
            raw_status: Some(raw.clone()),
            reason: report.reason,
            comment: report.comment.clone(),
            payout: report.payout.clone(),
            network_order_id: report.eid.clone().filter(|_| report.oid.is_some()),
            note: note(report),
            ..News::new(*status, Source::Postback, at_ms)
        };
        if let Some(id) = target {
            match self.store.apply_news(account, &id, &news).await? {
                Applied::Changed | Applied::PayoutChanged => return Ok(Ingested::Changed),
                Applied::Same => return Ok(Ingested::Same),
                Applied::Ignored => return Ok(Ingested::Ignored),
                Applied::Missing | Applied::NotYours => {}
            }
        }
        if let Some(key) = park_key(report) {
            self.store.park(account, &key, &news).await?;
        }
        Ok(Ingested::Parked)
    }

    /// Which order a report is about.
    async fn target(&self, account: &str, report: &PostbackReport) -> Result<Target, StoreError> {
        let ours = report.oid.as_deref().and_then(|oid| oid.parse::<OrderId>().ok());
        let Some(eid) = &report.eid else { return Ok(ours.map_or(Target::None, Target::Order)) };
        let theirs = self.store.ids_by_network_order(account, eid).await?.into_iter().next();
        match (ours, theirs) {
            (Some(ours), Some(theirs)) if ours != theirs => Ok(Target::Conflict(ours, theirs)),
            (Some(order), _) | (None, Some(order)) => Ok(Target::Order(order)),
            // Some networks send our own id back where theirs is asked for.
            (None, None) if report.oid.is_none() => Ok(eid.parse().map_or(Target::None, Target::Order)),
            (None, None) => Ok(Target::None),
        }
    }

    async fn keep_unmapped(
        &self,
        account: &str,
        target: Option<&OrderId>,
        report: &PostbackReport,
        at_ms: u64,
    ) -> Result<Ingested, StoreError> {
        let raw = report.reading.raw().to_owned();
        if let Some(id) = target {
            let event = Event {
                raw_status: Some(raw),
                note: note(report),
                ..Event::new(at_ms, Kind::Unmapped, Source::Postback)
            };
            self.store.note(account, id, &event).await?;
        }
        Ok(Ingested::Unmapped)
    }
}

enum Target {
    Order(OrderId),
    Conflict(OrderId, OrderId),
    None,
}

fn park_key(report: &PostbackReport) -> Option<ParkKey> {
    let ours = report.oid.as_deref().and_then(|oid| oid.parse().ok()).map(ParkKey::Order);
    let theirs = report.eid.clone();
    // An oid that is none of ours never finds an order. It is kept for a person, out of reach of any network's id.
    let stray = || report.oid.as_ref().map(|oid| format!("oid:{oid}"));
    ours.or_else(|| theirs.or_else(stray).map(ParkKey::NetworkOrder))
}

/// What cannot be read and is kept as it came.
fn note(report: &PostbackReport) -> Option<String> {
    let reason = report.raw_reason.as_ref().map(|reason| format!("reason {reason}"));
    let payout = report.raw_payout.as_ref().map(|payout| format!("payout {payout}"));
    let parts: Vec<String> = reason.into_iter().chain(payout).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

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

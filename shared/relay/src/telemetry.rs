//! Logs and metrics: one JSON line an event, message and fields; never keys, phones, names, addresses or bodies.
//!
//! On Lambda the lines that count something carry `CloudWatch`'s embedded metric format: the log line is the metric, so
//! a metric costs no call. The metrics and their dimensions are [`METRICS`].

use std::io::Write as _;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Leadrelay";

/// A metric: its name, its unit, and what it is split by (empty: nothing).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// The name.
    pub name: &'static str,
    /// `CloudWatch`'s unit.
    pub unit: &'static str,
    /// The dimension.
    pub by: &'static str,
}

const fn count(name: &'static str, by: &'static str) -> Metric {
    Metric { name, unit: "Count", by }
}

const fn seconds(name: &'static str, by: &'static str) -> Metric {
    Metric { name, unit: "Seconds", by }
}

/// Every metric there is. A field of a counted line with one of these names is measured.
pub const METRICS: [Metric; 16] = [
    count("leads", "network"),
    count("delivered", "network"),
    count("refused", "network"),
    count("unknown", "network"),
    count("queued", "network"),
    count("undeliverable", "network"),
    count("unmapped_words", "network"),
    count("postbacks", "network"),
    count("door_refusals", ""),
    count("polled", "network"),
    count("status_changes", "network"),
    count("poll_failures", "network"),
    count("network_down", "network"),
    seconds("poll_lag_s", "network"),
    seconds("queue_age_s", "network"),
    count("audit_remainder", ""),
];

/// Where counted lines go: JSON with metrics, or plain lines for people.
static AS_JSON: OnceLock<bool> = OnceLock::new();

/// Starts logging JSON lines to standard output, as `CloudWatch` wants them. `filter` is `RUST_LOG`'s text.
pub fn log_json(filter: Option<&str>) {
    let _ = AS_JSON.set(true);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false);
    let _ = tracing_subscriber::registry().with(filter_of(filter)).with(lines).try_init();
}

/// Starts logging lines for people to standard error.
pub fn log_plain(filter: Option<&str>) {
    let _ = AS_JSON.set(false);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(false);
    let _ = tracing_subscriber::registry().with(filter_of(filter)).with(lines).try_init();
}

/// Levels by target: `info`, `relay=debug`, `info,relay=debug`. Spans and fields are not filtered by: that takes a
/// library of regular expressions, and each function would carry it.
fn filter_of(filter: Option<&str>) -> Targets {
    let text = filter.filter(|text| !text.is_empty()).unwrap_or("info");
    text.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO))
}

/// One counted line: a message, fields, and among them metrics by their names.
#[derive(Debug)]
pub struct Line {
    message: &'static str,
    fields: Map<String, Value>,
}

impl Line {
    /// A line with a message.
    #[must_use]
    pub fn new(message: &'static str) -> Self {
        Self { message, fields: Map::new() }
    }

    /// The same line with one more field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The same line with one more field where there is a value.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Writes the line. `at_ms` is the time, in milliseconds since 1970.
    pub fn write(self, at_ms: u64) {
        if AS_JSON.get() == Some(&true) {
            let line = self.json(at_ms);
            // A closed standard output is no reason to fail a lead.
            let _ = writeln!(std::io::stdout(), "{line}");
        } else {
            let fields = self.fields.iter().map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            });
            tracing::info!("{} {}", self.message, fields.collect::<Vec<_>>().join(" "));
        }
    }

    /// The line as `CloudWatch`'s embedded metric format reads it.
    fn json(self, at_ms: u64) -> Value {
        let measured: Vec<&Metric> = METRICS.iter().filter(|metric| self.fields.contains_key(metric.name)).collect();
        let mut sets: Vec<Value> = Vec::new();
        for by in ["network", ""] {
            let here = measured.iter().filter(|metric| metric.by == by);
            let metrics: Vec<Value> = here.map(|metric| json!({"Name": metric.name, "Unit": metric.unit})).collect();
            if metrics.is_empty() {
                continue;
            }
            // Split by network, and summed over all: an alarm wants the sum, a person the network.
            let dimensions =
                if by.is_empty() || !self.fields.contains_key(by) { json!([[]]) } else { json!([[by], []]) };
            sets.push(json!({"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}));
        }
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), crate::view::rfc3339(at_ms).into());
        line.insert("level".to_owned(), "INFO".into());
        line.insert("message".to_owned(), self.message.into());
        line.extend(self.fields);
        if !sets.is_empty() {
            line.insert("_aws".to_owned(), json!({"Timestamp": at_ms, "CloudWatchMetrics": sets}));
        }
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_line_is_a_log_line_and_a_metric_at_once() {
        let line = Line::new("lead").with("network", "adcombo").with("order_id", "01k").with("leads", 1);
        let json = line.with_some("delivered", Some(1)).with_some("refused", None::<u64>).json(1_700_000_000_000);
        assert_eq!(
            json,
            json!({
                "timestamp": "2023-11-14T22:13:20Z", "level": "INFO", "message": "lead",
                "network": "adcombo", "order_id": "01k", "leads": 1, "delivered": 1,
                "_aws": {"Timestamp": 1_700_000_000_000_u64, "CloudWatchMetrics": [{
                    "Namespace": "Leadrelay", "Dimensions": [["network"], []],
                    "Metrics": [{"Name": "leads", "Unit": "Count"}, {"Name": "delivered", "Unit": "Count"}],
                }]},
            })
        );
    }

    #[test]
    fn a_line_without_metrics_has_no_envelope_and_one_without_its_dimension_is_summed() {
        assert_eq!(Line::new("scheduled run").with("accounts", 2).json(0).get("_aws"), None);
        let json = Line::new("postback refused").with("door_refusals", 1).json(0);
        assert_eq!(json["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([[]]));
    }
}

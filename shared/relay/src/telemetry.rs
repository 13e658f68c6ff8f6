//! Logs and metrics: one JSON line an event, message and fields; never keys, phones, names, addresses or bodies.
//!
//! On Lambda the lines that count something carry `CloudWatch`'s embedded metric format: the log line is the metric, so
//! a metric costs no call. The metrics and their dimensions are [`METRICS`].

use std::io::Write;
use std::sync::OnceLock;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Leadrelay";

/// A metric: its name, its unit, and what it is split by (empty: nothing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Metric {
    /// The name.
    #[serde(rename = "Name")]
    pub name: &'static str,
    /// `CloudWatch`'s unit.
    #[serde(rename = "Unit")]
    pub unit: &'static str,
    /// The dimension.
    #[serde(skip)]
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

/// Takes a whole line, its line break included.
pub type Sink = fn(&[u8]);

/// Where JSON lines go, counted ones among them; empty where lines are for people and have no metrics.
static SINK: OnceLock<Sink> = OnceLock::new();

/// Starts logging JSON lines to standard output, as `CloudWatch` wants them. `filter` is `RUST_LOG`'s text.
pub fn log_json(filter: Option<&str>) {
    // A closed standard output is no reason to fail a lead.
    log_json_to(filter, |line| drop(std::io::stdout().write_all(line)));
}

/// Starts logging the same lines to somewhere else: for tests, which look at each of them.
pub fn log_json_to(filter: Option<&str>, sink: Sink) {
    let _ = SINK.set(sink);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_writer(move || Lines(sink));
    let _ = tracing_subscriber::registry().with(filter_of(filter)).with(lines).try_init();
}

/// A sink as the subscriber writes to it: one call a line.
struct Lines(Sink);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        (self.0)(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Starts logging lines for people to standard error.
pub fn log_plain(filter: Option<&str>) {
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
    fields: Vec<(&'static str, Value)>,
}

impl Line {
    /// A line with a message.
    #[must_use]
    pub fn new(message: &'static str) -> Self {
        Self { message, fields: Vec::new() }
    }

    /// The same line with one more field, of a name that it does not have yet.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        debug_assert!(!self.has(name), "the line has a field {name} already");
        self.fields.push((name, value.into()));
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
        if let Some(sink) = SINK.get() {
            // At once: standard output passes what ends in a line break on as it is.
            let Ok(mut line) = serde_json::to_vec(&Record { line: &self, at_ms }) else { return };
            line.push(b'\n');
            sink(&line);
        } else {
            let fields = self.fields.iter().map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            });
            tracing::info!("{} {}", self.message, fields.collect::<Vec<_>>().join(" "));
        }
    }

    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(other, _)| *other == name)
    }

    /// The metrics among the fields, by what they are split by.
    fn sets(&self) -> Vec<MetricSet> {
        let measured: Vec<&Metric> = METRICS.iter().filter(|metric| self.has(metric.name)).collect();
        let by_network: &[&[&str]] = if self.has("network") { &[&["network"], &[]] } else { &[&[]] };
        // Split by network, and summed over all: an alarm wants the sum, a person the network.
        let sets = [("network", by_network), ("", &[&[]])].map(|(by, dimensions)| MetricSet {
            namespace: NAMESPACE,
            dimensions,
            metrics: measured.iter().copied().filter(|metric| metric.by == by).collect(),
        });
        sets.into_iter().filter(|set| !set.metrics.is_empty()).collect()
    }
}

/// A line as `CloudWatch`'s embedded metric format reads it.
struct Record<'a> {
    line: &'a Line,
    at_ms: u64,
}

#[derive(Serialize)]
struct Embedded {
    #[serde(rename = "Timestamp")]
    timestamp: u64,
    #[serde(rename = "CloudWatchMetrics")]
    metrics: Vec<MetricSet>,
}

#[derive(Serialize)]
struct MetricSet {
    #[serde(rename = "Namespace")]
    namespace: &'static str,
    #[serde(rename = "Dimensions")]
    dimensions: &'static [&'static [&'static str]],
    #[serde(rename = "Metrics")]
    metrics: Vec<&'static Metric>,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_map(None)?;
        record.serialize_entry("timestamp", &crate::view::rfc3339(self.at_ms))?;
        record.serialize_entry("level", "INFO")?;
        record.serialize_entry("message", self.line.message)?;
        for (name, value) in &self.line.fields {
            record.serialize_entry(name, value)?;
        }
        let metrics = self.line.sets();
        if !metrics.is_empty() {
            record.serialize_entry("_aws", &Embedded { timestamp: self.at_ms, metrics })?;
        }
        record.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(line: &Line, at_ms: u64) -> Value {
        serde_json::to_value(Record { line, at_ms }).unwrap()
    }

    #[test]
    fn a_counted_line_is_a_log_line_and_a_metric_at_once() {
        let line = Line::new("lead").with("network", "some-network").with("order_id", "01k").with("leads", 1);
        let line = line.with_some("delivered", Some(1)).with_some("refused", None::<u64>);
        assert_eq!(
            written(&line, 1_700_000_000_000),
            json!({
                "timestamp": "2023-11-14T22:13:20Z", "level": "INFO", "message": "lead",
                "network": "some-network", "order_id": "01k", "leads": 1, "delivered": 1,
                "_aws": {"Timestamp": 1_700_000_000_000_u64, "CloudWatchMetrics": [{
                    "Namespace": "Leadrelay", "Dimensions": [["network"], []],
                    "Metrics": [{"Name": "leads", "Unit": "Count"}, {"Name": "delivered", "Unit": "Count"}],
                }]},
            })
        );
    }

    #[test]
    fn a_line_without_metrics_has_no_envelope_and_one_without_its_dimension_is_summed() {
        assert_eq!(written(&Line::new("scheduled run").with("accounts", 2), 0).get("_aws"), None);
        let json = written(&Line::new("postback refused").with("door_refusals", 1), 0);
        assert_eq!(json["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([[]]));
    }
}

//! Logs: one JSON line an event, message and fields; never keys, phones, names, addresses or bodies.

use tracing_subscriber::EnvFilter;

/// Starts logging JSON lines to standard output, as `CloudWatch` wants them. `filter` is `RUST_LOG`'s text.
pub fn log_json(filter: Option<&str>) {
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_env_filter(filter_of(filter))
        .try_init();
}

/// Starts logging lines for people to standard error.
pub fn log_plain(filter: Option<&str>) {
    let _ = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false)
        .with_env_filter(filter_of(filter))
        .try_init();
}

fn filter_of(filter: Option<&str>) -> EnvFilter {
    EnvFilter::builder().parse_lossy(filter.filter(|text| !text.is_empty()).unwrap_or("info"))
}

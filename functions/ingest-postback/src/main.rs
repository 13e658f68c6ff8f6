//! The Lambda function `ingest-postback`: builds its clients once, then serves invocations.

use lambda_http::{Error, run, service_fn};
use relay::Relay;
use relay::settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::from_environment()?;
    relay::telemetry::log_json(settings.log_filter.as_deref());
    let relay = Relay::new(&settings)?;
    run(service_fn(|request| ingest_postback::handle(&relay, request))).await
}

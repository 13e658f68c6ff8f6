//! The Lambda function `submit-lead`: builds its clients once, then serves invocations.

use std::sync::Once;
use std::thread;

use lambda_http::{Error, run, service_fn};
use relay::Relay;
use relay::settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::from_environment()?;
    relay::telemetry::log_json(settings.log_filter.as_deref());
    let relay = Relay::new(&settings)?;
    let plans = Once::new();
    run(service_fn(|request| {
        // Beside the first reads of the table: neither the start nor the first lead waits for it.
        plans.call_once(|| drop(thread::spawn(Relay::load_phone_plans)));
        submit_lead::handle(&relay, request)
    }))
    .await
}

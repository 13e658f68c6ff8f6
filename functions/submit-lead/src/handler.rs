//! Intake: `POST /leads` and `GET /healthz`.

use std::convert::Infallible;

use lambda_http::http::Method;
use lambda_http::{Body, Request, Response};
use relay::Relay;
use relay::call::Answer;
use relay::gateway::{call, response};

/// Answers one API Gateway event.
///
/// # Errors
/// Never: every failure is an answer.
pub async fn handle(relay: &Relay, request: Request) -> Result<Response<Body>, Infallible> {
    let call = call(request);
    let answer = match (&call.method, call.path.as_str()) {
        (&Method::POST, "/leads") => relay.submit(&call).await,
        (&Method::GET, "/healthz") => Answer::healthy(),
        _ => Answer::nothing_here(),
    };
    Ok(response(answer))
}

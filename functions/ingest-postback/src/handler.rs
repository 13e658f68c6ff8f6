//! The postback door.

use std::convert::Infallible;

use lambda_http::http::Method;
use lambda_http::{Body, Request, Response};
use relay::call::Answer;
use relay::gateway::{call, response};
use relay::{DOOR_PATHS, Relay};

/// Answers one API Gateway event.
///
/// # Errors
/// Never: every failure is an answer.
pub async fn handle(relay: &Relay, request: Request) -> Result<Response<Body>, Infallible> {
    let call = call(request);
    let is_door = DOOR_PATHS.contains(&call.path.as_str());
    let answer = match call.method {
        Method::GET | Method::POST if is_door => relay.ingest(&call).await,
        _ => Answer::nothing_here(),
    };
    Ok(response(answer))
}

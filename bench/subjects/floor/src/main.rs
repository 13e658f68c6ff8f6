//! The limit: a bare `lambda_http` function. It reads the event and answers; it does nothing else.

use std::convert::Infallible;

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(echo)).await
}

async fn echo(request: Request) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(request.into_body()))
}

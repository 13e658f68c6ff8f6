//! Between API Gateway's events and the flows' calls.
//!
//! An event's texts come from strangers, and the request that `lambda_http` makes of them ends the function where they make
//! no URI. So the event is read here, and its path and query stay texts.

mod event;

use std::convert::Infallible;

use http::StatusCode;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use serde_json::Value;

use crate::call::{Answer, Call};

pub use event::request;

/// What an event says as it stands, where it was read here.
#[derive(Clone)]
struct Told {
    path: String,
    query: String,
    source_ip: Option<String>,
}

/// Serves invocations with `handle`, whatever their events hold.
///
/// # Errors
/// Those of the Lambda runtime.
pub async fn serve<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(Request) -> F,
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        Ok::<_, Infallible>(answered(&event.payload, handle).await)
    }))
    .await
}

/// The answer of `handle` to an event; what is no event of a call is answered 400.
pub async fn answered<H, F>(event: &Value, handle: H) -> ApiGatewayV2httpResponse
where
    H: FnOnce(Request) -> F,
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    let answer = match request(event) {
        Some(request) => handle(request).await,
        None => Ok(response(Answer::problem(400, "event", "this is no event of an HTTP call"))),
    };
    let Ok(answer) = answer;
    let (parts, body) = answer.into_parts();
    let mut told = ApiGatewayV2httpResponse::default();
    told.status_code = parts.status.as_u16().into();
    told.headers = parts.headers;
    told.is_base64_encoded = matches!(body, Body::Binary(_));
    told.body = Some(body).filter(|body| !matches!(body, Body::Empty));
    told
}

/// The call of a request that was made of an event.
#[must_use]
pub fn call(request: Request) -> Call {
    let source_ip = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        _ => None,
    };
    let raw_path = request.raw_http_path().to_owned();
    let (mut parts, body) = request.into_parts();
    let body = match body {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    };
    let told = parts.extensions.remove::<Told>().unwrap_or_else(|| Told {
        path: if raw_path.is_empty() { parts.uri.path().to_owned() } else { raw_path },
        query: parts.uri.query().unwrap_or_default().to_owned(),
        source_ip,
    });
    let source_ip = told.source_ip.as_deref().and_then(crate::call::address);
    Call { method: parts.method, path: told.path, query: told.query, headers: parts.headers, body, source_ip }
}

/// The response of an answer.
#[must_use]
pub fn response(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::Text(answer.body));
    if let Ok(status) = StatusCode::from_u16(answer.status) {
        *response.status_mut() = status;
    }
    for (name, value) in answer.headers {
        if let Ok(value) = http::HeaderValue::from_str(&value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

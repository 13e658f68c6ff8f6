//! Between API Gateway's events and the flows' calls.

use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};

use crate::call::{Answer, Call};

/// The call of an API Gateway event.
#[must_use]
pub fn call(request: Request) -> Call {
    let source_ip = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        _ => None,
    };
    let path = request.raw_http_path().to_owned();
    let (parts, body) = request.into_parts();
    let body = match body {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    };
    let path = if path.is_empty() { parts.uri.path().to_owned() } else { path };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    Call { method: parts.method, path, query, headers: parts.headers, body, source_ip }
}

/// The response of an answer.
#[must_use]
pub fn response(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::Text(answer.body));
    if let Ok(status) = http::StatusCode::from_u16(answer.status) {
        *response.status_mut() = status;
    }
    for (name, value) in answer.headers {
        if let Ok(value) = http::HeaderValue::from_str(&value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

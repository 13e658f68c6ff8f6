//! The local API Gateway: makes the event API Gateway (HTTP API, payload 2.0) would make of a request, hands it to
//! the function behind the route, and makes a response of its answer.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{get, post};
use lambda_http::Body as EventBody;
use relay::{DOOR_PATHS, Relay};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::schedule;

/// API Gateway refuses larger bodies.
const BODY_BYTES: usize = 10 * 1024 * 1024;

/// Serves until told to stop.
pub(crate) async fn serve(listener: TcpListener, relay: Arc<Relay>, mut stopped: watch::Receiver<bool>) {
    let served = axum::serve(listener, router(relay).into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        })
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the gateway has ended");
    }
}

pub(crate) fn router(relay: Arc<Relay>) -> Router {
    let mut router = Router::new()
        .route("/leads", post(submit))
        .route("/healthz", get(submit))
        .route("/orders", get(read))
        .route("/orders/{order_id}", get(read))
        .route("/dev/schedule", post(run_now));
    for path in DOOR_PATHS {
        router = router.route(path, get(ingest).post(ingest));
    }
    router.fallback(no_route).method_not_allowed_fallback(no_route).with_state(relay)
}

type Caller = ConnectInfo<SocketAddr>;

async fn submit(State(relay): State<Arc<Relay>>, caller: Caller, request: Request) -> Response {
    let event = match event(caller, request).await {
        Ok(event) => event,
        Err(response) => return *response,
    };
    let Ok(answer) = submit_lead::handle(&relay, event).await;
    response(answer)
}

async fn ingest(State(relay): State<Arc<Relay>>, caller: Caller, request: Request) -> Response {
    let event = match event(caller, request).await {
        Ok(event) => event,
        Err(response) => return *response,
    };
    let Ok(answer) = ingest_postback::handle(&relay, event).await;
    response(answer)
}

async fn read(State(relay): State<Arc<Relay>>, caller: Caller, request: Request) -> Response {
    let event = match event(caller, request).await {
        Ok(event) => event,
        Err(response) => return *response,
    };
    let Ok(answer) = read_orders::handle(&relay, event).await;
    response(answer)
}

/// One scheduled run now, with the body as its event. What changes orders by a person's word needs an admin's key.
async fn run_now(State(relay): State<Arc<Relay>>, request: Request) -> Response {
    // It asks for no key, so no page that a browser on this machine shows may call it: browsers name theirs here.
    if request.headers().contains_key(header::ORIGIN) {
        return plain(StatusCode::FORBIDDEN, &json!({"message": "Forbidden"}));
    }
    let key = relay::call::key_of(request.headers()).map(str::to_owned);
    let Ok(body) = axum::body::to_bytes(request.into_body(), BODY_BYTES).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, &json!({"message": "Request Entity Too Large"}));
    };
    let payload = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(&body) };
    match payload {
        Ok(payload) if changes_orders(&payload) && !is_admin(&relay, key.as_deref()).await => {
            plain(StatusCode::FORBIDDEN, &json!({"message": "this needs an admin's key: --key or LEADRELAY_KEY"}))
        }
        Ok(payload) => plain(StatusCode::OK, &json!(schedule::invoke(&relay, payload).await)),
        Err(error) => plain(StatusCode::BAD_REQUEST, &json!({"message": format!("the event is no JSON: {error}")})),
    }
}

fn changes_orders(payload: &Value) -> bool {
    payload.pointer("/remap/apply").and_then(Value::as_bool).unwrap_or(false)
}

async fn is_admin(relay: &Relay, key: Option<&str>) -> bool {
    match key {
        Some(key) => relay.is_admin(key).await.unwrap_or(false),
        None => false,
    }
}

/// What API Gateway answers where no route leads.
async fn no_route() -> Response {
    plain(StatusCode::NOT_FOUND, &json!({"message": "Not Found"}))
}

async fn event(ConnectInfo(caller): Caller, request: Request) -> Result<lambda_http::Request, Box<Response>> {
    let (parts, body) = request.into_parts();
    let too_large = || Box::new(plain(StatusCode::PAYLOAD_TOO_LARGE, &json!({"message": "Request Entity Too Large"})));
    let body = axum::body::to_bytes(body, BODY_BYTES).await.map_err(|_| too_large())?;
    let event = event_json(&parts.method, &parts.uri, &parts.headers, &body, caller);
    lambda_http::request::from_str(&event.to_string()).map_err(|error| {
        tracing::warn!(%error, "a request that makes no event");
        Box::new(plain(StatusCode::BAD_REQUEST, &json!({"message": "Bad Request"})))
    })
}

/// The event of a request, as API Gateway documents payload format 2.0: header names in lower case and values joined
/// with commas, cookies apart, and a body that is no text in base64.
fn event_json(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8], caller: SocketAddr) -> Value {
    let mut event_headers = Map::new();
    for name in headers.keys().filter(|name| *name != header::COOKIE) {
        let values: Vec<String> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        event_headers.insert(name.as_str().to_owned(), values.join(",").into());
    }
    event_headers.insert("x-forwarded-for".to_owned(), caller.ip().to_string().into());
    event_headers.insert("x-forwarded-proto".to_owned(), "http".into());
    let query = uri.query().unwrap_or_default();
    let path = uri.path();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    // API Gateway takes textual types as text, forms and everything else as base64.
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let textual = content_type.starts_with("application/json") || content_type.starts_with("text/");
    let text = std::str::from_utf8(body).ok().filter(|_| textual);
    let encoded = text.map_or_else(|| base64(body), str::to_owned);
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": event_headers,
        "queryStringParameters": pairs(query),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": "local",
            "http": {
                "method": method.as_str(), "path": path, "protocol": "HTTP/1.1",
                "sourceIp": caller.ip().to_string(), "userAgent": agent,
            },
            "requestId": "local",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/1970:00:00:00 +0000",
            "timeEpoch": 0,
        },
        "body": encoded,
        "isBase64Encoded": text.is_none(),
    })
}

/// Query parameters by name, the values of a repeated one joined with commas.
fn pairs(query: &str) -> Map<String, Value> {
    let mut pairs: Map<String, Value> = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let joined = match pairs.get(name.as_ref()).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.into_owned(),
        };
        pairs.insert(name.into_owned(), joined.into());
    }
    pairs
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn response(answer: lambda_http::Response<EventBody>) -> Response {
    let (parts, body) = answer.into_parts();
    let bytes = match body {
        EventBody::Text(text) => text.into_bytes(),
        EventBody::Binary(bytes) => bytes,
        _ => Vec::new(),
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    response
}

fn plain(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

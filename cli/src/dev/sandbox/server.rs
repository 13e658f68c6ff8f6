//! The sandbox network's own server: its API, and a page to look at and answer from.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use relay::clock::{Clock, SystemClock};
use relay::keys::DoorKeys;
use relay::view::rfc3339;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::ACCOUNT;
use super::book::{Book, Entry};
use crate::dev::data::SANDBOX_SECRET;

/// What the network's call centre can decide, and what it pays for a sale.
const WORDS: [&str; 5] = ["new", "hold", "approved", "rejected", "trash"];
const PAYOUT: &str = "12.50";
const CURRENCY: &str = "EUR";

#[derive(Clone)]
struct Sandbox {
    book: Arc<Book>,
    /// The relay's address, where postbacks go.
    door: String,
    client: reqwest::Client,
}

pub(super) async fn serve(listener: TcpListener, book: Arc<Book>, door: String, mut stopped: watch::Receiver<bool>) {
    let client = match relay::transport::http_client(None) {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "the sandbox network cannot start"),
    };
    let sandbox = Sandbox { book, door, client };
    let router = Router::new()
        .route("/", get(page))
        .route("/orders", post(take))
        .route("/statuses", get(statuses))
        .route("/orders/{order_id}/answer", post(answer))
        .with_state(sandbox);
    let served = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    if let Err(error) = served.await {
        tracing::error!(%error, "the sandbox network has ended");
    }
}

/// The network's submit call.
async fn take(State(sandbox): State<Sandbox>, headers: HeaderMap, body: String) -> Response {
    if !headers.get("authorization").is_some_and(|value| value.as_bytes().starts_with(b"Bearer ")) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"message": "a bearer token is wanted"}))).into_response();
    }
    let Ok(Value::Object(fields)) = serde_json::from_str(&body) else {
        return (StatusCode::BAD_REQUEST, Json(json!({"message": "a JSON object is wanted"}))).into_response();
    };
    let order_id = sandbox.book.take(fields, rfc3339(SystemClock.now_ms()));
    (StatusCode::CREATED, Json(json!({"result": "ok", "order_id": order_id}))).into_response()
}

/// The network's status call.
async fn statuses(State(sandbox): State<Sandbox>, Query(query): Query<Map<String, Value>>) -> Json<Value> {
    let asked = query.get("ids").and_then(Value::as_str).unwrap_or_default();
    let wanted: Vec<&str> = asked.split(',').collect();
    let entries = sandbox.book.all();
    let rows = entries.iter().filter(|entry| wanted.contains(&entry.order_id.as_str())).map(|entry| {
        let currency = entry.payout.as_ref().map(|_| CURRENCY);
        json!({
            "order_id": entry.order_id, "sub1": entry.fields.get("sub1"),
            "status": entry.status, "payout": entry.payout, "currency": currency,
        })
    });
    Json(json!({"orders": rows.collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
struct Decision {
    status: String,
    /// Only change it, and let the relay ask.
    #[serde(default)]
    silent: bool,
}

/// A decision of the call centre: kept, and told by a postback unless it is to be polled.
async fn answer(
    State(sandbox): State<Sandbox>,
    Path(order_id): Path<String>,
    Form(decision): Form<Decision>,
) -> Response {
    if !WORDS.contains(&decision.status.as_str()) {
        return (StatusCode::BAD_REQUEST, format!("status is one of {}\n", WORDS.join(", "))).into_response();
    }
    let changed = sandbox.book.change(&order_id, |entry| {
        entry.payout = (decision.status == "approved").then(|| PAYOUT.to_owned());
        entry.status.clone_from(&decision.status);
    });
    let Some(entry) = changed else {
        return (StatusCode::NOT_FOUND, format!("there is no order {order_id} here\n")).into_response();
    };
    if !decision.silent {
        let told = sandbox.tell(&entry).await;
        sandbox.book.change(&order_id, |entry| entry.last_postback = Some(told));
    }
    Redirect::to("/").into_response()
}

impl Sandbox {
    /// Calls the relay's door as the tail of this network says; what came back.
    async fn tell(&self, entry: &Entry) -> String {
        let Ok(mut url) = reqwest::Url::parse(&format!("{}{}", self.door, networks::DOOR_PATH)) else {
            return "no door".to_owned();
        };
        let key = DoorKeys::new(SANDBOX_SECRET.into()).key_of(ACCOUNT);
        let sub1 = entry.fields.get("sub1").and_then(Value::as_str).unwrap_or_default();
        url.query_pairs_mut()
            .append_pair("id", &format!("{ACCOUNT}-{key}"))
            .append_pair("oid", sub1)
            .append_pair("eid", &entry.order_id)
            .append_pair("status", &entry.status)
            .append_pair("pay", entry.payout.as_deref().unwrap_or_default())
            .append_pair("cc", entry.payout.as_ref().map_or("", |_| CURRENCY));
        match self.client.get(url).send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                format!("{status} {}", answer.text().await.unwrap_or_default())
            }
            Err(error) => error.without_url().to_string(),
        }
    }
}

/// The page: what came, and buttons to answer.
async fn page(State(sandbox): State<Sandbox>) -> Html<String> {
    let mut rows = String::new();
    for entry in sandbox.book.all().iter().rev() {
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td><pre>{}</pre></td><td><b>{}</b></td><td>{}{}</td><td>{}</td></tr>",
            escape(&entry.order_id),
            escape(&entry.received_at),
            escape(&fields(&entry.fields)),
            escape(&entry.status),
            buttons(&entry.order_id, false),
            buttons(&entry.order_id, true),
            escape(entry.last_postback.as_deref().unwrap_or("-")),
        );
    }
    if rows.is_empty() {
        rows.push_str("<tr><td colspan=6>Nothing yet. Send a lead to the relay and reload this page.</td></tr>");
    }
    Html(include_str!("page.html").replace("<!--rows-->", &rows).replace("<!--door-->", &escape(&sandbox.door)))
}

fn fields(fields: &Map<String, Value>) -> String {
    let lines = fields.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn buttons(order_id: &str, silent: bool) -> String {
    let title = if silent { "quietly, to be polled" } else { "by postback" };
    let mut form = format!("<form method=post action=\"/orders/{}/answer\"><label>{title}</label>", escape(order_id));
    if silent {
        form.push_str("<input type=hidden name=silent value=true>");
    }
    for word in WORDS {
        let _ = write!(form, "<button name=status value={word}>{word}</button>");
    }
    form.push_str("</form>");
    form
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

//! The control calls: what a fake answers next, what it has received, and what becomes of an order.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lead::Status;
use networks::StatusReading;
use networks::fake::{FakeOrder, News, Saying, postback_tail};
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Host, Url};

use super::fake::Fake;
use super::plan::Wish;
use super::server::Fakes;

/// How long the door may take.
const DOOR_TIMEOUT: Duration = Duration::from_secs(10);

/// The most characters of the door's answer that are shown.
const SHOWN_CHARS: usize = 500;

/// What is decided about an order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    /// A canonical status; the fake picks a word of the network that means it.
    status: Option<String>,
    /// A word of the network's, whatever it means.
    word: Option<String>,
    /// Call the relay's door as well.
    #[serde(default)]
    postback: bool,
    /// The account's door with its `id`, on loopback.
    door: Option<String>,
}

type Refusal = (StatusCode, String);

/// An answer that only says what is wrong.
pub(super) fn complaint(status: StatusCode, what: &str) -> Response {
    (status, Json(json!({ "error": what }))).into_response()
}

fn found(fakes: &Fakes, slug: &str) -> Result<Arc<Fake>, Refusal> {
    fakes.find(slug).ok_or_else(|| (StatusCode::NOT_FOUND, "there is no fake network of this name".to_owned()))
}

fn answer(result: Result<Value, Refusal>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err((status, what)) => complaint(status, &what),
    }
}

/// `GET /control/{slug}`.
pub(super) async fn show(State(fakes): State<Arc<Fakes>>, Path(slug): Path<String>) -> Response {
    answer(found(&fakes, &slug).map(|fake| fake.shown()))
}

/// `POST /control/{slug}`. JSON by its content type alone: a page of another origin cannot send that unasked.
pub(super) async fn plan(
    State(fakes): State<Arc<Fakes>>,
    Path(slug): Path<String>,
    wish: Result<Json<Wish>, JsonRejection>,
) -> Response {
    answer(found(&fakes, &slug).and_then(|fake| {
        let Json(wish) = wish.map_err(|error| (error.status(), error.body_text()))?;
        let planned = wish.plan(|name| fake.case(name)).map_err(|what| (StatusCode::BAD_REQUEST, what));
        let (call, planned) = planned?;
        fake.plan(call, planned);
        Ok(fake.shown().get("next").cloned().unwrap_or_default())
    }))
}

/// `POST /control/{slug}/orders/{order_id}`, by the network's id or by ours.
pub(super) async fn decide(
    State(fakes): State<Arc<Fakes>>,
    Path((slug, order_id)): Path<(String, String)>,
    decision: Result<Json<Decision>, JsonRejection>,
) -> Response {
    let decision = decision.map_err(|error| (error.status(), error.body_text()));
    answer(match decision {
        Ok(Json(decision)) => decided(&fakes, &slug, &order_id, &decision).await,
        Err(refusal) => Err(refusal),
    })
}

async fn decided(fakes: &Fakes, slug: &str, order_id: &str, decision: &Decision) -> Result<Value, Refusal> {
    let fake = found(fakes, slug)?;
    let no_order = || (StatusCode::NOT_FOUND, "the fake has no order of this id".to_owned());
    let order = fake.order(order_id).ok_or_else(no_order)?;
    let (saying, news) = wanted(&fake, decision)?;
    let door = if decision.postback { Some(door(&fake, &order, news, decision)?) } else { None };
    fake.say(order_id, &saying);
    let reads = match saying.meaning(&fake.network) {
        StatusReading::Known { status, .. } => status.as_str(),
        StatusReading::Unmapped { .. } => "unmapped",
    };
    let mut shown = json!({ "word": saying.word, "reads": reads });
    if let Some((url, tail)) = door {
        let answered = call(&fakes.client, url).await;
        if let Some(object) = shown.as_object_mut() {
            object.insert("postback".to_owned(), json!({ "tail": tail, "answered": answered }));
        }
    }
    Ok(shown)
}

fn wanted<'d>(fake: &Fake, decision: &'d Decision) -> Result<(Saying, News<'d>), Refusal> {
    let bad = |what: String| (StatusCode::BAD_REQUEST, what);
    match (&decision.status, &decision.word) {
        (Some(status), None) => {
            let status: Status = status.parse().map_err(|error: lead::UnknownWord| bad(error.to_string()))?;
            let saying = Saying::of_status(&fake.network, status);
            let saying = saying.ok_or_else(|| bad(format!("no word of {} means {status}", fake.network.name())))?;
            Ok((saying, News::Status(status)))
        }
        (None, Some(word)) => Ok((Saying::of_word(word.as_str()), News::Word(word))),
        _ => Err(bad("give either `status` or `word`".to_owned())),
    }
}

/// The URL of the postback, and its tail to be shown: the URL itself holds the account's key.
fn door(fake: &Fake, order: &FakeOrder, news: News<'_>, decision: &Decision) -> Result<(Url, String), Refusal> {
    let bad = |what: &str| (StatusCode::BAD_REQUEST, what.to_owned());
    let Some(door) = &decision.door else {
        return Err(bad("a postback needs `door`: the account's URL with its `id`"));
    };
    let tail = postback_tail(&fake.network, order, news);
    let tail = tail.ok_or_else(|| bad("no postback of this network's cabinet says this; poll, or give another"))?;
    let url = Url::parse(&format!("{door}&{tail}")).map_err(|_| bad("`door` is no URL"))?;
    let on_loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if !on_loopback || url.scheme() != "http" || url.query_pairs().next().is_none_or(|(name, _)| name != "id") {
        return Err(bad("`door` is a URL such as http://127.0.0.1:3000/api/sale/status.json?id=ACCOUNT-KEY"));
    }
    Ok((url, tail))
}

async fn call(client: &reqwest::Client, url: Url) -> Value {
    let answer = client.get(url).timeout(DOOR_TIMEOUT).send().await;
    let Ok(answer) = answer else { return json!({ "error": "the door does not answer" }) };
    let status = answer.status().as_u16();
    let body: String = answer.text().await.unwrap_or_default().chars().take(SHOWN_CHARS).collect();
    json!({ "status": status, "body": body })
}

//! The one server of all fakes.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use networks::fake::Arrived;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connection::{Endable, Ending};
use super::fake::{Answer, Fake};
use super::{control, page};

/// The longest body that is read.
const BODY_BYTES: usize = 256 * 1024;

/// How long an answer is held back from a caller that does not give up.
const HOLD: Duration = Duration::from_mins(1);

/// All fakes, by slug.
pub(super) struct Fakes {
    by_slug: RwLock<BTreeMap<String, Arc<Fake>>>,
    /// Calls the relay's door.
    pub(super) client: reqwest::Client,
}

impl Fakes {
    pub(super) fn new(client: reqwest::Client, fakes: impl IntoIterator<Item = Fake>) -> Self {
        let by_slug = fakes.into_iter().map(|fake| (fake.network.slug().to_owned(), Arc::new(fake))).collect();
        Self { by_slug: RwLock::new(by_slug), client }
    }

    /// The fake of a slug.
    pub(super) fn find(&self, slug: &str) -> Option<Arc<Fake>> {
        self.by_slug.read().unwrap_or_else(PoisonError::into_inner).get(slug).cloned()
    }

    /// All fakes, in order of their slugs.
    pub(super) fn all(&self) -> Vec<Arc<Fake>> {
        self.by_slug.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Plays a network, in place of another of the same slug.
    pub(super) fn put(&self, fake: Fake) {
        let slug = fake.network.slug().to_owned();
        self.by_slug.write().unwrap_or_else(PoisonError::into_inner).insert(slug, Arc::new(fake));
    }
}

/// Serves until told to stop. Answers that are held back do not keep the server.
pub(super) async fn serve(listener: TcpListener, fakes: Arc<Fakes>, mut stopped: watch::Receiver<bool>) {
    let router = Router::new()
        .route("/", get(page::show))
        .route("/control/{slug}", get(control::show).post(control::plan))
        .route("/control/{slug}/orders/{order_id}", post(control::decide))
        .fallback(network)
        .with_state(fakes);
    let served = axum::serve(Endable(listener), router.into_make_service_with_connect_info::<Ending>());
    tokio::select! {
        result = served.into_future() => {
            if let Err(error) = result {
                tracing::error!(%error, "the fake networks have ended");
            }
        }
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// A call of a network: the first part of the path is its slug, the rest the network's own path.
async fn network(
    State(fakes): State<Arc<Fakes>>,
    ConnectInfo(ending): ConnectInfo<Ending>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let whole = parts.uri.path();
    let after_slash = whole.strip_prefix('/').unwrap_or(whole);
    let slug = after_slash.split('/').next().unwrap_or_default();
    let path = after_slash.strip_prefix(slug).filter(|path| !path.is_empty()).unwrap_or("/");
    let Some(fake) = fakes.find(slug) else {
        return control::complaint(StatusCode::NOT_FOUND, "there is no fake network of this name");
    };
    let Ok(body) = to_bytes(body, BODY_BYTES).await else {
        return control::complaint(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long");
    };
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let arrived = Arrived {
        method: parts.method.as_str(),
        path,
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body: &body,
    };
    match fake.answer(&arrived) {
        Answer::Reply(status, content_type, body) => reply(status, &content_type, body),
        Answer::Close => ended(&ending, Ending::close),
        Answer::Reset => ended(&ending, Ending::reset),
        Answer::Hold => {
            // The caller's giving up drops this very future.
            tokio::time::sleep(HOLD).await;
            ended(&ending, Ending::close)
        }
    }
}

/// Ends the connection; the answer is never written.
fn ended(ending: &Ending, end: impl Fn(&Ending)) -> Response {
    end(ending);
    StatusCode::NO_CONTENT.into_response()
}

fn reply(status: u16, content_type: &str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

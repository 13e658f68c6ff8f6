//! The table, and one server that is all networks: each below its slug.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use networks::fake::{Arrived, FakeOrder, judge, statuses_answer};
use networks::{Network, Settings};
use tokio::net::TcpListener;

use crate::{Failure, shape};

/// What each network takes for an answer.
const LATENCY: Duration = Duration::from_millis(200);

#[derive(Clone, Copy)]
struct Known {
    of: u64,
    now_ms: u64,
}

/// Serves both until it is killed, and prints where.
pub(crate) async fn serve(orders: u64, now_ms: u64) -> Result<(), Failure> {
    let table = TcpListener::bind("127.0.0.1:0").await?;
    let network = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{} http://{}", table.local_addr()?, network.local_addr()?);
    let router = Router::new().fallback(answer).with_state(Known { of: shape::of_each(orders)?, now_ms });
    // A thread of its own, so that the engine's work does not add to the latency.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async move { axum::serve(network, router).await })
    });
    let database = dynoxide::Database::memory()?;
    dynoxide::server::serve_with_shutdown(table, database, std::future::pending()).await?;
    Ok(())
}

async fn answer(State(known): State<Known>, request: Request) -> Response {
    tokio::time::sleep(LATENCY).await;
    answered(known, request).await.unwrap_or_else(|| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    })
}

async fn answered(known: Known, request: Request) -> Option<Response> {
    let (parts, body) = request.into_parts();
    let whole = parts.uri.path().strip_prefix('/')?;
    let (slug, _) = whole.split_once('/')?;
    let network = shape::network(slug).ok()?;
    let body = to_bytes(body, 1 << 20).await.ok()?;
    let headers: Vec<(String, String)> =
        parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned())).collect();
    let arrived = Arrived {
        method: parts.method.as_str(),
        path: whole.strip_prefix(slug)?,
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body: &body,
    };
    let verdict = judge(network, &arrived, &Settings::from_pairs(std::iter::empty::<(String, String)>()));
    let ids = match verdict.window {
        (Some(from), Some(to)) => {
            let (from, to) = (u64::try_from(from).ok()?, u64::try_from(to).ok()?);
            shape::within(from, to, known.of, known.now_ms).map(shape::network_id).collect()
        }
        _ => verdict.ids,
    };
    let orders: Vec<FakeOrder> = ids.iter().map(|id| order(network, id)).collect();
    let reply = statuses_answer(network, &orders.iter().collect::<Vec<_>>())?;
    Some(Response::new(Body::from(reply.body)))
}

fn order(network: &Network, id: &str) -> FakeOrder {
    let ours = shape::asks_by_ours(network);
    FakeOrder {
        our_id: ours.then(|| id.to_owned()),
        network_id: (!ours).then(|| id.to_owned()),
        saying: shape::saying(network, id),
    }
}

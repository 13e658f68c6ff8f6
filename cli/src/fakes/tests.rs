//! The fakes over real loopback HTTP: every network, every fault, polls and postbacks.

use std::collections::BTreeMap;
use std::time::Duration;

use lead::{Lead, OrderId, Status};
use networks::case::{Case, built_in};
use networks::manifest::Asks;
use networks::{
    HttpReply, HttpRequest, PollFailure, PollInput, Settings, StatusReading, StatusReport, Submission, SubmitInput,
    Taken,
};
use relay::transport::{SendError, Transport, http_client};
use serde_json::Value;

use super::*;

mod control;
mod faults;
mod leads;

/// Never reached: the tests that wait for an answer get one, and the one that gets none does not wait.
const PATIENCE: Duration = Duration::from_secs(50);

struct Bench {
    running: Running,
    transport: Transport,
    _stop: watch::Sender<bool>,
}

/// A lead on its way to a fake.
struct Sender<'b> {
    bench: &'b Bench,
    network: &'static Network,
    lead: Lead,
    order: OrderId,
    settings: Settings,
    params: BTreeMap<String, String>,
    base: Url,
}

impl Bench {
    async fn new() -> Self {
        let (stop, stopped) = watch::channel(false);
        let running = listen(stopped, 1_767_225_600_000).await.unwrap();
        running.redirect(Parsed::default()).unwrap();
        Self { running, transport: Transport::new(http_client(None).unwrap(), PATIENCE), _stop: stop }
    }

    fn slugs(&self) -> Vec<String> {
        self.running.fakes.all().iter().map(|fake| fake.network.slug().to_owned()).collect()
    }

    fn to(&self, slug: &str) -> Sender<'_> {
        let network = catalog::find(slug).unwrap();
        let (_, text) = built_in(slug).iter().find(|(name, _)| *name == "accepted").unwrap();
        let case = Case::parse("accepted", text).unwrap();
        Sender {
            bench: self,
            network,
            lead: case.lead().unwrap().unwrap(),
            order: case.given.order.parse().unwrap(),
            settings: Settings::from_pairs(contract::settings(network)),
            params: contract::params(network),
            base: self.running.base_url(slug).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.running.url);
        let text = http_client(None).unwrap().get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.running.url);
        let request = http_client(None).unwrap().post(url).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    async fn plan(&self, slug: &str, wish: Value) {
        let (status, answer) = self.post(&format!("/control/{slug}"), wish).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn leads(&self, slug: &str) -> usize {
        self.get(&format!("/control/{slug}")).await["leads"].as_array().unwrap().len()
    }
}

impl Sender<'_> {
    fn input(&self) -> SubmitInput<'_> {
        SubmitInput {
            lead: &self.lead,
            order_id: &self.order,
            settings: &self.settings,
            params: &self.params,
            base_url: Some(&self.base),
        }
    }

    /// The submit's request; what goes before it has been sent.
    async fn request(&self) -> (HttpRequest, Option<String>) {
        let before = match self.network.before_request(&self.input()).unwrap() {
            Some(request) => {
                let reply = self.bench.transport.send(&request).await.unwrap();
                Some(self.network.read_before(&reply).unwrap())
            }
            None => None,
        };
        (self.network.submit_request(&self.input(), before.as_deref()).unwrap(), before)
    }

    async fn send(&self) -> Result<(HttpReply, Submission), SendError> {
        let (request, before) = self.request().await;
        let reply = self.bench.transport.send(&request).await?;
        let submission = self.network.read_submission(&reply, before.as_deref());
        Ok((reply, submission))
    }

    async fn deliver(&self) -> Taken {
        let (reply, submission) = self.send().await.unwrap();
        match submission {
            Submission::Delivered(taken) => taken,
            other => panic!("{}: {other:?}: {}", self.network.slug(), String::from_utf8_lossy(&reply.body)),
        }
    }

    async fn poll(&self, taken: &Taken) -> Result<Vec<StatusReport>, PollFailure> {
        let asks = self.network.asks().unwrap();
        let ids = match asks {
            Asks::Network => vec![taken.network_order_id.clone().unwrap()],
            Asks::Ours => vec![self.order.to_string()],
            Asks::Window => Vec::new(),
        };
        let created = i64::try_from(self.order.unix_ms() / 1000).unwrap();
        let window = (asks == Asks::Window).then_some((created - 60, created + 60));
        let input = PollInput { settings: &self.settings, ids: &ids, window, base_url: Some(&self.base) };
        let reply = self.bench.transport.send(&self.network.poll_request(&input).unwrap()).await.unwrap();
        self.network.read_statuses(&reply)
    }

    async fn polled(&self, taken: &Taken) -> Status {
        let rows = self.poll(taken).await.unwrap_or_else(|error| panic!("{}: {error}", self.network.slug()));
        match rows.as_slice() {
            [StatusReport { reading: StatusReading::Known { status, .. }, .. }] => *status,
            rows => panic!("{}: {rows:?}", self.network.slug()),
        }
    }
}

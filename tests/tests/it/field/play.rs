//! One case, played from its first step to its last.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::case::{Answer, Case, Step};
use super::want;
use crate::harness::{Act, Bench, Event, KEY, Reply, Request};

/// The accounts, offers and the landing page's client of all cases.
const CONFIG: &str = include_str!("relay.toml");

/// The key of client `page`.
const PAGE: &str = "pk-of-page-0123456789ab";

/// A run as long as a function may take.
const RUN: Duration = Duration::from_mins(5);

/// A relay, and what placeholders stand for.
struct Play<'a> {
    bench: Bench,
    case: &'a Case,
    account: String,
    oid: String,
    eid: String,
}

/// What one step came to.
#[derive(Default)]
struct Outcome {
    reply: Option<Reply>,
    sums: Value,
}

/// Plays a case on a relay of its own, and returns what did not come as expected.
pub(super) async fn play(case: &Case) -> Vec<String> {
    let bench = Bench::configured(CONFIG).await;
    let ids = AtomicU64::new(880_133);
    bench.network.otherwise(move |_| {
        let id = (ids.fetch_add(1, Ordering::SeqCst) + 1).to_string();
        Act::json(&json!({"uuid": id, "status": "ok", "guid": id}))
    });
    let account = match case.offer.as_str() {
        "tea" | "any" | "shop" => "main",
        other => other,
    };
    let mut play = Play { bench, case, account: account.to_owned(), oid: String::new(), eid: String::new() };
    for step in &case.before {
        play.step(step).await;
    }
    play.bench.network.take();
    let outcome = play.step(&case.ask).await;
    play.look(&outcome).await
}

impl Play<'_> {
    async fn step(&mut self, step: &Step) -> Outcome {
        let replies: Vec<Act> = step.replies.iter().map(|answer| self.act(answer)).collect();
        self.bench.network.script(replies);
        let mut outcome = Outcome::default();
        if let Some(members) = &step.lead {
            let mut lead = plain_lead(&self.case.offer);
            for (name, value) in members {
                lead[name] = value.clone();
            }
            let body = self.filled(&lead.to_string());
            outcome.reply = Some(self.send("POST", "/leads", step, Some(&body)).await);
        } else if let Some(request) = &step.http {
            let (method, path) = request.split_once(' ').unwrap();
            let path = self.filled(path).replace("@door@", &self.bench.door_id(&self.account).await);
            let body = step.body.as_ref().map(|body| self.filled(body));
            outcome.reply = Some(self.send(method, &path, step, body.as_deref()).await);
        } else if let Some(tail) = &step.postback {
            outcome.reply = Some(self.bench.postback(&self.account, &self.filled(tail)).await);
        } else if let Some(which) = &step.run {
            let payload = match which.as_str() {
                "due" => json!({"source": "aws.scheduler", "detail-type": "Scheduled Event"}),
                "all" => json!({"all": true}),
                other => panic!("no run: {other}"),
            };
            outcome.sums = json!(self.bench.sweep_for(payload, RUN).await);
        } else if let Some(seconds) = step.wait {
            self.bench.clock.advance(Duration::from_secs(seconds));
        } else {
            panic!("a step that does nothing in {}", self.case.title());
        }
        if let Some(order) = outcome.reply.as_ref().filter(|reply| reply.is_json()).map(Reply::json) {
            self.remember(&order);
        }
        outcome
    }

    /// The order that was just sent is the one of which is spoken from now on.
    fn remember(&mut self, receipt: &Value) {
        if let Some(id) = receipt["order_id"].as_str() {
            id.clone_into(&mut self.oid);
            receipt["network_order_id"].as_str().unwrap_or_default().clone_into(&mut self.eid);
        }
    }

    async fn send(&self, method: &str, path: &str, step: &Step, body: Option<&str>) -> Reply {
        let method = ["GET", "POST", "HEAD", "OPTIONS", "PUT"].into_iter().find(|known| *known == method).unwrap();
        let mut event = Event::of(method, path);
        let door = path.contains("/status.json");
        event = match step.key.as_deref() {
            Some("") => event,
            Some(key) => event.key(key),
            None if door => event,
            None => event.key(KEY),
        };
        if let Some(body) = body {
            event = event.unwatched_body(step.lead.as_ref().map(|_| "application/json"), body);
        }
        for (name, value) in &step.headers {
            event = event.header(name, &self.filled(value));
        }
        match path {
            _ if door => self.bench.knock(&event).await,
            path if path.starts_with("/orders") => self.bench.read_as(&event).await,
            _ => self.bench.send(&event).await,
        }
    }

    fn act(&self, answer: &Answer) -> Act {
        let body = self.filled(&answer.body);
        let mut bytes = if answer.windows_1251 { windows_1251(&body) } else { body.into_bytes() };
        if answer.gzip {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            writer.write_all(&bytes).unwrap();
            bytes = writer.finish().unwrap();
        }
        let mut act = Act::answer(answer.code, bytes).with_header("content-type", &answer.media_type);
        if answer.gzip {
            act = act.with_header("content-encoding", "gzip");
        }
        for (name, value) in &answer.headers {
            act = act.with_header(name, value);
        }
        act
    }

    /// A text with its placeholders filled in; the door's is filled in where it is needed.
    fn filled(&self, text: &str) -> String {
        let mut text = text.replace("@oid@", &self.oid).replace("@eid@", &self.eid).replace("@page@", PAGE);
        while let Some((before, rest)) = text.split_once("@x") {
            let (count, after) = rest.split_once('@').unwrap();
            text = format!("{before}{}{after}", "x".repeat(count.parse().unwrap()));
        }
        text
    }

    async fn look(&self, outcome: &Outcome) -> Vec<String> {
        let expect = &self.case.expect;
        let mut wrong = Vec::new();
        let seen = self.bench.network.take();
        if let Some(reply) = &outcome.reply {
            let answer = if reply.is_json() { reply.json() } else { Value::Null };
            if let Some(code) = &expect.code {
                wrong.extend(want::differs("code", code, &reply.status.into()).map(|text| format!("{text}; {answer}")));
            }
            let wanted = self.filled(&json!(expect.answer).to_string());
            wrong.extend(want::members("answer", &serde_json::from_str(&wanted).unwrap(), &answer));
            for (name, wanted) in &expect.headers {
                wrong.extend(want::differs(name, wanted, &json!(reply.header(name))));
            }
            if let Some(fields) = &expect.errors {
                let told: Vec<&Value> =
                    answer["errors"].as_array().into_iter().flatten().map(|it| &it["field"]).collect();
                wrong.extend(want::differs("errors", &json!(fields), &json!(told)));
            }
        }
        wrong.extend(want::members("sums", &expect.sums, &outcome.sums));
        if let Some(calls) = expect.calls {
            wrong.extend(want::differs("calls at the network", &calls.into(), &seen.len().into()));
        }
        if !expect.sent.is_empty() {
            let sent = seen.first().map_or(Value::Null, Request::json);
            wrong.extend(want::members("sent", &expect.sent, &sent));
        }
        if !expect.order.is_empty() {
            if self.oid.is_empty() {
                wrong.push("there is no order".to_owned());
            } else {
                wrong.extend(want::members("order", &expect.order, &self.bench.order(&self.oid).await));
            }
        }
        wrong
    }
}

/// A lead that every field carries which its network requires.
fn plain_lead(offer: &str) -> Value {
    let mut lead = json!({"offer": offer, "name": "Jan Test", "phone": "500100200"});
    if !["tea", "any", "shop"].contains(&offer) {
        let context = [
            ("ip", "203.0.113.7"),
            ("user_agent", "Mozilla/5.0"),
            ("referer", "https://land.example/"),
            ("landing_url", "https://land.example/"),
            ("price", "10"),
        ];
        for (name, value) in context {
            lead[name] = value.into();
        }
    }
    lead
}

/// ASCII and the Russian letters.
fn windows_1251(text: &str) -> Vec<u8> {
    let byte = |c: char| match u32::from(c) {
        ascii @ 0..0x80 => u8::try_from(ascii).unwrap(),
        letter @ 0x410..=0x44f => u8::try_from(letter - 0x410 + 0xc0).unwrap(),
        other => panic!("not written in windows-1251 here: {other:#x}"),
    };
    text.chars().map(byte).collect()
}

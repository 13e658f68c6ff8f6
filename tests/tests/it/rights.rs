//! What each function asks of the table while it works is what the template lets it do: no more, and no less.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orders::schema;
use serde_json::json;

use crate::harness::{Act, Bench, Event, KEY, accepted};
use crate::template;

const CONFIG: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[accounts.polled]
network = "webvork"
base_url = "NETWORK"
api = "t0ken"

[offers.tea]
account = "main"
country = "PL"
drcash = "f10w"
duplicates = { days = 30, action = "flag" }

[offers.polled]
account = "polled"
country = "PL"
webvork = "5"
"#;

/// Each function's calls of the table, as grants: `PutItem table`, `Query index by-phone`.
type Seen = BTreeMap<&'static str, BTreeSet<String>>;

/// What a function may do though no run of this test does it.
const UNSEEN: [(&str, &str); 1] = [("poll-status", "PutItem table")];

/// A bench that notes the calls of the function at work.
struct Watched {
    bench: Bench,
    now: Arc<Mutex<&'static str>>,
    seen: Arc<Mutex<Seen>>,
}

impl Watched {
    async fn start() -> Self {
        let (now, seen) = (Arc::new(Mutex::new("setup")), Arc::<Mutex<Seen>>::default());
        let (at, into) = (Arc::clone(&now), Arc::clone(&seen));
        let bench = Bench::watched(move |grants| {
            let function = *at.lock().unwrap();
            into.lock().unwrap().entry(function).or_default().extend(grants);
        })
        .await;
        bench.configure(CONFIG).await;
        Self { bench, now, seen }
    }

    /// What follows is this function's doing, in a process of its own: it has read nothing yet.
    fn function(&mut self, name: &'static str) -> &Bench {
        *self.now.lock().unwrap() = name;
        self.bench.relay = self.bench.second_relay();
        &self.bench
    }
}

fn lead(offer: &str, phone: &str) -> serde_json::Value {
    json!({"offer": offer, "name": "Jan Test", "phone": phone, "ip": "203.0.113.7", "click_id": "c1"})
}

/// Leads of every ending.
async fn submit(bench: &Bench) -> (String, String) {
    bench.network.script([accepted(), Act::json(&json!({"status": "ok", "guid": "g-1"})), Act::answer(429, "")]);
    let event = Event::post("/leads").key(KEY).header("idempotency-key", "one").json(&lead("tea", "500100200"));
    let first = bench.send(&event).await.text("order_id");
    bench.send(&event).await.expect(200);
    let polled = bench.send_lead(&lead("polled", "500100201")).await.text("order_id");
    for act in [Act::answer(429, ""), Act::close_read(), accepted()] {
        bench.network.script([act]);
        bench.send_lead(&lead("tea", "500100200")).await;
    }
    bench.send_lead(&lead("nowhere", "500100200")).await.problem(404);
    bench.send(&Event::get("/healthz")).await.expect(200);
    (first, polled)
}

/// Postbacks by either id, again, and of nobody.
async fn ingest(bench: &Bench, order: &str) {
    for tail in [
        format!("oid={order}&status=hold&sth=hold"),
        format!("oid={order}&status=hold&sth=hold"),
        "eid=u-1&status=approved&pay=5&cc=USD".to_owned(),
        "eid=stray&status=approved".to_owned(),
        format!("oid={order}&status=nobody-knows"),
        "status=approved".to_owned(),
    ] {
        bench.postback("main", &tail).await;
    }
    bench.knock(&Event::get("/api/sale/status.json?id=main-0&oid=1&status=approved")).await.expect(403);
}

/// Runs with something of each kind to do, today and later.
async fn poll(bench: &Bench) {
    bench.network.otherwise(|request| match request.method.as_str() {
        "GET" => Act::json(&json!([{"guid": "g-1", "status": "confirmed", "money": "5", "currency": "USD"}])),
        _ => Act::json(&json!({"uuid": "stray"})),
    });
    for pause in [Duration::from_mins(10), Duration::from_hours(2), Duration::from_hours(48), Duration::from_hours(240)]
    {
        bench.clock.advance(pause);
        bench.sweep().await;
        bench.sweep_all().await;
    }
}

async fn read(bench: &Bench, order: &str) {
    for path in [
        format!("/orders/{order}"),
        "/orders".to_owned(),
        "/orders?click_id=c1".to_owned(),
        "/orders?phone=%2B48500100200".to_owned(),
        "/orders?status=approve&account=main".to_owned(),
        "/orders?network_order_id=u-1&account=main".to_owned(),
        "/orders?delivery=undeliverable".to_owned(),
    ] {
        bench.read(&path).await.expect(200);
    }
}

#[tokio::test]
async fn each_function_may_do_what_it_is_seen_to_do_and_no_more() {
    let mut watched = Watched::start().await;
    let (first, _) = submit(watched.function("submit-lead")).await;
    ingest(watched.function("ingest-postback"), &first).await;
    poll(watched.function("poll-status")).await;
    read(watched.function("read-orders"), &first).await;
    let seen = watched.seen.lock().unwrap().clone();
    let mut wrong = Vec::new();
    for (function, granted) in template::table_grants() {
        let done = seen.get(function.as_str()).cloned().unwrap_or_default();
        let all = granted.contains("Query index *");
        let is_index = |grant: &str| grant.starts_with("Query index ");
        let allowed = |grant: &String| granted.contains(grant) || (all && is_index(grant));
        wrong.extend(done.iter().filter(|it| !allowed(it)).map(|it| format!("{function} may not {it} and does")));
        let used = |grant: &String| match grant.as_str() {
            "Query index *" => done.iter().filter(|it| is_index(it)).count() > 1,
            _ => done.contains(grant),
        };
        wrong.extend(
            granted
                .iter()
                .filter(|it| !used(it) && !UNSEEN.contains(&(function.as_str(), it.as_str())))
                .map(|it| format!("{function} may {it} and never does")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}\nseen: {seen:#?}\nindexes: {:?}", schema::INDEXES.map(|index| index.name));
}

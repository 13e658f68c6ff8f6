//! Scheduled runs: how networks are asked for statuses, and what their answers do.

mod ages;
mod answers;
mod deadlines;
mod lookups;
mod narrowing;
mod windows;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Act, Bench, KEY, Request};

/// Accounts of networks that are asked by their ids, by ours, by a window of time, one id a call, and by a limit.
const CONFIG: &str = r#"
[accounts.batch]
network = "webvork"
base_url = "NETWORK"
api = "t0ken"

[accounts.second]
network = "webvork"
base_url = "NETWORK"
api = "t0ken2"

[accounts.single]
network = "terraleads"
base_url = "NETWORK"
user = "77"
api = "t0ken"

[accounts.limited]
network = "kma"
base_url = "NETWORK"
api = "t0ken"

[accounts.ours]
network = "whocpa"
base_url = "NETWORK"
user = "1000200300"
api = "t0ken"

[accounts.window]
network = "adcombo"
base_url = "NETWORK"
api = "t0ken"

[offers.batch]
account = "batch"
webvork = "5"

[offers.second]
account = "second"
webvork = "6"

[offers.single]
account = "single"
terra = "7"

[offers.limited]
account = "limited"
kma = "8"

[offers.ours]
account = "ours"
whocpa = "9"

[offers.window]
account = "window"
adcombo = "10"
"#;

async fn bench() -> Bench {
    Bench::configured(CONFIG).await
}

fn lead(offer: &str) -> Value {
    json!({
        "offer": offer, "name": "Jan Test", "phone": "500100200", "country": "PL", "ip": "203.0.113.7", "price": "39",
        "landing_url": "https://tea.example/", "referer": "https://news.example/",
    })
}

/// Sends a lead that the network takes under this id. All are of one phone, so that they are asked for together.
async fn delivered(bench: &Bench, offer: &str, network_order_id: &str) -> String {
    let answer = json!({
        "status": if offer == "ours" { "accepted" } else { "ok" }, "code": if offer == "window" { json!("ok") } else { json!(0) },
        "guid": network_order_id, "order": network_order_id, "order_id": network_order_id,
        "data": {"id": network_order_id, "status": "expect"},
    });
    bench.network.script([Act::json(&answer)]);
    let reply = bench.send(&crate::harness::Event::post("/leads").key(KEY).json(&lead(offer))).await;
    assert_eq!(reply.expect(201)["delivery"], "delivered");
    bench.network.take();
    reply.text("order_id")
}

/// So many orders with ids made of a word and a number; ours by theirs.
async fn many(bench: &Bench, offer: &str, word: &str, number: usize) -> BTreeMap<String, String> {
    let mut orders = BTreeMap::new();
    for number in 0..number {
        let theirs = format!("{word}-{number:03}");
        orders.insert(theirs.clone(), delivered(bench, offer, &theirs).await);
    }
    orders
}

/// The network ids that a request of `webvork`, `kma` or `terraleads` asks for.
fn asked_for(request: &Request) -> Vec<String> {
    if request.method == "POST" {
        return vec![request.json()["data"]["id"].as_str().unwrap().to_owned()];
    }
    match request.query_value("ids") {
        Some(ids) => ids.split(',').map(str::to_owned).collect(),
        None => request.query_values("guids[]"),
    }
}

/// All ids of all requests, sorted.
fn all_asked_for(requests: &[Request]) -> Vec<String> {
    let mut ids: Vec<String> = requests.iter().flat_map(asked_for).collect();
    ids.sort();
    ids
}

/// `webvork` answers with one status for whatever it is asked for.
fn rows(request: &Request, status: &str) -> Act {
    let rows: Vec<Value> = asked_for(request).iter().map(|id| json!({"guid": id, "status": status})).collect();
    Act::json(&rows.into())
}

/// `kma` answers so.
fn kma_rows(request: &Request, status: &str) -> Act {
    let rows: Vec<Value> = asked_for(request).iter().map(|id| json!({"id": id, "status": status})).collect();
    Act::json(&json!({"code": 0, "statuses": rows}))
}

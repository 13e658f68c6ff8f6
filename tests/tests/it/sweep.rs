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

/// Accounts of networks that are asked by their ids (two), one id a call, within a limit, by our ids, and by a window of
/// time: each with an offer of its name.
const SECTIONS: [(&str, &str); 6] = [
    ("batch", "network = \"webvork\"\napi = \"t0ken\"\n[offers.batch]\nwebvork = \"5\""),
    ("second", "network = \"webvork\"\napi = \"t0ken2\"\n[offers.second]\nwebvork = \"6\""),
    ("single", "network = \"terraleads\"\nuser = \"77\"\napi = \"t0ken\"\n[offers.single]\nterra = \"7\""),
    ("limited", "network = \"kma\"\napi = \"t0ken\"\n[offers.limited]\nkma = \"8\""),
    ("ours", "network = \"whocpa\"\nuser = \"1000200300\"\napi = \"t0ken\"\n[offers.ours]\nwhocpa = \"9\""),
    ("window", "network = \"adcombo\"\napi = \"t0ken\"\n[offers.window]\nadcombo = \"10\""),
];

fn config(names: &[&str]) -> String {
    let wanted = SECTIONS.iter().filter(|(name, _)| names.contains(name));
    let sections = wanted.map(|(name, rest)| {
        let rest = rest.replace(&format!("[offers.{name}]"), &format!("[offers.{name}]\naccount = \"{name}\""));
        format!("[accounts.{name}]\nbase_url = \"NETWORK\"\n{rest}\n")
    });
    sections.collect()
}

/// A relay with some of the accounts.
async fn bench(names: &[&str]) -> Bench {
    Bench::configured(&config(names)).await
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

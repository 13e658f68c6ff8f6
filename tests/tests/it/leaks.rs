//! A network may say anything, even what it was sent: none of that gets into a log line. `harness::watch` looks.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::watch::{self, Private};
use crate::harness::{Act, Bench, Event, KEY, Request};

const CONFIG: &str = r#"
[accounts.main]
network = "webvork"
base_url = "NETWORK"
api = "s3cret-of-webvork-0123456789"

[offers.tea]
account = "main"
country = "PL"
webvork = "5"
"#;

fn lead(name: &str) -> Value {
    json!({
        "offer": "tea", "name": name, "phone": "500 100 233", "email": "ewa@shop.example", "ip": "203.0.113.99",
        "user_agent": "Agent of Ewa/1.0", "address": "Long Street 7", "comment": "call Ewa after six", "referer":
        "https://news.example/a", "landing_url": "https://shop.example/a", "sub1": "one", "click_id": "clk-1",
    })
}

/// All of a request, its keys among it.
fn echo(request: &Request) -> String {
    let body = String::from_utf8_lossy(&request.body).replace(['+', '&'], " ");
    let headers = request.headers.iter().map(|(name, value)| format!("{name}: {value}"));
    format!("{} {} {}", request.query, body, headers.collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn a_network_that_repeats_what_it_was_sent_puts_nothing_into_the_log() {
    let bench = Bench::configured(CONFIG).await;
    let codes = [200, 400, 401, 422, 429, 500];
    for (number, code) in codes.into_iter().enumerate() {
        bench.network.otherwise(move |request| {
            let told = echo(request);
            Act::answer(
                code,
                json!({"status": "error", "error": told, "message": told, "errors": {"phone": told}}).to_string(),
            )
        });
        let lead = lead(&format!("Ewa Testowa {number}"));
        let receipt = bench.send(&Event::post("/leads").key(KEY).json(&lead)).await.json();
        assert_ne!(receipt["delivery"], "delivered");
    }
    assert!(bench.network.take().iter().any(|request| echo(request).contains("500100233")));
    // So many orders that a network which refuses each of them is said to fail.
    bench.clock.advance(Duration::from_mins(10));
    for number in 0..5 {
        bench.network.otherwise(move |_| Act::json(&json!({"status": "ok", "guid": format!("n-{number}")})));
        let receipt = bench.send_lead(&lead("Ewa Testowa")).await.json();
        assert_eq!(receipt["delivery"], "delivered", "{receipt}");
    }
    for code in [200, 400, 401, 500] {
        bench.network.otherwise(move |request| {
            let told = format!("s3cret-of-webvork-0123456789 500100233 {}", echo(request));
            Act::answer(code, json!({"status": "error", "error": told, "message": told}).to_string())
        });
        bench.clock.advance(Duration::from_hours(3));
        bench.sweep_all().await;
    }
    let lines = watch::all();
    assert!(
        lines.iter().any(|line| line["message"].as_str().unwrap().starts_with("status calls fail")),
        "{:?}",
        lines.iter().map(|l| l["message"].to_string()).collect::<Vec<_>>()
    );
    assert_eq!(watch::found(b"s3cret-of-webvork-0123456789"), Some(Private::NetworkSecret));
}

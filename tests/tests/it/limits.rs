//! What comes in is bounded, and what goes out is one request of the relay's own making.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Act, Bench, Event, KEY};

const CONFIG: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[offers.tea]
account = "main"
country = "PL"
drcash = "f10w"
"#;

const FIELDS: [&str; 28] = [
    "email",
    "ip",
    "user_agent",
    "referer",
    "landing_url",
    "zip",
    "region",
    "city",
    "address",
    "street",
    "house",
    "comment",
    "quantity",
    "price",
    "currency",
    "click_id",
    "sub1",
    "sub2",
    "sub3",
    "sub4",
    "sub5",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "language",
    "timezone",
];

fn lead() -> Value {
    json!({"offer": "tea", "name": "Jan Test", "phone": "500 100 200"})
}

async fn bench() -> Bench {
    let bench = Bench::configured(CONFIG).await;
    bench.network.otherwise(|_| Act::json(&json!({"uuid": "u-1"})));
    bench
}

#[tokio::test]
async fn no_field_carries_a_line_break_or_a_nul_into_a_request() {
    let bench = bench().await;
    for evil in ["a\r\nX-Evil: 1\r\n\r\nb", "a\nb", "a\rb", "a\0b", "a\u{7f}b", "a\u{85}b"] {
        for field in FIELDS.into_iter().chain(["name", "phone"]) {
            let mut lead = lead();
            lead[field] = evil.into();
            let reply = bench.send_lead(&lead).await;
            // A line break in an address or a comment is what people type: it becomes a space.
            if reply.status == 201 {
                assert!(["address", "comment"].contains(&field), "{field} took {evil:?}");
            } else {
                reply.problem(422);
            }
        }
        let mut lead = lead();
        lead["params"] = json!({"drcash": evil});
        bench.send_lead(&lead).await.problem(422);
    }
    for sent in bench.network.take() {
        assert_eq!(sent.header("x-evil"), None);
        let text = String::from_utf8(sent.body.clone()).unwrap();
        assert!(!text.contains("\\r") && !text.contains("\\n") && !text.contains("\\u0000"), "{text}");
    }
}

#[tokio::test]
async fn large_bodies_are_refused_unread() {
    let bench = bench().await;
    let large = format!(r#"{{"offer": "tea", "name": "{}", "phone": "500 100 200"}}"#, "a".repeat(10_000_000));
    bench.send(&Event::post("/leads").key(KEY).body("application/json", large.clone())).await.problem(413);
    let form = format!("offer=tea&name={}&phone=500100200", "a".repeat(10_000_000));
    bench.send(&Event::post("/leads").key(KEY).body("application/x-www-form-urlencoded", form)).await.problem(413);
    // The door reads no more than the query of such a call, whose key is checked first.
    let event = Event::post("/api/sale/status.json?id=main-wrong").body("application/json", large);
    assert_eq!(bench.knock(&event).await.status, 403);
    assert_eq!(bench.network.take(), []);
}

#[tokio::test]
async fn deep_json_and_form_bombs_do_no_harm() {
    let bench = bench().await;
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    for depth in [200, 30_000] {
        let body = format!(r#"{{"offer": "tea", "name": "Jan", "phone": "500 100 200", "city": {}}}"#, deep(depth));
        let reply = bench.send(&Event::post("/leads").key(KEY).body("application/json", body)).await;
        assert!([400, 422].contains(&reply.status), "{}", reply.status);
        let id = bench.door_id("main").await;
        let body = format!(r#"{{"id": "{id}", "oid": {}, "status": "hold"}}"#, deep(depth));
        let reply = bench.knock(&Event::post("/api/sale/status.json").body("application/json", body)).await;
        assert!([400, 403].contains(&reply.status), "{}", reply.status);
    }
    let bomb = "a=&".repeat(20_000);
    bench
        .send(&Event::post("/leads").key(KEY).body("application/x-www-form-urlencoded", bomb.clone()))
        .await
        .problem(422);
    let bomb = (0..4_000).map(|number| format!("params[a{number}]=1")).collect::<Vec<_>>().join("&");
    bench.send(&Event::post("/leads").key(KEY).body("application/x-www-form-urlencoded", bomb)).await.problem(422);
    assert_eq!(bench.network.take(), []);
    // A network's own answer may be as hostile.
    bench.network.script([Act::answer(200, deep(100_000))]);
    assert_eq!(bench.send_lead(&lead()).await.expect(202)["delivery"], "unknown");
}

/// A configuration that was not checked, or was stored by hand.
#[tokio::test]
async fn an_address_inside_is_never_called() {
    let bench = bench().await;
    let account = |base_url: &str| json!({"network": "drcash", "base_url": base_url, "settings": {"api": "t0ken"}});
    for inside in [
        "http://169.254.169.254/latest",
        "https://169.254.169.254/",
        "https://10.0.0.1/",
        "https://[fd00::1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "http://api.network.example/",
    ] {
        let document = BTreeMap::from([("account#main".to_owned(), account(inside).to_string())]);
        bench.put(&document).await;
        bench.clock.advance(Duration::from_secs(61));
        let receipt = bench.send_lead(&lead()).await.expect(202);
        // Nothing was sent, so nothing is in doubt: the lead waits until the account is put right.
        assert_eq!(receipt["delivery"], "queued", "{inside}");
        let order = bench.order(receipt["order_id"].as_str().unwrap()).await;
        let note = order["history"][1]["note"].as_str().unwrap();
        assert!(note.contains("must not be called"), "{inside}: {note}");
    }
    assert_eq!(bench.network.take(), []);
    assert_eq!(bench.store.state("main", "health").await.unwrap(), None, "no network is to blame");
}

#[tokio::test]
async fn a_setting_with_a_line_break_makes_no_request() {
    let bench = bench().await;
    for evil in ["t0ken\r\nX-Evil: 1", "t0ken\nX-Evil: 1", "t0\0ken"] {
        let account = json!({"network": "drcash", "base_url": bench.network.url(), "settings": {"api": evil}});
        bench.put(&BTreeMap::from([("account#main".to_owned(), account.to_string())])).await;
        bench.clock.advance(Duration::from_secs(61));
        let reply = bench.send_lead(&lead()).await;
        assert!(!reply.json().to_string().contains("t0ken"));
        assert!([422, 503].contains(&reply.status), "{}", reply.status);
    }
    assert_eq!(bench.network.take(), []);
}

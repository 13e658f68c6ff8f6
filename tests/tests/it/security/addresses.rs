//! Addresses that must not be called, by whatever way they come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{bench, lead, nothing_happened};
use crate::harness::{Act, Bench, Network, TestClock};

/// Offers whose parameters name a host: of a request, or of a page that the network is told.
const NAMING: &str = r#"
[accounts.rock]
network = "leadrock"
key = "k3y-of-rock"
secret = "s3cret-of-rock"

[accounts.shakes]
network = "shakes"
base_url = "NETWORK"
api = "t0ken"

[accounts.bit]
network = "leadbit"
base_url = "NETWORK"
api = "t0ken"

[offers.rock]
account = "rock"
country = "PL"
leadrock = "https://leadrock.com/URL-1234-5678"

[offers.shakes]
account = "shakes"
country = "PL"
shakes = "17"
shakesurl = "https://shop.example/tea"

[offers.bit]
account = "bit"
country = "PL"
leadbit = "17"
leadsite = "shop.example"
"#;

/// Written for a parameter that is a URL; of one that is a host the scheme is left out.
const INSIDE: [&str; 20] = [
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://127.0.0.1:9001/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://localhost/",
    "https://metadata/",
    "http://leadrock.com/",
    "http://shop.example/",
    "https://me:pw@shop.example/",
    "https://shop.example:8443/",
    "file:///etc/passwd",
    "gopher://shop.example/",
    "//shop.example/",
    "https://shop.example\r\nHost: evil.example",
    "https://",
];

fn lead_of(offer: &str) -> Value {
    json!({
        "offer": offer, "name": "Jan Test", "phone": "500 100 200", "ip": "203.0.113.7", "user_agent": "Agent/1.0",
        "referer": "https://news.example/", "landing_url": "https://shop.example/",
    })
}

#[tokio::test]
async fn a_parameter_of_a_lead_leads_nowhere_inside() {
    let bench = Bench::configured(NAMING).await;
    let mut elsewhere = INSIDE.to_vec();
    elsewhere.extend([
        "https://evil.example/",
        "https://leadrock.com.evil.example/",
        "https://leadrock.com@evil.example/",
    ]);
    for (offer, param) in [("rock", "leadrock"), ("shakes", "shakesurl"), ("bit", "leadsite")] {
        // Only the one is called; the pages that the others tell of may be anyone's.
        let addresses = if param == "leadrock" { elsewhere.as_slice() } else { INSIDE.as_slice() };
        for address in addresses {
            let mut lead = lead_of(offer);
            let value = if param == "leadsite" { address.trim_start_matches("https://") } else { address };
            if value.is_empty() {
                continue;
            }
            lead["params"] = json!({param: value});
            let problem = bench.send_lead(&lead).await.problem(422);
            let field = problem["errors"][0]["field"].as_str().unwrap();
            assert!(field.starts_with("params"), "{param} = {value}: {problem}");
        }
    }
    nothing_happened(&bench).await;
}

/// An offer that was stored without a check.
#[tokio::test]
async fn a_stored_parameter_leads_nowhere_inside() {
    let bench = Bench::configured(NAMING).await;
    for address in INSIDE.into_iter().chain(["https://evil.example/"]) {
        let offer = json!({"account": "rock", "country": "PL", "params": {"leadrock": address}});
        bench.put(&BTreeMap::from([("offer#rock".to_owned(), offer.to_string())])).await;
        bench.clock.advance(Duration::from_secs(61));
        let problem = bench.send_lead(&lead_of("rock")).await.problem(503);
        assert!(problem["detail"].as_str().unwrap().contains("`leadrock` is not right"), "{problem}");
    }
    assert_eq!(bench.read("/orders").await.expect(200)["orders"], json!([]));
}

#[tokio::test]
async fn a_configuration_with_an_address_inside_is_refused() {
    for address in INSIDE {
        let right = NAMING.replace("https://leadrock.com/URL-1234-5678", "ADDRESS");
        let text = right.replace("\"ADDRESS\"", &json!(address).to_string());
        let refused = relay::config::parse("test.toml", &text, &BTreeMap::new()).is_err();
        assert!(refused, "{address}");
    }
}

/// A second server on loopback: another host as far as redirects go.
async fn elsewhere() -> Network {
    let other = Network::start(Arc::new(TestClock::at(0))).await;
    other.otherwise(|_| Act::json(&json!({"uuid": "stolen"})));
    other
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let bench = bench().await;
    let other = elsewhere().await;
    for code in [301, 302, 303, 307, 308] {
        for target in [
            format!("{}/v1/order", other.url()),
            other.url().replacen("http:", "", 1),
            "http://169.254.169.254/latest".to_owned(),
            "https://10.0.0.1/".to_owned(),
            "https://api.network.example/".to_owned(),
            "file:///etc/passwd".to_owned(),
            "https://".to_owned(),
        ] {
            bench.network.script([Act::answer(code, "").with_header("location", &target)]);
            let receipt = bench.send_lead(&lead()).await.expect(202);
            assert_eq!(receipt["delivery"], "unknown", "HTTP {code} to {target}");
            assert_eq!(bench.network.take().len(), 1, "HTTP {code} to {target}");
        }
    }
    assert_eq!(other.take(), []);
}

/// On its own host a network may redirect a few times; in a loop it is let go.
#[tokio::test]
async fn a_loop_of_redirects_ends() {
    let bench = bench().await;
    bench.network.otherwise(|_| Act::answer(307, "").with_header("location", "/v1/order"));
    let receipt = bench.send_lead(&lead()).await.expect(202);
    assert_eq!(receipt["delivery"], "unknown");
    assert_eq!(bench.network.take().len(), 4, "the request and three redirects");
}

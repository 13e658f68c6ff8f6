//! Manifests: those of users' own networks come from outside too.

use std::collections::BTreeMap;

use lead::{Lead, OrderId};
use networks::{HttpReply, Network, PollInput, Settings, SubmitInput, catalog};
use url::Url;

use crate::mutation::{Draw, bent, seeds};

#[test]
fn manifests() {
    let built_in = built_in();
    assert!(built_in.len() >= 47);
    for seed in seeds("manifest") {
        check("newnet", &seed);
    }
    bolero::check!().with_iterations(1_500).with_max_len(1_000).for_each(|bytes| {
        let mut draw = Draw::new(bytes);
        if draw.one_in(6) {
            return check("newnet", draw.rest());
        }
        let (slug, text) = draw.of(&built_in);
        check(slug, &bent(text, &mut draw));
    });
}

/// Slug and text of every manifest of the catalogue.
fn built_in() -> Vec<(&'static str, Vec<u8>)> {
    let catalog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/networks/catalog");
    catalog::slugs().map(|slug| (slug, std::fs::read(format!("{catalog}/{slug}/network.toml")).unwrap())).collect()
}

/// A wrong manifest is told of with its places; one that is taken does no harm.
fn check(slug: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let network = match Network::parse("network.toml", slug, &text) {
        Ok(network) => network,
        Err(error) => {
            assert!(!error.problems.is_empty());
            for problem in &error.problems {
                assert!(problem.line >= 1 && problem.line <= text.lines().count() + 1, "{problem}");
                assert!(problem.column >= 1 && !problem.message.is_empty(), "{problem}");
            }
            assert!(error.to_string().starts_with("network.toml:"), "{error}");
            return;
        }
    };
    assert_eq!(network.slug(), slug);
    let (lead, order) = given();
    let settings = Settings::from_pairs(network.account_keys().map(|key| (key.name, "value")));
    let params: BTreeMap<String, String> =
        network.offer_keys().map(|key| (key.name.to_owned(), "value".to_owned())).collect();
    let input = SubmitInput { lead: &lead, order_id: &order, settings: &settings, params: &params, base_url: None };
    let ids = [order.to_string()];
    let ask = PollInput { settings: &settings, ids: &ids, window: Some((0, 1)), base_url: None };
    let requests = [network.submit_request(&input, Some("answer")), network.poll_request(&ask)];
    for request in requests.into_iter().flatten() {
        assert_eq!(request.url.scheme(), "https", "a manifest's own URLs are https");
        let host = request.url.host_str().unwrap();
        assert!(is_written(&text, host), "{host} stands nowhere in the manifest");
        let pairs = request.headers.iter();
        assert!(pairs.into_iter().all(|(name, value)| !name.is_empty() && !value.contains(['\r', '\n', '\0'])));
    }
    let reply = HttpReply::new(200, r#"{"id": 1, "status": "ok", "data": [{"id": 1, "status": "approved"}]}"#);
    let _ = (network.read_submission(&reply, None), network.read_statuses(&reply), network.required_fields());
}

/// Whether a URL of the manifest has this host, in whatever spelling.
fn is_written(text: &str, host: &str) -> bool {
    let starts = text.match_indices("https:").map(|(at, _)| &text[at..]);
    let mut urls = starts.filter_map(|rest| Url::parse(rest.split(['"', '\'', '{', '\n']).next()?).ok());
    urls.any(|url| url.host_str() == Some(host)) || text.to_lowercase().contains(host)
}

fn given() -> (Lead, OrderId) {
    let body =
        br#"{"offer": "tea", "name": "Jan Test", "phone": "+48500100200", "country": "PL", "email": "jan@shop.example",
        "ip": "203.0.113.7", "user_agent": "Agent/1.0", "price": "12.10", "currency": "PLN", "sub1": "one"}"#;
    let lead = lead::parse_json(body).unwrap().to_lead(None).unwrap();
    (lead, "01kb2h8z40x0000000000000c1".parse().unwrap())
}

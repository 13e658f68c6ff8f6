//! The door: what a postback says, and that nobody gets in without a key.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use networks::status::{StatusReading, fold, is_unfilled_macro};
use networks::{DoorParams, Network, catalog, read_postback};
use orders::Store;
use relay::Relay;
use relay::call::Call;
use relay::clock::{Clock, SystemClock};
use relay::secrets::Secrets;
use relay::settings::Settings;
use relay::transport::{Transport, http_client};

use crate::mutation::{Draw, bent, bent_seed, seeds};
use crate::replies::is_known_word;

#[test]
fn postbacks() {
    let slugs: Vec<&str> = catalog::slugs().collect();
    let seeds = seeds("door");
    for (network, seed) in catalog::all().flat_map(|network| seeds.iter().map(move |seed| (network, seed))) {
        read(network, seed);
    }
    bolero::check!().with_iterations(4_000).with_max_len(1_000).for_each(|bytes| {
        let mut draw = Draw::new(bytes);
        let network = catalog::find(slugs[draw.below(slugs.len())]).unwrap();
        read(network, &bent_seed(&seeds, &mut draw));
    });
}

/// What holds for every postback, whether its account's network is known or not.
fn read(network: &Network, tail: &[u8]) {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(tail).into_owned().collect();
    let mut params = DoorParams::default();
    for (name, value) in &pairs {
        params.add(name, value);
    }
    for network in [Some(network), None] {
        let Ok(report) = read_postback(network, &params) else { continue };
        assert!(report.oid.is_some() || report.eid.is_some());
        for id in [&report.oid, &report.eid].into_iter().flatten() {
            assert!(!id.is_empty() && id.len() <= 255 && !is_unfilled_macro(id), "{id:?}");
        }
        let texts = [&report.comment, &report.raw_reason, &report.raw_payout].into_iter().flatten();
        for text in texts.map(String::as_str).chain([report.reading.raw()]) {
            assert!(text.chars().count() <= 1000 && !text.contains(char::is_control), "{text:?}");
        }
        if let StatusReading::Known { raw, .. } = &report.reading {
            let is_list = |name: &str| ["sta", "stc", "stt", "stw", "sth"].contains(&name);
            let lists = pairs.iter().filter(|(name, _)| is_list(name));
            let listed: HashSet<String> = lists.flat_map(|(_, list)| list.split(',').map(fold)).collect();
            assert!(listed.contains(&fold(raw)) || is_known_word(network, raw), "`{raw}` became a status");
            assert!(!is_unfilled_macro(raw), "{raw}");
        }
    }
}

/// A relay whose table is not there: a caller who gets past the key is answered 503 or by what they left out.
static RELAY: LazyLock<Relay> = LazyLock::new(|| {
    let read = |name: &str| {
        let value = match name {
            "TABLE_NAME" => "nowhere",
            "LEADRELAY_SECRET" => "a-secret-of-tests-0123456789abcdef",
            "AWS_REGION" => "eu-west-1",
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
            "AWS_ENDPOINT_URL_DYNAMODB" => "http://127.0.0.1:1",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let settings = Settings::read(read).unwrap();
    let client = http_client(None).unwrap();
    let store = Store::new(relay::dynamodb(&settings, client.clone()), "nowhere");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let transport = Transport::new(client, Duration::from_secs(1));
    Relay::with_parts(&settings, store, transport, Secrets::new(None), clock)
});

#[test]
fn calls_of_the_door_without_a_key() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let right = runtime.block_on(RELAY.door_keys()).unwrap().key_of("main");
    let (queries, bodies) = (seeds("door"), seeds("door-body"));
    bolero::check!().with_iterations(4_000).with_max_len(1_000).for_each(|bytes| {
        let mut draw = Draw::new(bytes);
        let query = String::from_utf8_lossy(&bent(&queries[draw.below(queries.len())], &mut draw)).into_owned();
        let body = bent_seed(&bodies, &mut draw);
        let kind = *draw.of(&["application/json", "application/x-www-form-urlencoded", "text/plain", ";;;"]);
        // The start of the right key is no key.
        let start = &right[..draw.below(right.len())];
        let query = if draw.one_in(2) { format!("id=main-{start}&{query}") } else { query };
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", http::HeaderValue::from_static(kind));
        let method = if draw.one_in(3) { http::Method::GET } else { http::Method::POST };
        let path = "/api/sale/status.json".to_owned();
        let call = Call { method, path, query, headers, body, source_ip: None };
        let answer = runtime.block_on(RELAY.ingest(&call));
        assert_eq!((answer.status, answer.body.as_str()), (403, r#"{"status":"error","error":"key"}"#));
    });
}

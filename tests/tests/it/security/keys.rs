//! Keys that are nearly right.

use super::{lead, nothing_happened};
use crate::harness::{Bench, Event, KEY, TWO_ACCOUNTS};

const WATCH_KEY: &str = "Key-of-Watch-0123456789";

/// A client of one offer beside the tester.
async fn bench() -> Bench {
    let client = format!("{TWO_ACCOUNTS}\n[clients.watch]\nkey = \"{WATCH_KEY}\"\noffers = [\"watch\"]\n");
    Bench::configured(&client).await
}

fn swapped(text: &str) -> String {
    let swap = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().map(swap).collect()
}

/// What somebody may try who knows a part of the key, or another one.
fn nearly(key: &str) -> Vec<String> {
    vec![
        String::new(),
        " ".to_owned(),
        key[..key.len() - 1].to_owned(),
        key[1..].to_owned(),
        format!("{key}0"),
        format!("{key}{key}"),
        swapped(key),
        key.to_uppercase(),
        relay::keys::hash_of_key(key),
        format!("{key}\\0"),
        "*".to_owned(),
        "null".to_owned(),
    ]
}

#[tokio::test]
async fn a_clients_key_that_is_nearly_right_opens_nothing() {
    let bench = bench().await;
    for key in nearly(KEY).into_iter().chain(nearly(WATCH_KEY)) {
        for header in ["authorization", "x-api-key"] {
            let value = if header == "authorization" { format!("Bearer {key}") } else { key.clone() };
            bench.send(&Event::post("/leads").header(header, &value).json(&lead())).await.problem(401);
            bench.read_as(&Event::get("/orders").header(header, &value)).await.problem(401);
        }
    }
    // A right key of another client.
    bench.send(&Event::post("/leads").key(WATCH_KEY).json(&lead())).await.problem(403);
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn a_doors_key_that_is_nearly_right_opens_nothing() {
    let bench = bench().await;
    let right = bench.door_id("main").await;
    let key = right.rsplit_once('-').unwrap().1;
    let other = bench.door_id("other").await;
    let mut wrong: Vec<String> = nearly(key).iter().map(|key| format!("main-{key}")).collect();
    wrong.extend([swapped(&right), right.replace("main", "MAIN"), right.replace('-', "--"), format!("{right} ")]);
    wrong.extend([right.replace("main", "other"), other.replace("other", "main"), right.replace('-', "_")]);
    for id in wrong {
        let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
        let event = Event::get(&format!("/api/sale/status.json?id={id}&eid=n-1&status=approve"));
        assert_eq!(bench.knock(&event).await.expect(403)["error"], "key", "{id}");
    }
    for account in ["main", "other"] {
        assert_eq!(bench.store.parked(account, None, 10).await.unwrap().parked.len(), 0);
    }
}

//! Keys are changed while everything goes on.

use std::time::Duration;

use serde_json::json;

use super::{bench, lead};
use crate::harness::{Bench, Event, Reply, SECRET, TWO_ACCOUNTS};

const OLD: &str = "key-of-shop-old-0123456789";
const NEW: &str = "key-of-shop-new-9876543210";

async fn configure(bench: &Bench, keys: &str) {
    bench.configure(&format!("{TWO_ACCOUNTS}\n[clients.shop]\n{keys}\n")).await;
    // A configuration is known to every process within a minute.
    bench.clock.advance(Duration::from_secs(61));
}

async fn send(bench: &Bench, key: &str, idempotency_key: &str) -> Reply {
    bench.send(&Event::post("/leads").key(key).header("idempotency-key", idempotency_key).json(&lead())).await
}

#[tokio::test]
async fn two_keys_of_a_client_are_valid_until_the_old_one_goes() {
    let bench = bench().await;
    configure(&bench, &format!("key = \"{OLD}\"")).await;
    let first = send(&bench, OLD, "one").await;
    first.expect(201);
    send(&bench, NEW, "two").await.problem(401);

    configure(&bench, &format!("key = \"{NEW}\"\nprevious_key = \"{OLD}\"")).await;
    send(&bench, OLD, "three").await.expect(201);
    send(&bench, NEW, "four").await.expect(201);
    // It is one client: what was sent under the old key is a repetition under the new one.
    let again = send(&bench, NEW, "one").await.expect(200);
    assert_eq!((&again["replayed"], &again["order_id"]), (&json!(true), &first.json()["order_id"]));

    configure(&bench, &format!("key = \"{NEW}\"")).await;
    // `leadrelay push` deletes what the file has no longer.
    bench.store.delete_config(&relay::config::client_document(&relay::keys::hash_of_key(OLD))).await.unwrap();
    bench.clock.advance(Duration::from_secs(61));
    send(&bench, OLD, "five").await.problem(401);
    bench.read_as(&Event::get("/orders").key(OLD)).await.problem(401);
    send(&bench, NEW, "five").await.expect(201);
}

#[tokio::test]
async fn postbacks_of_the_secret_before_are_heard_until_it_goes() {
    const NEXT: &str = "the-next-secret-of-tests-9876543210";
    let bench = bench().await;
    let old_id = bench.door_id("main").await;
    let both = bench.relay_with_secret(&format!("{NEXT}\n{SECRET}"));
    let after = bench.relay_with_secret(NEXT);
    let new_id = format!("main-{}", both.door_keys().await.unwrap().key_of("main"));
    assert_ne!(old_id, new_id);
    let heard = [(&bench.relay, [200, 403]), (&both, [200, 200]), (&after, [403, 200])];
    for (number, (relay, expected)) in heard.into_iter().enumerate() {
        for (id, status) in [&old_id, &new_id].into_iter().zip(expected) {
            let event = Event::get(&format!("/api/sale/status.json?id={id}&eid=n-{number}&status=approve"));
            let Ok(response) = ingest_postback::handle(relay, event.request()).await;
            assert_eq!(Reply::of(response).status, status, "relay {number}");
        }
    }
}

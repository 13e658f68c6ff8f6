//! Keys are changed while everything goes on.

use std::sync::Arc;
use std::time::Duration;

use relay::Relay;
use serde_json::{Value, json};

use super::{bench, lead};
use crate::harness::{Act, Bench, Event, KEY, Network, Reply, SECRET, TWO_ACCOUNTS, accepted};

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

/// A bench whose account `main` has its credentials in SSM, which holds `first`; a relay over both, and SSM itself.
async fn with_parameters() -> (Bench, Arc<Relay>, Network) {
    let bench = Bench::configured(&TWO_ACCOUNTS.replacen("t0ken", "ssm:/relay/main/api", 1)).await;
    let ssm = Network::start(Arc::clone(&bench.clock)).await;
    holds(&ssm, "first");
    bench.network.otherwise(|_| accepted());
    let relay = bench.relay_with_ssm(&ssm);
    (bench, relay, ssm)
}

fn holds(ssm: &Network, value: &'static str) {
    ssm.otherwise(move |_| Act::json(&json!({"Parameters": [{"Name": "/relay/main/api", "Value": value}]})));
}

/// Sends a lead and tells what became of it, and with which credentials the network was called.
async fn sent(bench: &Bench, relay: &Relay) -> (Value, Vec<String>) {
    let Ok(response) = submit_lead::handle(relay, Event::post("/leads").key(KEY).json(&lead()).request()).await;
    let named = |request: &crate::harness::Request| request.header("authorization").unwrap_or_default().to_owned();
    let credentials = bench.network.take().iter().map(named).collect();
    (Reply::of(response).json()["delivery"].clone(), credentials)
}

#[tokio::test]
async fn a_changed_parameter_reaches_a_process_that_lives_on() {
    let (bench, relay, ssm) = with_parameters().await;
    assert_eq!(sent(&bench, &relay).await, (json!("delivered"), vec!["Bearer first".to_owned()]));
    holds(&ssm, "second");
    bench.clock.advance(Duration::from_mins(9));
    assert_eq!(sent(&bench, &relay).await.1, ["Bearer first"], "it is not asked for with each lead");
    bench.clock.advance(Duration::from_mins(2));
    assert_eq!(sent(&bench, &relay).await.1, ["Bearer second"]);
    assert_eq!(ssm.take().len(), 2);
}

/// The network says so before the value is old.
#[tokio::test]
async fn a_parameter_that_a_network_turns_away_is_read_anew() {
    let (bench, relay, ssm) = with_parameters().await;
    sent(&bench, &relay).await;
    holds(&ssm, "second");
    bench.clock.advance(Duration::from_mins(1));
    bench.network.script([Act::answer(401, "")]);
    assert_eq!(sent(&bench, &relay).await, (json!("queued"), vec!["Bearer first".to_owned()]));
    bench.clock.advance(Duration::from_secs(61));
    assert_eq!(sent(&bench, &relay).await, (json!("delivered"), vec!["Bearer second".to_owned()]));
}

#[tokio::test]
async fn while_the_store_of_parameters_fails_the_value_of_before_goes_on() {
    let (bench, relay, ssm) = with_parameters().await;
    sent(&bench, &relay).await;
    ssm.take();
    ssm.otherwise(|_| Act::answer(500, "{}"));
    bench.clock.advance(Duration::from_mins(11));
    for _ in 0..3 {
        assert_eq!(sent(&bench, &relay).await, (json!("delivered"), vec!["Bearer first".to_owned()]));
    }
    assert_eq!(ssm.take().len(), 3, "three tries, and then nobody asks for a while");
    holds(&ssm, "second");
    bench.clock.advance(Duration::from_secs(16));
    assert_eq!(sent(&bench, &relay).await.1, ["Bearer second"]);
}

#[tokio::test]
async fn a_parameter_that_cannot_be_had_once_or_twice_costs_no_lead() {
    let (bench, relay, ssm) = with_parameters().await;
    let throttled = json!({"__type": "ThrottlingException"}).to_string();
    ssm.script([Act::answer(400, throttled), Act::close_read()]);
    assert_eq!(sent(&bench, &relay).await, (json!("delivered"), vec!["Bearer first".to_owned()]));
    assert_eq!(ssm.take().len(), 3);
}

//! The same lead sent more than once.

use std::sync::Arc;
use std::time::Duration;

use lead::OrderId;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{SENDER, accepted, bench, lead, lead_with};
use crate::harness::{Event, KEY, Reply};

fn keyed(key: &str, lead: &Value) -> Event {
    Event::post("/leads").key(KEY).header("idempotency-key", key).json(lead)
}

#[tokio::test]
async fn the_same_key_and_body_is_answered_again_and_sends_nothing() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let first = bench.send(&keyed("order-17", &lead())).await.expect(201);
    // A month later, and by a process that knows nothing of the first.
    bench.clock.advance(Duration::from_hours(30 * 24));
    let Ok(response) = submit_lead::handle(&bench.second_relay(), keyed("order-17", &lead()).request()).await;
    let again = Reply::of(response).expect(200);
    let mut expected = first;
    expected["replayed"] = json!(true);
    assert_eq!(again, expected);
    assert_eq!(bench.network.take().len(), 1);
    assert_eq!(bench.read("/orders").await.json()["orders"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_replay_tells_the_order_as_it_is_now() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let id = bench.send(&keyed("order-17", &lead())).await.text("order_id");
    bench.postback("main", &format!("oid={id}&status=approve")).await.expect(200);
    assert_eq!(bench.send(&keyed("order-17", &lead())).await.expect(200)["status"], "approve");
}

#[tokio::test]
async fn the_same_key_with_another_body_is_a_conflict() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    bench.send(&keyed("order-17", &lead())).await.expect(201);
    bench.send(&keyed("order-17", &lead_with(&json!({"name": "Ewa Test"})))).await.problem(409);
    let form = [("offer", "tea"), ("name", "Jan Test"), ("phone", "500 100 200")];
    bench.send(&Event::post("/leads").key(KEY).header("idempotency-key", "order-17").form(&form)).await.problem(409);
    assert_eq!(bench.network.take().len(), 1);
    assert_eq!(bench.read("/orders").await.json()["orders"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn keys_are_each_clients_own() {
    let bench = bench().await;
    bench.network.script([accepted(), accepted()]);
    let first = bench.send(&keyed("order-17", &lead())).await;
    let other = Event::post("/leads").key(SENDER).header("idempotency-key", "order-17").json(&lead());
    let second = bench.send(&other).await;
    first.expect(201);
    second.expect(201);
    assert_ne!(first.text("order_id"), second.text("order_id"));
}

#[tokio::test]
async fn without_a_key_two_leads_are_two_orders() {
    let bench = bench().await;
    bench.network.script([accepted(), accepted()]);
    let first = bench.send_lead(&lead()).await.text("order_id");
    assert_ne!(first, bench.send_lead(&lead()).await.text("order_id"));
}

#[tokio::test]
async fn an_external_id_serves_as_a_key_and_the_header_goes_first() {
    let bench = bench().await;
    let lead = lead_with(&json!({"external_id": "crm-1"}));
    bench.network.script([accepted(), accepted()]);
    let first = bench.send_lead(&lead).await;
    first.expect(201);
    assert_eq!(bench.send_lead(&lead).await.expect(200)["order_id"], first.json()["order_id"]);
    // The same text in the header is the same key.
    let named = bench.send(&keyed("crm-1", &lead)).await;
    assert_eq!(named.expect(200)["order_id"], first.json()["order_id"]);
    assert_ne!(bench.send(&keyed("other", &lead)).await.expect(201)["order_id"], first.json()["order_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_at_the_same_moment_on_two_machines_make_one_order_and_one_call() {
    let bench = bench().await;
    bench.network.otherwise(|_| accepted());
    let second = bench.second_relay();
    let mut running = JoinSet::new();
    for number in 0..64 {
        let relay = Arc::clone(if number % 2 == 0 { &bench.relay } else { &second });
        running.spawn(async move {
            let Ok(response) = submit_lead::handle(&relay, keyed("order-17", &lead()).request()).await;
            Reply::of(response)
        });
    }
    let replies = running.join_all().await;
    let first = replies.iter().filter(|reply| reply.status == 201).count();
    let replayed = replies.iter().filter(|reply| reply.status == 200 && reply.json()["replayed"] == true).count();
    assert_eq!((first, replayed), (1, 63));
    assert!(replies.iter().all(|reply| reply.text("order_id") == replies[0].text("order_id")));
    assert_eq!(bench.network.take().len(), 1);
    assert_eq!(bench.read("/orders").await.json()["orders"].as_array().unwrap().len(), 1);
}

/// A function that died between the claim of the key and the order leaves a claim without an order.
#[tokio::test]
async fn a_claim_without_an_order_is_fulfilled_by_the_next_try() {
    let bench = bench().await;
    let claimed: OrderId = "01kb2h8z40x0000000000000c1".parse().unwrap();
    let body = format!("application/json\0{}", lead());
    let fingerprint = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(body));
    bench.store.claim_key("tester", "order-17", &claimed, &fingerprint, 4_000_000_000).await.unwrap();
    bench.network.script([accepted()]);
    assert_eq!(bench.send(&keyed("order-17", &lead())).await.expect(201)["order_id"], claimed.as_str());
}

/// What was refused is stored nowhere, so its key is free for the lead once it is put right.
#[tokio::test]
async fn a_refused_lead_does_not_use_up_its_key() {
    let bench = bench().await;
    bench.send(&keyed("order-17", &lead_with(&json!({"phone": "12"})))).await.problem(422);
    bench.network.script([accepted()]);
    bench.send(&keyed("order-17", &lead())).await.expect(201);
}

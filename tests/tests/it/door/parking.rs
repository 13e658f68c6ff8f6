//! Postbacks that come before their order.

use std::time::Duration;

use lead::OrderId;
use serde_json::json;

use super::{bench, delivered, news, ok};
use crate::harness::{Act, Bench, Event, KEY, kinds};

/// Sends a lead that gets this order id.
async fn send_as(bench: &Bench, id: &str, act: Act) {
    let body = json!({"offer": "tea", "name": "Jan Test", "phone": "500100200"}).to_string();
    let fingerprint = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(format!("application/json\0{body}")));
    let id: OrderId = id.parse().unwrap();
    bench.store.claim_key("tester", "parked", &id, &fingerprint, 4_000_000_000).await.unwrap();
    bench.network.script([act]);
    let event = Event::post("/leads").key(KEY).header("idempotency-key", "parked").body("application/json", body);
    assert_eq!(bench.send(&event).await.text("order_id"), id.as_str());
}

#[tokio::test]
async fn a_postback_of_our_id_waits_for_its_order() {
    let bench = bench().await;
    let id = "01kb2h8z40x0000000000000c1";
    bench.clock.advance(Duration::from_hours(24 * 26));
    for _ in 0..2 {
        assert_eq!(bench.postback("main", &format!("oid={id}&status=approve&pay=7&cc=USD")).await.expect(200), ok());
    }
    let sums = bench.sweep().await;
    assert_eq!((sums.parked_applied, sums.errors.len()), (0, 0));
    bench.clock.advance(Duration::from_mins(1));
    send_as(&bench, id, Act::json(&json!({"uuid": "n-1"}))).await;
    let sums = bench.sweep().await;
    assert_eq!((sums.parked_applied, sums.changed), (1, 1));
    let order = bench.order(id).await;
    assert_eq!(
        (&order["status"], &order["payout"], &order["network_order_id"]),
        (&json!("approve"), &json!("7"), &json!("n-1"))
    );
    // It is applied once.
    assert_eq!(bench.sweep().await.parked_applied, 0);
    // The history tells that it had waited, in the order of time, and the order is as old as its last change.
    assert_eq!(kinds(&order), ["received", "delivered", "parked", "status"]);
    let times: Vec<&str> =
        order["history"].as_array().unwrap()[1..].iter().map(|it| it["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(order["updated_at"], order["history"][3]["at"]);
}

#[tokio::test]
async fn a_postback_of_the_networks_id_waits_until_the_id_is_known() {
    let bench = bench().await;
    assert_eq!(bench.postback("main", "eid=n-9&status=cancel&reason=2").await.expect(200), ok());
    assert_eq!(bench.sweep().await.parked_applied, 0);
    let order = delivered(&bench, "tea", "n-9").await;
    assert_eq!(bench.sweep().await.parked_applied, 1);
    let order = bench.order(&order).await;
    assert_eq!((&order["status"], &order["reason"]), (&json!("cancel"), &json!(2)));
}

#[tokio::test]
async fn several_waiting_postbacks_are_applied_in_the_order_they_came() {
    let bench = bench().await;
    for status in ["hold&sth=hold", "approve&pay=5&cc=USD", "cancel"] {
        bench.clock.advance(Duration::from_secs(10));
        bench.postback("main", &format!("eid=n-9&status={status}")).await.expect(200);
    }
    let order = delivered(&bench, "tea", "n-9").await;
    bench.sweep().await;
    let order = bench.order(&order).await;
    assert_eq!(order["status"], "cancel");
    let statuses: Vec<String> =
        news(&order).into_iter().filter(|it| it[0] == "status").map(|it| it[1].clone()).collect();
    assert_eq!(statuses, ["hold", "approve", "cancel"]);
}

#[tokio::test]
async fn an_orphan_is_kept_and_no_longer_tried() {
    let bench = bench().await;
    bench.postback("main", "eid=n-9&status=approve").await.expect(200);
    bench.clock.advance(Duration::from_hours(7 * 24 + 1));
    let order = delivered(&bench, "tea", "n-9").await;
    assert_eq!(bench.sweep().await.parked_applied, 0);
    assert_eq!(bench.order(&order).await["status"], "wait");
    assert_eq!(bench.store.parked("main", None, 10).await.unwrap().parked.len(), 1);
}

#[tokio::test]
async fn an_oid_that_is_none_of_ours_is_kept_out_of_reach() {
    let bench = bench().await;
    assert_eq!(bench.postback("main", "oid=click-17&status=approve").await.expect(200), ok());
    let order = delivered(&bench, "tea", "click-17").await;
    assert_eq!(bench.sweep().await.parked_applied, 0);
    assert_eq!(bench.order(&order).await["status"], "wait");
}

/// Our id in the place of the network's: some cabinets offer only one field.
#[tokio::test]
async fn our_id_in_the_place_of_the_networks_is_understood() {
    let bench = bench().await;
    let order = delivered(&bench, "tea", "n-1").await;
    bench.postback("main", &format!("eid={order}&status=approve")).await.expect(200);
    assert_eq!(bench.order(&order).await["status"], "approve");
}

//! Leads of which nobody knows whether the network has them: never sent again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{CONFIG, accepted, bench, lead};
use crate::harness::{Act, Bench, Event, KEY, kinds};

/// Nothing and nobody sends this order again, whatever time goes by.
async fn never_sent_again(bench: &Bench, requests: usize) {
    for hours in [0, 1, 12, 24 * 30] {
        bench.clock.advance(Duration::from_hours(hours) + Duration::from_mins(3));
        assert_eq!(bench.sweep_all().await.resent, 0);
    }
    assert_eq!(bench.network.take().len(), requests);
}

#[tokio::test]
async fn a_lead_whose_answer_is_lost_is_in_doubt_and_never_sent_again() {
    let lost = [
        ("hung up unread", Act::close_unread(), 0),
        ("hung up", Act::close_read(), 1),
        ("cut short", accepted().too_short(), 1),
        ("no answer in time", accepted().hanging(), 1),
        ("half an answer in time", accepted().slow(), 1),
        ("an error of the server", Act::answer(500, "{}"), 1),
        ("a page", Act::answer(200, "<html>"), 1),
        ("too long", Act::answer(200, " ".repeat(300_000)), 1),
        ("sent elsewhere", Act::answer(302, "").with_header("location", "https://elsewhere.example/"), 1),
    ];
    for (what, act, requests) in lost {
        let bench = Bench::impatient().await;
        bench.configure(CONFIG).await;
        bench.network.script([act]);
        let receipt = bench.send_lead(&lead()).await.expect(202);
        assert_eq!((&receipt["delivery"], &receipt["status"]), (&json!("unknown"), &json!("wait")), "{what}");
        let order = bench.order(receipt["order_id"].as_str().unwrap()).await;
        assert_eq!(kinds(&order), ["received", "unknown"], "{what}");
        // Neither the address nor anything of the lead stands in the note.
        let note = order["history"][1]["note"].as_str().unwrap();
        assert!(!note.is_empty() && !note.contains("127.0.0.1") && !note.contains("500100200"), "{what}: {note}");
        never_sent_again(&bench, requests).await;
    }
}

/// A client that keeps connections may try a request again by itself when one breaks. This one must not.
#[tokio::test]
async fn a_broken_kept_connection_does_not_send_the_lead_twice() {
    let bench = bench().await;
    bench.network.script([accepted(), Act::close_read()]);
    bench.send_lead(&lead()).await.expect(201);
    assert_eq!(bench.send_lead(&lead()).await.expect(202)["delivery"], "unknown");
    assert_eq!(bench.network.take().len(), 2);
}

#[tokio::test]
async fn a_function_that_dies_during_the_call_leaves_a_lead_in_doubt() {
    let bench = bench().await;
    bench.network.script([accepted().hanging()]);
    let relay = Arc::clone(&bench.relay);
    let event = Event::post("/leads").key(KEY).header("idempotency-key", "k").json(&lead());
    let request = event.request();
    let call = tokio::spawn(async move { submit_lead::handle(&relay, request).await });
    bench.network.arrived(1).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    let id = bench.read("/orders").await.json()["orders"][0]["order_id"].as_str().unwrap().to_owned();
    assert_eq!(bench.order(&id).await["delivery"], "queued");
    // As long as the call may still be running, it is left alone.
    bench.clock.advance(Duration::from_mins(1));
    bench.sweep().await;
    assert_eq!(bench.order(&id).await["delivery"], "queued");
    bench.clock.advance(Duration::from_secs(61));
    assert_eq!(bench.sweep().await.resent, 0);
    let order = bench.order(&id).await;
    assert_eq!(
        (&order["delivery"], kinds(&order)),
        (&json!("unknown"), vec!["received".to_owned(), "unknown".to_owned()])
    );
    never_sent_again(&bench, 1).await;
    // The client asks again and is told the same.
    assert_eq!(bench.send(&event).await.expect(200)["delivery"], "unknown");
    assert_eq!(bench.network.take(), []);
}

/// A run that dies while it sends a waiting lead leaves it in doubt too.
#[tokio::test]
async fn a_run_that_dies_during_the_call_leaves_a_lead_in_doubt() {
    let bench = bench().await;
    bench.network.script([Act::answer(429, ""), accepted().hanging()]);
    let id = bench.send_lead(&lead()).await.text("order_id");
    bench.clock.advance(Duration::from_secs(10));
    let (relay, clock) = (Arc::clone(&bench.relay), Arc::clone(&bench.clock));
    let run =
        tokio::spawn(async move { crate::harness::sweep(&relay, &clock, json!({}), Duration::from_mins(5)).await });
    bench.network.arrived(2).await;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    bench.clock.advance(Duration::from_mins(3));
    assert_eq!(bench.sweep().await.resent, 0);
    let order = bench.order(&id).await;
    assert_eq!(kinds(&order), ["received", "queued", "attempt", "unknown"]);
    never_sent_again(&bench, 2).await;
}

#[tokio::test]
async fn a_postback_during_the_call_keeps_its_status() {
    let bench = Arc::new(bench().await);
    bench.network.script([accepted().hanging()]);
    let sending = Arc::clone(&bench);
    let call = tokio::spawn(async move { sending.send_lead(&lead()).await });
    bench.network.arrived(1).await;
    let id = bench.network.take()[0].json()["sub1"].as_str().unwrap().to_owned();
    bench.postback("main", &format!("oid={id}&status=approve&pay=12.50&cc=USD")).await.expect(200);
    bench.network.release();
    let receipt = call.await.unwrap().expect(201);
    assert_eq!((&receipt["delivery"], &receipt["status"]), (&json!("delivered"), &json!("approve")));
    let order = bench.order(&id).await;
    assert_eq!(
        (&order["status"], &order["payout"], &order["network_order_id"]),
        (&json!("approve"), &json!("12.50"), &json!("u-1"))
    );
    assert_eq!(kinds(&order), ["received", "status", "delivered"]);
}

/// A postback of a lead in doubt shows that the network has it.
#[tokio::test]
async fn a_postback_ends_the_doubt() {
    let bench = bench().await;
    bench.network.script([Act::close_read()]);
    let id = bench.send_lead(&lead()).await.text("order_id");
    bench.postback("main", &format!("oid={id}&status=approve")).await.expect(200);
    let order = bench.order(&id).await;
    assert_eq!((&order["delivery"], &order["status"]), (&json!("delivered"), &json!("approve")));
    never_sent_again(&bench, 1).await;
}

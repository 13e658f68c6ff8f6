//! Leads and polls by the contract, and against it.

use lead::Status;
use networks::Submission;
use serde_json::{Value, json};

use super::Bench;

#[tokio::test]
async fn a_lead_to_every_network_is_delivered_and_kept_without_its_phone() {
    let bench = Bench::new().await;
    assert!(bench.slugs().len() > 30);
    for slug in bench.slugs() {
        let sender = bench.to(&slug);
        let (one, two) = (sender.deliver().await, sender.deliver().await);
        assert!(one.network_order_id.is_none() || one.network_order_id != two.network_order_id, "{slug}");
        let shown = bench.get(&format!("/control/{slug}")).await;
        assert_eq!(shown["leads"].as_array().unwrap().len(), 2, "{slug}");
        assert_eq!(shown["leads"][0]["answered"], "accepted", "{slug}");
        assert_eq!((&shown["violations"], &shown["unchecked"]), (&json!([]), &json!([])), "{slug}");
        let text = shown.to_string();
        assert!(!text.contains(sender.lead.phone.digits()) && !text.contains("fake-api"), "{slug}: {text}");
    }
}

#[tokio::test]
async fn a_poll_waits_at_first_and_reads_approve_once_it_is_decided() {
    let bench = Bench::new().await;
    let mut polled = 0;
    for slug in bench.slugs() {
        let sender = bench.to(&slug);
        if !sender.network.can_poll() {
            continue;
        }
        polled += 1;
        let taken = sender.deliver().await;
        assert_eq!(sender.polled(&taken).await, Status::Wait, "{slug}");
        for (word, status) in [("approve", Status::Approve), ("trash", Status::Trash)] {
            let path = format!("/control/{slug}/orders/{}", sender.order);
            let by_theirs = taken.network_order_id.as_ref().map(|id| format!("/control/{slug}/orders/{id}"));
            let (code, answer) = bench.post(&by_theirs.unwrap_or(path), json!({ "status": word })).await;
            assert_eq!((code, &answer["reads"]), (200, &json!(word)), "{slug}");
            assert_eq!(sender.polled(&taken).await, status, "{slug}");
        }
    }
    assert!(polled > 10);
}

#[tokio::test]
async fn a_violation_is_answered_with_what_was_wrong_and_kept() {
    let bench = Bench::new().await;
    let sender = bench.to("terraleads");
    let (mut request, _) = sender.request().await;
    let mut body: Value = serde_json::from_slice(&request.body).unwrap();
    body["data"].as_object_mut().unwrap().remove("phone");
    request.body = body.to_string().into_bytes();
    let reply = bench.transport.send(&request).await.unwrap();
    assert_eq!(reply.status, 400);
    let wrong: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        wrong,
        json!(["field `data.phone` is missing", "query `check_sum` is not the signature of this request"])
    );
    let shown = bench.get("/control/terraleads").await;
    assert_eq!(shown["violations"], json!([{ "call": "submit", "method": "POST", "wrong": wrong }]));
    assert_eq!(shown["leads"], json!([]));
}

#[tokio::test]
async fn a_made_up_answer_to_the_first_request_is_a_violation() {
    let bench = Bench::new().await;
    for slug in bench.slugs() {
        let sender = bench.to(&slug);
        if sender.network.before_request(&sender.input()).unwrap().is_none() {
            continue;
        }
        let request = sender.network.submit_request(&sender.input(), Some("never-given")).unwrap();
        let reply = bench.transport.send(&request).await.unwrap();
        assert_eq!(reply.status, 400, "{slug}");
        assert!(String::from_utf8_lossy(&reply.body).contains("before.answer"), "{slug}");
    }
}

#[tokio::test]
async fn any_case_can_be_asked_for_as_often_as_wanted() {
    let bench = Bench::new().await;
    for slug in bench.slugs() {
        let sender = bench.to(&slug);
        bench.plan(&slug, json!({ "case": "refused", "times": 2 })).await;
        for _ in 0..2 {
            let (reply, submission) = sender.send().await.unwrap();
            assert!(matches!(submission, Submission::Refused { .. }), "{slug}: {submission:?} {reply:?}");
        }
        sender.deliver().await;
    }
    let (status, answer) = bench.post("/control/terraleads", json!({ "case": "no-such" })).await;
    assert_eq!((status, &answer["error"]), (400, &json!("the network has no case `no-such` with an answer")));
    let (status, _) = bench.post("/control/no-such", json!({ "case": "accepted" })).await;
    assert_eq!(status, 404);
}

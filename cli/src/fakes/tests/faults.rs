//! Every fault does what it says.

use std::pin::pin;

use lead::Status;
use networks::{PollFailure, Submission, Taken};
use relay::transport::SendError;
use serde_json::json;

use super::Bench;

/// Networks whose status calls are unlike each other: a window, ids in a list, a single order.
const POLLED: [&str; 3] = ["adcombo", "marketcall", "terraleads"];

#[tokio::test]
async fn refused_and_reset_connections_take_no_lead() {
    let bench = Bench::new().await;
    let sender = bench.to("terraleads");
    for (fault, told) in [("refuse", "closed"), ("reset", "reset")] {
        bench.plan("terraleads", json!({ "fault": fault })).await;
        match sender.send().await {
            Err(SendError::AnswerLost(how)) => assert!(how.contains(told), "{fault}: {how}"),
            other => panic!("{fault}: {other:?}"),
        }
        assert_eq!(bench.leads("terraleads").await, 0, "{fault}");
    }
    sender.deliver().await;
}

#[tokio::test]
async fn a_lost_answer_is_a_lead_that_was_taken() {
    let bench = Bench::new().await;
    for slug in POLLED {
        let sender = bench.to(slug);
        bench.plan(slug, json!({ "fault": "lost-answer" })).await;
        assert!(matches!(sender.send().await, Err(SendError::AnswerLost(_))), "{slug}");
        let shown = bench.get(&format!("/control/{slug}")).await;
        assert_eq!(shown["leads"][0]["answered"], "lost-answer", "{slug}");
        let taken =
            Taken { network_order_id: shown["orders"][0]["order_id"].as_str().map(str::to_owned), ..Taken::default() };
        assert_eq!(sender.polled(&taken).await, Status::Wait, "{slug}");
    }
}

#[tokio::test]
async fn errors_of_the_server_and_broken_json_are_unclear() {
    let bench = Bench::new().await;
    let sender = bench.to("terraleads");
    bench.plan("terraleads", json!({ "fault": "500" })).await;
    let (reply, submission) = sender.send().await.unwrap();
    assert_eq!(reply.status, 500);
    assert!(matches!(submission, Submission::Unclear { .. }));
    bench.plan("terraleads", json!({ "fault": "broken-json" })).await;
    let (reply, submission) = sender.send().await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(matches!(submission, Submission::Unclear { .. }));
    let shown = bench.get("/control/terraleads").await;
    assert_eq!(shown["leads"].as_array().unwrap().len(), 2);
    assert_eq!(shown["orders"].as_array().unwrap().len(), 1, "only the broken answer was to a lead taken");
}

#[tokio::test]
async fn a_held_answer_is_a_lead_that_was_taken() {
    let bench = Bench::new().await;
    let sender = bench.to("terraleads");
    bench.plan("terraleads", json!({ "fault": "timeout" })).await;
    let seen = async { while bench.leads("terraleads").await == 0 {} };
    // The caller gives up once the lead is seen there.
    let mut sending = pin!(sender.send());
    tokio::select! {
        answer = &mut sending => panic!("{answer:?}"),
        () = seen => {}
    }
    assert_eq!(bench.get("/control/terraleads").await["leads"][0]["answered"], "timeout");
}

#[tokio::test]
async fn polls_have_faults_of_their_own() {
    let bench = Bench::new().await;
    let sender = bench.to("terraleads");
    let taken = sender.deliver().await;
    bench.plan("terraleads", json!({ "fault": "500", "call": "poll" })).await;
    assert_eq!(sender.poll(&taken).await, Err(PollFailure::Http(500)));
    bench.plan("terraleads", json!({ "fault": "broken-json", "call": "poll" })).await;
    assert_eq!(sender.poll(&taken).await, Err(PollFailure::Unreadable));
    bench.plan("terraleads", json!({ "case": "poll-error" })).await;
    assert!(matches!(sender.poll(&taken).await, Err(PollFailure::Refused(_))));
    assert_eq!(sender.polled(&taken).await, Status::Wait);
}

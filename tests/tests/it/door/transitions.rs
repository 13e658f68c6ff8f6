//! The table of transitions through the door.

use serde_json::json;

use super::{bench, delivered, news, ok};

/// Every status named by its own word.
const LISTS: &str = "stw=wait&sth=hold&sta=approve&stc=cancel&stt=trash";

/// From, to, where it ends, and the event it leaves.
const TABLE: [(&str, &str, &str, Option<&str>); 25] = [
    ("wait", "wait", "wait", None),
    ("wait", "hold", "hold", Some("status")),
    ("wait", "approve", "approve", Some("status")),
    ("wait", "cancel", "cancel", Some("status")),
    ("wait", "trash", "trash", Some("status")),
    ("hold", "wait", "hold", Some("ignored")),
    ("hold", "hold", "hold", None),
    ("hold", "approve", "approve", Some("status")),
    ("hold", "cancel", "cancel", Some("status")),
    ("hold", "trash", "trash", Some("status")),
    ("approve", "wait", "approve", Some("ignored")),
    ("approve", "hold", "approve", Some("ignored")),
    ("approve", "approve", "approve", None),
    ("approve", "cancel", "cancel", Some("status")),
    ("approve", "trash", "trash", Some("status")),
    ("cancel", "wait", "cancel", Some("ignored")),
    ("cancel", "hold", "hold", Some("status")),
    ("cancel", "approve", "approve", Some("status")),
    ("cancel", "cancel", "cancel", None),
    ("cancel", "trash", "trash", Some("status")),
    ("trash", "wait", "trash", Some("ignored")),
    ("trash", "hold", "hold", Some("status")),
    ("trash", "approve", "approve", Some("status")),
    ("trash", "cancel", "cancel", Some("status")),
    ("trash", "trash", "trash", None),
];

#[tokio::test]
async fn statuses_follow_each_other_as_the_table_says() {
    let bench = bench().await;
    for (from, to, ends, leaves) in TABLE {
        let order = delivered(&bench, "tea", &format!("{from}-{to}")).await;
        if from != "wait" {
            bench.postback("main", &format!("oid={order}&status={from}&{LISTS}")).await.expect(200);
        }
        let before = news(&bench.order(&order).await).len();
        // The same news twice is one event.
        for _ in 0..2 {
            bench.clock.advance(std::time::Duration::from_secs(1));
            let reply = bench.postback("main", &format!("oid={order}&status={to}&{LISTS}")).await;
            assert_eq!(reply.expect(200), ok(), "{from} to {to}");
        }
        let order = bench.order(&order).await;
        assert_eq!(order["status"], ends, "{from} to {to}");
        let after = news(&order);
        let left: Vec<&str> = after[before..].iter().map(|event| event[0].as_str()).collect();
        assert_eq!(left, leaves.into_iter().collect::<Vec<_>>(), "{from} to {to}");
    }
}

#[tokio::test]
async fn a_second_approve_replaces_the_payout_and_the_history_holds_both() {
    let bench = bench().await;
    let order = delivered(&bench, "tea", "n-1").await;
    for pay in ["12.50&cc=USD", "12.50&cc=USD", "20&cc=USD", "20"] {
        bench.clock.advance(std::time::Duration::from_secs(1));
        bench.postback("main", &format!("oid={order}&status=approve&pay={pay}")).await.expect(200);
    }
    let order = bench.order(&order).await;
    assert_eq!((&order["payout"], &order["currency"]), (&json!("20"), &json!("USD")));
    let news = news(&order);
    let kinds: Vec<&str> = news.iter().map(|event| event[0].as_str()).collect();
    assert_eq!(kinds, ["status", "payout"]);
    // Both amounts can be read back.
    let history = order["history"].to_string();
    assert!(history.contains("12.50") && history.contains("20 USD"), "{history}");
}

#[tokio::test]
async fn an_order_knows_when_it_last_changed() {
    let bench = bench().await;
    let order = delivered(&bench, "tea", "n-1").await;
    bench.clock.advance(std::time::Duration::from_hours(1));
    bench.postback("main", &format!("oid={order}&status=approve")).await.expect(200);
    let order = bench.order(&order).await;
    assert_eq!(
        (&order["created_at"], &order["updated_at"]),
        (&json!("2025-11-01T00:00:00Z"), &json!("2025-11-01T01:00:00Z"))
    );
    assert_eq!(order["history"][2]["at"], "2025-11-01T01:00:00Z");
    assert_eq!(order["history"][2]["source"], "postback");
}

#[tokio::test]
async fn postback_and_poll_that_disagree_are_disputed_until_they_agree() {
    let bench = bench().await;
    let order = delivered(&bench, "polled", "g-1").await;
    let row = |status: &str| crate::harness::Act::json(&json!([{"guid": "g-1", "status": status}]));
    bench.network.script([row("rejected")]);
    bench.clock.advance(std::time::Duration::from_mins(10));
    assert_eq!(bench.sweep().await.changed, 1);
    assert_eq!(bench.order(&order).await["status"], "cancel");
    bench.postback("polled", &format!("oid={order}&status=confirmed")).await.expect(200);
    let disputed = bench.order(&order).await;
    assert_eq!((&disputed["status"], &disputed["disputed"]), (&json!("approve"), &json!(true)));
    bench.postback("polled", &format!("oid={order}&status=rejected")).await.expect(200);
    let agreed = bench.order(&order).await;
    assert_eq!((&agreed["status"], &agreed["disputed"]), (&json!("cancel"), &json!(false)));
    let sources: Vec<&str> =
        agreed["history"].as_array().unwrap()[2..].iter().map(|it| it["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["poll", "postback", "postback"]);
}

/// Of many at once each is applied once, in some order; none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_postbacks_at_once_are_each_applied_once() {
    let bench = std::sync::Arc::new(bench().await);
    let order = delivered(&bench, "tea", "n-1").await;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..12 {
        let (bench, order) = (std::sync::Arc::clone(&bench), order.clone());
        running.spawn(async move {
            let status = ["hold&sth=hold", "approve", "cancel"][number % 3];
            bench.postback("main", &format!("oid={order}&status={status}")).await.status
        });
    }
    assert!(running.join_all().await.iter().all(|status| *status == 200));
    let order = bench.order(&order).await;
    let statuses: Vec<String> =
        news(&order).into_iter().filter(|it| it[0] == "status").map(|it| it[1].clone()).collect();
    assert_eq!(statuses.last().map(String::as_str), order["status"].as_str(), "{statuses:?}");
    assert!(statuses.windows(2).all(|pair| pair[0] != pair[1]), "{statuses:?}");
}

//! What the door answers, and which order it means.

use serde_json::json;

use super::{bench, delivered, error, news, ok};
use crate::harness::{Bench, Event};

const PATHS: [&str; 2] = ["/api/sale/status.json", "/api/comp/status.json"];

#[tokio::test]
async fn each_way_to_knock_is_heard() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    for path in PATHS {
        for way in ["get", "form in the body", "JSON in the body", "a form without its type"] {
            let order = delivered(&bench, "tea", &format!("n-{path}-{way}")).await;
            let pairs = [("id", id.as_str()), ("oid", &order), ("status", "approve"), ("pay", "12.50"), ("cc", "usd")];
            let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            let event = match way {
                "get" => Event::get(&format!("{path}?{form}")),
                "form in the body" => Event::post(path).form(&pairs),
                "JSON in the body" => Event::post(path)
                    .json(&json!({"id": id, "oid": order, "status": "approve", "pay": 12.50, "cc": "usd"})),
                _ => Event::post(path).body("text/plain", form),
            };
            assert_eq!(bench.knock(&event).await.expect(200), ok(), "{way} {path}");
            let order = bench.order(&order).await;
            assert_eq!(order["status"], "approve", "{way} {path}");
            let paid = order["payout"].as_str().unwrap().parse::<lead::Decimal>().unwrap();
            assert_eq!((paid, &order["currency"]), (lead::Decimal::new(125, 1), &json!("USD")), "{way} {path}");
        }
    }
}

#[tokio::test]
async fn the_query_wins_over_the_body() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    let order = delivered(&bench, "tea", "n-1").await;
    let path = format!("{}?id={id}&oid={order}&status=hold&sth=hold", PATHS[0]);
    let body =
        [("id", "main-0"), ("oid", "01kb2h8z40x0000000000000c9"), ("status", "approve"), ("comment", "from the body")];
    assert_eq!(bench.knock(&Event::post(&path).form(&body)).await.expect(200), ok());
    let order = bench.order(&order).await;
    assert_eq!((&order["status"], &order["comment"]), (&json!("hold"), &json!("from the body")));
    // The body of a GET is none of its parameters.
    let other = delivered(&bench, "tea", "n-2").await;
    let path = format!("{}?id={id}&oid={other}", PATHS[0]);
    let event = Event::get(&path).form(&[("status", "approve")]);
    assert_eq!(bench.knock(&event).await.expect(400), error("status"));
}

#[tokio::test]
async fn a_wrong_key_is_told_before_all_else() {
    let bench = bench().await;
    let order = delivered(&bench, "tea", "n-1").await;
    let right = bench.door_id("main").await;
    let other = bench.door_id("other").await;
    let key = right.rsplit_once('-').unwrap().1;
    let others_key = other.rsplit_once('-').unwrap().1;
    let wrong = [
        String::new(),
        "main".to_owned(),
        "main-".to_owned(),
        right[..right.len() - 1].to_owned(),
        format!("{right}0"),
        format!("main-{others_key}"),
        format!("other-{key}"),
        format!("nobody-{key}"),
        format!("-{key}"),
        key.to_owned(),
        right.to_uppercase(),
        format!("main-{}", "0".repeat(key.len())),
    ];
    for id in wrong {
        for tail in [format!("oid={order}&status=approve"), String::new()] {
            let event = Event::get(&format!("{}?id={id}&{tail}", PATHS[0]));
            assert_eq!(bench.knock(&event).await.expect(403), error("key"), "{id}");
        }
    }
    let event = Event::get(&format!("{}?oid={order}&status=approve", PATHS[0]));
    assert_eq!(bench.knock(&event).await.expect(403), error("key"));
    let order = bench.order(&order).await;
    assert_eq!((&order["status"], news(&order)), (&json!("wait"), Vec::new()));
}

#[tokio::test]
async fn what_is_missing_is_told() {
    let bench = bench().await;
    let order = delivered(&bench, "tea", "n-1").await;
    for (tail, word) in [
        ("status=approve", "order"),
        ("oid=&eid=&status=approve", "order"),
        ("oid={sub1}&status=approve", "order"),
        ("", "order"),
        ("oid=ORDER", "status"),
        ("eid=n-1", "status"),
    ] {
        let tail = tail.replace("ORDER", &order);
        assert_eq!(bench.postback("main", &tail).await.expect(400), error(word), "{tail}");
    }
}

#[tokio::test]
async fn a_door_without_a_table_is_busy() {
    let bench = Bench::without_table().await;
    let reply = bench.postback("main", "oid=01kb2h8z40x0000000000000c1&status=approve").await;
    assert_eq!(reply.expect(503), error("busy"));
}

#[tokio::test]
async fn other_paths_are_no_doors() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    for path in ["/api/sale/status", "/api/sale/status.json/", "/status.json", "/api/other/status.json"] {
        bench.knock(&Event::get(&format!("{path}?id={id}&oid=x&status=approve"))).await.problem(404);
    }
}

#[tokio::test]
async fn an_order_is_found_by_the_networks_id() {
    let bench = bench().await;
    let order = delivered(&bench, "tea", "n-1").await;
    assert_eq!(bench.postback("main", "eid=n-1&status=approve").await.expect(200), ok());
    assert_eq!(bench.order(&order).await["status"], "approve");
}

#[tokio::test]
async fn the_networks_id_is_learned_from_a_postback_with_both() {
    let bench = bench().await;
    bench.network.script([crate::harness::Act::close_read()]);
    let lead = json!({"offer": "tea", "name": "Jan Test", "phone": "500100200"});
    let order = bench.send_lead(&lead).await.text("order_id");
    bench.postback("main", &format!("oid={order}&eid=n-77&status=hold&sth=hold")).await.expect(200);
    assert_eq!(bench.order(&order).await["network_order_id"], "n-77");
    bench.postback("main", "eid=n-77&status=approve").await.expect(200);
    assert_eq!(bench.order(&order).await["status"], "approve");
}

#[tokio::test]
async fn ids_of_two_orders_change_nothing_and_are_recorded() {
    let bench = bench().await;
    let one = delivered(&bench, "tea", "n-1").await;
    let two = delivered(&bench, "tea", "n-2").await;
    assert_eq!(bench.postback("main", &format!("oid={one}&eid=n-2&status=approve")).await.expect(200), ok());
    let (one, two) = (bench.order(&one).await, bench.order(&two).await);
    assert_eq!((&one["status"], &two["status"]), (&json!("wait"), &json!("wait")));
    for order in [&one, &two] {
        assert_eq!(news(order), [["conflict", "", "approve"].map(str::to_owned)]);
    }
    assert!(one["history"][2]["note"].as_str().unwrap().contains("n-2"), "{one}");
}

/// The other order's record is where a person of this account can find it: on the order that is theirs.
#[tokio::test]
async fn an_id_of_another_accounts_order_beside_ones_own_changes_nothing_and_is_recorded() {
    let bench = bench().await;
    let foreign = delivered(&bench, "coffee", "c-1").await;
    let own = delivered(&bench, "tea", "n-1").await;
    assert_eq!(bench.postback("main", &format!("oid={foreign}&eid=n-1&status=approve")).await.expect(200), ok());
    let (foreign, own) = (bench.order(&foreign).await, bench.order(&own).await);
    assert_eq!((&foreign["status"], news(&foreign)), (&json!("wait"), Vec::new()));
    assert_eq!(own["status"], "wait");
    assert_eq!(news(&own), [["conflict", "", "approve"].map(str::to_owned)]);
}

#[tokio::test]
async fn an_order_of_another_account_is_as_if_unknown() {
    let bench = bench().await;
    let foreign = delivered(&bench, "coffee", "c-1").await;
    for tail in [format!("oid={foreign}&status=approve"), "eid=c-1&status=approve".to_owned()] {
        assert_eq!(bench.postback("main", &tail).await.expect(200), ok());
    }
    bench.clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(bench.sweep().await.parked_applied, 0);
    let foreign = bench.order(&foreign).await;
    assert_eq!((&foreign["status"], news(&foreign)), (&json!("wait"), Vec::new()));
}

#[tokio::test]
async fn an_unmapped_word_is_recorded_once_and_changes_nothing() {
    let bench = bench().await;
    let order = delivered(&bench, "tea", "n-1").await;
    for word in ["levitating", "levitating", "{status}", "lead"] {
        assert_eq!(bench.postback("main", &format!("oid={order}&status={word}")).await.expect(200), ok(), "{word}");
    }
    let order = bench.order(&order).await;
    assert_eq!((&order["status"], &order["raw_status"]), (&json!("wait"), &json!(null)));
    let unmapped = |word: &str| ["unmapped", "", word].map(str::to_owned);
    assert_eq!(news(&order), [unmapped("levitating"), unmapped("{status}"), unmapped("lead")]);
}

#[tokio::test]
async fn the_urls_lists_outrank_the_networks_table_and_the_dictionary() {
    let bench = bench().await;
    for (tail, status) in [
        // drcash: hold is waiting by its table.
        ("status=hold", "wait"),
        ("status=hold&sth=hold", "hold"),
        ("status=HOLD&sta=x,hold", "approve"),
        ("status=approve&stc=approve", "cancel"),
        ("status=11&stt=12,11", "trash"),
        ("status=approve&sta=approve&stc=approve", "wait"),
    ] {
        let order = delivered(&bench, "tea", tail).await;
        bench.postback("main", &format!("oid={order}&{tail}")).await.expect(200);
        assert_eq!(bench.order(&order).await["status"], status, "{tail}");
    }
}

#[tokio::test]
async fn reasons_comments_and_payouts_are_kept_as_the_rules_say() {
    let bench = bench().await;
    let long = "x".repeat(1_500);
    let order = delivered(&bench, "tea", "n-1").await;
    bench.postback("main", &format!("oid={order}&status=cancel&reason=9&comment={long}")).await.expect(200);
    let order = bench.order(&order).await;
    assert_eq!((&order["reason"], order["comment"].as_str().unwrap().len()), (&json!(9), 1_000));

    let order = delivered(&bench, "tea", "n-2").await;
    bench.postback("main", &format!("oid={order}&status=cancel&reason=42")).await.expect(200);
    let order = bench.order(&order).await;
    assert_eq!(order["reason"], json!(null));
    assert!(order["history"][2]["note"].as_str().unwrap().contains("42"), "{order}");

    for (pay, payout, kept) in [
        ("12,50&cc=eur", json!("12.50"), None),
        ("12.50&cc=zzz", json!("12.50"), None),
        ("0", json!("0"), None),
        ("", json!(null), None),
        ("%7Bpayout%7D", json!(null), None),
        ("much", json!(null), Some("much")),
        ("-3", json!(null), Some("-3")),
        ("1.000,50", json!("1000.50"), None),
        ("1,234", json!(null), Some("1,234")),
    ] {
        let order = delivered(&bench, "tea", &format!("n-{pay}")).await;
        bench.postback("main", &format!("oid={order}&status=approve&pay={pay}")).await.expect(200);
        let order = bench.order(&order).await;
        assert_eq!((&order["status"], &order["payout"]), (&json!("approve"), &payout), "{pay}");
        let note = order["history"][2]["note"].as_str().unwrap_or_default();
        assert!(kept.is_none_or(|kept| note.contains(kept)), "{pay}: {note}");
    }
}

/// An account that was taken out of the configuration still has orders under way.
#[tokio::test]
async fn the_door_of_a_removed_account_stays_open() {
    let bench = bench().await;
    let order = delivered(&bench, "tea", "n-1").await;
    bench.store.delete_config("account#main").await.unwrap();
    bench.clock.advance(std::time::Duration::from_secs(61));
    bench.postback("main", &format!("oid={order}&status=approve")).await.expect(200);
    assert_eq!(bench.order(&order).await["status"], "approve");
}

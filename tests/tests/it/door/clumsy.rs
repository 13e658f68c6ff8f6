//! What cabinets make of a URL and of its macros: it is read all the same.

use serde_json::json;

use super::{bench, delivered, error, news, ok};
use crate::harness::Event;

const DOOR: &str = "/api/sale/status.json";

/// Queries after the path, `ID` and `ORDER` to be filled in; all say that the order is approved.
const QUERIES: [(&str, &str); 17] = [
    ("escaped ampersands", "?id=ID&amp;oid=ORDER&amp;status=approved"),
    ("ampersands escaped twice", "?id=ID&amp;amp;oid=ORDER&amp;amp;status=approved"),
    ("an encoded semicolon", "?id=ID&amp%3Boid=ORDER&amp%3Bstatus=approved"),
    ("a second question mark", "?id=ID?oid=ORDER&status=approved"),
    ("an encoded question mark", "?id=ID%3Foid=ORDER&status=approved"),
    ("a question mark at the end", "?id=ID&status=approved&oid=ORDER?"),
    ("semicolons", "?id=ID;oid=ORDER;status=approved"),
    ("names in capitals", "?ID=ID&OID=ORDER&Status=approved"),
    ("a list in capitals", "?id=ID&oid=ORDER&status=3&STA=3"),
    ("an empty value before", "?id=ID&oid=&oid=ORDER&status=approved"),
    ("a macro before", "?id=ID&oid=ORDER&status={status}&status=approved"),
    (
        "macros of every style before",
        "?id=ID&oid={x}&oid=[x]&oid=%25x%25&oid=%23x%23&oid=<x>&oid=$x&oid=__x__&oid=ORDER&status=approved",
    ),
    ("more macros before", "?id=ID&oid={{x}}&oid=${x}&oid=null&eid={}&oid=ORDER&status=$status&status=approved"),
    ("an id that is a macro before", "?id={id}&id=ID&oid=ORDER&status=approved"),
    ("spaces around", "?id=%20ID%20&oid=+ORDER+&status=+approved+"),
    ("a slash at the end", "/?id=ID&oid=ORDER&status=approved"),
    ("a word encoded twice", "?id=ID&oid=ORDER&status=fully%2520done&sta=fully%2520done"),
];

#[tokio::test]
async fn a_bent_url_still_brings_its_news() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    for (what, query) in QUERIES {
        let order = delivered(&bench, "tea", &format!("n-{what}")).await;
        // The name `ID` in capitals stands before its value.
        let query =
            query.replace("=ID", &format!("={id}")).replace("%20ID", &format!("%20{id}")).replace("ORDER", &order);
        assert_eq!(bench.knock(&Event::get(&format!("{DOOR}{query}"))).await.expect(200), ok(), "{what}");
        assert_eq!(bench.order(&order).await["status"], "approve", "{what}");
    }
}

/// Bodies with their content type, after a query that may hold macros.
const BODIES: [(&str, &str, &str, &str); 9] = [
    ("JSON as text", "", "text/plain;charset=UTF-8", r#"{"oid":"ORDER","status":"approved"}"#),
    ("JSON as a form", "", "application/x-www-form-urlencoded", r#" {"oid":"ORDER","status":"approved"}"#),
    ("JSON with a byte order mark", "", "application/json", "\u{feff}{\"oid\":\"ORDER\",\"status\":\"approved\"}"),
    ("a list of one object", "", "application/json", r#"[{"oid":"ORDER","status":"approved"}]"#),
    ("members in capitals", "", "application/json", r#"{"OID":"ORDER","Status":"approved"}"#),
    (
        "members that say nothing",
        "",
        "application/json",
        r#"{"oid":null,"x":{"oid":"y"},"oid":"ORDER","status":true,"status":"approved","pay":[]}"#,
    ),
    ("a list for a text", "", "application/json", r#"{"oid":"ORDER","status":3,"sta":[3,"4"]}"#),
    (
        "macros in the query",
        "&oid={sub1}&status={status}",
        "application/x-www-form-urlencoded",
        "oid=ORDER&status=approved",
    ),
    (
        "a multipart form",
        "",
        "multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"oid\"\r\n\r\nORDER\r\n--b\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\napproved\r\n--b--\r\n",
    ),
];

#[tokio::test]
async fn a_body_is_read_for_what_it_is_and_not_for_what_it_is_called() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    for (what, query, kind, body) in BODIES {
        let order = delivered(&bench, "tea", &format!("n-{what}")).await;
        let event = Event::post(&format!("{DOOR}?id={id}{query}")).body(kind, body.replace("ORDER", &order));
        assert_eq!(bench.knock(&event).await.expect(200), ok(), "{what}");
        assert_eq!(bench.order(&order).await["status"], "approve", "{what}");
    }
}

#[tokio::test]
async fn an_id_beyond_64_bits_is_found_digit_for_digit() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    let order = delivered(&bench, "tea", "118446744073709880134").await;
    let body = r#"{"eid":118446744073709880134,"status":"approved"}"#;
    let event = Event::post(&format!("{DOOR}?id={id}")).body("application/json", body);
    assert_eq!(bench.knock(&event).await.expect(200), ok());
    assert_eq!(bench.order(&order).await["status"], "approve");
}

#[tokio::test]
async fn a_word_in_windows_1251_is_read() {
    let bench = bench().await;
    let order = delivered(&bench, "tea", "n-1").await;
    bench.postback("main", &format!("oid={order}&status=%CF%F0%E8%ED%FF%F2")).await.expect(200);
    let order = bench.order(&order).await;
    assert_eq!(order["history"][2]["raw_status"], "Принят", "{order}");
}

#[tokio::test]
async fn a_head_applies_nothing_and_has_no_body() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    let order = delivered(&bench, "tea", "n-1").await;
    for tail in [String::new(), format!("&oid={order}&status=approved")] {
        let reply = bench.knock(&Event::head(&format!("{DOOR}?id={id}{tail}"))).await;
        assert_eq!((reply.status, reply.is_empty()), (200, true), "{tail}");
    }
    assert!(news(&bench.order(&order).await).is_empty());
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_no_fault_of_the_caller() {
    let bench = bench().await;
    let id = bench.door_id("main").await;
    for (kind, body) in [
        ("application/json", b"{".to_vec()),
        ("application/json", b"[1,2]".to_vec()),
        ("multipart/form-data; boundary=b", b"--c".to_vec()),
        ("application/x-www-form-urlencoded", vec![0xff; 10]),
        ("application/x-www-form-urlencoded", vec![b'x'; 70_000]),
    ] {
        // API Gateway hands over in base64 what is no JSON text.
        let event = Event::post(&format!("{DOOR}?id={id}")).body(kind, body);
        assert_eq!(bench.knock(&event).await.expect(200), error("order"), "{kind}");
    }
}

#[tokio::test]
async fn a_payout_may_hold_its_currency() {
    let bench = bench().await;
    for (pay, payout, currency, kept) in [
        ("12.50%20USD", "12.50", json!("USD"), None),
        ("%2412.50", "12.50", json!("USD"), None),
        ("12,50%20%E2%82%AC", "12.50", json!("EUR"), None),
        ("12.50&cc=RUR", "12.50", json!("RUB"), None),
        ("12.50%20USDT", "12.50", json!(null), Some("12.50 USDT")),
        ("12.50%20USD&cc=EUR", "12.50", json!(null), Some("12.50 USD")),
    ] {
        let order = delivered(&bench, "tea", &format!("n-{pay}")).await;
        bench.postback("main", &format!("oid={order}&status=approve&pay={pay}")).await.expect(200);
        let order = bench.order(&order).await;
        assert_eq!((&order["payout"], &order["currency"]), (&json!(payout), &currency), "{pay}");
        let note = order["history"][2]["note"].as_str().unwrap_or_default();
        assert!(kept.is_none_or(|kept| note.contains(kept)), "{pay}: {note}");
    }
}

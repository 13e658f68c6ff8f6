//! Lists of orders: filters, pages, limits, and what each client sees.

use serde_json::{Value, json};

use super::{TEA_DESK, bench, sent};
use crate::harness::{Act, Bench, Event};

fn ids(listing: &Value) -> Vec<String> {
    let orders = listing["orders"].as_array().unwrap();
    orders.iter().map(|order| order["order_id"].as_str().unwrap().to_owned()).collect()
}

async fn list(bench: &Bench, query: &str) -> Vec<String> {
    let listing = bench.read(&format!("/orders?{query}")).await.expect(200);
    assert_eq!(listing["next"], json!(null), "{query}");
    ids(&listing)
}

#[tokio::test]
async fn each_filter_admits_what_it_says_newest_first() {
    let bench = bench().await;
    let waits = sent(&bench, "tea", "n-1", &json!({"click_id": "clk-1"})).await;
    let approved = sent(&bench, "tea", "n-2", &json!({"click_id": "clk-1", "phone": "500100201"})).await;
    let others = sent(&bench, "coffee", "n-1", &json!({})).await;
    bench.network.script([Act::answer(422, "{}")]);
    let lead = json!({"offer": "coffee", "name": "Jan Test", "phone": "500100202"});
    let refused = bench.send_lead(&lead).await.text("order_id");
    bench.postback("main", &format!("oid={approved}&status=approve")).await.expect(200);
    for (query, expected) in [
        ("", vec![&refused, &others, &approved, &waits]),
        ("click_id=clk-1", vec![&approved, &waits]),
        ("click_id=clk-2", vec![]),
        ("network_order_id=n-1&account=main", vec![&waits]),
        ("network_order_id=n-1&account=other", vec![&others]),
        ("network_order_id=n-3&account=main", vec![]),
        ("phone=%2B48500100200", vec![&others, &waits]),
        // A plus that nobody encoded arrives as a space.
        ("phone=+48500100200", vec![&others, &waits]),
        ("phone=%2B48500100299", vec![]),
        ("status=approve", vec![&approved]),
        ("status=approve&account=main", vec![&approved]),
        ("status=approve&account=other", vec![]),
        ("status=wait", vec![&others, &waits]),
        ("account=other", vec![&refused, &others]),
        ("delivery=refused", vec![&refused]),
        ("delivery=undeliverable", vec![]),
        ("account=nobody", vec![]),
        // As people write them.
        ("phone=%2B48%20500%20100%20200", vec![&others, &waits]),
        ("phone=+48+500-100-200", vec![&others, &waits]),
        ("phone=0048500100200", vec![&others, &waits]),
        ("status=Approve", vec![&approved]),
        ("delivery=REFUSED", vec![&refused]),
        ("offer=coffee", vec![&refused, &others]),
        ("from=2d", vec![&refused, &others, &approved, &waits]),
        ("to=2d", vec![]),
        ("from=2999-01-01", vec![]),
        // Together they narrow each other.
        ("click_id=clk-1&offer=coffee", vec![]),
        ("click_id=clk-1&to=2d", vec![]),
        ("click_id=clk-1&from=2d&offer=tea", vec![&approved, &waits]),
        ("click_id=clk-1&status=wait", vec![&waits]),
        ("click_id=clk-1&account=other", vec![]),
        ("phone=%2B48500100200&account=main", vec![&waits]),
        ("network_order_id=n-1&account=main&status=approve", vec![]),
        ("phone=%2B48500100200&delivery=refused", vec![]),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(list(&bench, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_told() {
    let bench = bench().await;
    for (query, word) in [
        ("network_order_id=n-1", "account"),
        ("status=approved", "wait, hold, approve, cancel, trash"),
        ("click_id=x&status=approved", "wait, hold, approve, cancel, trash"),
        ("delivery=lost", "undeliverable"),
        ("limit=0", "200"),
        ("limit=201", "200"),
        ("limit=-1", "200"),
        ("limit=many", "200"),
        ("cursor=nonsense", "cursor"),
        ("cursor=", "cursor"),
        ("phone=anna", "E.164"),
        ("phone=", "E.164"),
        ("clickid=x", "click_id"),
        ("of=tea", "offer"),
        ("from=soon", "2026-03-01"),
        ("to=", "12h"),
        ("history=yes", "history"),
    ] {
        let problem = bench.read(&format!("/orders?{query}")).await.problem(400);
        assert!(problem["detail"].as_str().unwrap().contains(word), "{query}: {problem}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let bench = bench().await;
    let mut all = Vec::new();
    for number in 0..13 {
        let phone = format!("5001002{number:02}");
        all.push(sent(&bench, "tea", &format!("n-{number}"), &json!({"phone": phone, "click_id": "clk-1"})).await);
    }
    all.reverse();
    for query in ["limit=5", "limit=5&account=main", "limit=5&click_id=clk-1", "limit=5&status=wait"] {
        let mut found = Vec::new();
        let mut cursor = String::new();
        for _ in 0..10 {
            let listing = bench.read(&format!("/orders?{query}{cursor}")).await.expect(200);
            assert!(ids(&listing).len() <= 5, "{query}");
            found.extend(ids(&listing));
            let Some(next) = listing["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, all, "{query}");
    }
    // Each entry is told as the order by itself is.
    let listing = bench.read("/orders?limit=1&history=1").await.expect(200);
    let mut order = bench.order(&all[0]).await;
    assert_eq!(listing["orders"][0], order);
    order.as_object_mut().unwrap().remove("history");
    assert_eq!(bench.read("/orders?limit=1").await.expect(200)["orders"][0], order);
}

#[tokio::test]
async fn fifty_are_a_page_and_two_hundred_are_the_most() {
    let bench = bench().await;
    for number in 0..55 {
        sent(&bench, "tea", &format!("n-{number}"), &json!({"phone": format!("5001002{number:02}"), "test": true}))
            .await;
    }
    let listing = bench.read("/orders").await.expect(200);
    assert_eq!(ids(&listing).len(), 50);
    assert!(listing["next"].is_string());
    assert_eq!(list(&bench, "limit=200").await.len(), 55);
}

#[tokio::test]
async fn a_client_sees_the_orders_of_its_offers_only() {
    let bench = bench().await;
    let own = sent(&bench, "tea", "n-1", &json!({"click_id": "clk-1"})).await;
    sent(&bench, "coffee", "n-1", &json!({"click_id": "clk-1"})).await;
    for query in ["", "click_id=clk-1", "phone=%2B48500100200", "status=wait", "delivery=delivered"] {
        let listing = bench.read_as(&Event::get(&format!("/orders?{query}")).key(TEA_DESK)).await.expect(200);
        assert_eq!(ids(&listing), std::slice::from_ref(&own), "{query}");
    }
    for query in ["account=other", "network_order_id=n-1&account=other"] {
        let listing = bench.read_as(&Event::get(&format!("/orders?{query}")).key(TEA_DESK)).await.expect(200);
        assert_eq!(listing, json!({"orders": [], "next": null}), "{query}");
    }
}

#[tokio::test]
async fn an_order_of_a_newer_version_is_counted_and_stands_in_no_lists_way() {
    let bench = bench().await;
    let sound = sent(&bench, "tea", "n-1", &json!({"click_id": "clk-1"})).await;
    let bent = sent(&bench, "tea", "n-2", &json!({"click_id": "clk-1"})).await;
    bench.bend(&bent, "dl", "teleported").await;
    for query in ["", "click_id=clk-1", "phone=%2B48500100200", "status=wait", "account=main"] {
        let listing = bench.read(&format!("/orders?{query}")).await.expect(200);
        assert_eq!((ids(&listing), &listing["unreadable"]), (vec![sound.clone()], &json!([bent])), "{query}");
    }
    let problem = bench.read(&format!("/orders/{bent}")).await.problem(500);
    assert!(problem["detail"].as_str().unwrap().contains("`dl`"), "{problem}");
    // Not of another client's business.
    let coffee = sent(&bench, "coffee", "n-3", &json!({})).await;
    bench.bend(&coffee, "st", "ascended").await;
    let listing = bench.read_as(&Event::get("/orders").key(TEA_DESK)).await.expect(200);
    assert_eq!(listing["unreadable"], json!([bent]));
    // A context that cannot be read costs no more than itself.
    bench.bend(&sound, "rs", "no number").await;
    assert_eq!(bench.order(&sound).await["status"], "wait");
}

#[tokio::test]
async fn what_is_read_is_kept_by_nobody_on_the_way() {
    let bench = bench().await;
    let id = sent(&bench, "tea", "n-1", &json!({})).await;
    for path in [format!("/orders/{id}"), "/orders".to_owned(), "/orders/parked?account=main".to_owned()] {
        let reply = bench.read(&path).await;
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[tokio::test]
async fn a_parked_cursor_that_was_made_up_is_refused() {
    let bench = bench().await;
    for number in 0..3 {
        bench.postback("main", &format!("eid=stray-{number}&status=hold&sth=hold")).await.expect(200);
    }
    let first = bench.read("/orders/parked?account=main&limit=2").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let rest = bench.read(&format!("/orders/parked?account=main&limit=2&cursor={next}")).await.expect(200);
    assert_eq!(rest["parked"].as_array().unwrap().len(), 1);
    for wrong in ["", "00", "6f23", "zz", "ł", "deadbeef", "deadbeef6f23", &next[1..]] {
        bench.read(&format!("/orders/parked?account=main&cursor={wrong}")).await.problem(400);
    }
    bench.read(&format!("/orders/parked?account=other&cursor={next}")).await.problem(400);
}

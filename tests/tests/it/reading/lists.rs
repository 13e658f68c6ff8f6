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
        // Together they narrow each other.
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
        ("offer=tea", "offer"),
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
    let listing = bench.read("/orders?limit=1").await.expect(200);
    assert_eq!(listing["orders"][0], bench.order(&all[0]).await);
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

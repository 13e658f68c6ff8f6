//! What goes with an order never costs it, and what makes it is read in every harmless spelling.

use serde_json::{Value, json};

use super::{accepted, bench, lead_with, nothing_happened};
use crate::harness::{Event, KEY};

/// Members, what is kept of them (`null`: nothing), and what is told.
fn rows() -> Vec<(Value, Value, Value)> {
    let told = |field: &str, did: &str| json!([{"field": field, "did": did}]);
    let long = |text: &str, count: usize| format!("{text}{}", "x".repeat(count));
    let referer = long("https://l.example/?u=", 2500);
    let agent = long("Mozilla/5.0 ", 1500);
    vec![
        (json!({"ip": "203.0.113.7, 10.0.0.1"}), json!({"ip": "203.0.113.7"}), told("ip", "repaired")),
        (json!({"ip": "203.0.113.7:51234"}), json!({"ip": "203.0.113.7"}), told("ip", "repaired")),
        (json!({"ip": "[2001:db8::1]:443"}), json!({"ip": "2001:db8::1"}), told("ip", "repaired")),
        (json!({"ip": "unknown"}), json!({"ip": null}), told("ip", "left out")),
        (json!({"referer": referer}), json!({"referer": referer[..2000]}), told("referer", "cut")),
        (json!({"landing_url": referer}), json!({"landing_url": referer[..2000]}), told("landing_url", "cut")),
        (json!({"user_agent": agent}), json!({"user_agent": agent[..1000]}), told("user_agent", "cut")),
        (json!({"email": "jan"}), json!({"email": null}), told("email", "left out")),
        (json!({"city": ["a"]}), json!({"city": null}), told("city", "left out")),
        (json!({"price": "139,00"}), json!({"price": "139.00"}), told("price", "repaired")),
        (json!({"price": "139 zł"}), json!({"price": "139", "currency": "PLN"}), told("price", "repaired")),
        (json!({"price": "call us"}), json!({"price": null}), told("price", "left out")),
        (json!({"price": "990", "currency": "RUR"}), json!({"currency": "RUB"}), told("currency", "repaired")),
        (json!({"price": "990", "currency": "€"}), json!({"currency": "EUR"}), told("currency", "repaired")),
        (json!({"country": "XX"}), json!({"country": "PL"}), told("country", "left out")),
        (json!({"country": "T1"}), json!({"country": "PL"}), told("country", "left out")),
        (json!({"name": "Jan\tTest"}), json!({"name": "Jan Test"}), told("name", "repaired")),
        (json!({"phone": "p:+48500100200"}), json!({"phone": "+48500100200"}), json!(null)),
        (json!({"fbclid": "IwAR1", "consent": true}), json!({"fbclid": "IwAR1", "consent": "true"}), json!(null)),
        (json!({"gclid": "x".repeat(501)}), json!({"gclid": "x".repeat(500)}), told("gclid", "cut")),
    ]
}

#[tokio::test]
async fn what_goes_with_an_order_is_repaired_cut_or_left_out_and_told() {
    let bench = bench().await;
    bench.network.otherwise(|_| accepted());
    for (members, kept, told) in rows() {
        let reply = bench.send_lead(&lead_with(&members)).await;
        let receipt = reply.expect(201);
        assert_eq!(receipt.get("noted").unwrap_or(&Value::Null), &told, "{members}");
        assert_eq!(receipt.get("ignored"), None, "{members}");
        let order = bench.order(&reply.text("order_id")).await;
        for (name, wanted) in kept.as_object().unwrap() {
            assert_eq!(order["lead"].get(name).unwrap_or(&Value::Null), wanted, "{members}");
        }
        let note = told.get(0).map(|told| format!("{}: {}", told["field"], told["did"]).replace('"', ""));
        assert_eq!(order["history"][0]["note"], json!(note), "{members}");
    }
}

#[tokio::test]
async fn names_that_nobody_reads_are_told_in_the_answer_and_in_the_history() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let key = Event::post("/leads").key(KEY).header("idempotency-key", "order-17");
    let event = key.json(&lead_with(&json!({"form_id": 7, "created_at": "2026-11-27", "emial": "x"})));
    let first = bench.send(&event).await;
    let ignored = json!(["form_id", "created_at", "emial (email?)"]);
    assert_eq!(first.expect(201)["ignored"], ignored);
    let order = bench.order(&first.text("order_id")).await;
    assert_eq!(order["history"][0]["note"], "ignored: form_id, created_at, emial (email?)");
    assert_eq!(bench.send(&event).await.expect(200)["ignored"], ignored);
    let problem = bench.send_lead(&json!({"offer": "tea", "name": "Jan Test", "fone": "500100200"})).await.problem(422);
    assert_eq!(problem["errors"][0]["message"], "the customer's phone number is wanted; `fone` is no field");
}

#[tokio::test]
async fn a_field_that_the_network_cannot_do_without_is_wanted_and_told() {
    let bench = bench().await;
    let strict = lead_with(&json!({"offer": "strict", "country": "PL", "ip": "unknown"}));
    let problem = bench.send_lead(&strict).await.problem(422);
    assert_eq!(problem["errors"][0]["field"], "ip");
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("cannot be read"), "{problem}");
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn a_name_that_nobody_can_see_is_none() {
    let bench = bench().await;
    for name in ["\u{200b}", "\u{2800}", "\u{feff}", "\u{3164}", " \t"] {
        let problem = bench.send_lead(&lead_with(&json!({"name": name}))).await.problem(422);
        assert_eq!(problem["errors"][0]["field"], "name", "{name:?}");
    }
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn every_kind_of_body_brings_the_same_lead() {
    let bench = bench().await;
    bench.network.otherwise(|_| accepted());
    let part =
        |name: &str, text: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
    let multipart =
        format!("{}{}{}--x--\r\n", part("offer", "tea"), part("name", "Jan Test"), part("phone", "500 100 200"));
    let json = super::lead().to_string();
    let bodies = [
        ("multipart/form-data; boundary=x", multipart.into_bytes()),
        ("application/vnd.crm+json", json.clone().into_bytes()),
        ("text/plain;charset=UTF-8", json.clone().into_bytes()),
        ("application/x-www-form-urlencoded; charset=utf-8", b"offer=tea&name=Jan+Test&phone=500+100+200".to_vec()),
        (
            "application/x-www-form-urlencoded",
            b"offer=tea&name=Jan+Test&phone=500+100+200&submit=%CE%F2%EF%F0%E0%E2%E8%F2%FC".to_vec(),
        ),
    ];
    for (media, body) in bodies {
        let reply = bench.send(&Event::post("/leads").key(KEY).body(media, body)).await;
        assert_eq!(reply.status, 201, "{media}: {}", reply.json());
        let lead = &bench.order(&reply.text("order_id")).await["lead"];
        let wanted = json!({"name": "Jan Test", "phone": "+48500100200", "phone_raw": "500 100 200", "country": "PL"});
        assert_eq!(lead, &wanted, "{media}");
    }
}

/// Servers accept pages too (Java's do by themselves), and no browser's form can send a secret key.
#[tokio::test]
async fn a_servers_form_that_accepts_pages_is_no_browsers() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let pairs = [("offer", "thanked"), ("name", "Jan Test"), ("phone", "500100200")];
    let event = Event::post("/leads").key(KEY).form(&pairs);
    let event = event.header("accept", "text/html, image/gif, */*; q=.2").header("user-agent", "Java/17.0.9");
    let reply = bench.send(&event).await;
    reply.expect(201);
    let lead = &bench.order(&reply.text("order_id")).await["lead"];
    assert!(lead.get("ip").is_none() && lead.get("user_agent").is_none(), "{lead}");
}

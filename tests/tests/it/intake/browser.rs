//! Forms that people's browsers post.

use serde_json::json;

use super::{PAGE, SENDER, SHOP, accepted, bench, lead_with};
use crate::harness::{Event, KEY};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64)";

fn form(offer: &str, more: &[(&'static str, &'static str)]) -> Event {
    let mut pairs = vec![("key", PAGE), ("offer", offer), ("name", "Jan Test"), ("phone", "500100200")];
    pairs.extend(more);
    Event::post("/leads").form(&pairs).by_browser(SHOP)
}

#[tokio::test]
async fn a_browser_is_thanked_with_the_order_id() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let reply = bench.send(&form("thanked", &[])).await;
    let id = reply.expect(303)["order_id"].as_str().unwrap().to_owned();
    let thanks = format!("https://shop.example/thanks?from=form&order_id={id}");
    assert_eq!(reply.header("location"), Some(thanks.as_str()));
    assert_eq!(bench.order(&id).await["delivery"], "delivered");
}

#[tokio::test]
async fn a_browser_is_thanked_whatever_the_network_says() {
    let bench = bench().await;
    bench.network.script([crate::harness::Act::answer(422, "{}"), crate::harness::Act::close_read()]);
    assert_eq!(bench.send(&form("thanked", &[])).await.status, 303);
    assert_eq!(bench.send(&form("thanked", &[])).await.status, 303);
}

#[tokio::test]
async fn without_a_page_of_thanks_the_answer_is_json() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    bench.send(&form("tea", &[])).await.expect(201);
}

#[tokio::test]
async fn a_program_is_not_redirected() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let pairs = [("offer", "thanked"), ("name", "Jan Test"), ("phone", "500100200")];
    bench.send(&Event::post("/leads").key(KEY).form(&pairs)).await.expect(201);
}

#[tokio::test]
async fn a_browsers_address_and_name_are_the_customers() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let id = bench.send(&form("tea", &[])).await.text("order_id");
    let lead = &bench.order(&id).await["lead"];
    assert_eq!((&lead["ip"], &lead["user_agent"]), (&json!("203.0.113.80"), &json!(BROWSER)));
    assert_eq!(bench.network.take()[0].json()["client"]["ip"], "203.0.113.80");
}

#[tokio::test]
async fn what_the_form_says_itself_stays() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let id = bench.send(&form("tea", &[("ip", "203.0.113.9"), ("user_agent", "Own")])).await.text("order_id");
    let lead = &bench.order(&id).await["lead"];
    assert_eq!((&lead["ip"], &lead["user_agent"]), (&json!("203.0.113.9"), &json!("Own")));
}

/// The caller's own address and name would be a server's: none of them is the customer's.
#[tokio::test]
async fn a_programs_address_and_name_are_nobodys() {
    let bench = bench().await;
    let pairs = [("offer", "tea"), ("name", "Jan Test"), ("phone", "500100200")];
    let program =
        |event: Event| event.key(SENDER).header("user-agent", "crm/1.0").header("x-forwarded-for", "203.0.113.80");
    for event in
        [program(Event::post("/leads").form(&pairs)), program(Event::post("/leads").json(&lead_with(&json!({}))))]
    {
        bench.network.script([accepted()]);
        let id = bench.send(&event).await.text("order_id");
        let lead = &bench.order(&id).await["lead"];
        assert!(lead.get("ip").is_none() && lead.get("user_agent").is_none(), "{lead}");
        assert!(bench.network.take()[0].json()["client"].get("ip").is_none());
    }
}

#[tokio::test]
async fn a_form_sent_twice_with_its_own_id_makes_one_order() {
    let bench = bench().await;
    bench.network.script([accepted()]);
    let first = bench.send(&form("thanked", &[("external_id", "form-17")])).await;
    let second = bench.send(&form("thanked", &[("external_id", "form-17")])).await;
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(second.json()["replayed"], true);
    assert_eq!(bench.network.take().len(), 1);
}

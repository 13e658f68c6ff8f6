//! Control calls, and the configuration that leads to the fakes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::RawQuery;
use axum::routing::get;
use networks::{Network, Settings, Submission, SubmitInput};
use relay::config::Parsed;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::Bench;

#[tokio::test]
async fn a_decision_calls_the_door_with_the_network_s_own_tail() {
    let bench = Bench::new().await;
    let (told, mut heard) = mpsc::unbounded_channel();
    let door = axum::Router::new().route(
        networks::DOOR_PATH,
        get(move |RawQuery(query): RawQuery| async move {
            told.send(query.unwrap()).unwrap();
            "ok"
        }),
    );
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, door).await });
    let door = format!("http://{address}{}?id=fake-k3y", networks::DOOR_PATH);

    let sender = bench.to("everad");
    sender.deliver().await;
    let path = format!("/control/everad/orders/{}", sender.order);
    let decision = json!({ "status": "approve", "postback": true, "door": door });
    let (status, answer) = bench.post(&path, decision).await;
    assert_eq!((status, &answer["postback"]["answered"]), (200, &json!({ "status": 200, "body": "ok" })));
    let query = heard.recv().await.unwrap();
    let tail = answer["postback"]["tail"].as_str().unwrap();
    assert_eq!(query, format!("id=fake-k3y&{tail}"));
    assert!(tail.starts_with(&format!("oid={}&status=", sender.order)), "{tail}");

    let elsewhere = json!({ "status": "approve", "postback": true, "door": "http://door.example/?id=a-b" });
    let (status, answer) = bench.post(&path, elsewhere).await;
    assert_eq!(status, 400, "{answer}");
    let (status, answer) = bench.post(&path, json!({ "status": "sold" })).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn the_page_lists_every_fake() {
    let bench = Bench::new().await;
    let page = bench.get("/").await;
    let page = page.as_str().unwrap();
    assert!(bench.slugs().iter().all(|slug| page.contains(&format!("/control/{slug}\""))));
}

#[tokio::test]
async fn a_configuration_keeps_what_it_says_and_goes_to_the_fakes() {
    let bench = Bench::new().await;
    let text = r#"
        [accounts.main]
        network = "terraleads"
        user = "17"
        api = "env:API"
        [offers.tea]
        account = "main"
        terra = "5"
        [clients.site]
        key = "env:SITE"
    "#;
    let parsed = relay::config::parse("leadrelay.toml", text, &BTreeMap::new()).unwrap();
    let redirected = bench.running.redirect(parsed.clone()).unwrap();
    let account = &redirected.accounts["main"];
    assert_eq!(account.base_url.as_ref().unwrap().as_str(), format!("{}/terraleads", bench.running.url));
    assert_eq!(account.settings, parsed.accounts["main"].settings);
    assert_eq!((&redirected.offers, &redirected.clients), (&parsed.offers, &parsed.clients));

    let mut sender = bench.to("terraleads");
    sender.settings = Settings::from_pairs([("user", "17"), ("api", "what nobody has told the fake")]);
    sender.deliver().await;
    let shown = bench.get("/control/terraleads").await;
    assert_eq!(shown["unchecked"], json!(["the signature"]), "the number of the user is known and right");
}

#[tokio::test]
async fn an_empty_configuration_gets_an_account_and_an_offer_for_every_fake() {
    let bench = Bench::new().await;
    let parsed = bench.running.redirect(Parsed::default()).unwrap();
    assert_eq!(parsed.offers.keys().cloned().collect::<Vec<_>>(), bench.slugs());
    assert_eq!(parsed.accounts.len(), bench.slugs().len());
    assert_eq!(parsed.clients.len(), 1);
    let documents = parsed.documents(|key| Ok(key.to_owned())).unwrap();
    assert_eq!(documents.len(), 2 * bench.slugs().len() + 1);
}

const OWN: &str = r#"
format = 1
slug = "own"
name = "Own"
statuses_by = "poll"
correlate = "eid"
guide = "None."
settings = { api = { title = "token", secret = true } }

[submit]
proof = { confidence = "inferred", source = "a test", checked = "2026-11-22" }
call = { method = "POST", url = "https://own.example/leads", encoding = "form", fields = { token = "{setting.api}", phone = "{lead.phone}" } }
reply = { delivered = [{ http = [201], at = "/lead/id" }], order_id = "/lead/id" }
"#;

#[tokio::test]
async fn a_network_of_the_user_s_own_is_played_by_its_contract_alone() {
    let bench = Bench::new().await;
    let network = Arc::new(Network::parse("own.toml", "own", OWN).unwrap());
    let own = BTreeMap::from([("own".to_owned(), (OWN.to_owned(), Arc::clone(&network)))]);
    let parsed = relay::config::parse("c.toml", "[accounts.mine]\nnetwork = 'own'\napi = 't-1'", &own).unwrap();
    let parsed = bench.running.redirect(parsed).unwrap();
    let base = parsed.accounts["mine"].base_url.clone().unwrap();

    let like = bench.to("terraleads");
    let settings = Settings::from_pairs([("api", "t-1")]);
    let input = SubmitInput { settings: &settings, base_url: Some(&base), ..like.input() };
    let request = network.submit_request(&input, None).unwrap();
    let reply = bench.transport.send(&request).await.unwrap();
    let Submission::Delivered(taken) = network.read_submission(&reply, None) else { panic!("{reply:?}") };
    assert_eq!(bench.get("/control/own").await["orders"][0]["order_id"], json!(taken.network_order_id));
}

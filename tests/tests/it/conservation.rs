//! What came in is the sum of what became of it; what is not is found, shown and can be sent again.

use std::time::Duration;

use orders::{Inserted, NewOrder};
use relay::sweep::{Counts, Sums};
use serde_json::{Value, json};

use crate::harness::{Act, Bench, NOBODY, TWO_ACCOUNTS, accepted, kinds, lead_at};

async fn bench() -> Bench {
    Bench::configured(TWO_ACCOUNTS).await
}

async fn ask(bench: &Bench, request: Value) -> Sums {
    bench.sweep_for(request, Duration::from_mins(5)).await
}

async fn audit(bench: &Bench) -> relay::sweep::AuditAnswer {
    let sums = ask(bench, json!({"audit": {}})).await;
    assert_eq!(sums.errors, []);
    *sums.audit.unwrap()
}

async fn retry(bench: &Bench, request: Value) -> relay::sweep::RetryAnswer {
    let sums = ask(bench, json!({"retry": request})).await;
    assert_eq!(sums.errors, []);
    sums.retry.unwrap()
}

/// An order whose function died right after it was stored.
async fn orphan(bench: &Bench) -> String {
    bench.network.script([accepted()]);
    let id = bench.send_lead(&lead_at("tea")).await.text("order_id");
    let like = bench.stored(&id).await;
    let new = NewOrder {
        id: lead::OrderId::new(like.created() + 1, "+48500100200", 77),
        account: like.account.clone(),
        offer: like.offer.clone(),
        network: like.network.clone(),
        client: like.client.clone(),
        lead: like.lead.clone().unwrap(),
        overrides: like.overrides.clone(),
        test: false,
        duplicate_of: None,
        expires: None,
    };
    assert_eq!(bench.store.insert(&new).await, Ok(Inserted::Stored));
    new.id.to_string()
}

#[tokio::test]
async fn every_lead_is_counted_in_one_state() {
    let bench = bench().await;
    let acts = [accepted(), Act::answer(422, "{}"), Act::answer(429, ""), Act::close_read(), accepted()];
    for act in acts {
        bench.network.script([act]);
        bench.send_lead(&lead_at("tea")).await;
    }
    let mut test = lead_at("watch");
    test["test"] = json!(true);
    bench.send_lead(&test).await.expect(201);
    // A key whose lead was never stored is no lead.
    let id = "01k3000000a000000000000000".parse().unwrap();
    bench.store.claim_key("tester", "lost", &id, "f", 4_000_000_000).await.unwrap();
    bench.clock.advance(Duration::from_mins(10));
    let answer = audit(&bench).await;
    let main = Counts { received: 5, delivered: 2, refused: 1, queued: 1, unknown: 1, ..Counts::default() };
    assert_eq!(answer.accounts["main"], main);
    assert_eq!(answer.accounts["other"], Counts { received: 1, test: 1, ..Counts::default() });
    assert_eq!((answer.total.received, answer.total.remainder, answer.complete), (6, 0, true));
    let narrow = ask(&bench, json!({"audit": {"from": "5m", "account": "main"}})).await.audit.unwrap();
    assert_eq!(narrow.total.received, 0);
    let wrong = ask(&bench, json!({"audit": {"from": "soon"}})).await;
    assert!(wrong.audit.is_none() && wrong.errors[0].error.starts_with("`soon` is no time"), "{:?}", wrong.errors);
    let wrong = ask(&bench, json!({"audit": {"form": "2d"}})).await;
    assert_eq!((wrong.audit, wrong.errors.len(), wrong.accounts), (None, 1, 0), "no run is made of it");
}

#[tokio::test]
async fn a_lead_no_run_knows_of_is_a_remainder_until_the_daily_audit_finds_it() {
    let bench = bench().await;
    let id = orphan(&bench).await;
    assert_eq!(audit(&bench).await.total.remainder, 0, "its call may still be running");
    bench.sweep().await;
    // The relay was away for longer than each run looks back.
    bench.clock.advance(Duration::from_hours(3));
    bench.sweep().await;
    let answer = audit(&bench).await;
    assert_eq!((answer.total.remainder, answer.remainder.as_slice()), (1, [id.clone()].as_slice()));
    assert_eq!(bench.order(&id).await["delivery"], "queued");
    bench.clock.advance(Duration::from_hours(24));
    bench.sweep().await;
    let order = bench.order(&id).await;
    assert_eq!(
        (order["delivery"].as_str(), kinds(&order).as_slice()),
        (Some("unknown"), ["received", "unknown"].map(str::to_owned).as_slice())
    );
    assert_eq!(audit(&bench).await.total.remainder, 0);
    assert_eq!(bench.network.take().len(), 1, "it is never sent by itself");
}

#[tokio::test]
async fn a_lead_whose_function_died_during_the_audit_is_found_though_no_run_came_for_a_month() {
    let bench = bench().await;
    bench.sweep().await;
    bench.clock.advance(Duration::from_hours(24));
    let id = orphan(&bench).await;
    // The first run after midnight: the lead may still be on its way.
    bench.clock.advance(Duration::from_secs(1));
    bench.sweep().await;
    assert_eq!(bench.order(&id).await["delivery"], "queued");
    bench.clock.advance(Duration::from_hours(31 * 24));
    bench.sweep().await;
    assert_eq!(bench.order(&id).await["delivery"], "unknown");
}

#[tokio::test]
async fn leads_of_an_account_that_is_gone_are_a_remainder() {
    let bench = bench().await;
    bench.network.script([Act::answer(429, "")]);
    bench.send_lead(&lead_at("watch")).await.expect(202);
    assert_eq!(audit(&bench).await.total.remainder, 0);
    bench.store.delete_config("account#other").await.unwrap();
    assert_eq!(audit(&bench).await.accounts["other"].remainder, 1);
}

/// An order all of whose tries have failed.
async fn undeliverable(bench: &Bench) -> String {
    let id = bench.send_lead(&lead_at("tea")).await.text("order_id");
    for _ in 0..7 {
        bench.clock.advance(Duration::from_hours(13));
        bench.sweep_all().await;
    }
    assert_eq!(bench.order(&id).await["delivery"], "undeliverable");
    id
}

#[tokio::test]
async fn what_was_given_up_is_sent_again_at_a_persons_word() {
    let bench = Bench::configured(&TWO_ACCOUNTS.replace("NETWORK", NOBODY)).await;
    let id = undeliverable(&bench).await;
    bench.configure(TWO_ACCOUNTS).await;
    bench.clock.advance(Duration::from_mins(70));
    let shown = retry(&bench, json!({"account": "main", "since": "30d"})).await;
    assert_eq!((shown.applied, shown.queued, shown.orders.len()), (false, 1, 1));
    assert!(shown.orders[0].why.as_ref().unwrap().starts_with("no connection"), "{:?}", shown.orders);
    assert_eq!(bench.order(&id).await["delivery"], "undeliverable", "a dry run changes nothing");
    for elsewhere in [json!({"account": "other"}), json!({"account": "main", "since": "1d"})] {
        assert_eq!(retry(&bench, elsewhere).await.orders, []);
    }
    let done = retry(&bench, json!({"account": "main", "apply": true})).await;
    assert_eq!((done.applied, done.queued), (true, 1));
    bench.network.script([accepted()]);
    assert_eq!(bench.sweep().await.resent, 1);
    let order = bench.order(&id).await;
    assert_eq!((&order["delivery"], &order["tries"]), (&json!("delivered"), &json!(1)));
    assert_eq!(retry(&bench, json!({"order_id": id})).await.orders[0].kept.as_deref(), Some("the network has it"));
}

#[tokio::test]
async fn what_is_in_doubt_is_sent_again_one_by_one_and_knowingly() {
    let bench = bench().await;
    bench.network.script([Act::close_read()]);
    let id = bench.send_lead(&lead_at("tea")).await.text("order_id");
    assert_eq!(retry(&bench, json!({"apply": true})).await.orders, [], "never as one of many");
    let shown = retry(&bench, json!({"order_id": id, "apply": true})).await;
    assert!(shown.orders[0].kept.as_ref().unwrap().contains("--i-know-it-did-not-arrive"), "{shown:?}");
    assert_eq!(bench.order(&id).await["delivery"], "unknown");
    let all = ask(&bench, json!({"retry": {"apply": true, "i_know_it_did_not_arrive": true}})).await;
    assert_eq!(all.errors[0].error, "what is in doubt is sent again one by one: name the order");
    let done = retry(&bench, json!({"order_id": id, "apply": true, "i_know_it_did_not_arrive": true})).await;
    assert_eq!(done.queued, 1);
    bench.network.script([accepted()]);
    bench.sweep().await;
    assert_eq!(kinds(&bench.order(&id).await), ["received", "unknown", "queued", "attempt", "delivered"]);
}

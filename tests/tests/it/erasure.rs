//! A customer's data goes when they ask or when it is too old; the figures stay.

use std::time::Duration;

use relay::sweep::ForgetAnswer;
use serde_json::{Value, json};

use crate::harness::{Act, Bench};

const CONFIG: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[offers.tea]
account = "main"
country = "PL"
drcash = "f10w"
duplicates = { days = 30, action = "flag" }
"#;

async fn bench() -> Bench {
    let bench = Bench::configured(CONFIG).await;
    bench.network.otherwise(|_| Act::json(&json!({"uuid": "u-1"})));
    bench
}

fn lead(phone: &str) -> Value {
    json!({"offer": "tea", "name": "Jan Test", "phone": phone, "click_id": "clk-1", "comment": "call Jan after six"})
}

async fn forget(bench: &Bench, request: Value) -> ForgetAnswer {
    let sums = bench.sweep_for(json!({"forget": request}), Duration::from_mins(5)).await;
    assert_eq!(sums.errors, []);
    let answer = sums.forget.unwrap();
    let told = serde_json::to_string(&answer).unwrap();
    assert!(!told.contains("500100") && !told.contains("Jan") && !told.contains("clk-1"), "{told}");
    answer
}

#[tokio::test]
async fn a_phone_is_forgotten_and_its_figures_are_kept() {
    let bench = bench().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(bench.send_lead(&lead("500 100 200")).await.text("order_id"));
        bench.clock.advance(Duration::from_secs(1));
    }
    let other = bench.send_lead(&lead("500 100 201")).await.text("order_id");
    bench
        .postback("main", &format!("oid={}&status=approve&sta=approve&pay=12.50&cc=EUR&comment=Jan", ids[0]))
        .await
        .expect(200);
    bench.postback("main", "eid=u-9&status=hold&sth=hold&comment=Jan").await.expect(200);

    let counted = forget(&bench, json!({"phone": "+48 500 100 200"})).await;
    assert_eq!((counted.applied, counted.orders, counted.order_ids.len()), (false, 2, 2));
    assert!(bench.order(&ids[0]).await["lead"].is_object(), "a dry run erases nothing");
    let done = forget(&bench, json!({"phone": "+48500100200", "apply": true})).await;
    assert_eq!((done.applied, done.orders), (true, 2));
    for id in &ids {
        let text = bench.order(id).await.to_string();
        assert!(!text.contains("500100200") && !text.contains("Jan") && !text.contains("clk-1"), "{text}");
    }
    let kept = bench.order(&ids[0]).await;
    assert_eq!(
        (&kept["status"], &kept["payout"], &kept["currency"]),
        (&json!("approve"), &json!("12.50"), &json!("EUR"))
    );
    assert_eq!(kept["network_order_id"], "u-1");
    assert!(bench.order(&other).await["lead"].is_object());
    assert_eq!(bench.store.customer("tea", "+48500100200").await.unwrap(), None);
    assert!(bench.store.customer("tea", "+48500100201").await.unwrap().is_some());
    assert_eq!(forget(&bench, json!({"phone": "+48500100200", "apply": true})).await.orders, 0);
    // The customer may come again as if new.
    assert_eq!(bench.send_lead(&lead("500 100 200")).await.expect(201)["duplicate_of"], Value::Null);
}

#[tokio::test]
async fn one_order_is_forgotten_alone() {
    let bench = bench().await;
    let first = bench.send_lead(&lead("500 100 200")).await.text("order_id");
    bench.clock.advance(Duration::from_secs(1));
    let second = bench.send_lead(&lead("500 100 200")).await.text("order_id");
    assert_eq!(forget(&bench, json!({"order_id": first, "apply": true})).await.orders, 1);
    assert!(bench.order(&first).await["lead"].is_null());
    assert!(bench.order(&second).await["lead"].is_object());
    assert!(bench.store.customer("tea", "+48500100200").await.unwrap().is_some(), "the second one's claim stays");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told_without_repeating_it() {
    let bench = bench().await;
    for wrong in [
        json!({}),
        json!({"phone": "500100200"}),
        json!({"phone": "+48500100200x"}),
        json!({"phon": "+48500100200"}),
        json!("+48500100200"),
    ] {
        let sums = bench.sweep_for(json!({"forget": wrong}), Duration::from_mins(5)).await;
        assert_eq!((sums.forget, sums.errors.len()), (None, 1));
        assert!(!sums.errors[0].error.contains("500100"), "{:?}", sums.errors);
    }
}

#[tokio::test]
async fn what_is_older_than_its_days_is_erased_by_the_daily_run() {
    let bench = bench().await;
    let old = bench.send_lead(&lead("500 100 200")).await.text("order_id");
    bench.sweep().await;
    bench.clock.advance(Duration::from_hours(24 * 30));
    let young = bench.send_lead(&lead("500 100 201")).await.text("order_id");
    bench.clock.advance(Duration::from_hours(24 * 371));
    bench.sweep().await;
    assert!(bench.order(&old).await["lead"].is_null());
    assert_eq!(bench.order(&old).await["delivery"], "delivered");
    assert!(bench.order(&young).await["lead"].is_object());
    bench.clock.advance(Duration::from_hours(24 * 30));
    bench.sweep().await;
    assert!(bench.order(&young).await["lead"].is_null());
}

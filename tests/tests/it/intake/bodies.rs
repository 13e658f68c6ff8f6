//! Bodies that are no leads.

use serde_json::{Value, json};

use super::{bench, lead, lead_with, nothing_happened};
use crate::harness::{Event, KEY};

fn fields(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["message"].as_str().is_some_and(|text| !text.is_empty())), "{problem}");
    errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_nothing_is_stored() {
    let bench = bench().await;
    let post = || Event::post("/leads").key(KEY);
    let form = "application/x-www-form-urlencoded";
    let padded = |bytes: usize| lead_with(&json!({"comment": "x".repeat(bytes)}));
    let refused = [
        ("no JSON", 400, post().body("application/json", "{\"offer\": ")),
        ("a JSON list", 400, post().body("application/json", "[]")),
        ("an empty body", 400, post().body("application/json", "")),
        ("a form of no UTF-8", 400, post().body(form, "name=%ff")),
        ("no content type", 415, post()),
        ("plain text", 415, post().body("text/plain", lead().to_string())),
        ("multipart", 415, post().body("multipart/form-data; boundary=x", "--x--")),
        ("more than 64 KiB", 413, post().json(&padded(64 * 1024))),
        ("a long key", 400, post().header("idempotency-key", &"k".repeat(256)).json(&lead())),
        ("an empty key", 400, post().header("idempotency-key", " ").json(&lead())),
    ];
    for (what, status, event) in refused {
        let reply = bench.send(&event).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.json());
        reply.problem(status);
    }
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn a_content_type_may_have_parameters_and_either_case() {
    let bench = bench().await;
    bench.network.script([super::accepted()]);
    let event = Event::post("/leads").key(KEY).body("Application/JSON; charset=utf-8", lead().to_string());
    bench.send(&event).await.expect(201);
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let bench = bench().await;
    let wrong =
        json!({"offer": "anywhere", "phone": "12", "country": "Poland", "quantity": 0, "fone": "1", "email": "jan"});
    let problem = bench.send_lead(&wrong).await.problem(422);
    let mut told = fields(&problem);
    told.sort_unstable();
    assert_eq!(told, ["country", "email", "fone", "name", "quantity"]);
    // Nothing of what the customer typed is repeated.
    assert!(!problem.to_string().contains("jan"), "{problem}");
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn what_is_missing_is_told_for_a_form_as_for_json() {
    let bench = bench().await;
    let event = Event::post("/leads").key(KEY).form(&[("offer", "anywhere"), ("submit", "Order")]);
    assert_eq!(fields(&bench.send(&event).await.problem(422)), ["name", "phone", "country"]);
    assert_eq!(fields(&bench.send_lead(&json!({})).await.problem(422)), ["offer", "name", "phone"]);
}

#[tokio::test]
async fn what_the_network_cannot_do_without_is_told_with_its_name() {
    let bench = bench().await;
    let problem = bench.send_lead(&lead_with(&json!({"offer": "strict", "country": "PL"}))).await.problem(422);
    assert_eq!(fields(&problem), ["ip"]);
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("KMA"), "{problem}");
    nothing_happened(&bench).await;
}

/// All at once means all: what the lead lacks, what this network needs, and which parameters are wrong.
#[tokio::test]
async fn what_the_network_needs_is_told_together_with_what_is_wrong() {
    let bench = bench().await;
    let wrong = json!({"offer": "strict", "country": "PL", "phone": "500100200", "params": {"drcash": "1"}});
    let problem = bench.send_lead(&wrong).await.problem(422);
    let mut told = fields(&problem);
    told.sort_unstable();
    assert_eq!(told, ["ip", "name", "params.drcash"]);
}

#[tokio::test]
async fn a_number_that_does_not_fit_the_country_is_refused_never_moved() {
    let bench = bench().await;
    // A Romanian number; the offer sells in Poland.
    let problem = bench.send_lead(&lead_with(&json!({"phone": "0712345678"}))).await.problem(422);
    assert_eq!(fields(&problem), ["phone"]);
    nothing_happened(&bench).await;
    bench.network.script([super::accepted()]);
    let reply = bench.send_lead(&lead_with(&json!({"phone": "0712345678", "country": "ro"}))).await;
    reply.expect(201);
    let lead = bench.order(&reply.text("order_id")).await["lead"].clone();
    assert_eq!(
        (&lead["country"], &lead["phone"], &lead["phone_raw"]),
        (&json!("RO"), &json!("+40712345678"), &json!("0712345678"))
    );
}

#[tokio::test]
async fn other_paths_and_methods_lead_nowhere() {
    let bench = bench().await;
    for event in
        [Event::get("/leads").key(KEY), Event::post("/lead").key(KEY).json(&lead()), Event::post("/").json(&lead())]
    {
        bench.send(&event).await.problem(404);
    }
    nothing_happened(&bench).await;
}

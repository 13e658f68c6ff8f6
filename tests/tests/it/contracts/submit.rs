//! The cases of submits.

use networks::case::Received;
use networks::manifest::{Asks, Encoding};
use orders::Work;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Differences, Shown, cases, given, tell, wire};
use crate::harness::{Act, Bench, Event, KEY, Reply, kinds};

#[tokio::test]
async fn every_submit_case_holds_from_the_front_to_the_wire() {
    let shown = cases(|case| case.given.lead.is_some());
    let mut failures = Vec::new();
    for shown in &shown {
        let differences = run(shown).await;
        failures.extend(differences.0.into_iter().map(|difference| format!("{}: {difference}", shown.name)));
    }
    tell(shown.len(), &failures);
}

async fn run(shown: &Shown) -> Differences {
    let mut differences = Differences::default();
    let bench = given::bench(shown).await;
    bench.network.script(shown.case.receives.iter().map(act));
    let reply = send(&bench, shown).await;
    match &shown.case.then.cannot_send {
        Some(why) => cannot_send(&bench, why, &reply, &mut differences).await,
        None => compare(&bench, shown, &reply, &mut differences).await,
    }
    differences
}

pub(super) fn act(received: &Received) -> Act {
    let act = Act::answer(received.status, received.body.clone());
    match &received.content_type {
        Some(kind) => act.with_header("content-type", kind),
        None => act,
    }
}

/// Sends the case's lead so that it gets the case's order id: by a key that was claimed for this very body before.
async fn send(bench: &Bench, shown: &Shown) -> Reply {
    let body = given::lead(&shown.case).to_string();
    let fingerprint = hex::encode(Sha256::digest(format!("application/json\0{body}")));
    let id = given::order_id(&shown.case);
    bench.store.claim_key("tester", "case", &id, &fingerprint, 4_000_000_000).await.unwrap();
    let event = Event::post("/leads").key(KEY).header("idempotency-key", "case").body("application/json", body);
    bench.send(&event).await
}

/// A lead that cannot be sent is told of at once: by its field, or as the set-up's fault where it is that.
async fn cannot_send(bench: &Bench, why: &str, reply: &Reply, differences: &mut Differences) {
    let named = why.split(' ').find_map(|word| word.strip_prefix("lead."));
    let problem = reply.json();
    differences.compare("HTTP", &reply.status, &if named.is_some() { 422 } else { 503 });
    if let Some(field) = named {
        differences.compare("the field", &problem["errors"][0]["field"], &json!(field));
    }
    differences.compare("requests", &bench.network.take().len(), &0);
    differences.compare("stored", &bench.read("/orders").await.expect(200)["orders"], &json!([]));
}

async fn compare(bench: &Bench, shown: &Shown, reply: &Reply, differences: &mut Differences) {
    let case = &shown.case;
    let requests = bench.network.take();
    differences.compare("number of requests", &requests.len(), &case.sends.len());
    let submit = shown.network.manifest().submit.as_ref();
    let last = case.sends.len().saturating_sub(1);
    for (position, (sent, came)) in case.sends.iter().zip(&requests).enumerate() {
        // What goes before the submit has no body.
        let encoding = submit.filter(|_| position == last).map_or(Encoding::Query, |submit| submit.call.encoding);
        wire::compare(sent, &sent.query, encoding, came, differences);
    }
    let receipt = reply.json();
    let then = &case.then;
    let (status, delivery) = match then.delivery.as_deref() {
        Some("delivered") => (201, "delivered"),
        Some("refused") => (201, "refused"),
        Some("not-taken") => (202, "queued"),
        Some("unclear") => (202, "unknown"),
        other => return differences.fail(format!("no delivery: {other:?}; answered {receipt}")),
    };
    differences.compare("HTTP", &reply.status, &status);
    let order = bench.order(&case.given.order).await;
    for (whose, told) in [("answer", &receipt), ("order", &order)] {
        differences.compare(&format!("{whose}'s id"), &told["order_id"], &json!(case.given.order));
        differences.compare(&format!("{whose}'s delivery"), &told["delivery"], &json!(delivery));
        differences.compare(
            &format!("{whose}'s network order id"),
            &told["network_order_id"],
            &json!(then.network_order_id),
        );
    }
    differences.compare("the event", &kinds(&order).get(1).map(String::as_str), &Some(delivery));
    differences.compare("the work that is left", &bench.stored(&case.given.order).await.work, &work(shown, &order));
    match delivery {
        "refused" => compare_refusal(shown, &receipt, &order, differences),
        "delivered" => compare_delivered(shown, &receipt, &order, differences),
        _ => {
            differences.compare("status", &receipt["status"], &json!("wait"));
            differences.compare("a note", &order["history"][1]["note"].is_string(), &true);
        }
    }
}

/// What a scheduled run will do with the order.
fn work(shown: &Shown, order: &Value) -> Option<Work> {
    let by_our_id = matches!(shown.network.asks(), Some(Asks::Ours | Asks::Window));
    let by_their_id = shown.network.asks() == Some(Asks::Network) && order["network_order_id"].is_string();
    match order["delivery"].as_str().unwrap() {
        "queued" => Some(Work::Send),
        "unknown" => Some(Work::LookUp).filter(|_| by_our_id),
        "delivered" if order["status"] == "wait" => Some(Work::Poll).filter(|_| by_our_id || by_their_id),
        _ => None,
    }
}

fn compare_refusal(shown: &Shown, receipt: &Value, order: &Value, differences: &mut Differences) {
    let then = &shown.case.then;
    let reason = match then.cause.as_deref() {
        Some("duplicate") => json!(7),
        Some("bad-phone") => json!(1),
        _ => Value::Null,
    };
    for (whose, told) in [("answer", receipt), ("order", order)] {
        differences.compare(&format!("{whose}'s status"), &told["status"], &json!("cancel"));
        differences.compare(&format!("{whose}'s reason"), &told["reason"], &reason);
        differences.compare(&format!("{whose}'s comment"), &told["comment"], &json!(then.message));
    }
}

fn compare_delivered(shown: &Shown, receipt: &Value, order: &Value, differences: &mut Differences) {
    let then = &shown.case.then;
    differences.compare("the answer's status", &receipt["status"], &order["status"]);
    if then.status_word.is_none() {
        differences.compare("status", &receipt["status"], &json!("wait"));
    } else {
        differences.compare("the network's word", &order["raw_status"], &json!(then.status_word));
    }
    let marked = order["history"][1]["note"].is_string();
    differences.compare("marked as a duplicate", &marked, &then.marked_duplicate);
}

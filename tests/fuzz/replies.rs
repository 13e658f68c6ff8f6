//! Networks' answers. Each is read by every network of the catalogue: as the answer to a submit, to the request before
//! it and to a status call.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use networks::case::{self, Case, Received};
use networks::manifest::{Condition, Reply};
use networks::status::{RAW_WORD_CHARS, StatusReading, fold, is_unfilled_macro};
use networks::{HttpReply, NETWORK_ORDER_ID_BYTES, Network, Submission, Taken, catalog};
use serde_json::Value;

use crate::mutation::{Draw, bend_json, bent, seeds};

/// Every answer of the catalogue's cases, to submits and to status calls.
static ANSWERS: LazyLock<[Vec<HttpReply>; 2]> = LazyLock::new(|| {
    let cases = catalog::slugs().flat_map(case::built_in);
    let cases: Vec<Case> = cases.map(|(name, text)| Case::parse(name, text).unwrap()).collect();
    [true, false].map(|submits| {
        let cases = cases.iter().filter(|case| case.given.lead.is_some() == submits);
        cases.flat_map(|case| &case.receives).map(Received::reply).collect()
    })
});

/// Words and codes that some network knows.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words: BTreeSet<&String> = catalog::all().flat_map(|network| network.statuses().keys()).collect();
    words.into_iter().cloned().collect()
});

const CODES: [u16; 12] = [200, 200, 200, 200, 200, 201, 302, 400, 422, 429, 500, 503];

#[test]
fn answers_to_submits() {
    seeds_by(read_submission);
    bolero::check!()
        .with_iterations(1_500)
        .with_max_len(2_000)
        .for_each(|bytes| each_network(&drawn(bytes, Some(0)), read_submission));
}

#[test]
fn answers_to_status_calls() {
    seeds_by(read_statuses);
    bolero::check!()
        .with_iterations(1_500)
        .with_max_len(2_000)
        .for_each(|bytes| each_network(&drawn(bytes, Some(1)), read_statuses));
}

#[test]
fn answers_written_otherwise() {
    seeds_by(read_again);
    bolero::check!()
        .with_iterations(500)
        .with_max_len(2_000)
        .for_each(|bytes| each_network(&drawn(bytes, None), read_again));
}

fn each_network(reply: &HttpReply, property: fn(&Network, &HttpReply)) {
    catalog::all().for_each(|network| property(network, reply));
}

fn seeds_by(property: fn(&Network, &HttpReply)) {
    assert!(catalog::all().count() >= 47, "the catalogue");
    assert!(ANSWERS[0].len() > 150 && ANSWERS[1].len() > 30 && WORDS.len() > 50, "their cases");
    for seed in seeds("reply") {
        for code in CODES {
            each_network(&HttpReply::new(code, seed.clone()), property);
        }
    }
}

/// An answer of the catalogue's cases, of one kind or of both, bent, or now and then the bytes as they are.
fn drawn(bytes: &[u8], kind: Option<usize>) -> HttpReply {
    let mut draw = Draw::new(bytes);
    let kind = kind.unwrap_or_else(|| draw.below(2));
    if draw.one_in(5) {
        return HttpReply::new(*draw.of(&CODES), draw.rest());
    }
    let answer = draw.of(&ANSWERS[kind]);
    let code = if draw.one_in(3) { *draw.of(&CODES) } else { answer.status };
    let body = match serde_json::from_slice::<Value>(&answer.body) {
        Ok(mut json) if !draw.one_in(3) => {
            bend_json(&mut json, &WORDS, &mut draw);
            json.to_string().into_bytes()
        }
        _ => bent(&answer.body, &mut draw),
    };
    HttpReply::new(code, body)
}

/// The same answer written in another way is read in the same way.
fn read_again(network: &Network, reply: &HttpReply) {
    let Ok(json) = serde_json::from_slice::<Value>(without_mark(&reply.body)) else { return };
    for text in [json.to_string(), serde_json::to_string_pretty(&json).unwrap(), format!("\u{feff}\n{json}\n")] {
        let again = HttpReply::new(reply.status, text);
        assert_eq!(network.read_submission(reply, None), network.read_submission(&again, None));
        assert_eq!(network.read_statuses(reply), network.read_statuses(&again));
    }
}

fn read_submission(network: &Network, reply: &HttpReply) {
    let before = network.read_before(reply).ok();
    if let Some(word) = &before {
        assert!((200..300).contains(&reply.status) && !word.is_empty() && word.len() <= 255);
        assert!(!word.contains(|c: char| c.is_control() || c.is_whitespace()), "{word:?}");
    }
    let json = serde_json::from_slice::<Value>(without_mark(&reply.body)).ok();
    match network.read_submission(reply, before.as_deref()) {
        Submission::Delivered(taken) => {
            let contract = &network.manifest().submit.as_ref().unwrap().reply;
            let signed = contract.delivered.iter().any(|sign| is_signed(sign, reply.status, json.as_ref()));
            assert!(signed, "{} delivered by HTTP {} {json:?}", network.slug(), reply.status);
            check_taken(contract, &taken, json.as_ref(), before.as_deref());
        }
        Submission::Refused { message, .. } => {
            assert!(reply.status != 429);
            let message = message.unwrap_or_default();
            assert!(message.chars().count() <= 200 && !message.contains(char::is_control), "{message:?}");
        }
        Submission::NotTaken { message, .. } => assert!(!message.is_empty() && message.chars().count() < 250),
        // What was seen, never a word of the answer.
        Submission::Unclear { seen } => assert!(seen.starts_with("HTTP ") || seen == "no contract", "{seen}"),
    }
}

fn check_taken(contract: &Reply, taken: &Taken, json: Option<&Value>, before: Option<&str>) {
    let said = |text: &String| json.is_some_and(|json| scalars(json).contains(text));
    if let Some(id) = &taken.network_order_id {
        assert!(!id.is_empty() && id.len() <= NETWORK_ORDER_ID_BYTES);
        assert!(said(id) || before == Some(id), "{id} stands nowhere in the answer");
    } else {
        assert!(contract.order_id.0.is_empty() || contract.order_id_optional, "taken without its order id");
    }
    assert!(taken.status_word.as_ref().is_none_or(said));
    assert!(taken.payout.is_none() || json.is_some());
}

/// Whether a success sign of the contract is in an answer, read in the plainest way.
fn is_signed(sign: &Condition, status: u16, json: Option<&Value>) -> bool {
    let code = status.to_string();
    let is_code =
        |wanted: &str| wanted == code || wanted.strip_suffix("xx").is_some_and(|first| code.starts_with(first));
    if status == 429 || !(sign.http.is_empty() || sign.http.iter().any(|wanted| is_code(&wanted.0))) {
        return false;
    }
    if sign.json.is_some_and(|wanted| wanted != json.is_some()) {
        return false;
    }
    let Some(at) = &sign.at else { return true };
    let found = json.and_then(|json| json.pointer(at.get_ref()));
    if sign.present == Some(false) || sign.truthy == Some(false) {
        return true;
    }
    let Some(found) = found.filter(|found| !found.is_null()) else { return false };
    let text = scalar(found).unwrap_or_default();
    let whole = found.to_string().to_lowercase();
    (sign.is.is_empty() || sign.is.iter().any(|word| word.0 == text))
        && sign.not.iter().all(|word| word.0 != text)
        && (sign.contains.is_empty() || sign.contains.iter().any(|word| whole.contains(&word.to_lowercase())))
}

fn read_statuses(network: &Network, reply: &HttpReply) {
    let Ok(rows) = network.read_statuses(reply) else { return };
    assert!((200..300).contains(&reply.status), "HTTP {} told a status", reply.status);
    let json: Value = serde_json::from_slice(without_mark(&reply.body)).unwrap();
    let (said, keys) = (scalars(&json), keys(&json));
    for row in rows {
        let ids = [&row.network_order_id, &row.our_order_id].into_iter().flatten();
        assert!(ids.clone().count() > 0, "a row of nobody");
        for id in ids {
            assert!(!id.is_empty() && (said.contains(id) || keys.contains(id)), "{id} stands nowhere in the answer");
        }
        let raw = row.reading.raw();
        assert!(!raw.contains(char::is_control), "{raw:?}");
        assert!(row.comment.is_none_or(|comment| comment.chars().count() <= 1000));
        if let StatusReading::Known { .. } = row.reading {
            // A row told apart by more than its word keeps the evidence in brackets.
            let by_evidence = network.manifest().poll.iter().any(|poll| !poll.rows.overrides.is_empty());
            assert!(
                is_known_word(Some(network), raw) || (by_evidence && raw.ends_with(']')),
                "`{raw}` became a status"
            );
        } else {
            assert!(raw.chars().count() <= RAW_WORD_CHARS && row.payout.is_none());
        }
    }
}

/// Whether a word has a meaning for a network: by its own table or by the general dictionary.
pub(crate) fn is_known_word(network: Option<&Network>, word: &str) -> bool {
    static DICTIONARY: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let text = include_str!("../../shared/networks/words.toml");
        // Every quoted text of the file: the reasons' names are no words, which does not matter here.
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.flat_map(|line| line.split('"').skip(1).step_by(2)).map(fold).collect()
    });
    let word = fold(word);
    !is_unfilled_macro(&word)
        && (DICTIONARY.contains(&word) || network.is_some_and(|network| network.statuses().contains_key(&word)))
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Every text, number and boolean of an answer.
fn scalars(json: &Value) -> HashSet<String> {
    match json {
        Value::Array(list) => list.iter().flat_map(scalars).collect(),
        Value::Object(map) => map.values().flat_map(scalars).collect(),
        other => scalar(other).into_iter().collect(),
    }
}

/// The names of an answer's members.
fn keys(json: &Value) -> HashSet<String> {
    match json {
        Value::Array(list) => list.iter().flat_map(keys).collect(),
        Value::Object(map) => map.keys().cloned().chain(map.values().flat_map(keys)).collect(),
        _ => HashSet::new(),
    }
}

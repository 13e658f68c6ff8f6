//! Answers to leads: a case's answer with a fresh order id, or one made of the contract alone.

use serde_json::{Map, Value};

use crate::Submission;
use crate::manifest::Condition;
use crate::network::Network;
use crate::reply::{HttpReply, is_empty};

use super::rows::set;

/// The body of an answer, the order id in it replaced by one made of `number`: of the same JSON type, and a text of
/// the same look. A body without an order id, or one that is no JSON, stays as it is.
#[must_use]
pub fn with_fresh_id(network: &Network, body: &str, number: u64) -> String {
    let Some(contract) = network.manifest().submit.as_ref().map(|submit| &submit.reply) else { return body.to_owned() };
    let Ok(mut json) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    for pointer in &contract.order_id.0 {
        let Some(place) = json.pointer_mut(pointer) else { continue };
        let fresh = match &*place {
            Value::Number(_) => Value::from(number),
            Value::String(text) if !text.is_empty() => Value::from(alike(text, number)),
            _ => continue,
        };
        *place = fresh;
        return json.to_string();
    }
    body.to_owned()
}

/// A word that looks like `sample` and is made of `number`, for the answer of a request that goes first.
#[must_use]
pub fn fresh_word(sample: &str, number: u64) -> String {
    alike(sample.trim(), number)
}

/// Writes `number` over the letters and digits of a text, from its end: in base 10, 16 or 36, whatever it was made of.
fn alike(sample: &str, number: u64) -> String {
    let of_word = |c: &char| c.is_ascii_alphanumeric();
    let all = |fits: fn(char) -> bool| sample.chars().filter(of_word).all(fits);
    if sample.chars().all(|c| c.is_ascii_digit()) {
        return number.to_string();
    }
    let base = if all(|c| c.is_ascii_hexdigit()) { 16 } else { 36 };
    let upper = !sample.chars().any(|c| c.is_ascii_lowercase());
    let mut rest = number;
    let mut reversed: Vec<char> = sample
        .chars()
        .rev()
        .map(|c| {
            let digit = u32::try_from(rest % u64::from(base)).ok().and_then(|digit| char::from_digit(digit, base));
            match digit {
                Some(digit) if of_word(&c) && rest > 0 => {
                    rest /= u64::from(base);
                    if upper { digit.to_ascii_uppercase() } else { digit }
                }
                _ => c,
            }
        })
        .collect();
    reversed.reverse();
    reversed.into_iter().collect()
}

/// An answer that the contract reads as a taken lead, for a network without cases: the first condition of
/// `delivered` is made true. `None` where no such answer can be made.
#[must_use]
pub fn made_up_acceptance(network: &Network, number: u64) -> Option<HttpReply> {
    let contract = &network.manifest().submit.as_ref()?.reply;
    let made = contract.delivered.iter().map(|condition| {
        let mut json = Value::Object(Map::new());
        if let Some(at) = &condition.at {
            set(&mut json, at.get_ref(), value_for(condition, number));
        }
        if let Some(pointer) = contract.order_id.0.first()
            && json.pointer(pointer).is_none_or(is_empty)
        {
            set(&mut json, pointer, Value::from(number));
        }
        let body = if condition.json == Some(false) { "OK".to_owned() } else { json.to_string() };
        HttpReply::new(code_for(condition), body)
    });
    made.into_iter().find(|reply| matches!(network.read_submission(reply, None), Submission::Delivered(_)))
}

fn value_for(condition: &Condition, number: u64) -> Value {
    if let Some(one) = condition.is.first() {
        return match one.0.as_str() {
            "true" => Value::from(true),
            "false" => Value::from(false),
            text => super::rows::like_a_number(text),
        };
    }
    if let Some(text) = condition.contains.first() {
        return Value::from(text.as_str());
    }
    match (condition.truthy, condition.present) {
        (Some(false), _) => Value::from(false),
        (_, Some(false)) => Value::Null,
        _ => Value::from(number),
    }
}

fn code_for(condition: &Condition) -> u16 {
    let written = condition.http.first().map_or("200", |code| code.0.as_str());
    written.replace("xx", "00").parse().unwrap_or(200)
}

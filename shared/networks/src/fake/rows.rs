//! Answers to status calls, laid out as the manifest reads them.

use serde_json::{Map, Value};

use crate::manifest::{OneOrMany, Rows};
use crate::network::Network;
use crate::reply::HttpReply;

use super::words::Saying;

/// What a fake pays for an order: amount and currency.
pub const PAYOUT: (&str, &str) = ("12.50", "USD");

/// The longest run of digits that is sent as a number: more would not survive readers that know only doubles.
const NUMBER_DIGITS: usize = 15;

/// An order as a fake network has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeOrder {
    /// Our id, where the lead carried it.
    pub our_id: Option<String>,
    /// The network's id, where it gives one.
    pub network_id: Option<String>,
    /// What its status is called.
    pub saying: Saying,
}

/// The answer to a status call that asked for these orders; `None` for a network that cannot be asked, and where a
/// single order is asked for and not there.
#[must_use]
pub fn statuses_answer(network: &Network, orders: &[&FakeOrder]) -> Option<HttpReply> {
    let contract = &network.manifest().poll.as_ref()?.rows;
    let by_key = first(&contract.network_id) == Some("@key") || first(&contract.our_id) == Some("@key");
    let rows = if contract.single {
        row(contract, orders.first()?)
    } else if by_key {
        let keyed = orders.iter().filter_map(|order| Some((key(contract, order)?.to_owned(), row(contract, order))));
        Value::Object(keyed.collect())
    } else {
        orders.iter().map(|order| row(contract, order)).collect()
    };
    let mut answer = Value::Object(Map::new());
    set(&mut answer, first(&contract.at).unwrap_or_default(), rows);
    Some(HttpReply::new(200, answer.to_string()))
}

fn key<'o>(contract: &Rows, order: &'o FakeOrder) -> Option<&'o str> {
    let id = if first(&contract.network_id) == Some("@key") { &order.network_id } else { &order.our_id };
    id.as_deref()
}

fn row(contract: &Rows, order: &FakeOrder) -> Value {
    let mut row = Value::Object(Map::new());
    let mut put = |places: &OneOrMany, value: Value| {
        if let Some(place) = first(places).filter(|place| *place != "@key") {
            set(&mut row, place, value);
        }
    };
    if let Some(id) = &order.network_id {
        put(&contract.network_id, like_a_number(id));
    }
    if let Some(id) = &order.our_id {
        put(&contract.our_id, Value::from(id.as_str()));
    }
    put(&contract.status, like_a_number(&order.saying.word));
    put(&contract.payout, Value::from(PAYOUT.0));
    put(&contract.currency, Value::from(PAYOUT.1));
    for (place, value) in &order.saying.evidence {
        set(&mut row, place, value.clone());
    }
    row
}

fn first(places: &OneOrMany) -> Option<&str> {
    places.0.first().map(String::as_str)
}

/// A number where a text looks like one, as networks send their ids and codes.
pub(super) fn like_a_number(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) if text.len() <= NUMBER_DIGITS && number.to_string() == text => Value::from(number),
        _ => Value::from(text),
    }
}

/// Puts a value at a JSON pointer, with objects on the way to it.
pub(super) fn set(root: &mut Value, pointer: &str, value: Value) {
    let mut place = root;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        // It has just been made one.
        let Some(object) = place.as_object_mut() else { return };
        place = object.entry(token).or_insert(Value::Null);
    }
    *place = value;
}

//! An order as a DynamoDB item and back. The names are short: every byte of an item is paid for on each write.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use lead::{Decimal, Lead, OrderId, Payout, Reason, Status};

use crate::event::{Event, Kind, Source};
use crate::order::{Order, Work};
use crate::schema;

/// An item of the table.
pub(crate) type Item = HashMap<String, AttributeValue>;

// The attributes of an order. Never reuse a name for something else.
pub(crate) const VERSION: &str = "v";
pub(crate) const ACCOUNT: &str = "ac";
pub(crate) const OFFER: &str = "of";
pub(crate) const NETWORK: &str = "nw";
pub(crate) const CLIENT: &str = "cl";
pub(crate) const DELIVERY: &str = "dl";
pub(crate) const STATUS: &str = "st";
pub(crate) const RAW: &str = "raw";
pub(crate) const NETWORK_ORDER: &str = "nid";
pub(crate) const NETWORK_REFERENCE: &str = schema::BY_NETWORK_ORDER.hash;
pub(crate) const CLICK: &str = schema::BY_CLICK.hash;
pub(crate) const DUE: &str = schema::DUE.hash;
pub(crate) const NEXT_ATTEMPT: &str = "na";
pub(crate) const TRIES: &str = "tr";
pub(crate) const PAYOUT: &str = "pa";
pub(crate) const CURRENCY: &str = "pc";
pub(crate) const REASON: &str = "rs";
pub(crate) const COMMENT: &str = "cm";
pub(crate) const DUPLICATE_OF: &str = "dup";
pub(crate) const UPDATED: &str = "up";
pub(crate) const LEAD: &str = "l";
pub(crate) const OVERRIDES: &str = "ov";
pub(crate) const POLLABLE: &str = "po";
pub(crate) const BY_POSTBACK: &str = "wp";
pub(crate) const BY_POLL: &str = "wa";
pub(crate) const HISTORY: &str = "h";
pub(crate) const EXPIRES: &str = schema::TTL;

/// An item that is no order: the attribute that is missing or unreadable. Never its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the attribute `{0}` is missing or unreadable")]
pub(crate) struct Unreadable(pub(crate) &'static str);

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl Display + Copy) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The key of an order.
pub(crate) fn key(id: &OrderId) -> Item {
    HashMap::from([
        (schema::PK.to_owned(), text(schema::shard_key(id.shard()))),
        (schema::SK.to_owned(), text(id.as_str())),
    ])
}

/// The item of an order.
///
/// # Errors
/// [`Unreadable`] when the lead or the overrides have no JSON form, which their types rule out.
pub(crate) fn to_item(order: &Order) -> Result<Item, Unreadable> {
    let mut item = key(&order.id);
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    let word = |word: &Option<String>| word.as_deref().map(text);
    put(VERSION, Some(number(order.version)));
    put(ACCOUNT, Some(text(&order.account)));
    put(OFFER, Some(text(&order.offer)));
    put(NETWORK, Some(text(&order.network)));
    put(CLIENT, Some(text(&order.client)));
    put(DELIVERY, Some(text(order.delivery.as_str())));
    put(STATUS, Some(text(order.status.as_str())));
    put(RAW, word(&order.raw_status));
    put(NETWORK_ORDER, word(&order.network_order_id));
    let reference = order.network_order_id.as_deref().map(|nid| schema::network_reference(&order.account, nid));
    put(NETWORK_REFERENCE, reference.map(text));
    put(CLICK, word(&order.click_id));
    let due = order.work.map(|work| schema::due_key(work, &order.account, schema::part_of(work, &order.id)));
    put(DUE, due.map(text));
    put(NEXT_ATTEMPT, order.next_attempt.map(number));
    put(TRIES, Some(order.tries).filter(|tries| *tries > 0).map(number));
    put(PAYOUT, order.payout.as_ref().map(|payout| text(payout.amount.to_string())));
    put(CURRENCY, order.payout.as_ref().and_then(|payout| payout.currency).map(|code| text(code.as_str())));
    put(REASON, order.reason.map(|reason| number(reason.code())));
    put(COMMENT, word(&order.comment));
    put(DUPLICATE_OF, order.duplicate_of.as_ref().map(|id| text(id.as_str())));
    put(UPDATED, Some(number(order.updated)));
    put(LEAD, order.lead.as_ref().map(lead_json).transpose()?.map(text));
    let overrides = Some(&order.overrides).filter(|overrides| !overrides.is_empty());
    put(OVERRIDES, overrides.map(overrides_json).transpose()?.map(text));
    put(POLLABLE, Some(order.pollable).filter(|pollable| *pollable).map(AttributeValue::Bool));
    put(BY_POSTBACK, order.decided_by_postback.map(|status| text(status.as_str())));
    put(BY_POLL, order.decided_by_poll.map(|status| text(status.as_str())));
    put(EXPIRES, order.expires.map(number));
    // The first event, `received`, is known from the id.
    put(HISTORY, Some(AttributeValue::L(order.history.iter().skip(1).map(event_value).collect())));
    Ok(item)
}

fn lead_json(lead: &Lead) -> Result<String, Unreadable> {
    serde_json::to_string(lead).map_err(|_| Unreadable(LEAD))
}

fn overrides_json(overrides: &BTreeMap<String, String>) -> Result<String, Unreadable> {
    serde_json::to_string(overrides).map_err(|_| Unreadable(OVERRIDES))
}

/// The order of an item.
///
/// # Errors
/// [`Unreadable`] when an attribute is missing or is not what this version of the relay writes.
pub(crate) fn from_item(item: &Item) -> Result<Order, Unreadable> {
    let item = Reader(item);
    let id: OrderId = item.parsed(schema::SK)?;
    let received = Event::new(id.unix_ms(), Kind::Received, Source::Intake);
    let stored = item.0.get(HISTORY).and_then(|history| history.as_l().ok()).ok_or(Unreadable(HISTORY))?;
    let events = stored.iter().map(event_of);
    let history = std::iter::once(Ok(received)).chain(events).collect::<Result<_, _>>()?;
    let payout = match item.optional::<Decimal>(PAYOUT)? {
        Some(amount) => Some(Payout { amount, currency: item.optional(CURRENCY)? }),
        None => None,
    };
    Ok(Order {
        account: item.parsed(ACCOUNT)?,
        offer: item.parsed(OFFER)?,
        network: item.parsed(NETWORK)?,
        client: item.parsed(CLIENT)?,
        delivery: item.parsed(DELIVERY)?,
        status: item.parsed(STATUS)?,
        raw_status: item.optional(RAW)?,
        network_order_id: item.optional(NETWORK_ORDER)?,
        click_id: item.optional(CLICK)?,
        payout,
        reason: item.number::<u8>(REASON)?.map(Reason::try_from).transpose().map_err(|_| Unreadable(REASON))?,
        comment: item.optional(COMMENT)?,
        duplicate_of: item.optional(DUPLICATE_OF)?,
        updated: item.number(UPDATED)?.ok_or(Unreadable(UPDATED))?,
        lead: item.json(LEAD)?,
        overrides: item.json(OVERRIDES)?.unwrap_or_default(),
        tries: item.number(TRIES)?.unwrap_or_default(),
        next_attempt: item.number(NEXT_ATTEMPT)?,
        expires: item.number(EXPIRES)?,
        version: item.number(VERSION)?.ok_or(Unreadable(VERSION))?,
        pollable: item.0.get(POLLABLE).is_some_and(|value| value.as_bool().is_ok_and(|yes| *yes)),
        work: item.work()?,
        decided_by_postback: item.optional(BY_POSTBACK)?,
        decided_by_poll: item.optional(BY_POLL)?,
        history,
        id,
    })
}

/// Reads attributes of an item, each by its type.
pub(crate) struct Reader<'a>(pub(crate) &'a Item);

impl Reader<'_> {
    pub(crate) fn optional<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, Unreadable> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let word = value.as_s().map_err(|_| Unreadable(name))?;
        word.parse().map(Some).map_err(|_| Unreadable(name))
    }

    pub(crate) fn parsed<T: FromStr>(&self, name: &'static str) -> Result<T, Unreadable> {
        self.optional(name)?.ok_or(Unreadable(name))
    }

    pub(crate) fn number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, Unreadable> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let digits = value.as_n().map_err(|_| Unreadable(name))?;
        digits.parse().map(Some).map_err(|_| Unreadable(name))
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, Unreadable> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let json = value.as_s().map_err(|_| Unreadable(name))?;
        serde_json::from_str(json).map(Some).map_err(|_| Unreadable(name))
    }

    fn work(&self) -> Result<Option<Work>, Unreadable> {
        let Some(due) = self.optional::<String>(DUE)? else { return Ok(None) };
        let work = Work::ALL.into_iter().find(|work| due.starts_with(work.letter()));
        work.map(Some).ok_or(Unreadable(DUE))
    }
}

/// A history entry as it is stored: `t` time, `k` kind, `s` source, `c` status, `w` word, `n` note.
pub(crate) fn event_value(event: &Event) -> AttributeValue {
    let mut map = Item::from([
        ("t".to_owned(), number(event.at_ms)),
        ("k".to_owned(), text(event.kind.as_str())),
        ("s".to_owned(), text(event.source.letter())),
    ]);
    let optional =
        [("c", event.status.map(Status::as_str)), ("w", event.raw_status.as_deref()), ("n", event.note.as_deref())];
    map.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value?)))));
    AttributeValue::M(map)
}

fn event_of(value: &AttributeValue) -> Result<Event, Unreadable> {
    let map = Reader(value.as_m().map_err(|_| Unreadable(HISTORY))?);
    let read = || {
        let source = Source::from_letter(&map.parsed::<String>("s")?).ok_or(Unreadable("s"))?;
        let mut event = Event::new(map.number("t")?.ok_or(Unreadable("t"))?, map.parsed("k")?, source);
        event.status = map.optional("c")?;
        event.raw_status = map.optional("w")?;
        event.note = map.optional("n")?;
        Ok(event)
    };
    read().map_err(|_: Unreadable| Unreadable(HISTORY))
}

#[cfg(test)]
mod tests;

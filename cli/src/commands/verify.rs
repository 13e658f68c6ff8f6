//! `leadrelay postbacks ACCOUNT --verify`: fires each postback of an account at the door, with a test order of its own,
//! and shows what each became. Networks are not called, and test orders are in no report.

use std::collections::BTreeSet;

use lead::Status;
use networks::{Network, ReadyPostback, status};
use relay::config::Parsed;
use reqwest::Url;
use serde::Serialize;
use serde_json::{Value, json};

use super::answers::OrderAnswer;
use crate::api::Api;
use crate::failure::Failure;
use crate::layout::{clean, count};
use crate::{layout, output};

/// So many of an account's newest orders are looked through for statuses that came.
const LOOKED_AT: usize = 1000;
const PAGE: &str = "200";

/// What became of one postback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Fired {
    /// The event's name in the cabinet.
    event: String,
    /// The network's word.
    word: String,
    /// The test order.
    order_id: String,
    /// The status it led to.
    status: String,
    /// Whether the word has a meaning and was taken.
    understood: bool,
    /// What happened, in words.
    what: String,
}

/// What is needed of the account's set-up.
pub(super) struct Account<'a> {
    pub(super) name: &'a str,
    pub(super) network: &'a Network,
    pub(super) parsed: &'a Parsed,
    pub(super) ready: &'a [ReadyPostback],
}

/// Fires all and prints what became of them. A postback that is not understood fails the command.
pub(super) async fn run(api: &Api, account: &Account<'_>, as_json: bool) -> Result<(), Failure> {
    let mut fired = Vec::new();
    for postback in account.ready {
        for word in words(account.network, postback)? {
            fired.push(fire(api, account, postback, &word).await?);
        }
    }
    let (looked_at, never) = never_received(api, account.name).await?;
    if as_json {
        output::json(&json!({"postbacks": fired, "looked_at": looked_at, "never_received": never}))?;
    } else {
        output::line(table(&fired, output::width()));
        output::note(format_args!("\n{}", received(account.name, looked_at, &never)));
    }
    match fired.iter().filter(|one| !one.understood).count() {
        0 => Ok(()),
        many => Err(Failure::new(format!("{} of {} not understood", count(many, "postback"), fired.len()))),
    }
}

/// The words to fire a postback with: its own, or where the network fills it in one for each status and those of its
/// lists.
fn words(network: &Network, postback: &ReadyPostback) -> Result<Vec<String>, Failure> {
    let params = params(postback)?;
    let written = params.iter().find(|(name, _)| name == "status").map(|(_, value)| value.as_str());
    if let Some(word) = written.filter(|word| !status::is_unfilled_macro(word)) {
        return Ok(vec![word.to_owned()]);
    }
    let lists = params.iter().filter(|(name, _)| matches!(name.as_str(), "sta" | "stc" | "stt" | "stw" | "sth"));
    let mut words: Vec<String> = lists.flat_map(|(_, list)| list.split(',').map(str::to_owned)).collect();
    for status in Status::ALL {
        let known = network.statuses().iter().filter(|(_, meaning)| meaning.status == status);
        // A network without a word of its own for it is fired at with the plain one.
        words.push(known.map(|(word, _)| word.clone()).min().unwrap_or_else(|| status.to_string()));
    }
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(status::fold(word)));
    Ok(words)
}

fn params(postback: &ReadyPostback) -> Result<Vec<(String, String)>, Failure> {
    let url = Url::parse(&postback.url).map_err(|error| Failure::new(format!("{}: {error}", postback.event)))?;
    let mut params: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    params.extend(postback.params.iter().cloned());
    Ok(params)
}

/// The parameters as the network would send them for an order.
fn filled(params: Vec<(String, String)>, order_id: &str, word: &str) -> Vec<(String, String)> {
    let fill = |(name, value): (String, String)| {
        if !status::is_unfilled_macro(&value) {
            return (name, value);
        }
        let value = match name.as_str() {
            "oid" => order_id.to_owned(),
            "eid" => format!("verify-{order_id}"),
            "status" => word.to_owned(),
            "pay" => "1.00".to_owned(),
            "cc" => "USD".to_owned(),
            "reason" => "1".to_owned(),
            _ => "test".to_owned(),
        };
        (name, value)
    };
    params.into_iter().map(fill).collect()
}

async fn fire(api: &Api, account: &Account<'_>, postback: &ReadyPostback, word: &str) -> Result<Fired, Failure> {
    let order_id = test_order(api, account).await?;
    let params = filled(params(postback)?, &order_id, word);
    let query: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let url = Url::parse(&postback.url).map_err(|error| Failure::new(error.to_string()))?;
    let path: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
    let answer = api.look(&path, &query).await?;
    let order = OrderAnswer::read(&api.get(&["orders", &order_id], &[]).await?)?;
    let (understood, what) = became(answer.status, &order);
    Ok(Fired { event: postback.event.clone(), word: word.to_owned(), order_id, status: order.status, understood, what })
}

/// A test order of the account's first offer; every field a network may want is filled with made-up data.
async fn test_order(api: &Api, account: &Account<'_>) -> Result<String, Failure> {
    let offer = account.parsed.offers.iter().find(|(_, offer)| offer.account == account.name);
    let Some((offer, _)) = offer else {
        let message = "a test order needs an offer: the configuration has none of account";
        return Err(Failure::new(format!("{message} `{}`", account.name)));
    };
    let lead = json!({
        "offer": offer, "name": "Jan Test", "phone": "+48500100200", "country": "PL", "test": true,
        "ip": "203.0.113.80", "user_agent": "leadrelay", "email": "test@shop.example", "city": "Warszawa",
        "address": "ul. Testowa 1", "zip": "00-001", "region": "Mazowieckie", "street": "Testowa", "house": "1",
        "landing_url": "https://shop.example/", "referer": "https://shop.example/", "price": "1", "quantity": "1",
        "click_id": "verify",
    });
    let answer = api.post(&["leads"], &lead, &[], None).await?;
    let receipt = OrderAnswer::read(&api.accepted(&answer)?.json()?)?;
    Ok(receipt.order_id)
}

/// Whether a postback was understood, and what became of it in words.
fn became(answer: u16, order: &OrderAnswer) -> (bool, String) {
    if answer != 200 {
        return (false, format!("the door refused it: HTTP {answer}"));
    }
    let last = order.history.iter().rev().find(|event| event.source == "postback");
    match last.map(|event| event.kind.as_str()) {
        Some("status" | "payout") => (true, format!("applied: the order is {}", order.status)),
        Some("ignored") => (true, "ignored: statuses do not go back that way".to_owned()),
        Some("unmapped") => (false, "the word has no meaning: nothing changed".to_owned()),
        Some(other) => (false, format!("it became `{other}`")),
        // The order waited already, which is what the word says.
        None if order.raw_status.is_some() => (true, "applied: the order waits, as it did".to_owned()),
        None => (false, "nothing came of it: the order was not found".to_owned()),
    }
}

fn table(fired: &[Fired], width: Option<usize>) -> String {
    let row = |one: &Fired| vec![one.event.clone(), one.word.clone(), one.order_id.clone(), one.what.clone()];
    layout::table(&["event", "word", "test order", "what became"], &fired.iter().map(row).collect::<Vec<_>>(), width)
}

/// How many orders were looked at, and the statuses that no network's word has brought to any of them.
async fn never_received(api: &Api, account: &str) -> Result<(usize, Vec<Status>), Failure> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut looked_at = 0;
    let mut cursor: Option<String> = None;
    while looked_at < LOOKED_AT {
        let mut query = vec![("account", account), ("limit", PAGE)];
        if let Some(cursor) = &cursor {
            query.push(("cursor", cursor));
        }
        let answer = api.get(&["orders"], &query).await?;
        for order in answer.get("orders").and_then(Value::as_array).into_iter().flatten() {
            let order = OrderAnswer::read(order)?;
            if order.delivery != "test" {
                looked_at += 1;
                seen.extend(told(&order));
            }
        }
        cursor = answer.get("next").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let never = Status::ALL.into_iter().filter(|status| *status != Status::Wait && !seen.contains(status.as_str()));
    Ok((looked_at, never.collect()))
}

/// The statuses that the network has told of an order.
fn told(order: &OrderAnswer) -> impl Iterator<Item = String> {
    let of_network = order.history.iter().filter(|event| matches!(event.source.as_str(), "postback" | "poll"));
    of_network.filter_map(|event| event.status.clone())
}

fn received(account: &str, looked_at: usize, never: &[Status]) -> String {
    let orders = count(looked_at, "order");
    let bound = if looked_at >= LOOKED_AT { "the newest " } else { "all " };
    if looked_at == 0 {
        return format!("{account} has no orders yet: no status has come for any.");
    }
    let never: Vec<&str> = never.iter().map(|status| status.as_str()).collect();
    if never.is_empty() {
        return clean(&format!("Looked through {bound}{orders} of {account}: every status has come at least once."));
    }
    clean(&format!("Looked through {bound}{orders} of {account}: never received so far: {}.", never.join(", ")))
}

#[cfg(test)]
mod tests {
    use networks::catalog;

    use super::*;

    fn ready(slug: &str) -> (&'static Network, Vec<ReadyPostback>) {
        let network = catalog::find(slug).unwrap();
        (network, network.ready_postbacks("https://relay.example", "main-k3y"))
    }

    #[test]
    fn a_postback_is_fired_with_the_words_it_may_carry() {
        let (network, postbacks) = ready("drcash");
        let words = words(network, &postbacks[0]).unwrap();
        assert_eq!(words[0], "hold", "the word of its own list");
        assert_eq!(words.len(), words.iter().collect::<BTreeSet<_>>().len());
        assert!(words.len() >= 4, "{words:?}");
        let (network, postbacks) = ready("ikon");
        assert_eq!(super::words(network, &postbacks[0]).unwrap(), ["approve"], "it is written out");
    }

    #[test]
    fn macros_are_filled_and_the_rest_stays() {
        let (_, postbacks) = ready("adbees");
        let filled = filled(params(&postbacks[0]).unwrap(), "01k3", "11");
        let shown: Vec<String> = filled.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["id=main-k3y", "oid=01k3", "status=11", "sta=11", "stc=12", "stt=13"]);
        let (_, apart) = ready("affbay");
        let filled = super::filled(params(&apart[0]).unwrap(), "01k3", "accept");
        assert!(filled.contains(&("oid".to_owned(), "01k3".to_owned())), "{filled:?}");
        assert!(filled.contains(&("comment".to_owned(), "test".to_owned())), "{filled:?}");
    }

    #[test]
    fn what_became_is_read_from_the_history() {
        let order = |kind: &str, status: &str| {
            let event = json!({"kind": kind, "source": "postback", "at": "", "status": null});
            OrderAnswer::read(&json!({"status": status, "history": [event]})).unwrap()
        };
        assert_eq!(became(200, &order("status", "hold")), (true, "applied: the order is hold".to_owned()));
        assert!(!became(200, &order("unmapped", "wait")).0);
        assert_eq!(became(403, &order("status", "wait")), (false, "the door refused it: HTTP 403".to_owned()));
        let waiting = OrderAnswer::read(&json!({"status": "wait", "raw_status": "new", "history": []})).unwrap();
        assert!(became(200, &waiting).0);
        assert!(!became(200, &OrderAnswer::default()).0);
    }

    #[test]
    fn statuses_that_never_came_are_named_with_what_was_looked_at() {
        let text = received("main", 12, &[Status::Hold, Status::Trash]);
        assert_eq!(text, "Looked through all 12 orders of main: never received so far: hold, trash.");
        assert!(received("main", 1000, &[]).starts_with("Looked through the newest 1000 orders of main: every"));
        assert!(received("main", 0, &[]).contains("no orders yet"));
    }
}

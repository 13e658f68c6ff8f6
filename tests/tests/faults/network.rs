//! The networks of a round, and what they have received.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::{Value, json};

use crate::chaos::Chaos;
use crate::contract::{CLICK, ELSEWHERE, SAVE, Words};
use crate::dice::Dice;
use crate::harness::{Act, Network, Request, TestClock};

/// What the network made of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// It has the order.
    Accepted,
    /// It refused it.
    Refused,
    /// It says that it did not take it: by HTTP 429, or as its contract has it.
    NotTaken,
    /// It does not have it, and did not say so in words of its contract.
    Dropped,
}

/// A lead as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Where it came in.
    path: String,
    /// All that came, with our order id in it.
    text: String,
    pub(crate) made: Made,
    /// Whether that was answered, whole and in words of the contract.
    pub(crate) answered: bool,
    /// Whether the function lived on and its table answered.
    pub(crate) undisturbed: bool,
    /// The network's id of the order; another order may have the same.
    id: u64,
}

impl Received {
    pub(crate) fn is_of(&self, order: &str) -> bool {
        self.text.contains(order)
    }

    /// Our id of the order: 26 characters that begin as every id of these years does.
    pub(crate) fn order(&self) -> &str {
        let mut words = self.text.split(|c: char| !c.is_ascii_alphanumeric());
        words
            .find(|word| word.len() == 26 && word.starts_with("01k"))
            .unwrap_or_else(|| panic!("no id in {}", self.text))
    }

    /// The account and the network's id of an order whose statuses come by postback.
    pub(crate) fn told_by_postback(&self) -> Option<(&'static str, String)> {
        match self.path.as_str() {
            "/v1/order" => Some(("codes", format!("u-{}", self.id))),
            SAVE => Some(("first", self.id.to_string())),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
struct Books {
    received: Vec<Received>,
    /// Whether the call centre has approved all there is.
    approved: bool,
    /// Requests that went where a redirect pointed.
    followed: usize,
}

/// The networks, all at one address.
pub(crate) struct Networks {
    network: Network,
    books: Arc<Mutex<Books>>,
}

impl Networks {
    pub(crate) async fn start(chaos: &Arc<Chaos>, clock: Arc<TestClock>) -> Self {
        let network = Network::start(clock).await;
        let books = Arc::<Mutex<Books>>::default();
        let unread = Arc::clone(chaos);
        network.broken_off_by(move || {
            let (name, act) = unread.of_network(|dice| match dice.below(12) {
                0 => Some(("closes unread", Act::close_unread())),
                1 => Some(("resets midway", Act::reset_midway())),
                _ => None,
            })??;
            unread.on_unread(name);
            Some(act)
        });
        let (chaos, kept) = (Arc::clone(chaos), Arc::clone(&books));
        network.otherwise(move |request| kept.lock().unwrap().answer(&chaos, request));
        Self { network, books }
    }

    /// A name that [`Names`] leads somewhere.
    pub(crate) fn url(&self) -> String {
        self.network.url().replace("127.0.0.1", "localhost")
    }

    pub(crate) fn approve_all(&self) {
        self.books.lock().unwrap().approved = true;
    }

    /// How many requests went where a redirect pointed.
    pub(crate) fn followed(&self) -> usize {
        self.books.lock().unwrap().followed
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.books.lock().unwrap().received.clone()
    }

    /// The leads received from `first` on were received under a disturbance.
    pub(crate) fn disturbed_from(&self, first: usize) {
        self.books.lock().unwrap().received.iter_mut().skip(first).for_each(|received| received.undisturbed = false);
    }
}

/// How an answer goes wrong on its way.
fn spoiled(dice: &mut Dice, act: Act) -> (&'static str, Act) {
    match dice.below(6) {
        0 => ("closes after reading", Act::close_read()),
        1 => ("resets after reading", Act::reset_read()),
        2 => ("resets within the answer", act.reset_within()),
        3 => ("hangs", act.hanging()),
        4 => ("answers too short", act.too_short()),
        _ => ("answers with a page", Act::answer(200, "<html>Please wait</html>")),
    }
}

impl Books {
    fn answer(&mut self, chaos: &Chaos, request: &Request) -> Act {
        let id = 1000 + u64::try_from(self.received.len()).unwrap();
        let rows = match request.path.as_str() {
            "/method/lead.list" => self.rows_by_their_ids(request),
            "/api/lead" => self.rows_by_our_ids(request),
            CLICK => return clicked(chaos),
            ELSEWHERE => {
                self.followed += 1;
                return Act::json(&json!({"status": "ok", "uuid": "u-1", "id": 1}));
            }
            _ => return self.take(chaos, request, id),
        };
        let fault = chaos.of_network(|dice| match dice.below(6) {
            0 => ("answers 500", Act::answer(500, "{}")),
            1 => ("answers 429", Act::answer(429, "").with_header("retry-after", "30")),
            2 => ("tells of others' orders", Act::json(&self.with_others(&rows))),
            3 => ("closes after its answer", Act::json(&rows).then_closing()),
            _ => spoiled(dice, Act::json(&rows)),
        });
        chaos.on_request(fault.as_ref().map(|(name, _)| *name));
        fault.map_or_else(|| Act::json(&rows), |(_, act)| act)
    }

    /// Takes a lead, or does not.
    fn take(&mut self, chaos: &Chaos, request: &Request, id: u64) -> Act {
        let words = Words::at(&request.path, id);
        let accepted = Act::json(&words.accepted);
        let earlier = self.accepted().rev().find(|received| received.path == request.path).map(|received| received.id);
        let mut known = id;
        let fault = chaos.of_network(|dice| match dice.below(17) {
            12 => ("sends on", dice.pick(&[Made::Accepted, Made::Dropped]), false, sent_on(dice)),
            13 => {
                known = earlier.unwrap_or(id);
                ("repeats an id", Made::Accepted, true, Act::json(&Words::at(&request.path, known).accepted))
            }
            14 => ("closes after its answer", Made::Accepted, true, accepted.clone().then_closing()),
            15 | 16 => ("turns it away bare", Made::NotTaken, true, turned_away(dice)),
            0 => ("refuses", Made::Refused, true, words.refused.clone()),
            1 | 2 => {
                let act = Act::answer(429, "{}").with_header("retry-after", "30");
                ("answers 429", Made::NotTaken, true, act)
            }
            3 => ("does not take it", Made::NotTaken, true, words.not_taken.clone()),
            4 => ("answers 500", dice.pick(&[Made::Accepted, Made::Dropped]), false, Act::answer(500, "{}")),
            5 => ("answers an error with 200", Made::Dropped, false, words.error.clone()),
            6 | 7 => ("drips", Made::Accepted, true, accepted.clone().dripping()),
            _ => {
                let made = dice.pick(&[Made::Accepted, Made::Dropped]);
                let (name, act) = spoiled(dice, accepted.clone());
                (name, made, false, act)
            }
        });
        chaos.on_request(fault.as_ref().map(|(name, ..)| *name));
        let (_, made, answered, act) = fault.unwrap_or(("", Made::Accepted, true, accepted));
        let path = request.path.clone();
        let text = format!("{path}?{} {}", request.query, String::from_utf8_lossy(&request.body));
        chaos.tell(format!("    {path}: {made:?}, answered: {answered}"));
        self.received.push(Received { path, text, made, answered, undisturbed: true, id: known });
        act
    }

    fn accepted(&self) -> impl DoubleEndedIterator<Item = &Received> {
        self.received.iter().filter(|received| received.made == Made::Accepted)
    }

    fn rows_by_their_ids(&self, request: &Request) -> Value {
        let asked = request.query_value("lead_list").unwrap_or_default();
        let of = |hash: &str| self.accepted().any(|received| hash == format!("h{}", received.id));
        let rows = asked.split(',').filter(|hash| self.approved && of(hash));
        rows.map(|hash| json!({"hash": hash, "status_name": "approved"})).collect()
    }

    /// The rows, and a decision on every order that was not asked for, of other accounts among them.
    fn with_others(&self, rows: &Value) -> Value {
        let mut rows = rows.clone();
        let others = self.accepted().filter(|received| received.told_by_postback().is_some());
        if let Some(list) = rows.as_array_mut() {
            list.extend(others.map(|other| json!({"hash": other.order(), "status_name": "trash"})));
            list.push(json!({"hash": "h7", "status_name": "trash"}));
        } else if let Some(list) = rows["objects"].as_array_mut() {
            list.extend(others.map(|other| json!({"id": other.id, "subid1": other.order(), "status": 2})));
            list.push(json!({"id": 7, "subid1": "", "status": 2}));
        }
        rows
    }

    fn rows_by_our_ids(&self, request: &Request) -> Value {
        let asked = request.query_value("subid1").unwrap_or_default();
        let rows = asked.split(',').filter_map(|order| {
            let received = self.accepted().find(|received| received.is_of(order))?;
            Some(json!({"id": received.id, "subid1": order, "status": u8::from(self.approved)}))
        });
        json!({"objects": rows.collect::<Vec<_>>()})
    }
}

/// Sends the caller on to another place of the same host.
fn sent_on(dice: &mut Dice) -> Act {
    let act = Act::answer(dice.pick(&[301, 302, 303, 307, 308]), "").with_header("location", ELSEWHERE);
    if dice.once_in(2) { act.with_header("connection", "close") } else { act }
}

/// Turns a lead away by a code alone: it was never looked at.
fn turned_away(dice: &mut Dice) -> Act {
    let body = dice.pick(&["", "{}", "<html>Access denied</html>"]);
    Act::answer(dice.pick(&[401, 403, 404, 405, 521, 522, 525]), body)
}

/// Answers the call that goes first, which hands nothing over.
fn clicked(chaos: &Chaos) -> Act {
    let fault = chaos.of_network(|dice| match dice.below(4) {
        0 => ("answers the first call with 500", Act::answer(500, "")),
        1 => ("sends the first call on", sent_on(dice)),
        2 => ("answers the first call with a page", Act::answer(200, "<html>Please wait</html>")),
        _ => ("closes instead of an answer to the first call", Act::close_read()),
    });
    chaos.on_request(fault.as_ref().map(|(name, _)| *name));
    fault.map_or_else(|| Act::answer(200, "123456"), |(_, act)| act)
}

/// Where the network's name leads: to it, to an address at which nobody listens, or nowhere. Nothing is asked of any
/// name server.
pub(crate) struct Names(pub(crate) Arc<Chaos>);

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let lead = self.0.of_network(|dice| match dice.below(6) {
            0 => Some("no such name"),
            1 => Some("refused"),
            _ => None,
        });
        let fault = lead.flatten();
        if fault.is_some() {
            self.0.on_request(fault);
        }
        let address = match fault {
            None => SocketAddr::from(([127, 0, 0, 1], 0)),
            // The network listens on the other loopback address only.
            Some("refused") => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 0)),
            Some(_) => return Box::pin(std::future::ready(Err("no such name".into()))),
        };
        let addresses: Addrs = Box::new(std::iter::once(address));
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

//! The networks of a round, and what they have received.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::{Value, json};

use crate::chaos::Chaos;
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
    /// All that came, with our order id in it.
    text: String,
    pub(crate) made: Made,
    /// Whether that was answered, whole and in words of the contract.
    pub(crate) answered: bool,
    /// Whether the function lived on and its table answered.
    pub(crate) undisturbed: bool,
    /// The network's id of the order.
    id: u64,
}

impl Received {
    pub(crate) fn is_of(&self, order: &str) -> bool {
        self.text.contains(order)
    }
}

#[derive(Debug, Default)]
struct Books {
    received: Vec<Received>,
    /// Whether the call centre has approved all there is.
    approved: bool,
}

/// Three networks at one address.
pub(crate) struct Networks {
    network: Network,
    books: Arc<Mutex<Books>>,
}

/// Offers by name, each with the account of its network. Each network is sent our order id.
pub(crate) const OFFERS: [(&str, &str); 3] = [
    // Its contract is its HTTP codes, and its statuses come by postback.
    (
        "codes",
        r#"
[accounts.codes]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[offers.codes]
account = "codes"
country = "PL"
drcash = "f10w"
"#,
    ),
    // It has words for "not taken", and is asked by its own ids.
    (
        "words",
        r#"
[accounts.words]
network = "monsterleads"
base_url = "NETWORK"
api = "t0ken"

[offers.words]
account = "words"
country = "PL"
monster = "ab12c"
"#,
    ),
    // It is asked by our ids: a doubt is looked up.
    (
        "ours",
        r#"
[accounts.ours]
network = "whocpa"
base_url = "NETWORK"
api = "t0ken"
user = "1000000001"

[offers.ours]
account = "ours"
country = "PL"
whocpa = "7"
duplicates = { days = 30, action = "refuse" }
"#,
    ),
];

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
            _ => return self.take(chaos, request, id),
        };
        let fault = chaos.of_network(|dice| match dice.below(4) {
            0 => ("answers 500", Act::answer(500, "{}")),
            1 => ("answers 429", Act::answer(429, "").with_header("retry-after", "30")),
            _ => spoiled(dice, Act::json(&rows)),
        });
        chaos.on_request(fault.as_ref().map(|(name, _)| *name));
        fault.map_or_else(|| Act::json(&rows), |(_, act)| act)
    }

    /// Takes a lead, or does not.
    fn take(&mut self, chaos: &Chaos, request: &Request, id: u64) -> Act {
        let words = Words::at(&request.path, id);
        let accepted = Act::json(&words.accepted);
        let fault = chaos.of_network(|dice| match dice.below(12) {
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
        let text = format!("{}?{} {}", request.path, request.query, String::from_utf8_lossy(&request.body));
        chaos.tell(format!("    {}: {made:?}, answered: {answered}", request.path));
        self.received.push(Received { text, made, answered, undisturbed: true, id });
        act
    }

    fn accepted(&self) -> impl Iterator<Item = &Received> {
        self.received.iter().filter(|received| received.made == Made::Accepted)
    }

    fn rows_by_their_ids(&self, request: &Request) -> Value {
        let asked = request.query_value("lead_list").unwrap_or_default();
        let of = |hash: &str| self.accepted().any(|received| hash == format!("h{}", received.id));
        let rows = asked.split(',').filter(|hash| self.approved && of(hash));
        rows.map(|hash| json!({"hash": hash, "status_name": "approved"})).collect()
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

/// What a network says of a lead.
struct Words {
    accepted: Value,
    refused: Act,
    not_taken: Act,
    /// An error that its contract does not name.
    error: Act,
}

impl Words {
    fn at(path: &str, id: u64) -> Self {
        let turned_away = Act::answer(429, "{}");
        match path {
            "/v1/order" => Self {
                accepted: json!({"uuid": format!("u-{id}")}),
                refused: Act::answer(422, r#"{"message":"no"}"#),
                not_taken: turned_away,
                error: Act::json(&json!({"error": "try later"})),
            },
            "/method/order.add" => Self {
                accepted: json!({"status": "ok", "lead_hash": format!("h{id}")}),
                refused: Act::json(&json!({"status": "error", "error_code": 405})),
                not_taken: Act::json(&json!({"status": "error", "error_code": "439"})),
                error: Act::json(&json!({"status": "error", "error_code": 999})),
            },
            "/lead/add" => Self {
                accepted: json!({"status": "accepted", "order_id": id}),
                refused: Act::json(&json!({"status": "rejected"})),
                not_taken: turned_away,
                error: Act::json(&json!({"status": "error"})),
            },
            other => panic!("no network has {other}"),
        }
    }
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

//! The queue of a round: what is sent to it comes out in any order, and some of it twice.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::chaos::Chaos;
use crate::harness::{Act, Network, Request, TestClock};

/// The most messages that Lambda hands over at once.
const BATCH: usize = 10;

/// A queue at an address of its own.
pub(crate) struct Queued {
    network: Network,
    waiting: Arc<Mutex<Vec<String>>>,
    chaos: Arc<Chaos>,
}

impl Queued {
    pub(crate) async fn start(chaos: &Arc<Chaos>, clock: Arc<TestClock>) -> Self {
        let network = Network::start(clock).await;
        let waiting = Arc::<Mutex<Vec<String>>>::default();
        let (here, fates) = (Arc::clone(&waiting), Arc::clone(chaos));
        network.otherwise(move |request| take(&fates, &here, request));
        Self { network, waiting, chaos: Arc::clone(chaos) }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/123456789012/slices", self.network.url())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.lock().unwrap().is_empty()
    }

    /// A batch of what waits, not in the order in which it came. Now and then one of it stays in the queue as well.
    pub(crate) fn receive(&self) -> Vec<String> {
        let mut waiting = self.waiting.lock().unwrap();
        let mut batch = Vec::new();
        while batch.len() < BATCH && !waiting.is_empty() {
            let last = waiting.len() - 1;
            let of = self.chaos.of_network(|dice| dice.below(waiting.len().try_into().unwrap()));
            let message = waiting.swap_remove(of.map_or(last, |of| usize::try_from(of).unwrap()));
            batch.push(message);
        }
        if let (Some(first), Some(true)) = (batch.first(), self.chaos.of_network(|dice| dice.once_in(2))) {
            waiting.push(first.clone());
        }
        batch
    }

    pub(crate) fn put_back(&self, messages: impl IntoIterator<Item = String>) {
        self.waiting.lock().unwrap().extend(messages);
    }
}

fn take(chaos: &Chaos, waiting: &Mutex<Vec<String>>, request: &Request) -> Act {
    let entries = request.json()["Entries"].as_array().unwrap().clone();
    let fault = chaos.of_network(|dice| dice.below(4));
    chaos.on_request(fault.map(|fault| match fault {
        0 => "queue turns all away",
        1 => "queue loses its answer",
        _ => "queue takes some",
    }));
    let (mut taken, mut failed) = (Vec::new(), Vec::new());
    for (number, entry) in entries.iter().enumerate() {
        let is_taken = match fault {
            Some(0) => false,
            Some(2 | 3) => number % 2 == 0,
            _ => true,
        };
        if is_taken {
            waiting.lock().unwrap().push(entry["MessageBody"].as_str().unwrap().to_owned());
            taken.push(json!({"Id": entry["Id"], "MessageId": "m"}));
        } else {
            failed.push(json!({"Id": entry["Id"], "Code": "InternalError", "SenderFault": false}));
        }
    }
    match fault {
        Some(0) => Act::answer(500, "{}"),
        Some(1) => Act::close_read(),
        _ => Act::json(&Value::from_iter([("Successful", Value::from(taken)), ("Failed", failed.into())])),
    }
}

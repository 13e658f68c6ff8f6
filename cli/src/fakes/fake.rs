//! One fake network: what it has received, and what it answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use networks::case::{Case, built_in};
use networks::fake::{self, Arrived, FakeOrder, Saying, Step, Verdict};
use networks::manifest::Asks;
use networks::{HttpReply, Settings, Submission};
use relay::config::NetworkRef;
use serde_json::{Value, json};

use super::book::{Book, is_named, is_within, keep};
use super::plan::{CallName, Fault, Planned, What, take};
use crate::failure::Failure;

/// The case that is served unless another is asked for.
const ACCEPTED: &str = "accepted";

/// A network as it is played.
pub(super) struct Fake {
    pub(super) network: NetworkRef,
    cases: BTreeMap<String, Case>,
    book: Mutex<Book>,
}

/// What a caller gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// An HTTP answer: code, content type, body.
    Reply(u16, String, Vec<u8>),
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing, until the caller gives up.
    Hold,
}

impl Fake {
    /// A network of the catalogue with its cases, or a user's own, which is played by its contract alone. Order
    /// numbers begin at `number`.
    pub(super) fn new(network: NetworkRef, number: u64) -> Result<Self, Failure> {
        let mut cases = BTreeMap::new();
        if matches!(network, NetworkRef::BuiltIn(_)) {
            for (name, text) in built_in(network.slug()) {
                let case = Case::parse(name, text).map_err(|error| Failure::new(error.to_string()))?;
                if !case.receives.is_empty() {
                    cases.insert((*name).to_owned(), case);
                }
            }
        }
        let book = Mutex::new(Book::new(number));
        Ok(Self { network, cases, book })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the settings of one more account known.
    pub(super) fn learn(&self, settings: Settings) {
        self.book().accounts.push(settings);
    }

    /// The case of a name.
    pub(super) fn case(&self, name: &str) -> Option<&Case> {
        self.cases.get(name)
    }

    /// Decides what comes next.
    pub(super) fn plan(&self, call: CallName, planned: Planned) {
        let mut book = self.book();
        match call {
            CallName::Submit => book.submit = Some(planned),
            CallName::Poll => book.poll = Some(planned),
        }
    }

    /// An order by the network's id or by ours; of several the latest.
    pub(super) fn order(&self, id: &str) -> Option<FakeOrder> {
        self.book().orders.iter().rev().find(|order| is_named(order, id)).cloned()
    }

    /// Changes what status calls answer for an order.
    pub(super) fn say(&self, id: &str, saying: &Saying) {
        if let Some(order) = self.book().orders.iter_mut().rev().find(|order| is_named(order, id)) {
            order.saying = saying.clone();
        }
    }

    /// Numbers of leads and violations, and what leads are answered next.
    pub(super) fn counts(&self) -> (usize, usize, String) {
        let book = self.book();
        let next = book.submit.as_ref().map_or_else(|| ACCEPTED.to_owned(), |planned| planned.what.name());
        (book.leads.len(), book.violated, next)
    }

    /// Everything, for the control call.
    pub(super) fn shown(&self) -> Value {
        let book = self.book();
        let orders = book.orders.iter().map(
            |order| json!({ "order_id": order.network_id, "our_order_id": order.our_id, "word": order.saying.word }),
        );
        json!({
            "network": self.network.slug(),
            "leads": book.leads,
            "orders": orders.collect::<Vec<_>>(),
            "violations": book.violations,
            "unchecked": book.unchecked,
            "next": { "submit": book.submit, "poll": book.poll },
            "cases": self.cases.keys().collect::<Vec<_>>(),
        })
    }

    /// Answers a request.
    pub(super) fn answer(&self, arrived: &Arrived<'_>) -> Answer {
        let mut book = self.book();
        let mut verdict = self.judge(&book, arrived);
        let plan = if verdict.step == Some(Step::Poll) { &book.poll } else { &book.submit };
        let fault = plan.as_ref().map(|planned| &planned.what);
        // These come before the request is looked at. The request that goes first is spared: it is no lead yet.
        let unseen = match fault {
            Some(What::Fault(Fault::Refuse)) => Some(Answer::Close),
            Some(What::Fault(Fault::Reset)) => Some(Answer::Reset),
            _ => None,
        };
        if let (Some(answer), Some(Step::Submit | Step::Poll)) = (unseen, verdict.step) {
            let _ = if verdict.step == Some(Step::Poll) { take(&mut book.poll) } else { take(&mut book.submit) };
            return answer;
        }
        if let Some(word) = &verdict.before_answer
            && !book.words.contains(word)
        {
            let wrong = "`{before.answer}` is no answer that was given to a request that goes first";
            verdict.violations.push(wrong.to_owned());
        }
        book.unchecked.append(&mut verdict.unchecked);
        if !verdict.violations.is_empty() {
            book.violated(arrived.method, &verdict);
            let body = json!(verdict.violations).to_string();
            return Answer::Reply(400, "application/json".to_owned(), body.into_bytes());
        }
        match verdict.step {
            Some(Step::Before) => self.before(&mut book),
            Some(Step::Submit) => self.submit(&mut book, verdict),
            Some(Step::Poll) => self.poll(&mut book, &verdict),
            None => Answer::Reply(404, "text/plain".to_owned(), Vec::new()),
        }
    }

    /// The verdict by the account whose settings fit best.
    fn judge(&self, book: &Book, arrived: &Arrived<'_>) -> Verdict {
        let verdicts = book.accounts.iter().map(|settings| fake::judge(&self.network, arrived, settings));
        let nearest = verdicts.min_by_key(|verdict| verdict.violations.len());
        nearest.unwrap_or_else(|| fake::judge(&self.network, arrived, &Settings::default()))
    }

    /// The case that decides the next lead, without taking it off the plan.
    fn case_of_next_lead(&self, book: &Book) -> Option<&Case> {
        let name = match book.submit.as_ref().map(|planned| &planned.what) {
            Some(What::Case(name)) => name,
            _ => ACCEPTED,
        };
        self.case(name)
    }

    fn before(&self, book: &mut Book) -> Answer {
        let case = self.case_of_next_lead(book);
        let first = case.and_then(|case| case.receives.first());
        let mut reply = first.map_or_else(|| HttpReply::new(200, "fake-0000000000"), networks::case::Received::reply);
        if case.is_some_and(|case| case.receives.len() == 1) {
            // The case ends here: no lead follows.
            take(&mut book.submit);
        }
        if let Ok(word) = self.network.read_before(&reply) {
            let word = fake::fresh_word(&word, book.next_number());
            keep(&mut book.words, word.clone());
            reply.body = word.into_bytes();
        }
        let content_type = first.and_then(|received| received.content_type.clone());
        answered(reply, content_type)
    }

    fn submit(&self, book: &mut Book, verdict: Verdict) -> Answer {
        let what = take(&mut book.submit);
        let case = match &what {
            Some(What::Case(name)) => name.as_str(),
            _ => ACCEPTED,
        };
        let number = book.next_number();
        let received = self.case(case).and_then(|case| case.receives.last());
        let content_type = received.and_then(|received| received.content_type.clone());
        let made_up = || fake::made_up_acceptance(&self.network, number);
        let Some(mut reply) = received.map(networks::case::Received::reply).or_else(made_up) else {
            let why = json!([format!("no answer of {} is known", self.network.name())]);
            return Answer::Reply(501, "application/json".to_owned(), why.to_string().into_bytes());
        };
        let before_answer = verdict.before_answer.as_deref();
        let is_taken = |reply: &HttpReply| match self.network.read_submission(reply, before_answer) {
            Submission::Delivered(taken) => Some(taken),
            _ => None,
        };
        if is_taken(&reply).is_some() {
            let body = String::from_utf8_lossy(&reply.body).into_owned();
            reply.body = fake::with_fresh_id(&self.network, &body, number).into_bytes();
        }
        let fault = match what {
            Some(What::Fault(fault)) => Some(fault),
            _ => None,
        };
        let taken = is_taken(&reply).filter(|_| fault != Some(Fault::ServerError));
        let network_id = taken.as_ref().and_then(|taken| taken.network_order_id.clone());
        let name = what.as_ref().map_or_else(|| ACCEPTED.to_owned(), What::name);
        book.record(&verdict, network_id.as_deref(), &name);
        if let Some(taken) = taken {
            let saying = Saying::of_fresh_order(&self.network, taken.status_word.as_deref());
            keep(&mut book.orders, FakeOrder { our_id: verdict.our_order_id, network_id, saying });
        }
        faulty(fault, answered(reply, content_type))
    }

    fn poll(&self, book: &mut Book, verdict: &Verdict) -> Answer {
        let what = take(&mut book.poll);
        if let Some(What::Case(name)) = &what
            && let Some(received) = self.case(name).and_then(|case| case.receives.last())
        {
            return answered(received.reply(), received.content_type.clone());
        }
        let asked: Vec<&FakeOrder> = match self.network.asks() {
            Some(Asks::Window) => book.orders.iter().filter(|order| is_within(order, verdict.window)).collect(),
            Some(Asks::Network) => book.find(&verdict.ids, |order| order.network_id.as_deref()),
            Some(Asks::Ours) | None => book.find(&verdict.ids, |order| order.our_id.as_deref()),
        };
        let reply = fake::statuses_answer(&self.network, &asked).unwrap_or_else(|| HttpReply::new(404, "{}"));
        let fault = match what {
            Some(What::Fault(fault)) => Some(fault),
            _ => None,
        };
        faulty(fault, answered(reply, None))
    }
}

fn answered(reply: HttpReply, content_type: Option<String>) -> Answer {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&reply.body).is_ok();
    let usual = if is_json { "application/json" } else { "text/plain" };
    Answer::Reply(reply.status, content_type.unwrap_or_else(|| usual.to_owned()), reply.body)
}

fn faulty(fault: Option<Fault>, answer: Answer) -> Answer {
    match (fault, answer) {
        (Some(Fault::Timeout), _) => Answer::Hold,
        (Some(Fault::LostAnswer | Fault::Refuse), _) => Answer::Close,
        (Some(Fault::Reset), _) => Answer::Reset,
        (Some(Fault::ServerError), _) => {
            Answer::Reply(500, "text/html".to_owned(), b"<h1>Internal Server Error</h1>".to_vec())
        }
        (Some(Fault::BrokenJson), Answer::Reply(status, content_type, mut body)) => {
            body.truncate(body.len() / 2);
            Answer::Reply(status, content_type, body)
        }
        (_, answer) => answer,
    }
}

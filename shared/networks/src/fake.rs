//! Fakes: what a network would say of a request, by its manifest and its cases alone.
//!
//! [`judge`] holds a request against the contract and says what is wrong with it; the rest makes answers: a taken
//! lead with a fresh order id, rows of a status call, a postback. Pure, like the engine it mirrors.

use std::collections::BTreeSet;

mod answer;
mod body;
mod capture;
mod check;
mod contract;
mod made_up;
mod news;
mod rows;
mod shape;
mod words;

pub use answer::{fresh_word, made_up_acceptance, with_fresh_id};
pub use check::judge;
pub use made_up::{params, settings};
pub use news::{News, postback_tail};
pub use rows::{FakeOrder, PAYOUT, statuses_answer};
pub use words::Saying;

/// A request as a server sees it, without scheme and host. It has no `Debug`: it holds keys and personal data.
#[derive(Clone, Copy)]
pub struct Arrived<'a> {
    /// `GET`, `POST` or whatever came.
    pub method: &'a str,
    /// The path as sent, escapes and all.
    pub path: &'a str,
    /// The query as sent, without its question mark.
    pub query: &'a str,
    /// Headers, name and value.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
}

/// Which of a network's calls a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The request that goes before a submit.
    Before,
    /// The submit.
    Submit,
    /// The status call.
    Poll,
}

/// What the contract says of a request. It has no `Debug`: its fields are a customer's.
#[derive(Default)]
pub struct Verdict {
    /// The call it is; `None` where it is none of the network's.
    pub step: Option<Step>,
    /// What was wrong, each in a sentence without any value that was sent.
    pub violations: Vec<String>,
    /// What could not be compared because the fake does not know it, such as `setting.api`.
    pub unchecked: BTreeSet<String>,
    /// What was sent, to be shown: settings left out, phones masked.
    pub fields: Vec<(String, String)>,
    /// Our id of the order, where the contract carries it as it is.
    pub our_order_id: Option<String>,
    /// The answer of the request that went first, as the submit repeats it.
    pub before_answer: Option<String>,
    /// The ids a status call asks for.
    pub ids: Vec<String>,
    /// The time a status call asks for, unix seconds.
    pub window: (Option<i64>, Option<i64>),
}

#[cfg(test)]
mod tests;

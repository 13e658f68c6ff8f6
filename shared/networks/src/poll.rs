//! The status call: from ids to a request, from the answer to rows.

use lead::money::Written;
use lead::{Payout, Status};
use serde_json::Value;
use url::Url;

use crate::manifest::{Asks, Condition, OneOrMany, Rows};
use crate::network::Network;
use crate::reply::{Answer, HttpReply, first_id, first_scalar, first_words, holds_at, scalar};
use crate::request::{HttpRequest, RenderError, Settings, Values, build};
use crate::status::{Lists, Meaning, StatusReading, read};

/// All that a status call is made of.
#[derive(Debug, Clone, Copy)]
pub struct PollInput<'a> {
    /// The account's settings.
    pub settings: &'a Settings,
    /// The ids to ask for, no more than the contract's batch; empty for a contract that asks by time.
    pub ids: &'a [String],
    /// The window to ask for, unix seconds.
    pub window: Option<(i64, i64)>,
    /// Replaces scheme and host of the call.
    pub base_url: Option<&'a Url>,
}

/// One order's status in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The network's id, where the row has it.
    pub network_order_id: Option<String>,
    /// Our id, where the row has it.
    pub our_order_id: Option<String>,
    /// What the status means, and the raw word.
    pub reading: StatusReading,
    /// The payout, read only with an approve or hold.
    pub payout: Option<Payout>,
    /// Free text, at most 1,000 characters.
    pub comment: Option<String>,
}

/// Why an answer to a status call tells no statuses. None of these is ever read as a status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PollFailure {
    /// Too many calls.
    #[error("the network asks for fewer calls (HTTP 429)")]
    RateLimited,
    /// An HTTP error.
    #[error("HTTP {0}")]
    Http(u16),
    /// The answer is an error by the contract, whatever its HTTP code.
    #[error("the network answered with an error: {0}")]
    Refused(String),
    /// The rows are not where the contract says.
    #[error("the answer has no rows where the contract has them")]
    Unreadable,
}

impl PollFailure {
    /// The text of a failure without the network's own words: those may repeat a key or a customer's data, and have no
    /// place in a log.
    #[must_use]
    pub fn without_their_words(text: &str) -> &str {
        let words = Self::Refused(String::new()).to_string();
        let ours = words.trim_end_matches(": ");
        if text.starts_with(&words) { text.get(..ours.len()).unwrap_or_default() } else { text }
    }
}

const COMMENT_CHARS: usize = 1000;

impl Network {
    /// Whether the status call asks by the network's ids, by ours, or by time. `None` without a status call.
    #[must_use]
    pub fn asks(&self) -> Option<Asks> {
        self.manifest.poll.as_ref().map(|poll| poll.asks)
    }

    /// The most ids one status call may carry.
    #[must_use]
    pub fn poll_batch(&self) -> usize {
        self.manifest.poll.as_ref().map_or(1, |poll| *poll.batch.get_ref())
    }

    /// How far back a status call by time reaches, in days.
    #[must_use]
    pub fn window_days(&self) -> Option<u32> {
        self.manifest.poll.as_ref().and_then(|poll| poll.window_days)
    }

    /// The request that asks for statuses.
    ///
    /// # Errors
    /// [`RenderError`] where a setting is missing or the contract has no such call.
    pub fn poll_request(&self, input: &PollInput<'_>) -> Result<HttpRequest, RenderError> {
        let poll = self.poll.as_ref().ok_or(RenderError::NoContract)?;
        let values =
            Values { settings: Some(input.settings), ids: input.ids, window: input.window, ..Values::default() };
        let request = build(&poll.call, &values, input.base_url)?;
        Ok(match input.base_url {
            Some(base) => request.rebased(base),
            None => request,
        })
    }

    /// Reads the rows of an answer. A row without any id or without a status is left out; the caller counts what is
    /// missing against what it asked for.
    ///
    /// # Errors
    /// [`PollFailure`], whenever the answer is not surely a list of statuses.
    pub fn read_statuses(&self, reply: &HttpReply) -> Result<Vec<StatusReport>, PollFailure> {
        let contract = &self.manifest.poll.as_ref().ok_or(PollFailure::Unreadable)?.rows;
        let answer = Answer::read(reply);
        if answer.status == 429 {
            return Err(PollFailure::RateLimited);
        }
        if answer.any(&contract.failed) {
            let told = answer.json.as_ref().map(told_by).unwrap_or_default();
            return Err(PollFailure::Refused(told));
        }
        if !answer.is_success() {
            return Err(PollFailure::Http(answer.status));
        }
        let json = answer.json.ok_or(PollFailure::Unreadable)?;
        let rows = rows(contract, &json)?;
        Ok(rows.into_iter().filter_map(|(key, row)| self.report(contract, key, row)).collect())
    }

    fn report(&self, contract: &Rows, key: Option<&str>, row: &Value) -> Option<StatusReport> {
        let id = |pointers: &OneOrMany| {
            let by_key = || key.filter(|_| pointers.0.iter().any(|pointer| pointer == "@key")).map(str::to_owned);
            first_id(pointers, row).or_else(by_key)
        };
        let network_order_id = id(&contract.network_id);
        let our_order_id = id(&contract.our_id);
        if network_order_id.is_none() && our_order_id.is_none() {
            return None;
        }
        let reading = self.row_reading(contract, row)?;
        let pays = matches!(reading, StatusReading::Known { status: Status::Approve | Status::Hold, .. });
        let amount = first_scalar(&contract.payout, row).filter(|_| pays);
        let currency = first_scalar(&contract.currency, row).or_else(|| contract.currency_is.clone());
        let payout = amount.and_then(|text| text.parse::<Written>().ok()).map(|it| it.payout(currency.as_deref()));
        let comment = first_words(&contract.comment, row, COMMENT_CHARS);
        Some(StatusReport { network_order_id, our_order_id, reading, payout, comment })
    }

    fn row_reading(&self, contract: &Rows, row: &Value) -> Option<StatusReading> {
        let word = first_scalar(&contract.status, row);
        let meanings = self.poll.iter().flat_map(|poll| &poll.overrides);
        for (one, meaning) in contract.overrides.iter().zip(meanings) {
            if one.all.iter().all(|condition| holds_at(condition, Some(row))) {
                let raw = format!("{} {}", word.as_deref().unwrap_or_default(), evidence(&one.all, row));
                return Some(known(*meaning, raw.trim().to_owned()));
            }
        }
        Some(read(&word?, &Lists::default(), &self.statuses))
    }

    /// Reads a kept raw word again by today's tables, as far as one word allows: the evidence of a row told apart by
    /// more than its word is part of what is kept (`1 [/trash=1]`).
    #[must_use]
    pub fn reread(&self, raw: &str) -> StatusReading {
        let overrides = self.manifest.poll.iter().flat_map(|poll| &poll.rows.overrides);
        let meanings = self.poll.iter().flat_map(|poll| &poll.overrides);
        if let Some((_, tags)) = raw.split_once('[').filter(|_| raw.ends_with(']')) {
            let tags = tags.trim_end_matches(']');
            for (one, meaning) in overrides.zip(meanings) {
                if one.all.iter().all(|condition| tagged(condition, tags)) {
                    return known(*meaning, raw.to_owned());
                }
            }
        }
        read(raw, &Lists::default(), &self.statuses)
    }
}

fn known(meaning: Meaning, raw: String) -> StatusReading {
    StatusReading::Known { status: meaning.status, reason: meaning.reason, raw }
}

/// What made an override fit: `[/trash=1]`.
fn evidence(conditions: &[Condition], row: &Value) -> String {
    let pairs = conditions.iter().filter_map(|condition| {
        let at = condition.at.as_ref()?.get_ref();
        Some(format!("{at}={}", row.pointer(at).and_then(scalar)?))
    });
    format!("[{}]", pairs.collect::<Vec<_>>().join(" "))
}

/// Whether kept evidence fits a condition.
fn tagged(condition: &Condition, tags: &str) -> bool {
    let Some(at) = &condition.at else { return false };
    tags.split(' ')
        .filter_map(|tag| tag.split_once('='))
        .any(|(pointer, value)| pointer == at.get_ref() && condition.is.iter().any(|scalar| scalar.0 == value))
}

type Row<'a> = (Option<&'a str>, &'a Value);

fn rows<'a>(contract: &Rows, json: &'a Value) -> Result<Vec<Row<'a>>, PollFailure> {
    let root = [String::new()];
    let places = if contract.at.0.is_empty() { root.as_slice() } else { contract.at.0.as_slice() };
    let found = places.iter().find_map(|pointer| json.pointer(pointer)).ok_or(PollFailure::Unreadable)?;
    match found {
        Value::Object(_) if contract.single || is_row(contract, found) => Ok(vec![(None, found)]),
        Value::Array(list) if !contract.single => Ok(list.iter().map(|row| (None, row)).collect()),
        Value::Object(map) if !contract.single => Ok(map.iter().map(|(key, row)| (Some(key.as_str()), row)).collect()),
        _ => Err(PollFailure::Unreadable),
    }
}

/// Whether an object is itself a row, where a list was expected: some networks answer so when asked for one order.
fn is_row(contract: &Rows, object: &Value) -> bool {
    let named = first_id(&contract.network_id, object).or_else(|| first_id(&contract.our_id, object));
    named.is_some() && first_scalar(&contract.status, object).is_some()
}

/// The text of an error answer, from the places such texts usually have.
fn told_by(json: &Value) -> String {
    let places = [
        "/error/message",
        "/error/text",
        "/error_msg",
        "/errmsg",
        "/message",
        "/msg",
        "/error",
        "/errors",
        "/data/error",
    ];
    let places = OneOrMany(places.map(str::to_owned).to_vec());
    first_words(&places, json, 200).unwrap_or_else(|| "no text".to_owned())
}

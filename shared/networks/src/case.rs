//! Cases: short TOML files that show what is sent to a network and what its answers mean.
//!
//! A case is *given*, *sends*, *receives*, *then*. The built-in catalogue's tests and `leadrelay check --network`
//! run the same runner.

use std::collections::BTreeMap;
use std::fmt;

use lead::{Lead, OrderId};
use serde::Deserialize;
use url::Url;

use crate::error::{ManifestError, Problem};
use crate::manifest::Method;
use crate::network::Network;
use crate::poll::{PollInput, StatusReport};
use crate::postback::{DoorParams, read_postback};
use crate::reply::HttpReply;
use crate::request::{HttpRequest, Settings};
use crate::status::StatusReading;
use crate::submit::{RefusalCause, Submission, SubmitInput};

/// A case as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in a sentence.
    pub about: String,
    /// What is there at the start.
    pub given: Given,
    /// The requests that are sent, in order.
    #[serde(default)]
    pub sends: Vec<Sent>,
    /// The answers, one for each request.
    #[serde(default)]
    pub receives: Vec<Received>,
    /// What becomes of it.
    pub then: Then,
}

/// What is there at the start: a lead, ids to ask for, or a postback.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// A lead, with the field names of the relay's intake.
    pub lead: Option<toml::Table>,
    /// The account's settings.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The offer's parameters.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// Our order id.
    #[serde(default = "some_order")]
    pub order: String,
    /// The host of an account of a network that has none of its own.
    pub base_url: Option<String>,
    /// The ids a status call asks for.
    pub ids: Option<Vec<String>>,
    /// The window a status call asks for, unix seconds.
    pub window: Option<(i64, i64)>,
    /// A postback's tail with its macros filled.
    pub postback: Option<String>,
}

/// A request as a case shows it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// GET or POST.
    pub method: Method,
    /// The URL without its query.
    pub url: String,
    /// Query parameters, `name=value` decoded, in order; all of them.
    #[serde(default)]
    pub query: Vec<String>,
    /// Headers but `Content-Type`, `Name: value`, in order; all of them.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Form or multipart fields, `name=value` decoded, in order; all of them.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The body to the byte, where it is JSON.
    pub body: Option<String>,
}

/// An answer as a case shows it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// The HTTP status code.
    #[serde(default = "ok")]
    pub status: u16,
    /// The content type, for those who serve the case; reading does not depend on it.
    pub content_type: Option<String>,
    /// The body.
    #[serde(default)]
    pub body: String,
}

/// What becomes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Then {
    /// `delivered`, `refused`, `not-taken` or `unclear`.
    pub delivery: Option<String>,
    /// The network's order id.
    pub network_order_id: Option<String>,
    /// Taken and marked as a duplicate.
    #[serde(default)]
    pub marked_duplicate: bool,
    /// Why refused: `duplicate`, `bad-phone` or `other`.
    pub cause: Option<String>,
    /// The network's text of a refusal.
    pub message: Option<String>,
    /// The status word a taken order already has.
    pub status_word: Option<String>,
    /// The rows of a status answer, in order; all of them.
    pub rows: Option<Vec<Row>>,
    /// What made a status answer useless.
    pub failure: Option<String>,
    /// What a postback says.
    pub news: Option<Row>,
    /// A request that cannot be made, and why.
    pub cannot_send: Option<String>,
}

/// One order's status as a case shows it.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Our order id.
    pub oid: Option<String>,
    /// The network's order id.
    pub eid: Option<String>,
    /// The canonical status, or `unmapped`.
    pub status: String,
    /// The canonical reason.
    pub reason: Option<u8>,
    /// The raw word that is kept.
    pub raw: Option<String>,
    /// The payout, such as `12.50 EUR`.
    pub payout: Option<String>,
    /// Free text.
    pub comment: Option<String>,
}

fn some_order() -> String {
    "01kb2h8z40x0000000000000c1".to_owned()
}

const fn ok() -> u16 {
    200
}

#[cfg(feature = "cases")]
include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// The cases of a built-in network, file stem and text, in order of their names; none for a slug that is not built in.
#[cfg(feature = "cases")]
#[must_use]
pub fn built_in(slug: &str) -> &'static [(&'static str, &'static str)] {
    let found = CASES.binary_search_by(|(other, _)| (*other).cmp(slug)).ok().and_then(|index| CASES.get(index));
    found.map_or(&[], |(_, cases)| cases)
}

/// How a case came out otherwise than it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What was compared.
    pub what: String,
    /// What the case says.
    pub expected: String,
    /// What happened.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  expected {}\n  found    {}", self.what, self.expected, self.found)
    }
}

impl Case {
    /// Parses a case.
    ///
    /// # Errors
    /// The place and the message where it is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, ManifestError> {
        toml::from_str(text).map_err(|error| ManifestError { problems: vec![Problem::of_toml(file, text, &error)] })
    }

    /// The lead of the case, checked as the intake checks it.
    ///
    /// # Errors
    /// The problems in words.
    pub fn lead(&self) -> Result<Option<Lead>, String> {
        let Some(table) = &self.given.lead else { return Ok(None) };
        let mut fields = serde_json::to_value(table).map_err(|error| error.to_string())?;
        if let Some(object) = fields.as_object_mut() {
            object.insert("offer".to_owned(), "case".into());
        }
        let intake = lead::parse_json(fields.to_string().as_bytes()).map_err(|error| error.to_string())?;
        let problems = |errors: Vec<lead::FieldError>| {
            errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; ")
        };
        intake.to_lead(None).map(Some).map_err(problems)
    }

    /// Runs the case and returns every difference; none means that it holds.
    #[must_use]
    pub fn run(&self, network: &Network) -> Vec<Mismatch> {
        let mut differences = Vec::new();
        let result = if let Some(tail) = &self.given.postback {
            self.run_postback(network, tail, &mut differences)
        } else if self.given.ids.is_some() || self.given.window.is_some() {
            self.run_poll(network, &mut differences)
        } else {
            self.run_submit(network, &mut differences)
        };
        if let Err(broken) = result {
            differences.push(Mismatch { what: "the case itself".into(), expected: "to run".into(), found: broken });
        }
        differences
    }

    fn run_submit(&self, network: &Network, differences: &mut Vec<Mismatch>) -> Result<(), String> {
        let lead = self.lead()?.ok_or("a case is given a lead, ids, a window or a postback")?;
        let order_id: OrderId = self.given.order.parse().map_err(|error| format!("given.order: {error}"))?;
        let settings = self.settings();
        let base_url = self.base_url()?;
        let input = SubmitInput {
            lead: &lead,
            order_id: &order_id,
            settings: &settings,
            params: &self.given.params,
            base_url: base_url.as_ref(),
        };
        let mut replies = self.receives.iter().map(Received::reply);
        let mut requests = Vec::new();
        let outcome = Self::exchange(network, &input, &mut requests, &mut replies);
        self.compare_requests(&requests, differences);
        match outcome {
            Ok(submission) => self.compare_submission(&submission, differences),
            Err(cannot) => compare("cannot_send", self.then.cannot_send.as_ref(), Some(&cannot), differences),
        }
        Ok(())
    }

    fn exchange(
        network: &Network,
        input: &SubmitInput<'_>,
        requests: &mut Vec<HttpRequest>,
        replies: &mut impl Iterator<Item = HttpReply>,
    ) -> Result<Submission, String> {
        let mut next_reply = || replies.next().ok_or("the case receives fewer answers than it sends requests");
        let mut answer = None;
        if let Some(before) = network.before_request(input).map_err(|error| error.to_string())? {
            requests.push(before);
            match network.read_before(&next_reply()?) {
                Ok(word) => answer = Some(word),
                Err(verdict) => return Ok(verdict),
            }
        }
        requests.push(network.submit_request(input, answer.as_deref()).map_err(|error| error.to_string())?);
        Ok(network.read_submission(&next_reply()?, answer.as_deref()))
    }

    fn run_poll(&self, network: &Network, differences: &mut Vec<Mismatch>) -> Result<(), String> {
        let settings = self.settings();
        let base_url = self.base_url()?;
        let ids = self.given.ids.clone().unwrap_or_default();
        let input =
            PollInput { settings: &settings, ids: &ids, window: self.given.window, base_url: base_url.as_ref() };
        let request = network.poll_request(&input).map_err(|error| error.to_string())?;
        self.compare_requests(&[request], differences);
        let reply = self.receives.first().ok_or("the case receives no answer")?.reply();
        match network.read_statuses(&reply) {
            Ok(reports) => {
                let found: Vec<Row> = reports.iter().map(Row::of_report).collect();
                let expected = self.then.rows.as_deref().unwrap_or_default();
                let expected: Vec<Row> = expected.iter().zip(&found).map(|(row, like)| row.filled(like)).collect();
                let wanted = self.then.rows.as_ref().map(Vec::len);
                compare("number of rows", wanted.as_ref(), Some(&found.len()), differences);
                for (row, like) in expected.iter().zip(&found) {
                    compare("row", Some(row), Some(like), differences);
                }
            }
            Err(failure) => compare("failure", self.then.failure.as_ref(), Some(&failure.to_string()), differences),
        }
        Ok(())
    }

    fn run_postback(&self, network: &Network, tail: &str, differences: &mut Vec<Mismatch>) -> Result<(), String> {
        let mut params = DoorParams::default();
        for (name, value) in form_urlencoded::parse(tail.trim_start_matches('&').as_bytes()) {
            params.add(&name, &value);
        }
        let report = read_postback(Some(network), &params).map_err(|error| error.to_string())?;
        let (status, _) = Row::status_of(&report.reading);
        let found = Row {
            oid: report.oid,
            eid: report.eid,
            status,
            reason: report.reason.map(lead::Reason::code),
            raw: Some(report.reading.raw().to_owned()),
            payout: report.payout.map(|payout| payout.to_string()),
            comment: report.comment,
        };
        let expected = self.then.news.as_ref().ok_or("a postback case says then.news")?.filled(&found);
        compare("news", Some(&expected), Some(&found), differences);
        Ok(())
    }

    fn settings(&self) -> Settings {
        Settings::from_pairs(self.given.settings.clone())
    }

    fn base_url(&self) -> Result<Option<Url>, String> {
        self.given.base_url.as_deref().map(Url::parse).transpose().map_err(|error| format!("given.base_url: {error}"))
    }

    fn compare_requests(&self, requests: &[HttpRequest], differences: &mut Vec<Mismatch>) {
        compare("number of requests", Some(&self.sends.len()), Some(&requests.len()), differences);
        for (sent, request) in self.sends.iter().zip(requests) {
            sent.compare(request, differences);
        }
    }

    fn compare_submission(&self, submission: &Submission, differences: &mut Vec<Mismatch>) {
        let then = &self.then;
        let delivery = match submission {
            Submission::Delivered(_) => "delivered",
            Submission::Refused { .. } => "refused",
            Submission::NotTaken { .. } => "not-taken",
            Submission::Unclear { .. } => "unclear",
        };
        compare("delivery", then.delivery.as_deref().as_ref(), Some(&delivery), differences);
        match submission {
            Submission::Delivered(taken) => {
                let (wanted, found) = (then.network_order_id.as_ref(), taken.network_order_id.as_ref());
                compare("network_order_id", wanted, found, differences);
                compare("marked_duplicate", Some(&then.marked_duplicate), Some(&taken.duplicate), differences);
                if then.status_word.is_some() {
                    compare("status_word", then.status_word.as_ref(), taken.status_word.as_ref(), differences);
                }
            }
            Submission::Refused { cause, message } => {
                let cause = match cause {
                    RefusalCause::Duplicate => "duplicate",
                    RefusalCause::BadPhone => "bad-phone",
                    RefusalCause::Other => "other",
                };
                compare("cause", then.cause.as_deref().as_ref(), Some(&cause), differences);
                compare("message", then.message.as_ref(), message.as_ref(), differences);
            }
            Submission::NotTaken { .. } | Submission::Unclear { .. } => {}
        }
    }
}

impl Received {
    /// The answer as the transport would hand it over.
    #[must_use]
    pub fn reply(&self) -> HttpReply {
        HttpReply::new(self.status, self.body.clone())
    }
}

impl Sent {
    fn compare(&self, request: &HttpRequest, differences: &mut Vec<Mismatch>) {
        compare("method", Some(&self.method), Some(&request.method), differences);
        let mut url = request.url.clone();
        url.set_query(None);
        compare("url", Some(&self.url), Some(&url.to_string()), differences);
        let query = decoded(request.url.query().unwrap_or_default().as_bytes());
        compare("query", Some(&self.query), Some(&query), differences);
        let is_type = |name: &str| name.eq_ignore_ascii_case("content-type");
        let headers = request.headers.iter().filter(|(name, _)| !is_type(name));
        let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
        compare("headers", Some(&self.headers), Some(&headers), differences);
        let content_type = request.headers.iter().find(|(name, _)| is_type(name)).map(|(_, value)| value.as_str());
        let text = String::from_utf8_lossy(&request.body).into_owned();
        match content_type {
            Some("application/json") => compare("body", self.body.as_ref(), Some(&text), differences),
            Some("application/x-www-form-urlencoded") => {
                compare("fields", Some(&self.fields), Some(&decoded(&request.body)), differences);
            }
            Some(multipart) => {
                let boundary = multipart.split_once("boundary=").map_or("", |(_, boundary)| boundary);
                let fields = multipart_fields(&text, boundary);
                let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
                compare("fields", Some(&self.fields), Some(&fields), differences);
            }
            None => compare("body", self.body.as_ref(), None, differences),
        }
    }
}

fn decoded(encoded: &[u8]) -> Vec<String> {
    form_urlencoded::parse(encoded).map(|(name, value)| format!("{name}={value}")).collect()
}

/// The fields of a `multipart/form-data` body, name and value, in order.
pub(crate) fn multipart_fields(text: &str, boundary: &str) -> Vec<(String, String)> {
    let delimiter = format!("--{boundary}");
    text.split(&delimiter)
        .filter_map(|part| {
            let (head, value) = part.split_once("\r\n\r\n")?;
            let name = head.split_once("name=\"")?.1.split('"').next()?;
            Some((name.to_owned(), value.strip_suffix("\r\n")?.to_owned()))
        })
        .collect()
}

impl Row {
    fn status_of(reading: &StatusReading) -> (String, Option<u8>) {
        match reading {
            StatusReading::Known { status, reason, .. } => (status.to_string(), reason.map(lead::Reason::code)),
            StatusReading::Unmapped { .. } => ("unmapped".to_owned(), None),
        }
    }

    fn of_report(report: &StatusReport) -> Self {
        let (status, reason) = Self::status_of(&report.reading);
        Self {
            oid: report.our_order_id.clone(),
            eid: report.network_order_id.clone(),
            status,
            reason,
            raw: Some(report.reading.raw().to_owned()),
            payout: report.payout.as_ref().map(ToString::to_string),
            comment: report.comment.clone(),
        }
    }

    /// This row, the raw word taken from `like` where the case does not speak of it.
    fn filled(&self, like: &Self) -> Self {
        Self {
            oid: self.oid.clone(),
            eid: self.eid.clone(),
            status: self.status.clone(),
            reason: self.reason,
            raw: self.raw.clone().or_else(|| like.raw.clone()),
            payout: self.payout.clone(),
            comment: self.comment.clone(),
        }
    }
}

fn compare<T: PartialEq + fmt::Debug>(
    what: &str,
    expected: Option<&T>,
    found: Option<&T>,
    differences: &mut Vec<Mismatch>,
) {
    if expected != found {
        let show = |value: Option<&T>| value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"));
        differences.push(Mismatch { what: what.to_owned(), expected: show(expected), found: show(found) });
    }
}

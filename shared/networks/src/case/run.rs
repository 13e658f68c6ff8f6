//! Runs a case: makes its requests, feeds it its answers, and compares.

use std::fmt;

use lead::OrderId;
use url::Url;

use super::{Case, Mismatch, Received, Row, Sent};
use crate::network::Network;
use crate::poll::{PollInput, StatusReport};
use crate::postback::{DoorParams, read_postback};
use crate::reply::HttpReply;
use crate::request::{HttpRequest, Settings};
use crate::status::StatusReading;
use crate::submit::{RefusalCause, Submission, SubmitInput};

impl Case {
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
                let fields = super::multipart_fields(&text, boundary);
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

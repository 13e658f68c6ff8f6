//! Cases: short TOML files that show what is sent to a network and what its answers mean.
//!
//! A case is *given*, *sends*, *receives*, *then*. The built-in catalogue's tests and `leadrelay check --network`
//! run the same runner.

use std::collections::BTreeMap;
use std::fmt;

use lead::Lead;
use serde::Deserialize;

use crate::error::{ManifestError, Problem};
use crate::manifest::Method;
use crate::reply::HttpReply;

mod run;

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
}

impl Received {
    /// The answer as the transport would hand it over.
    #[must_use]
    pub fn reply(&self) -> HttpReply {
        HttpReply::new(self.status, self.body.clone())
    }
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

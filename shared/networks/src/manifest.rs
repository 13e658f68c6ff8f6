//! The manifest as it is written: `network.toml`, typed, with every unknown key refused.
//!
//! `FORMAT.md` in this crate describes each key for people; the types here are the
//! same description for the parser. [`crate::Network`] is the manifest after it has been checked.

use serde::Deserialize;
use toml::Spanned;

mod reading;

/// A whole `network.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this format: 1.
    pub format: Spanned<u32>,
    /// The network's id: lower-case letters, digits and dashes; the name of its folder.
    pub slug: Spanned<String>,
    /// The network's name as people write it.
    pub name: String,
    /// How statuses come back by the set-up users know.
    pub statuses_by: StatusesBy,
    /// Which id joins a status to its order: ours (`oid`) or the network's (`eid`).
    pub correlate: Correlate,
    /// Every account must name its own host (`base_url`); the manifest's URLs are paths.
    #[serde(default)]
    pub needs_base_url: bool,
    /// What an account of the network is configured with.
    #[serde(default)]
    pub settings: OrderedMap<Declared>,
    /// What an offer is configured with.
    #[serde(default)]
    pub params: OrderedMap<Declared>,
    /// Values the contract needs and the usual set-up does not name.
    #[serde(default)]
    pub supplements: OrderedMap<Supplement>,
    /// Event name to the postback that the user pastes into the network's cabinet.
    #[serde(default)]
    pub postbacks: OrderedMap<Postback>,
    /// How to set the network up, for people.
    pub guide: String,
    /// What not to trust in this manifest, and which safe reading was taken.
    #[serde(default)]
    pub doubts: Vec<String>,
    /// The call that hands a lead over, where it is known.
    pub submit: Option<Submit>,
    /// The call that asks for statuses, where it is known.
    pub poll: Option<Poll>,
    /// Folded word or code to `status` or `status, reason N`.
    #[serde(default)]
    pub statuses: OrderedMap<Spanned<String>>,
}

/// The way statuses come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusesBy {
    /// The network calls the door.
    Postback,
    /// The network is asked.
    Poll,
    /// Both.
    Both,
}

/// Whose order id a postback or a row carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Correlate {
    /// Ours.
    Oid,
    /// The network's.
    Eid,
}

/// How well a part of the contract is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// By the network's own documents or code.
    Documented,
    /// By working public clients.
    ClientCode,
    /// By likeness to something known.
    Inferred,
}

impl Confidence {
    /// The word in the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::ClientCode => "client-code",
            Self::Inferred => "inferred",
        }
    }
}

/// A setting or parameter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// What it is, for people.
    pub title: String,
    /// It must never be shown.
    #[serde(default)]
    pub secret: bool,
    /// An account or offer without it is refused.
    #[serde(default = "yes")]
    pub required: bool,
    /// What kind of text it must be.
    #[serde(default)]
    pub kind: Kind,
    /// For `kind = "url"` or `"host"`: the hosts it may name; subdomains count. Empty: any public host.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// No known call takes it; the reason, said out loud.
    pub unused: Option<String>,
}

/// A value the contract needs beside the settings and parameters users know.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supplement {
    /// What it is, for people.
    pub title: String,
    /// Whether it belongs to the account or to the offer.
    pub of: Owner,
    /// It must never be shown.
    #[serde(default)]
    pub secret: bool,
    /// An account or offer without it is refused.
    #[serde(default)]
    pub required: bool,
}

/// Whom a supplement belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The account: used as `{setting.…}`.
    Account,
    /// The offer: used as `{param.…}`.
    Offer,
}

/// What a parameter's text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Any text.
    #[default]
    Text,
    /// A whole `https` URL.
    Url,
    /// A host name.
    Host,
}

/// A postback as the user pastes it: a tail, or a path with separate parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Postback {
    /// What follows `…?id={account}-{key}`, verbatim.
    Tail(String),
    /// For cabinets without a URL field.
    Separate {
        /// The path.
        path: String,
        /// Parameter name to value, in order.
        params: Vec<(String, String)>,
    },
}

/// Where a part of the contract comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// How well it is known.
    pub confidence: Confidence,
    /// What it was read from.
    pub source: String,
    /// When, `YYYY-MM-DD`.
    pub checked: Spanned<String>,
}

/// How the fields travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// In the URL.
    Query,
    /// `application/x-www-form-urlencoded`, encoded as PHP's `http_build_query` does.
    Form,
    /// `multipart/form-data`.
    Multipart,
    /// `application/json`.
    Json,
}

/// The HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

/// One HTTP request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// GET or POST.
    pub method: Method,
    /// Scheme, host and path; host literal.
    pub url: Spanned<String>,
    /// How `fields` travel.
    pub encoding: Encoding,
    /// Header name to template.
    #[serde(default)]
    pub headers: OrderedMap<Spanned<String>>,
    /// Query parameter to template, whatever the encoding.
    #[serde(default)]
    pub query: OrderedMap<Spanned<String>>,
    /// Field to template, in sending order.
    #[serde(default)]
    pub fields: OrderedMap<Spanned<Node>>,
    /// A digest over the request.
    pub sign: Option<Sign>,
    /// The name of a compiled-in step that this vocabulary cannot say.
    pub hook: Option<Spanned<String>>,
}

/// The call that hands a lead over.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// Where it is known from.
    pub proof: Proof,
    /// A request made first; its body is `{before.answer}`. It carries the fields that do not use the answer.
    pub before: Option<Before>,
    /// The request.
    pub call: Call,
    /// What the answer means.
    pub reply: Reply,
}

/// A request made before the lead is handed over, which makes no order yet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The URL; the submit's fields go into its query.
    pub url: Spanned<String>,
    /// Header name to template.
    #[serde(default)]
    pub headers: OrderedMap<Spanned<String>>,
}

/// What the answer to a submit means. Looked at in the order of these keys; nothing matching is *unclear*.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The network says it did not take the lead and asks for another try.
    #[serde(default)]
    pub not_taken: Vec<Condition>,
    /// Refused as a duplicate.
    #[serde(default)]
    pub duplicate: Vec<Condition>,
    /// Refused for its phone.
    #[serde(default)]
    pub bad_phone: Vec<Condition>,
    /// Refused.
    #[serde(default)]
    pub refused: Vec<Condition>,
    /// Taken.
    pub delivered: Vec<Condition>,
    /// Taken, and marked as a duplicate by the network.
    #[serde(default)]
    pub marked_duplicate: Vec<Condition>,
    /// Where the network's order id is: the first of these that holds one.
    #[serde(default)]
    pub order_id: OneOrMany,
    /// A taken lead may come without an order id. Where `order_id` names no place this is so anyway.
    #[serde(default)]
    pub order_id_optional: bool,
    /// Use `{before.answer}` where the answer holds no order id.
    #[serde(default)]
    pub order_id_before: bool,
    /// Where the status word is that a fresh order may already have.
    #[serde(default)]
    pub status: OneOrMany,
    /// Where the payout of an approved order is promised.
    #[serde(default)]
    pub payout: OneOrMany,
    /// Where the currency of that payout is.
    #[serde(default)]
    pub currency: OneOrMany,
    /// Where the reason of a refusal is told.
    #[serde(default)]
    pub message: OneOrMany,
}

/// Which orders a status call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asks {
    /// By the network's order ids.
    Network,
    /// By our order ids.
    Ours,
    /// All of a time window.
    Window,
}

/// The call that asks for statuses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// Where it is known from.
    pub proof: Proof,
    /// Which orders it asks for.
    pub asks: Asks,
    /// The most ids a call may carry.
    #[serde(default = "one")]
    pub batch: Spanned<usize>,
    /// The most calls a minute, where a limit is known.
    pub per_minute: Option<u32>,
    /// For `asks = "window"`: how far back the window reaches, in days.
    pub window_days: Option<u32>,
    /// The request.
    pub call: Call,
    /// Where the rows are.
    pub rows: Rows,
}

/// Where the rows of a status answer are and what stands where in a row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// Pointer to the list, or to an object whose values are the rows. `""`: the answer itself.
    #[serde(default)]
    pub at: OneOrMany,
    /// The value there is a single row, not a list of rows.
    #[serde(default)]
    pub single: bool,
    /// The answer is an error, whatever its HTTP code.
    #[serde(default)]
    pub failed: Vec<Condition>,
    /// The network's order id; `@key` for the key of the row in its object.
    #[serde(default)]
    pub network_id: OneOrMany,
    /// Our order id; `@key` likewise.
    #[serde(default)]
    pub our_id: OneOrMany,
    /// The status word or code.
    #[serde(default)]
    pub status: OneOrMany,
    /// Rows whose status is not in the status word alone; the first that fits wins over it.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// The payout; read only with an approve or hold.
    #[serde(default)]
    pub payout: OneOrMany,
    /// The payout's currency.
    #[serde(default)]
    pub currency: OneOrMany,
    /// The payout's currency where the network only has one.
    pub currency_is: Option<String>,
    /// Free text for people.
    #[serde(default)]
    pub comment: OneOrMany,
}

/// A row told apart by more than its status word.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// All must hold.
    pub all: Vec<Condition>,
    /// `status` or `status, reason N`.
    pub status: Spanned<String>,
}

/// A condition on an answer or a row: all of its keys must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// HTTP codes, `200` or `"4xx"`.
    #[serde(default)]
    pub http: Vec<Scalar>,
    /// The body is JSON (`true`) or is not (`false`).
    pub json: Option<bool>,
    /// JSON pointer to the value the other keys speak of. Alone: the value is there and not empty.
    pub at: Option<Spanned<String>>,
    /// The value is one of these; numbers and texts that look alike are the same.
    #[serde(default)]
    pub is: Vec<Scalar>,
    /// The value is there and none of these.
    #[serde(default)]
    pub not: Vec<Scalar>,
    /// The value's text contains one of these, whatever the case.
    #[serde(default)]
    pub contains: Vec<String>,
    /// The value is absent or empty (`false`), or there (`true`).
    pub present: Option<bool>,
    /// The value is there and not empty, null, false, zero or `"0"` (`true`), or is one of those (`false`).
    pub truthy: Option<bool>,
}

/// A digest over the request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// The text that is digested; `{body}` is the encoded body so far.
    pub over: Spanned<String>,
    /// The digest; lower-case hex is sent.
    pub digest: Digest,
    /// `query:NAME`, `field:NAME` (form only: appended last) or `header:NAME`.
    pub into: Spanned<String>,
}

/// A digest's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Digest {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// A field's value: a template, a typed constant, or a group of fields (JSON only).
#[derive(Debug, Clone)]
pub enum Node {
    /// A template.
    Text(String),
    /// A number, sent as a number in JSON.
    Integer(i64),
    /// A boolean.
    Boolean(bool),
    /// Fields below this one.
    Group(OrderedMap<Spanned<Node>>),
}

/// A constant to compare with, held as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar(pub String);

/// One text or a list of texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OneOrMany(pub Vec<String>);

/// A table in the order it is written.
#[derive(Debug, Clone)]
pub struct OrderedMap<T>(pub Vec<(String, T)>);

impl<T> OrderedMap<T> {
    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for OrderedMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

const fn yes() -> bool {
    true
}

fn one() -> Spanned<usize> {
    Spanned::new(0..0, 1)
}

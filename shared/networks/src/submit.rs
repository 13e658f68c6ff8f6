//! The submit call: from a lead to requests, from the answer to a verdict.

use std::collections::BTreeMap;

use lead::money::Written;
use lead::{Lead, OrderId, Payout, Reason};
use url::Url;

use crate::manifest::{Condition, Reply};
use crate::network::Network;
use crate::reply::{Answer, HttpReply, first_id, first_scalar, first_words};
use crate::request::{HttpRequest, RenderError, Settings, Values, build, build_before};

/// All that a submit is made of.
#[derive(Debug, Clone, Copy)]
pub struct SubmitInput<'a> {
    /// The customer.
    pub lead: &'a Lead,
    /// Our id of the order; it also tells when the lead came.
    pub order_id: &'a OrderId,
    /// The account's settings.
    pub settings: &'a Settings,
    /// The offer's parameters with the lead's overrides.
    pub params: &'a BTreeMap<String, String>,
    /// Replaces scheme and host of every call.
    pub base_url: Option<&'a Url>,
}

/// What the network made of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// Taken.
    Delivered(Taken),
    /// Not wanted; sending it again would not help.
    Refused {
        /// Why, as far as the contract tells.
        cause: RefusalCause,
        /// The network's own text, at most 200 characters. May repeat what the customer typed.
        message: Option<String>,
    },
    /// The network says that it did not take the lead: it may be sent again.
    NotTaken {
        /// The network's own text or the HTTP code.
        message: String,
        /// Why the whole account should rest, where the answer is no matter of this lead.
        rest: Option<Rest>,
    },
    /// The answer proves neither: it must not be sent again.
    Unclear {
        /// What was seen.
        seen: String,
    },
}

/// What an answer says of the account rather than of the lead: none of its leads would be taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// HTTP 401 or 403: the credentials are wrong or gone.
    Credentials,
    /// HTTP 404 or 405: nothing takes leads at this address.
    Address,
    /// HTTP 429: too many calls.
    Limit,
    /// An edge in front of the network that never reached it.
    Edge,
}

impl Rest {
    /// What a code says where the contract says nothing of the answer: such a request was not worked on.
    #[must_use]
    pub const fn of_code(status: u16) -> Option<Self> {
        match status {
            401 | 403 => Some(Self::Credentials),
            404 | 405 => Some(Self::Address),
            429 => Some(Self::Limit),
            521 | 522 | 523 | 525 | 526 | 530 => Some(Self::Edge),
            _ => None,
        }
    }

    /// The word for people and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Address => "address",
            Self::Limit => "limit",
            Self::Edge => "edge",
        }
    }
}

/// What a network told when it took a lead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// The network's id of the order.
    pub network_order_id: Option<String>,
    /// The network took it and marked it as a duplicate.
    pub duplicate: bool,
    /// A status word that the fresh order already has.
    pub status_word: Option<String>,
    /// What an approved order will pay.
    pub payout: Option<Payout>,
}

/// Why a lead was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCause {
    /// The network has this customer already.
    Duplicate,
    /// The phone cannot be right.
    BadPhone,
    /// Anything else.
    Other,
}

impl RefusalCause {
    /// The canonical reason.
    #[must_use]
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Duplicate => Some(Reason::DUPLICATE),
            Self::BadPhone => Some(Reason::INCORRECT_PHONE),
            Self::Other => None,
        }
    }
}

/// The longest network order id that is kept, in bytes. An index key may not be longer than 1,024 bytes.
pub const NETWORK_ORDER_ID_BYTES: usize = 255;

/// The longest answer of a request made first.
const BEFORE_ANSWER_BYTES: usize = 255;

const MESSAGE_CHARS: usize = 200;

impl Network {
    /// The request that goes before the submit, where the contract has one. It makes no order: it may be repeated.
    ///
    /// # Errors
    /// [`RenderError`] where a value the contract needs is not there.
    pub fn before_request(&self, input: &SubmitInput<'_>) -> Result<Option<HttpRequest>, RenderError> {
        let submit = self.submit.as_ref().ok_or(RenderError::NoContract)?;
        let Some(before) = &submit.before else { return Ok(None) };
        let values = input.values(None);
        let request = build_before(&before.url, &before.headers, &submit.call, &values, input.base_url)?;
        Ok(Some(rebase(request, input.base_url)))
    }

    /// Reads the answer of the request that goes first.
    ///
    /// # Errors
    /// A [`Submission::NotTaken`] where it is no success or its body is empty, too long, or more than one word:
    /// nothing has been handed over yet.
    pub fn read_before(&self, reply: &HttpReply) -> Result<String, Submission> {
        let text = String::from_utf8_lossy(crate::reply::without_mark(&reply.body)).trim().to_owned();
        let is_word = !text.is_empty()
            && text.len() <= BEFORE_ANSWER_BYTES
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>'));
        if (200..300).contains(&reply.status) && is_word {
            return Ok(text);
        }
        let message = format!("HTTP {} to the request that goes first", reply.status);
        Err(Submission::NotTaken { message, rest: Rest::of_code(reply.status) })
    }

    /// The request that hands a lead over. `before_answer` is what [`Network::read_before`] returned.
    ///
    /// # Errors
    /// [`RenderError`] where a value the contract needs is not there.
    pub fn submit_request(
        &self,
        input: &SubmitInput<'_>,
        before_answer: Option<&str>,
    ) -> Result<HttpRequest, RenderError> {
        let submit = self.submit.as_ref().ok_or(RenderError::NoContract)?;
        let request = build(&submit.call, &input.values(before_answer), input.base_url)?;
        Ok(rebase(request, input.base_url))
    }

    /// Makes a verdict of the answer to a submit.
    ///
    /// HTTP 429 is read as not taken whatever the contract says: by RFC 6585 the request was turned away.
    /// Everything that no condition of the contract covers is [`Submission::Unclear`].
    #[must_use]
    pub fn read_submission(&self, reply: &HttpReply, before_answer: Option<&str>) -> Submission {
        let Some(contract) = self.manifest.submit.as_ref().map(|submit| &submit.reply) else {
            return Submission::Unclear { seen: "no contract".to_owned() };
        };
        let answer = Answer::read(reply);
        let refused = |cause| Submission::Refused { cause, message: message(contract, &answer) };
        let not_taken = |rest| {
            let told = message(contract, &answer).unwrap_or_default();
            Submission::NotTaken { message: format!("HTTP {} {told}", answer.status).trim().to_owned(), rest }
        };
        let rest = Rest::of_code(answer.status);
        if rest == Some(Rest::Limit) || answer.any(&contract.not_taken) {
            return not_taken(rest);
        }
        if answer.any(&contract.duplicate) {
            return refused(RefusalCause::Duplicate);
        }
        if answer.any(&contract.bad_phone) {
            return refused(RefusalCause::BadPhone);
        }
        if answer.any(&contract.refused) {
            return refused(RefusalCause::Other);
        }
        if answer.any(&contract.delivered) {
            return delivered(contract, &answer, before_answer);
        }
        if rest.is_some() {
            return not_taken(rest);
        }
        let kind = if answer.json.is_some() { "JSON that the contract does not name" } else { "no JSON" };
        Submission::Unclear { seen: format!("HTTP {}, {kind}", answer.status) }
    }
}

fn delivered(contract: &Reply, answer: &Answer, before_answer: Option<&str>) -> Submission {
    let nothing = serde_json::Value::Null;
    let json = answer.json.as_ref().unwrap_or(&nothing);
    let own = first_id(&contract.order_id, json);
    let stand_in = before_answer.filter(|_| contract.order_id_before).map(str::to_owned);
    let network_order_id = own.or(stand_in).filter(|id| id.len() <= NETWORK_ORDER_ID_BYTES);
    let needs_id = !contract.order_id.0.is_empty() && !contract.order_id_optional;
    if needs_id && network_order_id.is_none() {
        return Submission::Unclear { seen: format!("HTTP {}, taken but without an order id", answer.status) };
    }
    let payout = first_scalar(&contract.payout, json).and_then(|text| text.parse::<Written>().ok());
    let currency = first_scalar(&contract.currency, json);
    Submission::Delivered(Taken {
        network_order_id,
        duplicate: answer.any(&contract.marked_duplicate),
        status_word: first_scalar(&contract.status, json),
        payout: payout.map(|payout| payout.payout(currency.as_deref())),
    })
}

fn message(contract: &Reply, answer: &Answer) -> Option<String> {
    first_words(&contract.message, answer.json.as_ref()?, MESSAGE_CHARS)
}

fn rebase(request: HttpRequest, base: Option<&Url>) -> HttpRequest {
    match base {
        Some(base) => request.rebased(base),
        None => request,
    }
}

impl<'a> SubmitInput<'a> {
    fn values(&self, before_answer: Option<&'a str>) -> Values<'a> {
        Values {
            lead: Some(self.lead),
            order_id: Some(self.order_id),
            settings: Some(self.settings),
            params: Some(self.params),
            before_answer,
            ..Values::default()
        }
    }
}

impl Reply {
    /// Every condition of the contract.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.not_taken
            .iter()
            .chain(&self.duplicate)
            .chain(&self.bad_phone)
            .chain(&self.refused)
            .chain(&self.delivered)
            .chain(&self.marked_duplicate)
    }
}

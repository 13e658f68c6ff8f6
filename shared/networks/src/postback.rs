//! Postbacks: what the door's parameters say, and the URLs to paste into a network's cabinet.

use std::collections::HashMap;

use lead::money::Written;
use lead::{Payout, Reason, Status};

use crate::manifest::Postback;
use crate::network::Network;
use crate::status::{Lists, Meaning, StatusReading, is_unfilled_macro, read};

/// The door's parameters as they came, decoded, the account's `id` left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DoorParams {
    oid: Option<String>,
    eid: Option<String>,
    status: Option<String>,
    lists: Lists,
    reason: Option<String>,
    comment: Option<String>,
    pay: Option<String>,
    cc: Option<String>,
}

/// What a postback says of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostbackReport {
    /// Our order id.
    pub oid: Option<String>,
    /// The network's order id.
    pub eid: Option<String>,
    /// What the status means, and the raw word.
    pub reading: StatusReading,
    /// The canonical reason, from the parameter or else from the word.
    pub reason: Option<Reason>,
    /// A reason that is no canonical code, kept as it came.
    pub raw_reason: Option<String>,
    /// Free text, at most 1,000 characters.
    pub comment: Option<String>,
    /// The payout.
    pub payout: Option<Payout>,
    /// A payout that cannot be read, kept as it came.
    pub raw_payout: Option<String>,
}

/// Why a postback cannot be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// Neither `oid` nor `eid`.
    #[error("order")]
    NoOrder,
    /// No `status`.
    #[error("status")]
    NoStatus,
}

const COMMENT_CHARS: usize = 1000;
const ID_BYTES: usize = 255;
const RAW_CHARS: usize = 100;

impl DoorParams {
    /// Takes one decoded parameter; unknown names are ignored, and of a name given twice the first counts.
    pub fn add(&mut self, name: &str, value: &str) {
        let slot = match name {
            "oid" => &mut self.oid,
            "eid" => &mut self.eid,
            "status" => &mut self.status,
            "reason" => &mut self.reason,
            "comment" => &mut self.comment,
            "pay" => &mut self.pay,
            "cc" => &mut self.cc,
            "sta" => return self.lists.add(Status::Approve, value),
            "stc" => return self.lists.add(Status::Cancel, value),
            "stt" => return self.lists.add(Status::Trash, value),
            "stw" => return self.lists.add(Status::Wait, value),
            "sth" => return self.lists.add(Status::Hold, value),
            _ => return,
        };
        if slot.is_none() {
            *slot = Some(value.to_owned());
        }
    }
}

/// Reads a postback by the words of `network`, or by the URL's lists and the general dictionary alone.
///
/// # Errors
/// [`DoorError`] where it names no order or has no status. A parameter whose macro the network did not fill counts
/// as not there, except the status: that is kept as an unmapped word.
pub fn read_postback(network: Option<&Network>, params: &DoorParams) -> Result<PostbackReport, DoorError> {
    let none = HashMap::new();
    let table: &HashMap<String, Meaning> = network.map_or(&none, Network::statuses);
    let oid = present(params.oid.as_deref()).filter(|id| id.len() <= ID_BYTES);
    let eid = present(params.eid.as_deref()).filter(|id| id.len() <= ID_BYTES);
    if oid.is_none() && eid.is_none() {
        return Err(DoorError::NoOrder);
    }
    let word = params.status.as_deref().ok_or(DoorError::NoStatus)?;
    let reading = read(word, &params.lists, table);
    let written_reason = present(params.reason.as_deref());
    let code = written_reason.and_then(|text| text.parse().ok()).and_then(Reason::new);
    let implied = match &reading {
        StatusReading::Known { reason, .. } => *reason,
        StatusReading::Unmapped { .. } => None,
    };
    // `0` is the platform's way to say that no reason was given.
    let raw_reason = written_reason.filter(|text| code.is_none() && *text != "0").map(|text| cut(text, RAW_CHARS));
    let written_pay = present(params.pay.as_deref());
    let named = present(params.cc.as_deref());
    let payout = written_pay.and_then(|text| text.parse::<Written>().ok()).map(|amount| amount.payout(named));
    let raw_payout = written_pay.filter(|_| payout.is_none()).map(|text| cut(text, RAW_CHARS));
    Ok(PostbackReport {
        oid: oid.map(str::to_owned),
        eid: eid.map(str::to_owned),
        reading,
        reason: code.or(implied),
        raw_reason,
        comment: present(params.comment.as_deref()).map(|text| cut(text, COMMENT_CHARS)),
        payout,
        raw_payout,
    })
}

/// A value that says something: trimmed, not empty, no unfilled macro.
fn present(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty() && !is_unfilled_macro(value))
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars).collect()
}

/// A postback of one event, ready to be pasted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReadyPostback {
    /// The event's name in the cabinet.
    pub event: String,
    /// The whole URL.
    pub url: String,
    /// For cabinets without a URL field: the parameters to set one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<(String, String)>,
}

/// The path of the door in URLs to paste.
pub const DOOR_PATH: &str = "/api/sale/status.json";

impl Network {
    /// The postbacks of an account whose door answers at `host` (scheme and host) to `id` (`{account}-{key}`).
    #[must_use]
    pub fn ready_postbacks(&self, host: &str, id: &str) -> Vec<ReadyPostback> {
        let host = host.trim_end_matches('/');
        let ready = |(event, postback): (&str, &Postback)| match postback {
            Postback::Tail(tail) => {
                let separator = if tail.starts_with('&') { "" } else { "&" };
                let url = format!("{host}{DOOR_PATH}?id={id}{separator}{tail}");
                ReadyPostback { event: event.to_owned(), url, params: Vec::new() }
            }
            Postback::Separate { path, params } => ReadyPostback {
                event: event.to_owned(),
                url: format!("{host}{path}"),
                params: params
                    .iter()
                    .map(|(name, value)| (name.clone(), value.replace("{account}-{key}", id)))
                    .collect(),
            },
        };
        self.manifest.postbacks.iter().map(ready).collect()
    }
}

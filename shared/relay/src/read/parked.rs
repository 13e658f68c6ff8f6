//! Parked postbacks: those that wait for their order, and those that will not find one.

use lead::Status;
use orders::{ParkKey, Parked};
use serde::Serialize;

use super::{Refused, busy, limit, problem};
use crate::call::{Answer, Call};
use crate::config::Client;
use crate::relay::Relay;
use crate::sweep::ORPHAN_MS;
use crate::view::rfc3339;

const PARAMETERS: [&str; 3] = ["account", "limit", "cursor"];

#[derive(Serialize)]
struct Listing {
    parked: Vec<ParkedView>,
    next: Option<String>,
}

#[derive(Serialize)]
struct ParkedView {
    key: KeyView,
    status: Status,
    raw_status: Option<String>,
    at: String,
    /// It has waited for more than seven days and is no longer tried.
    orphan: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum KeyView {
    Oid(String),
    Eid(String),
}

impl Relay {
    /// An account's parked postbacks, ordered by what they call their order.
    pub(super) async fn list_parked(&self, call: &Call, client: &Client) -> Result<Answer, Refused> {
        if let Some((unknown, _)) = call.query_pairs().find(|(name, _)| !PARAMETERS.contains(&name.as_str())) {
            let detail = format!("unknown parameter `{unknown}`; there are {}", PARAMETERS.join(", "));
            return Err(problem(400, "parameter", detail));
        }
        if !client.may_use("*") {
            let detail = "this key is for certain offers; a parked postback belongs to none yet";
            return Err(problem(403, "key", detail));
        }
        let account = call.query_value("account").filter(|account| !account.is_empty());
        let account = account.ok_or_else(|| problem(400, "parameter", "account is wanted: whose parked postbacks?"))?;
        let wrong = || problem(400, "parameter", "cursor: it is none that a list gave out");
        let start = match call.query_value("cursor") {
            Some(cursor) => {
                Some(hex::decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(wrong)?)
            }
            None => None,
        };
        let page = self.store.parked(&account, start.as_deref(), limit(call)?).await.map_err(|error| busy(&error))?;
        let now_ms = self.clock.now_ms();
        let parked = page.parked.iter().map(|parked| view(parked, now_ms)).collect();
        Ok(Answer::json(200, &Listing { parked, next: page.next.map(hex::encode) }))
    }
}

fn view(parked: &Parked, now_ms: u64) -> ParkedView {
    let key = match &parked.key {
        ParkKey::Order(id) => KeyView::Oid(id.to_string()),
        // An oid that is none of ours is kept under the networks' ids.
        ParkKey::NetworkOrder(id) => match id.strip_prefix("oid:") {
            Some(oid) => KeyView::Oid(oid.to_owned()),
            None => KeyView::Eid(id.clone()),
        },
    };
    ParkedView {
        key,
        status: parked.news.status,
        raw_status: parked.news.raw_status.clone(),
        at: rfc3339(parked.news.at_ms),
        orphan: now_ms.saturating_sub(parked.news.at_ms) > ORPHAN_MS,
    }
}

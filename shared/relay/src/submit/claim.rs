//! The claim of an idempotency key: which order a request stands for.

use std::collections::BTreeMap;

use lead::{Intake, Lead, OrderId};
use orders::Claim;
use sha2::{Digest, Sha256};

use crate::call::Call;
use crate::intake::{Checked, Refused, not_stored, refuse};
use crate::relay::Relay;

/// How long an idempotency key is kept, in seconds: 45 days.
const KEY_KEPT_S: u64 = 45 * 24 * 60 * 60;

const KEY_CHARS: usize = 255;

/// What the fingerprint of a lead begins with. Those of before were digests of a body's bytes, without any.
const OF_LEAD: &str = "l:";

impl Relay {
    /// The order that a key stands for: `proposed`, or the one that it has been claimed for.
    pub(super) async fn claim(
        &self,
        call: &Call,
        checked: &Checked,
        key: &str,
        proposed: &OrderId,
    ) -> Result<OrderId, Refused> {
        let client = &checked.caller.client.name;
        let overrides = checked.intake.params();
        let fingerprint =
            of_lead(&checked.intake, &checked.offer_name, &checked.lead, overrides, checked.intake.is_test());
        let expires = self.clock.now_ms() / 1000 + KEY_KEPT_S;
        let claim = self.store.claim_key(client, key, proposed, &fingerprint, expires).await;
        match claim.map_err(|error| not_stored(&error))? {
            Claim::New => Ok(proposed.clone()),
            Claim::Taken { order_id, fingerprint: claimed } => {
                let is_same = claimed == fingerprint || self.was_same(call, checked, &order_id, &claimed).await?;
                let detail = "this idempotency key came before with another lead";
                if is_same { Ok(order_id) } else { Err(refuse(409, "idempotency-key", detail)) }
            }
        }
    }

    /// Whether a claim from before leads were compared is of the same lead: by the bytes, as it was made, or by the order
    /// itself, where the repeat is written another way. A claim whose order was never stored refuses nobody: the lead that
    /// asks now is stored under its id, and none is lost. Such claims are gone 45 days after the change.
    async fn was_same(
        &self,
        call: &Call,
        checked: &Checked,
        order_id: &OrderId,
        claimed: &str,
    ) -> Result<bool, Refused> {
        if claimed.starts_with(OF_LEAD) {
            return Ok(false);
        }
        if claimed == of_bytes(call) {
            return Ok(true);
        }
        let Some(order) = self.store.get(order_id).await.map_err(|error| not_stored(&error))? else { return Ok(true) };
        let identity = |offer: &str, lead: &Lead, params: &BTreeMap<String, String>, test| {
            of_lead(&checked.intake, offer, lead, params, test)
        };
        let own = identity(&checked.offer_name, &checked.lead, checked.intake.params(), checked.intake.is_test());
        let is_test = order.delivery == lead::Delivery::Test;
        let stored = order.lead.as_ref().map(|lead| identity(&order.offer, lead, &order.overrides, is_test));
        Ok(stored.is_some_and(|stored| stored == own))
    }
}

/// The key under which a repeat of this request is known.
pub(super) fn idempotency_key(call: &Call, intake: &Intake) -> Result<Option<String>, Refused> {
    let header = call.headers.get("idempotency-key").map(|value| value.to_str());
    let key = match header {
        Some(Ok(key)) => Some(key.trim().to_owned()),
        Some(Err(_)) => return Err(refuse(400, "idempotency-key", "an Idempotency-Key is plain ASCII text")),
        None => intake.external_id().map(str::to_owned),
    };
    match key {
        Some(key) if key.is_empty() || key.chars().count() > KEY_CHARS => {
            Err(refuse(400, "idempotency-key", format!("an Idempotency-Key has 1 to {KEY_CHARS} characters")))
        }
        key => Ok(key),
    }
}

/// The fingerprint of a lead as it was read.
fn of_lead(intake: &Intake, offer: &str, lead: &Lead, params: &BTreeMap<String, String>, test: bool) -> String {
    let identity = intake.identity_of(offer, lead, params, test);
    format!("{OF_LEAD}{}", hex::encode(Sha256::digest(identity)))
}

/// The fingerprint of a body's bytes and its media type.
fn of_bytes(call: &Call) -> String {
    let mut digest = Sha256::new();
    digest.update(call.media_type().unwrap_or_default().as_bytes());
    digest.update([0]);
    digest.update(&call.body);
    hex::encode(digest.finalize())
}

//! Intake: a lead comes in, is stored, and is handed to its network.

use std::collections::BTreeMap;

use lead::{Delivery, FieldError, Intake, Lead, OrderId};
use networks::RenderError;
use orders::{Beginning, Claim, NewOrder, Order, Source};
use sha2::{Digest, Sha256};

use crate::call::{Answer, Call};
use crate::deliver::{HandOver, lease_until_s};
use crate::duplicates::Stored;
use crate::health::{Gate, Sign};
use crate::intake::{Checked, Refused, busy, read_body, refuse};
use crate::relay::Relay;
use crate::sweep::LOOK_BACK_MS;
use crate::telemetry::Line;
use crate::view::Receipt;

/// How long an idempotency key is kept, in seconds: 45 days.
const KEY_KEPT_S: u64 = 45 * 24 * 60 * 60;

const KEY_CHARS: usize = 255;

impl Relay {
    /// Takes one lead: `POST /leads`.
    pub async fn submit(&self, call: &Call) -> Answer {
        let started = self.clock.now_ms();
        let mut origin = None;
        let answer = match self.submit_checked(call, &mut origin).await {
            Ok(answer) => answer,
            Err(answer) => {
                let status = answer.status;
                let duration_ms = self.clock.now_ms().saturating_sub(started);
                tracing::info!(status, duration_ms, "lead not taken");
                answer
            }
        };
        match origin {
            Some(origin) => answer.with_header("access-control-allow-origin", origin).with_header("vary", "origin"),
            None => answer,
        }
    }

    async fn submit_checked(&self, call: &Call, origin: &mut Option<String>) -> Result<Answer, Refused> {
        let started = self.clock.now_ms();
        let (intake, is_form) = read_body(call)?;
        let checked = self.check(call, intake, is_form).await?;
        origin.clone_from(&checked.caller.origin);
        let (order, replayed) = self.store_and_deliver(call, &checked).await?;
        let duration_ms = self.clock.now_ms().saturating_sub(started);
        self.tell(&order, replayed, duration_ms);
        Ok(answer(&order, replayed, &checked))
    }

    /// The one line of a lead, which is its metric as well.
    fn tell(&self, order: &Order, replayed: bool, duration_ms: u64) {
        let line = Line::new("lead")
            .with("network", order.network.clone())
            .with("account", order.account.clone())
            .with("order_id", order.id.to_string())
            .with("delivery", order.delivery.as_str())
            .with("replayed", replayed)
            .with("duration_ms", duration_ms);
        let line = match order.delivery {
            // Neither a test nor a repeat is a lead of its own.
            Delivery::Test => line,
            _ if replayed => line,
            delivery => line.with("leads", 1).with(delivery.as_str(), 1),
        };
        line.write(self.clock.now_ms());
    }

    async fn store_and_deliver(&self, call: &Call, checked: &Checked) -> Result<(Order, bool), Refused> {
        let key = idempotency_key(call, &checked.intake)?;
        let phone = checked.lead.phone.e164();
        let mut order_id = self.new_order_id(phone);
        let mut params = checked.offer.params.clone();
        params.extend(checked.intake.params().clone());
        let trial = hand_over(checked, &checked.lead, &order_id, &params, 1);
        let mut request = trial.check().map_err(|error| cannot_render(checked, &error))?;
        let client = &checked.caller.client.name;
        if let Some(key) = &key {
            let fingerprint = fingerprint(call);
            let expires = self.clock.now_ms() / 1000 + KEY_KEPT_S;
            let claim = self
                .store
                .claim_key(client, key, &order_id, &fingerprint, expires)
                .await
                .map_err(|error| busy(&error))?;
            match claim {
                Claim::New => {}
                Claim::Taken { same_body: false, .. } => {
                    let detail = "this idempotency key came before with another body";
                    return Err(refuse(409, "idempotency-key", detail));
                }
                Claim::Taken { order_id: claimed, .. } => {
                    order_id = claimed;
                    // It names the order that is not made.
                    request = None;
                }
            }
        }
        let new = NewOrder {
            id: order_id.clone(),
            account: checked.offer.account.clone(),
            offer: checked.offer_name.clone(),
            network: checked.network.slug().to_owned(),
            client: client.clone(),
            lead: checked.lead.clone(),
            overrides: checked.intake.params().clone(),
            test: checked.intake.is_test(),
            duplicate_of: None,
            expires: None,
        };
        let account = &checked.offer.account;
        let gate = if new.test { Gate::Open } else { self.gate(account).await };
        let beginning = match gate {
            Gate::Closed(until_s) => Beginning::Held(until_s),
            Gate::Open | Gate::Trial(_) => beginning_of(&order_id, self.clock.now_ms()),
        };
        let stored = self.store_new(new, beginning, checked.offer.duplicates).await;
        let (order, is_new) = match stored.map_err(|error| busy(&error))? {
            Stored::New(order) => (order, true),
            // Without a key nobody else knows this id: the first answer of the table was lost and it was asked again.
            Stored::There(order) => (order, key.is_none()),
        };
        // Held, refused as a duplicate, a test, or not ours to send.
        if !is_new || !order.attempt_unanswered() {
            self.take_sign(account, checked.network.slug(), gate, Sign::Nothing).await;
            return Ok((order, !is_new));
        }
        let handed = self.hand_over(&hand_over(checked, &checked.lead, &order_id, &params, 1), request).await;
        self.take_sign(account, checked.network.slug(), gate, handed.sign).await;
        Ok((self.record(order, handed, Some(&*checked.network), Source::Intake).await, false))
    }
}

/// An order is as old as the first time its key came. Runs look back an hour for functions that died.
fn beginning_of(order_id: &OrderId, now_ms: u64) -> Beginning {
    let is_late = now_ms.saturating_sub(order_id.unix_ms()) > LOOK_BACK_MS / 2;
    if is_late { Beginning::SentLate(lease_until_s(now_ms)) } else { Beginning::Sent }
}

fn hand_over<'a>(
    checked: &'a Checked,
    lead: &'a Lead,
    order_id: &'a OrderId,
    params: &'a BTreeMap<String, String>,
    tries: u32,
) -> HandOver<'a> {
    HandOver {
        network: &checked.network,
        lead,
        order_id,
        settings: &checked.settings,
        params,
        base_url: checked.account.base_url.as_ref(),
        tries,
    }
}

fn cannot_render(checked: &Checked, error: &RenderError) -> Refused {
    let name = match error {
        RenderError::Missing { name } | RenderError::Unfit { name, .. } => name.strip_prefix("lead."),
        _ => None,
    };
    if let Some(field) = name {
        let message = format!("{} cannot be sent this lead: {error}", checked.network.name());
        return Answer::unprocessable(vec![FieldError { field: field.to_owned(), message }]);
    }
    if *error == RenderError::ControlCharacter {
        let message = "a value that goes into a header or URL holds a control character".to_owned();
        return Answer::unprocessable(vec![FieldError { field: "params".to_owned(), message }]);
    }
    tracing::error!(offer = checked.offer_name, account = checked.offer.account, %error, "an offer cannot be served");
    refuse(503, "set-up", format!("the offer `{}` is not set up: {error}", checked.offer_name))
}

fn idempotency_key(call: &Call, intake: &Intake) -> Result<Option<String>, Refused> {
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

fn fingerprint(call: &Call) -> String {
    let mut digest = Sha256::new();
    digest.update(call.media_type().unwrap_or_default().as_bytes());
    digest.update([0]);
    digest.update(&call.body);
    hex::encode(digest.finalize())
}

fn answer(order: &Order, replayed: bool, checked: &Checked) -> Answer {
    if checked.caller.is_browser
        && let Some(thanks) = &checked.offer.thanks_url
    {
        let mut url = thanks.clone();
        url.query_pairs_mut().append_pair("order_id", order.id.as_str());
        let receipt = Answer::json(303, &Receipt::of(order, replayed));
        return receipt.with_header("location", String::from(url));
    }
    let status = match order.delivery {
        _ if replayed => 200,
        Delivery::Queued | Delivery::Unknown => 202,
        _ => 201,
    };
    Answer::json(status, &Receipt::of(order, replayed))
}

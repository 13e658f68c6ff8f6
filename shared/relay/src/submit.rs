//! Intake: a lead comes in, is stored, and is handed to its network.

use std::collections::BTreeMap;

use lead::{Delivery, Field, FieldError, Lead, OrderId};
use networks::{HttpRequest, RenderError};
use orders::{Beginning, NewOrder, Order, Source, StoreError};

use crate::call::{Answer, Call};
use crate::deliver::{HandOver, lease_until_s};
use crate::duplicates::{Stored, Storing};
use crate::health::{Gate, Sign};
use crate::intake::{Checked, Refused, not_stored, read_body, refuse};
use crate::relay::Relay;
use crate::sweep::LOOK_BACK_MS;
use crate::telemetry::Line;
use crate::view::Receipt;

mod claim;

use claim::idempotency_key;

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
        let mut checked = self.check(call, read_body(call)?).await?;
        origin.clone_from(&checked.caller.origin);
        let (order, replayed) = self.store_and_deliver(call, &mut checked).await?;
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

    async fn store_and_deliver(&self, call: &Call, checked: &mut Checked) -> Result<(Order, bool), Refused> {
        let key = idempotency_key(call, &checked.intake)?;
        let proposed = self.new_order_id(checked.lead.phone.e164());
        let mut params = checked.offer.params.clone();
        params.extend(checked.intake.params().clone());
        let mut request = check_request(checked, &proposed, &params)?;
        let checked = &*checked;
        let order_id = match &key {
            Some(key) => self.claim(call, checked, key, &proposed).await?,
            None => proposed.clone(),
        };
        if order_id != proposed {
            // It names the order that is not made.
            request = None;
        }
        let new = NewOrder {
            id: order_id.clone(),
            account: checked.offer.account.clone(),
            offer: checked.offer_name.clone(),
            network: checked.network.slug().to_owned(),
            client: checked.caller.client.name.clone(),
            lead: checked.lead.clone(),
            overrides: checked.intake.params().clone(),
            test: checked.intake.is_test(),
            duplicate_of: None,
            expires: None,
        };
        let account = &checked.offer.account;
        let gate = if new.test { Gate::Open } else { self.gate(account).await };
        let beginning = match &gate {
            Gate::Closed(rests) => Beginning::Held(rests.until_s),
            Gate::Open | Gate::Trial(_) => beginning_of(&order_id, self.clock.now_ms()),
        };
        let storing = Storing { mark: proposed.mark().to_owned(), note: note_of(&checked.intake) };
        let stored = match self.store_new(new, beginning, checked.offer.duplicates, &storing).await {
            Ok(stored) => stored,
            Err(error) => self.after_a_lost_write(error, &order_id, key.is_some()).await?,
        };
        let (order, is_new) = match stored {
            Stored::New(order) => (order, true),
            // The answer to our own write was lost and it was asked again: the call to the network is still ours.
            Stored::There(order) => {
                let is_ours = order.is_by(&storing.mark);
                (order, is_ours)
            }
        };
        // Held, refused as a duplicate, a test, or not ours to send.
        if !is_new || !order.attempt_unanswered() {
            self.take_sign(account, checked.network.slug(), gate, Sign::Nothing).await;
            return Ok((order, !is_new));
        }
        let handed = self.hand_over(&hand_over(checked, &checked.lead, &order_id, &params, 1), request).await;
        let sign = handed.sign;
        self.doubt_credentials(&checked.account, sign);
        // What became of the lead is written first: whatever fails afterwards leaves it in no doubt.
        let order = self.record(order, handed, Some(&*checked.network), Source::Intake).await;
        self.take_sign(account, checked.network.slug(), gate, sign).await;
        Ok((order, false))
    }

    /// What stands under the id after a write whose end is not known. It is asked for once, so that a lead that was stored
    /// is sent by this request and not left to a repeat, which could not know that nobody sends it.
    async fn after_a_lost_write(&self, error: StoreError, id: &OrderId, has_key: bool) -> Result<Stored, Refused> {
        if !error.is_busy() {
            return Err(not_stored(&error));
        }
        tracing::error!(%error, order_id = %id, "whether a lead is stored is not known");
        if let Ok(Some(there)) = self.store.get(id).await {
            return Ok(Stored::There(there));
        }
        let repeat = if has_key {
            "repeated with the same key, the request makes one order"
        } else {
            "without an Idempotency-Key a repeat may make a second order"
        };
        Err(refuse(503, "in-doubt", format!("it is not known whether the lead is stored; {repeat}")))
    }
}

/// The request as the network will get it, so far as it can be made before anything is stored. A field that goes with the
/// order and cannot be sent as this network wants it is left out, unless the network cannot do without.
fn check_request(
    checked: &mut Checked,
    order_id: &OrderId,
    params: &BTreeMap<String, String>,
) -> Result<Option<HttpRequest>, Refused> {
    loop {
        let error = match hand_over(checked, &checked.lead, order_id, params, 1).check() {
            Ok(request) => return Ok(request),
            Err(error) => error,
        };
        let RenderError::Unfit { name, .. } = &error else { return Err(cannot_render(checked, &error)) };
        let fields = name.split(" or ").filter_map(|name| Field::from_name(name.strip_prefix("lead.")?));
        let Some(unfit) = fields.into_iter().find(|field| checked.lead.fields.contains_key(field)) else {
            return Err(cannot_render(checked, &error));
        };
        checked.lead.fields.remove(&unfit);
        checked.intake.leave_out(unfit);
    }
}

/// What the history says of how a lead was read: names of fields, never what they held.
fn note_of(intake: &lead::Intake) -> Option<String> {
    const CHARS: usize = 500;
    let noted = intake.noted().into_iter().map(|noted| format!("{}: {}", noted.field, noted.did.as_str()));
    let ignored = Some(intake.ignored()).filter(|names| !names.is_empty());
    let ignored = ignored.map(|names| format!("ignored: {}", names.join(", ")));
    let note = noted.chain(ignored).collect::<Vec<_>>().join("; ");
    let note = match note.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", note.get(..end).unwrap_or_default()),
        None => note,
    };
    Some(note).filter(|note| !note.is_empty())
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
        RenderError::Missing { name } | RenderError::Unfit { name, .. } => {
            name.split(" or ").find_map(|name| name.strip_prefix("lead."))
        }
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

fn answer(order: &Order, replayed: bool, checked: &Checked) -> Answer {
    let receipt = Receipt::of(order, replayed).with_reading(&checked.intake);
    if checked.caller.is_browser
        && let Some(thanks) = &checked.offer.thanks_url
    {
        let mut url = thanks.clone();
        url.query_pairs_mut().append_pair("order_id", order.id.as_str());
        return Answer::json(303, &receipt).with_header("location", String::from(url));
    }
    let status = match order.delivery {
        _ if replayed => 200,
        Delivery::Queued | Delivery::Unknown => 202,
        _ => 201,
    };
    Answer::json(status, &receipt)
}

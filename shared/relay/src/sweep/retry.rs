//! Sends again, at a person's word, what the relay has given up or is in doubt about.

use lead::{Delivery, OrderId, Status};
use orders::{DeliveryOutcome, DeliveryReport, Filter, Kind, Order, Recorded, Source, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Run;
use super::requests::{RequestError, read, time_ms};
use crate::relay::Relay;
use crate::view::rfc3339;

/// So many orders are looked at in one request.
const MOST: usize = 500;
const PAGE: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RetryRequest {
    order_id: Option<OrderId>,
    account: Option<String>,
    since: Option<String>,
    apply: bool,
    i_know_it_did_not_arrive: bool,
}

/// What is sent again, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryAnswer {
    /// Whether it was done, not only shown.
    pub applied: bool,
    /// The orders, newest first.
    pub orders: Vec<Retried>,
    /// How many of them are queued now, or would be.
    pub queued: u64,
    /// There are more: ask again.
    pub more: bool,
}

/// One order of a retry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// The order.
    pub order_id: String,
    /// Its account.
    pub account: String,
    /// Its offer.
    pub offer: String,
    /// When it came in, RFC 3339.
    pub created_at: String,
    /// What became of handing it over so far.
    pub delivery: Option<Delivery>,
    /// How often it was sent.
    pub tries: u32,
    /// Why it was not delivered, as its history says.
    pub why: Option<String>,
    /// Why it is not sent again; `None` where it is.
    pub kept: Option<String>,
}

impl Relay {
    pub(super) async fn retry_on_request(&self, request: &Value, run: &Run) -> Result<RetryAnswer, RequestError> {
        let members = "`order_id`, or `account` and `since`, and `apply`";
        let asked: RetryRequest = read("retry", members, request)?;
        let mut answer = RetryAnswer { applied: asked.apply, ..RetryAnswer::default() };
        if let Some(id) = &asked.order_id {
            let order = self.store.get(id).await?;
            let order = order.ok_or_else(|| RequestError::Unclear(format!("there is no order {id}")))?;
            self.retry_one(&order, &asked, &mut answer).await?;
            return Ok(answer);
        }
        if asked.i_know_it_did_not_arrive {
            let message = "what is in doubt is sent again one by one: name the order";
            return Err(RequestError::Unclear(message.to_owned()));
        }
        let since = asked.since.as_deref().map(|text| time_ms(text, self.clock.now_ms())).transpose()?;
        let filter = Filter {
            account: asked.account.clone(),
            delivery: Some(Delivery::Undeliverable),
            from_ms: since,
            ..Filter::default()
        };
        let mut cursor = None;
        loop {
            let page = self.store.list(&filter, cursor.as_ref(), PAGE).await?;
            for order in &page.orders {
                self.retry_one(order, &asked, &mut answer).await?;
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(answer);
            }
            if answer.orders.len() >= MOST || self.clock.now_ms() >= run.stop_ms {
                answer.more = true;
                return Ok(answer);
            }
        }
    }

    async fn retry_one(&self, order: &Order, asked: &RetryRequest, answer: &mut RetryAnswer) -> Result<(), StoreError> {
        let mut kept = self.kept_because(order, asked).await?;
        if kept.is_none() && asked.apply {
            kept = self.queue_again(order).await?;
        }
        answer.queued += u64::from(kept.is_none());
        answer.orders.push(Retried {
            order_id: order.id.to_string(),
            account: order.account.clone(),
            offer: order.offer.clone(),
            created_at: rfc3339(order.created()),
            delivery: Some(order.delivery),
            tries: order.tries,
            why: why(order),
            kept,
        });
        Ok(())
    }

    /// Why an order must not or need not be sent again.
    async fn kept_because(&self, order: &Order, asked: &RetryRequest) -> Result<Option<String>, StoreError> {
        let because = |text: &str| Ok(Some(text.to_owned()));
        match order.delivery {
            Delivery::Undeliverable => {}
            Delivery::Unknown if asked.i_know_it_did_not_arrive => {}
            Delivery::Unknown => {
                return because(
                    "it may have arrived: ask the network, and send it again only with --i-know-it-did-not-arrive",
                );
            }
            Delivery::Queued => return because("it is queued already"),
            Delivery::Delivered => return because("the network has it"),
            Delivery::Refused => return because("it was refused; send a new lead"),
            Delivery::Test => return because("it is a test"),
        }
        if order.status != Status::Wait {
            return Ok(Some(format!("its status is {} already", order.status)));
        }
        let Some(lead) = &order.lead else { return because("its customer's data was erased") };
        let now_ms = self.clock.now_ms();
        if self.config.account(&self.store, now_ms, &order.account).await?.is_none() {
            return because("its account is not configured");
        }
        let Some(offer) = self.config.offer(&self.store, now_ms, &order.offer).await? else {
            return because("its offer is not configured");
        };
        if offer.duplicates.is_some()
            && let Some(holder) = self.store.customer(&order.offer, lead.phone.e164()).await?
            && holder > order.id
        {
            return Ok(Some(format!("the same customer came again and was sent as {holder}")));
        }
        Ok(None)
    }

    /// Puts an order back into the queue, due now; why not, where it moved on meanwhile.
    async fn queue_again(&self, order: &Order) -> Result<Option<String>, StoreError> {
        let at_ms = self.clock.now_ms();
        let outcome = DeliveryOutcome::Queued { next_attempt: at_ms / 1000 };
        let report = DeliveryReport {
            note: Some(format!("sent again at a person's word, was {}", order.delivery)),
            ..DeliveryReport::new(outcome, Source::Operator, at_ms)
        };
        let (account, order_id) = (&order.account, &order.id);
        Ok(match self.store.record_delivery(account, order_id, &report).await? {
            Recorded::Done(_) | Recorded::Already(_) => {
                tracing::info!(%account, %order_id, was = %order.delivery, "queued again by a person");
                None
            }
            Recorded::Superseded(standing) => Some(format!("it has become {} meanwhile", standing.delivery)),
            Recorded::Missing | Recorded::NotYours => Some("it is not there any more".to_owned()),
        })
    }
}

/// The note of the last event of a call.
fn why(order: &Order) -> Option<String> {
    let kinds = [Kind::Queued, Kind::Unknown, Kind::Undeliverable, Kind::Refused];
    let last = order.history.iter().rev().find(|event| kinds.contains(&event.kind) && event.note.is_some());
    last.and_then(|event| event.note.clone())
}

//! Forgets a customer: everything that says who they are goes, the figures stay. No answer and no line shows who it was.

use std::collections::BTreeSet;

use lead::OrderId;
use orders::{Erased, Filter, Order, ParkKey, Source, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Run;
use super::requests::{RequestError, read};
use crate::config::offer_document;
use crate::relay::Relay;

const PAGE: usize = 100;
/// So many order ids are named.
const NAMED: usize = 200;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ForgetRequest {
    phone: Option<String>,
    order_id: Option<OrderId>,
    apply: bool,
}

/// What was erased, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgetAnswer {
    /// Whether it was done, not only counted.
    pub applied: bool,
    /// Orders with personal data.
    pub orders: u64,
    /// Their ids, newest first, at most two hundred.
    pub order_ids: Vec<String>,
    /// Postbacks with a comment that waited for one of these orders.
    pub parked: u64,
    /// Time was up: ask again.
    pub more: bool,
}

impl Relay {
    pub(super) async fn forget_on_request(&self, request: &Value, run: &Run) -> Result<ForgetAnswer, RequestError> {
        let asked: ForgetRequest = read("forget", "`phone` or `order_id`, and `apply`", request)?;
        let mut answer = ForgetAnswer { applied: asked.apply, ..ForgetAnswer::default() };
        match (&asked.phone, &asked.order_id) {
            (Some(phone), None) => self.forget_phone(phone, asked.apply, run, &mut answer).await?,
            (None, Some(id)) => {
                let order = self.store.get(id).await?;
                let order = order.ok_or_else(|| RequestError::Unclear(format!("there is no order {id}")))?;
                if asked.apply
                    && let Some(lead) = &order.lead
                {
                    self.store.release_customer(&order.offer, lead.phone.e164(), Some(id)).await?;
                }
                self.forget_order(&order, asked.apply, &mut answer).await?;
            }
            _ => return Err(RequestError::Unclear("name either `phone` or `order_id`".to_owned())),
        }
        let (orders, parked) = (answer.orders, answer.parked);
        if asked.apply {
            tracing::info!(orders, parked, "a customer is forgotten");
        }
        Ok(answer)
    }

    async fn forget_phone(
        &self,
        phone: &str,
        apply: bool,
        run: &Run,
        answer: &mut ForgetAnswer,
    ) -> Result<(), RequestError> {
        let phone = e164(phone)?;
        let filter = Filter { phone: Some(phone.clone()), ..Filter::default() };
        let mut offers = BTreeSet::new();
        let mut cursor = None;
        loop {
            let page = self.store.list(&filter, cursor.as_ref(), PAGE).await?;
            for order in &page.orders {
                offers.insert(order.offer.clone());
                self.forget_order(order, apply, answer).await?;
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
            if self.clock.now_ms() >= run.stop_ms {
                answer.more = true;
                return Ok(());
            }
        }
        if apply {
            // An earlier forgetting may have been cut off after the orders: the claims of every offer are looked for.
            let prefix = offer_document("");
            let configured = self.store.list_config(&prefix).await?;
            offers.extend(configured.iter().filter_map(|(name, _)| Some(name.strip_prefix(&prefix)?.to_owned())));
            for offer in &offers {
                self.store.release_customer(offer, &phone, None).await?;
            }
        }
        Ok(())
    }

    /// What waits for the order goes first: once the order is erased, nothing leads there.
    async fn forget_order(&self, order: &Order, apply: bool, answer: &mut ForgetAnswer) -> Result<(), StoreError> {
        let named = order.network_order_id.clone().map(ParkKey::NetworkOrder);
        for key in std::iter::once(ParkKey::Order(order.id.clone())).chain(named) {
            for parked in self.store.parked_for(&order.account, &key).await? {
                let speaks = parked.news.comment.is_some() || parked.news.note.is_some();
                answer.parked += u64::from(speaks);
                if apply && speaks {
                    self.store.erase_parked(&order.account, &parked).await?;
                }
            }
        }
        let holds = if apply {
            matches!(self.store.erase(&order.id, Source::Operator, self.clock.now_ms()).await?, Erased::Done(_))
        } else {
            order.lead.is_some() || order.click_id.is_some() || order.comment.is_some()
        };
        if holds {
            answer.orders += 1;
            if answer.order_ids.len() < NAMED {
                answer.order_ids.push(order.id.to_string());
            }
        }
        Ok(())
    }
}

/// A phone in E.164. The message repeats nothing of it.
fn e164(text: &str) -> Result<String, RequestError> {
    let kept: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let digits = kept
        .strip_prefix('+')
        .filter(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
    match digits {
        Some(_) => Ok(kept),
        None => Err(RequestError::Unclear("a phone is wanted in full, with + and its country code".to_owned())),
    }
}

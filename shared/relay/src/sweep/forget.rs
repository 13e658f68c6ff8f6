//! Forgets a customer: everything that says who they are goes, the figures stay. No answer and no line shows who it was.

use std::collections::BTreeSet;
use std::fmt;

use lead::OrderId;
use orders::{Filter, Order, ParkKey, Source, StoreError};
use serde::{Deserialize, Serialize};

use super::Run;
use crate::config::offer_document;
use crate::operate::TaskFailure;
use crate::relay::Relay;

const PAGE: usize = 100;
/// So many order ids are named.
const NAMED: usize = 200;

/// Who is to be forgotten. Its `Debug` shows no phone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ForgetRequest {
    /// All orders of this phone, in full.
    pub phone: Option<String>,
    /// This order alone.
    pub order_id: Option<OrderId>,
    /// Do it; otherwise it is only counted.
    pub apply: bool,
}

impl fmt::Debug for ForgetRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phone = self.phone.as_ref().map(|_| "***");
        let Self { order_id, apply, .. } = self;
        f.debug_struct("ForgetRequest")
            .field("phone", &phone)
            .field("order_id", order_id)
            .field("apply", apply)
            .finish()
    }
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

impl ForgetAnswer {
    fn count(&mut self, holds: bool, id: &OrderId) {
        if holds {
            self.orders += 1;
            if self.order_ids.len() < NAMED {
                self.order_ids.push(id.to_string());
            }
        }
    }
}

impl Relay {
    pub(crate) async fn forget_on_request(
        &self,
        asked: &ForgetRequest,
        run: &Run,
    ) -> Result<ForgetAnswer, TaskFailure> {
        let mut answer = ForgetAnswer { applied: asked.apply, ..ForgetAnswer::default() };
        match (&asked.phone, &asked.order_id) {
            (Some(phone), None) => self.forget_phone(phone, asked.apply, run, &mut answer).await?,
            (None, Some(id)) => {
                let order = self.store.get(id).await?;
                let order = order.ok_or_else(|| TaskFailure::Missing(format!("there is no order {id}")))?;
                if asked.apply
                    && let Some(lead) = &order.lead
                {
                    self.store.release_customer(&order.offer, lead.phone.e164(), Some(id)).await?;
                }
                self.forget_order(&order, asked.apply, &mut answer).await?;
            }
            _ => return Err(TaskFailure::Unclear("name either `phone` or `order_id`".to_owned())),
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
    ) -> Result<(), TaskFailure> {
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
            // What this version cannot read holds the phone all the same.
            for skipped in &page.unreadable {
                offers.extend(skipped.offer.clone());
                let Ok(id) = skipped.id.parse() else { continue };
                let holds = !apply || self.erase_or_skip(&id, Source::Operator).await?;
                answer.count(holds, &id);
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
            self.erase_or_skip(&order.id, Source::Operator).await?
        } else {
            order.lead.is_some() || order.click_id.is_some() || order.comment.is_some()
        };
        answer.count(holds, &order.id);
        Ok(())
    }
}

/// A phone in E.164. The message repeats nothing of it.
fn e164(text: &str) -> Result<String, TaskFailure> {
    let kept: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let digits = kept
        .strip_prefix('+')
        .filter(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
    match digits {
        Some(_) => Ok(kept),
        None => Err(TaskFailure::Unclear("a phone is wanted in full, with + and its country code".to_owned())),
    }
}

//! Writing what became of handing a lead over, and who may try again.

use aws_sdk_dynamodb::types::ReturnValue;
use lead::{Delivery, OrderId, Reason, Status};

use super::expression::Update;
use super::{CONFLICT_TRIES, Store, StoreError, Written};
use crate::delivery::{DeliveryOutcome, DeliveryReport, Step};
use crate::event::{Event, Kind, Source};
use crate::item::{
    ACCOUNT, COMMENT, CURRENCY, DELIVERY, DUE, NETWORK_ORDER, NETWORK_REFERENCE, NEXT_ATTEMPT, PAYOUT, POLLABLE, RAW,
    REASON, STATUS, TRIES, UPDATED, VERSION, number, text,
};
use crate::order::{Order, Work};
use crate::schema;

/// What became of a delivery report, with the order as it stands after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// Written.
    Done(Standing),
    /// It was written before; nothing is written twice.
    Already(Standing),
    /// The order has moved on to where this outcome cannot follow; nothing is written.
    Superseded(Standing),
    /// There is no such order.
    Missing,
    /// The order belongs to another account.
    NotYours,
}

/// Whether a runner may work on an order, with the order as it is once taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The network surely does not have it: send it. A try and an `attempt` event are counted.
    Send(Box<Order>),
    /// It may have reached the network: its answer was lost, or the runner that was sending it died. Ask, never send.
    LookUp(Box<Order>),
    /// Another runner or news was faster, its time has not come, or it is no order to be tried.
    Lost,
}

/// What an answer to a client tells of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where the order stands.
    pub status: Status,
    /// What became of handing it over.
    pub delivery: Delivery,
    /// The network's id.
    pub network_order_id: Option<String>,
    /// Why it was cancelled.
    pub reason: Option<Reason>,
}

impl From<&Order> for Standing {
    fn from(order: &Order) -> Self {
        Self {
            status: order.status,
            delivery: order.delivery,
            network_order_id: order.network_order_id.clone(),
            reason: order.reason,
        }
    }
}

impl Standing {
    /// A fresh order after `report`.
    fn after(report: &DeliveryReport) -> Self {
        let mut standing = Self {
            status: report.status_after(Status::Wait),
            delivery: report.outcome.delivery(),
            network_order_id: None,
            reason: None,
        };
        match &report.outcome {
            DeliveryOutcome::Delivered { network_order_id, .. } => {
                standing.network_order_id.clone_from(network_order_id);
            }
            DeliveryOutcome::Refused { reason, .. } => standing.reason = *reason,
            _ => {}
        }
        standing
    }
}

impl Store {
    /// Writes what a call to the network ended in. One update when nothing came between; a status that news brought
    /// while the call was running stays. A report that is written already is not written again.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call with the same report is safe.
    pub async fn record_delivery(
        &self,
        account: &str,
        id: &OrderId,
        report: &DeliveryReport,
    ) -> Result<Recorded, StoreError> {
        const OPERATION: &str = "record_delivery";
        let report = report.within_limits();
        let mut update = recorded(account, id, &report, Status::Wait, false);
        update
            .when()
            .equal(ACCOUNT, text(account))
            .one_of(DELIVERY, [Delivery::Queued.as_str(), Delivery::Unknown.as_str()])
            .equal(STATUS, text(Status::Wait.as_str()))
            .absent(NETWORK_ORDER)
            // A repeat of this very write would find its own time here, one that was held up the time of what came since.
            .below(UPDATED, number(report.at_ms));
        let mut written = self.update(OPERATION, id, update, ReturnValue::None).await?;
        for _ in 0..CONFLICT_TRIES {
            let order = match written {
                Written::Done(order) => {
                    let standing = order.map_or_else(|| Standing::after(&report), |order| Standing::from(&*order));
                    return Ok(Recorded::Done(standing));
                }
                Written::Failed(None) => return Ok(Recorded::Missing),
                Written::Failed(Some(order)) => order,
            };
            if order.account != account {
                return Ok(Recorded::NotYours);
            }
            match report.step(&order) {
                Step::Already => return Ok(Recorded::Already(Standing::from(&*order))),
                Step::Superseded => return Ok(Recorded::Superseded(Standing::from(&*order))),
                Step::Follow => {}
            }
            let named = order.network_order_id.is_some();
            let mut update = recorded(account, id, &report, order.status, named);
            update.when().equal(VERSION, number(order.version));
            written = self.update(OPERATION, id, update, ReturnValue::AllNew).await?;
        }
        Err(StoreError::busy(OPERATION, "conflict"))
    }

    /// Takes a queued or unknown order for one runner until `lease_until_unix_s`: of many that read the same order
    /// exactly one gets it. An order whose next attempt is still to come is not given out.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Busy`] the order may be taken, and is free again when the lease ends.
    pub async fn claim_attempt(
        &self,
        order: &Order,
        now_ms: u64,
        lease_until_unix_s: u64,
    ) -> Result<Attempt, StoreError> {
        let work = match (order.delivery, order.status) {
            (Delivery::Queued, Status::Wait) => Work::Send,
            (Delivery::Unknown, Status::Wait | Status::Hold) => Work::LookUp,
            _ => return Ok(Attempt::Lost),
        };
        if order.next_attempt.is_some_and(|not_before| not_before > now_ms / 1000) {
            return Ok(Attempt::Lost);
        }
        let sendable = work == Work::Send && !order.attempt_unanswered();
        let mut update = Update::new(now_ms);
        update.set(NEXT_ATTEMPT, number(lease_until_unix_s));
        // Also for an order whose first runner died: from now on the due index knows it.
        update.set(DUE, text(schema::due_key(work, &order.account, schema::part_of(work, &order.id))));
        if sendable {
            update.set(TRIES, number(order.tries.saturating_add(1)));
            update.append(&Event::new(now_ms, Kind::Attempt, Source::Poll));
        }
        update.when().equal(VERSION, number(order.version));
        Ok(match self.update("claim_attempt", &order.id, update, ReturnValue::AllNew).await? {
            Written::Done(Some(order)) if sendable => Attempt::Send(order),
            Written::Done(Some(order)) => Attempt::LookUp(order),
            Written::Done(None) | Written::Failed(_) => Attempt::Lost,
        })
    }
}

/// The update that writes a report on an order at `status`, which the network may have `named` before.
fn recorded(account: &str, id: &OrderId, report: &DeliveryReport, status: Status, named: bool) -> Update {
    let mut update = Update::new(report.at_ms);
    update.set(DELIVERY, text(report.outcome.delivery().as_str()));
    update.append(&report.event(status));
    let mut work = None;
    let mut next_attempt = None;
    match &report.outcome {
        DeliveryOutcome::Delivered { network_order_id, raw_status, payout, pollable } => {
            if let Some(nid) = network_order_id.as_deref().filter(|_| !named) {
                update.set(NETWORK_ORDER, text(nid));
                update.set(NETWORK_REFERENCE, text(schema::network_reference(account, nid)));
            }
            // News knows later words and payouts than the first answer.
            if let Some(raw) = raw_status {
                update.set_if_absent(RAW, text(raw));
            }
            if let Some(payout) = payout {
                update.set_if_absent(PAYOUT, text(payout.amount.to_string()));
                if let Some(currency) = payout.currency {
                    update.set_if_absent(CURRENCY, text(currency.as_str()));
                }
            }
            if *pollable {
                update.set(POLLABLE, aws_sdk_dynamodb::types::AttributeValue::Bool(true));
                work = Some(Work::Poll).filter(|_| !status.is_final());
            }
        }
        DeliveryOutcome::Refused { message, reason } => {
            if status == Status::Wait {
                update.set(STATUS, text(Status::Cancel.as_str()));
                update.put(REASON, reason.map(|reason| number(reason.code())));
                update.put(COMMENT, message.as_deref().map(text));
            }
        }
        DeliveryOutcome::Queued { next_attempt: not_before } => {
            // What a person or the network has decided meanwhile is not sent again.
            work = Some(Work::Send).filter(|_| status == Status::Wait);
            next_attempt = Some(*not_before);
            // A person who sends it again gives it all its tries anew.
            if report.source == Source::Operator {
                update.remove(TRIES);
            }
        }
        DeliveryOutcome::Unknown { lookup } => work = Some(Work::LookUp).filter(|_| *lookup),
        DeliveryOutcome::Undeliverable => {}
    }
    update.put(DUE, work.map(|work| text(schema::due_key(work, account, schema::part_of(work, id)))));
    update.put(NEXT_ATTEMPT, next_attempt.map(number));
    update
}

//! Claims of customers: which order stands for a phone at an offer. Only offers that look for duplicates make them.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use lead::OrderId;

use super::{CONFLICT_TRIES, Inserted, Store, StoreError, order_of};
use crate::item::{Item, Reader, number, text, to_item};
use crate::order::Order;
use crate::schema;

/// The claim that goes with a new order on its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerClaim {
    /// A claim of an order that is older than this, in milliseconds since 1970, no longer stands.
    pub since_ms: u64,
    /// When the item may be deleted, in seconds since 1970.
    pub expires: u64,
    /// The order from which the claim is taken over, where it is known that it may be.
    pub from: Option<OrderId>,
}

/// What became of storing an order together with the claim on its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Both are stored, and this caller owns the call to the network.
    Stored,
    /// An order of this id is there already.
    Exists(Box<Order>),
    /// Another order stands for the customer; nothing is stored.
    Repeats(OrderId),
}

/// The attribute that names the order.
const ORDER: &str = "id";

impl Store {
    /// Stores an order and the claim on its customer in one transaction, so that a claim never stands for an order
    /// that is not there, and of many leads of one customer at once exactly one is [`Claimed::Stored`].
    ///
    /// Costs twice what the two writes would cost one by one. An order whose lead was erased claims nobody.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Busy`] both may be stored.
    pub async fn insert_claiming(&self, order: &Order, claim: &CustomerClaim) -> Result<Claimed, StoreError> {
        const OPERATION: &str = "insert_claiming";
        let Some(lead) = &order.lead else { return self.insert_order(order).await.map(Claimed::from) };
        let phone = lead.phone.e164();
        let mut conflict = StoreError::busy(OPERATION, "conflict");
        for _ in 0..CONFLICT_TRIES {
            let Some(reasons) = self.transact(OPERATION, order, claim, phone).await? else {
                return Ok(Claimed::Stored);
            };
            let [of_order, of_claim] = reasons.as_slice() else {
                return Err(StoreError::failed(OPERATION, "no reasons"));
            };
            if failed(of_order) {
                let there = order_of(OPERATION, of_order.item.as_ref())?;
                let unreadable = StoreError::Unreadable { operation: OPERATION, attribute: schema::PK };
                return there.map(Claimed::Exists).ok_or(unreadable);
            }
            if failed(of_claim) {
                let holder = of_claim.item.as_ref().map(|item| Reader(item).parsed::<OrderId>(ORDER)).transpose();
                let holder = holder.map_err(|error| StoreError::unreadable(OPERATION, error))?;
                return match holder {
                    Some(holder) if holder != order.id => Ok(Claimed::Repeats(holder)),
                    _ => self.insert_order(order).await.map(Claimed::from),
                };
            }
            // Another transaction is at work on the same items.
            let code = reasons.iter().filter_map(|reason| reason.code()).find(|code| *code != "None");
            conflict = StoreError::of_code(OPERATION, code.unwrap_or("no code"));
            if !conflict.is_busy() {
                break;
            }
        }
        Err(conflict)
    }

    /// Deletes the claim on a customer at an offer. With `of`: only where that order holds it.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn release_customer(&self, offer: &str, phone: &str, of: Option<&OrderId>) -> Result<(), StoreError> {
        const OPERATION: &str = "release_customer";
        let mut request =
            self.client.delete_item().table_name(&*self.table).set_key(Some(customer_item_key(offer, phone)));
        if let Some(id) = of {
            request = request
                .condition_expression("#id = :id")
                .expression_attribute_names("#id", ORDER)
                .expression_attribute_values(":id", text(id.as_str()));
        }
        match request.set_return_consumed_capacity(self.capacity()).send().await {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                Ok(())
            }
            Err(error) => {
                let refused = error.as_service_error();
                let held_by_another = refused.is_some_and(DeleteItemError::is_conditional_check_failed_exception);
                if held_by_another { Ok(()) } else { Err(StoreError::of(OPERATION, &error)) }
            }
        }
    }

    /// The order that stands for a customer at an offer, whatever its age.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn customer(&self, offer: &str, phone: &str) -> Result<Option<OrderId>, StoreError> {
        const OPERATION: &str = "customer";
        let found = self.read(OPERATION, customer_item_key(offer, phone)).await?;
        let holder = found.map(|item| Reader(&item).parsed(ORDER)).transpose();
        holder.map_err(|error| StoreError::unreadable(OPERATION, error))
    }

    /// One transaction; `None` where it went through, else why each of its parts did not.
    async fn transact(
        &self,
        operation: &'static str,
        order: &Order,
        claim: &CustomerClaim,
        phone: &str,
    ) -> Result<Option<Vec<CancellationReason>>, StoreError> {
        let incomplete = |_| StoreError::failed(operation, "request could not be built");
        let item = to_item(order).map_err(|error| StoreError::unreadable(operation, error))?;
        let put = |item: Item| {
            Put::builder()
                .table_name(&*self.table)
                .set_item(Some(item))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        };
        let stored = put(item).condition_expression("attribute_not_exists(pk)").build().map_err(incomplete)?;
        let mut item = customer_item_key(&order.offer, phone);
        item.insert(ORDER.to_owned(), text(order.id.as_str()));
        item.insert(schema::TTL.to_owned(), number(claim.expires));
        // Ids sort by time, so a claim's age stands in the id itself: TTL may be days late.
        let mut claimed = put(item)
            .expression_attribute_names("#id", ORDER)
            .expression_attribute_values(":since", text(OrderId::lower_bound(claim.since_ms).as_str()));
        let mut condition = "attribute_not_exists(pk) OR #id < :since".to_owned();
        if let Some(from) = &claim.from {
            condition.push_str(" OR #id = :from");
            claimed = claimed.expression_attribute_values(":from", text(from.as_str()));
        }
        let claimed = claimed.condition_expression(condition).build().map_err(incomplete)?;
        let sent = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(stored).build())
            .transact_items(TransactWriteItem::builder().put(claimed).build())
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match sent {
            Ok(done) => {
                for capacity in done.consumed_capacity() {
                    self.count_write(Some(capacity));
                }
                Ok(None)
            }
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    Ok(Some(cancelled.cancellation_reasons().to_vec()))
                }
                _ => Err(StoreError::of(operation, &error)),
            },
        }
    }
}

impl From<Inserted> for Claimed {
    fn from(inserted: Inserted) -> Self {
        match inserted {
            Inserted::Stored => Self::Stored,
            Inserted::Exists(order) => Self::Exists(order),
        }
    }
}

fn failed(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

fn customer_item_key(offer: &str, phone: &str) -> Item {
    Item::from([
        (schema::PK.to_owned(), text(schema::customer_key(offer, phone))),
        (schema::SK.to_owned(), text(schema::CUSTOMER)),
    ])
}

//! Storing new leads: the claim of an idempotency key, then the order.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use lead::OrderId;

use super::{Store, StoreError, order_of};
use crate::item::{Item, Reader, Unreadable, number, text, to_item};
use crate::order::{NewOrder, Order};
use crate::schema;

/// What became of storing an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// It is stored, and this caller owns the call to the network.
    Stored,
    /// An order of this id is there already; whoever stored it owns the call.
    Exists(Box<Order>),
}

/// What became of claiming an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The key is new and now stands for the proposed order.
    New,
    /// The key stands for an order, which may not be stored yet: then store this one under that id.
    Taken {
        /// The order it stands for.
        order_id: OrderId,
        /// Whether the request had the same body.
        same_body: bool,
    },
}

// The attributes of a claim.
const ORDER: &str = "id";
const FINGERPRINT: &str = "fp";

/// What a conditional put found.
pub(super) enum Put {
    Done,
    There(Option<Item>),
}

impl Store {
    /// Stores a new order. Costs one write, and one in the click index for a lead with a click id.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Busy`] the order may be stored.
    pub async fn insert(&self, new: &NewOrder) -> Result<Inserted, StoreError> {
        self.insert_order(&Order::from(new.clone())).await
    }

    /// Stores an order as it begins, see [`Order::begun`]. Costs as [`Store::insert`], and one more write in the due
    /// index for one that is held or late.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Busy`] the order may be stored.
    pub async fn insert_order(&self, order: &Order) -> Result<Inserted, StoreError> {
        const OPERATION: &str = "insert";
        let item = to_item(order).map_err(|error| StoreError::unreadable(OPERATION, error))?;
        match self.put_new(OPERATION, item).await? {
            Put::Done => Ok(Inserted::Stored),
            Put::There(item) => {
                let there = order_of(OPERATION, item.as_ref())?;
                there
                    .map(Inserted::Exists)
                    .ok_or(StoreError::Unreadable { operation: OPERATION, attribute: schema::PK })
            }
        }
    }

    /// Claims a client's idempotency key for the order `proposed`. Of many claims at once exactly one is
    /// [`Claim::New`]. `fingerprint` is a digest of the request's body; the claim ends at `expires_unix_s`.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call with the same `proposed` is safe.
    pub async fn claim_key(
        &self,
        client: &str,
        idempotency_key: &str,
        proposed: &OrderId,
        fingerprint: &str,
        expires_unix_s: u64,
    ) -> Result<Claim, StoreError> {
        const OPERATION: &str = "claim_key";
        let item = Item::from([
            (schema::PK.to_owned(), text(schema::claim_key(client, idempotency_key))),
            (schema::SK.to_owned(), text(schema::CLAIM)),
            (ORDER.to_owned(), text(proposed.as_str())),
            (FINGERPRINT.to_owned(), text(fingerprint)),
            (schema::TTL.to_owned(), number(expires_unix_s)),
        ]);
        let Put::There(there) = self.put_new(OPERATION, item).await? else { return Ok(Claim::New) };
        let there = there.ok_or(StoreError::Unreadable { operation: OPERATION, attribute: schema::PK })?;
        let read = || {
            let claim = Reader(&there);
            Ok((claim.parsed::<OrderId>(ORDER)?, claim.parsed::<String>(FINGERPRINT)?))
        };
        let (order_id, stored) = read().map_err(|error: Unreadable| StoreError::unreadable(OPERATION, error))?;
        // Our own id came back: the first answer was lost and the client library asked again.
        if order_id == *proposed {
            return Ok(Claim::New);
        }
        Ok(Claim::Taken { order_id, same_body: stored == fingerprint })
    }

    /// Puts an item whose key must be free.
    pub(super) async fn put_new(&self, operation: &'static str, item: Item) -> Result<Put, StoreError> {
        let sent = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                Ok(Put::Done)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => Ok(Put::There(failed.item().cloned())),
                _ => Err(StoreError::of(operation, &error)),
            },
        }
    }
}

//! The store: orders, claims, parked news, duties and configuration in one DynamoDB table.
//!
//! Every write is conditional. What a write may follow is said in its condition, so that the common case is one
//! call; only when the condition fails is the item, which comes back with the refusal, looked at.

mod config;
mod customer;
mod delivery;
mod duty;
mod erasing;
mod error;
mod expression;
mod intake;
mod listing;
mod meter;
mod news;
mod parking;
mod reading;
mod state;
mod tally;
mod work;

use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    ConsumedCapacity, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};
use lead::OrderId;

pub use customer::{Claimed, CustomerClaim};
pub use delivery::{Attempt, Recorded, Standing};
pub use duty::Duty;
pub use erasing::Erased;
pub use error::StoreError;
pub use intake::{Claim, Inserted};
pub use listing::Filter;
pub use meter::{Meter, Units};
pub use news::Applied;
pub use parking::{ParkKey, Parked, ParkedPage};
pub use reading::{Cursor, NotACursor, Page};
pub use tally::{AccountTally, Tally};
pub use work::{Due, DuePage, DueQuery};

use crate::item::{Item, from_item, key};
use crate::order::Order;
use expression::Update;

/// A history of this length takes no more repeats of what the rules ignore. Changes are always added.
const HISTORY_CAP: usize = 60;
/// How often a write is tried again when another one came between.
const CONFLICT_TRIES: usize = 16;

/// The table of a relay. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    client: Client,
    table: Arc<str>,
    meter: Option<Arc<Meter>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("table", &self.table).finish_non_exhaustive()
    }
}

/// What became of a conditional write of an order.
enum Written {
    /// It is done; the order as it is now, where that was asked for.
    Done(Option<Box<Order>>),
    /// Its condition failed; the order as it stands, or `None` where there is none.
    Failed(Option<Box<Order>>),
}

impl Store {
    /// The store in `table`. Retries and timeouts of single calls are the client's.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into().into(), meter: None }
    }

    /// The same store, counting the capacity its calls consume.
    #[must_use]
    pub fn with_meter(mut self, meter: Arc<Meter>) -> Self {
        self.meter = Some(meter);
        self
    }

    fn capacity(&self) -> Option<ReturnConsumedCapacity> {
        self.meter.is_some().then_some(ReturnConsumedCapacity::Indexes)
    }

    fn count_read(&self, capacity: Option<&ConsumedCapacity>) {
        if let Some(meter) = &self.meter {
            meter.read(capacity);
        }
    }

    fn count_write(&self, capacity: Option<&ConsumedCapacity>) {
        if let Some(meter) = &self.meter {
            meter.write(capacity);
        }
    }

    /// The item of a key as it is after every write that was answered.
    async fn read(&self, operation: &'static str, key: Item) -> Result<Option<Item>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key))
            .consistent_read(true)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| StoreError::of(operation, &error))?;
        self.count_read(found.consumed_capacity());
        Ok(found.item)
    }

    /// One conditional update of one order.
    async fn update(
        &self,
        operation: &'static str,
        id: &OrderId,
        update: Update,
        returned: ReturnValue,
    ) -> Result<Written, StoreError> {
        let sent = update
            .apply_to(self.client.update_item())
            .table_name(&*self.table)
            .set_key(Some(key(id)))
            .return_values(returned)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                Ok(Written::Done(order_of(operation, done.attributes())?))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::Failed(order_of(operation, failed.item())?))
                }
                _ => Err(StoreError::of(operation, &error)),
            },
        }
    }
}

fn order_of(operation: &'static str, item: Option<&Item>) -> Result<Option<Box<Order>>, StoreError> {
    let Some(item) = item.filter(|item| !item.is_empty()) else { return Ok(None) };
    from_item(item).map(|order| Some(Box::new(order))).map_err(|error| StoreError::unreadable(operation, error))
}

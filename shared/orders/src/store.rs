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
mod turns;
mod work;

use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
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
pub use news::{Applied, Noted};
pub use parking::{LISTED_MS, ORPHAN_MS, ParkKey, Parked, ParkedPage};
pub use reading::{Cursor, NotACursor, Page};
pub use tally::{AccountTally, Tally};
pub use turns::{Turn, Turns};
pub use work::{Due, DuePage, DueQuery};

use crate::item::{Item, Skipped, from_item, key, skipped};
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
        let request = update
            .apply_to(self.client.update_item())
            .set_key(Some(key(id)))
            .return_values(returned)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(match self.conditional(operation, request).await? {
            Ok(done) => Written::Done(order_of(operation, done.attributes())?),
            Err(there) => Written::Failed(order_of(operation, there.as_ref())?),
        })
    }

    /// One update of one item under a condition: the answer, or the item as it stands where the condition failed and it
    /// was asked for.
    async fn conditional(
        &self,
        operation: &'static str,
        request: UpdateItemFluentBuilder,
    ) -> Result<Result<UpdateItemOutput, Option<Item>>, StoreError> {
        let sent = request.table_name(&*self.table).set_return_consumed_capacity(self.capacity()).send().await;
        match sent {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                Ok(Ok(done))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(Err(failed.item().cloned())),
                _ => Err(StoreError::of(operation, &error)),
            },
        }
    }

    /// One conditional update of an item whose state does not matter where the condition fails. Tells whether it was made.
    async fn update_item(&self, operation: &'static str, key: Item, update: Update) -> Result<bool, StoreError> {
        let request = update.apply_to(self.client.update_item()).set_key(Some(key));
        Ok(self.conditional(operation, request).await?.is_ok())
    }
}

/// The order of an item among many: one that cannot be read is told apart, and stops nothing.
fn order_or_skipped(item: &Item) -> Result<Order, Skipped> {
    from_item(item).map_err(|error| skipped(item, error))
}

fn order_of(operation: &'static str, item: Option<&Item>) -> Result<Option<Box<Order>>, StoreError> {
    let Some(item) = item.filter(|item| !item.is_empty()) else { return Ok(None) };
    from_item(item).map(|order| Some(Box::new(order))).map_err(|error| StoreError::unreadable(operation, error))
}

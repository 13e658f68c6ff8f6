//! Duties: shares of scheduled work that one runner at a time may do, each with a note of how far it came.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValue;

use super::expression::Terms;
use super::reading::Query;
use super::{Store, StoreError};
use crate::item::{Item, Reader, Unreadable, number, text};
use crate::schema::{PK, SK, duty_key};

/// A duty as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duty {
    /// The note its last runner left; empty for a new one.
    pub note: String,
    /// A runner has it until then, in seconds since 1970.
    pub taken_until: u64,
}

// The attributes of a duty.
pub(super) const NOTE: &str = "d";
const HOLDER: &str = "ho";
const UNTIL: &str = "lu";

impl Store {
    /// All duties of an account by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn duties(&self, account: &str) -> Result<BTreeMap<String, Duty>, StoreError> {
        const OPERATION: &str = "duties";
        let mut terms = Terms::default();
        terms.equal(PK, text(duty_key(account)));
        let key = terms.take_expression();
        let query = Query { key, terms, forward: true, limit: 1000, consistent: true, ..Query::default() };
        let (items, _) = self.query(OPERATION, query).await?;
        let read = |item: &Item| {
            let reader = Reader(item);
            let duty = Duty {
                note: reader.optional(NOTE)?.unwrap_or_default(),
                taken_until: reader.number(UNTIL)?.unwrap_or_default(),
            };
            Ok((reader.parsed(SK)?, duty))
        };
        let duties: Result<_, Unreadable> = items.iter().map(read).collect();
        duties.map_err(|error| StoreError::unreadable(OPERATION, error))
    }

    /// Takes a duty for `holder` until `until_s`. `None`: another runner has it.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Busy`] it may be taken, and is free again at `until_s`.
    pub async fn take_duty(
        &self,
        account: &str,
        name: &str,
        holder: &str,
        now_s: u64,
        until_s: u64,
    ) -> Result<Option<Duty>, StoreError> {
        const OPERATION: &str = "take_duty";
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key(account, name)))
            .update_expression("SET #ho = :holder, #lu = :until")
            .condition_expression("attribute_not_exists(#lu) OR #lu <= :now OR #ho = :holder")
            .expression_attribute_names("#ho", HOLDER)
            .expression_attribute_names("#lu", UNTIL)
            .expression_attribute_values(":holder", text(holder))
            .expression_attribute_values(":until", number(until_s))
            .expression_attribute_values(":now", number(now_s))
            .return_values(ReturnValue::AllNew)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                let note = done.attributes().map(|item| Reader(item).optional(NOTE)).transpose();
                let note = note.map_err(|error| StoreError::unreadable(OPERATION, error))?;
                Ok(Some(Duty { note: note.flatten().unwrap_or_default(), taken_until: until_s }))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(StoreError::of(OPERATION, &error)),
            },
        }
    }

    /// Gives a duty back with a note for the next runner. Tells whether it was still the holder's; a runner whose time
    /// ran out leaves the note of who took over.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn give_back_duty(
        &self,
        account: &str,
        name: &str,
        holder: &str,
        note: &str,
    ) -> Result<bool, StoreError> {
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key(account, name)))
            .update_expression("SET #d = :note, #lu = :free REMOVE #ho")
            .condition_expression("#ho = :holder")
            .expression_attribute_names("#d", NOTE)
            .expression_attribute_names("#ho", HOLDER)
            .expression_attribute_names("#lu", UNTIL)
            .expression_attribute_values(":holder", text(holder))
            .expression_attribute_values(":note", text(note))
            .expression_attribute_values(":free", number(0))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(StoreError::of("give_back_duty", &error)),
            },
        }
    }
}

pub(super) fn key(account: &str, name: &str) -> Item {
    Item::from([(PK.to_owned(), text(duty_key(account))), (SK.to_owned(), text(name))])
}

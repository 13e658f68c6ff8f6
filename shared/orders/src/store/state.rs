//! Small states that processes share, each a text under an account and a name, changed only by who knows the old one.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

use super::duty::{NOTE, key};
use super::{Store, StoreError};
use crate::item::{Reader, text};

impl Store {
    /// The state of a name of an account; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn state(&self, account: &str, name: &str) -> Result<Option<String>, StoreError> {
        const OPERATION: &str = "state";
        let Some(item) = self.read(OPERATION, key(account, name)).await? else { return Ok(None) };
        Reader(&item).optional(NOTE).map_err(|error| StoreError::unreadable(OPERATION, error))
    }

    /// Puts `after` in place of `before`, `None` being no state. Of many that know the same `before` exactly one is told
    /// `true`.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Busy`] the state may be changed.
    pub async fn swap_state(
        &self,
        account: &str,
        name: &str,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut request = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key(account, name)))
            .expression_attribute_names("#d", NOTE);
        request = match after {
            Some(after) => {
                request.update_expression("SET #d = :after").expression_attribute_values(":after", text(after))
            }
            None => request.update_expression("REMOVE #d"),
        };
        request = match before {
            Some(before) => {
                request.condition_expression("#d = :before").expression_attribute_values(":before", text(before))
            }
            None => request.condition_expression("attribute_not_exists(#d)"),
        };
        match request.set_return_consumed_capacity(self.capacity()).send().await {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(StoreError::of("swap_state", &error)),
            },
        }
    }
}

//! What can go wrong with the store. No message ever holds an item's contents.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::item::Unreadable;

/// A call of the store that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Nothing is known to be wrong but the moment: throttled, timed out, unreachable, or too many writers at once.
    /// The call may be repeated; it may also have been carried out.
    #[error("{operation}: the table is busy ({code})")]
    Busy {
        /// The call.
        operation: &'static str,
        /// The service's code, or `timeout`, `connection`, `conflict`.
        code: String,
    },
    /// The call is refused and repeating it will not help.
    #[error("{operation}: the table refused the call ({code})")]
    Failed {
        /// The call.
        operation: &'static str,
        /// The service's code.
        code: String,
    },
    /// An item is there and is not what this version of the relay writes.
    #[error("{operation}: the attribute `{attribute}` of an item is missing or unreadable")]
    Unreadable {
        /// The call.
        operation: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
}

const BUSY_CODES: [&str; 13] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "ReplicatedWriteConflictException",
    "RequestTimeoutException",
    "TransactionInProgressException",
    // Reasons within a cancelled transaction.
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
    "TransactionConflict",
];

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    pub(crate) fn failed(operation: &'static str, code: &str) -> Self {
        Self::Failed { operation, code: code.to_owned() }
    }

    /// A refusal that came as a code beside the error itself.
    pub(crate) fn of_code(operation: &'static str, code: &str) -> Self {
        if BUSY_CODES.contains(&code) { Self::busy(operation, code) } else { Self::failed(operation, code) }
    }

    pub(crate) fn busy(operation: &'static str, code: &str) -> Self {
        Self::Busy { operation, code: code.to_owned() }
    }

    pub(crate) const fn unreadable(operation: &'static str, Unreadable(attribute): Unreadable) -> Self {
        Self::Unreadable { operation, attribute }
    }

    /// Reads the SDK's error: its code, never its message, which may quote the request.
    pub(crate) fn of<E: ProvideErrorMetadata>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self {
        match error {
            SdkError::TimeoutError(_) => Self::busy(operation, "timeout"),
            SdkError::DispatchFailure(_) => Self::busy(operation, "connection"),
            SdkError::ConstructionFailure(_) => Self::failed(operation, "request could not be built"),
            _ => {
                let code = error.code();
                let server_error = error.raw_response().is_none_or(|response| response.status().is_server_error());
                if server_error || code.is_some_and(|code| BUSY_CODES.contains(&code)) {
                    Self::busy(operation, code.unwrap_or("no readable answer"))
                } else {
                    Self::failed(operation, code.unwrap_or("no code"))
                }
            }
        }
    }
}

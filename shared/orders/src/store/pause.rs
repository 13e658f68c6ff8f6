//! Pauses between the tries of what the table could not do just then.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use lead::Backoff;

/// All of them together are shorter than a caller waits.
const PAUSES: Backoff = Backoff::doubling(Duration::from_millis(10), Duration::from_millis(160));

/// Waits after so many failures in a row, by chance a little longer: those who met would meet again.
pub(super) async fn after(failures: u32) {
    let random = u128::from(RandomState::new().hash_one(failures));
    if let Some(pause) = PAUSES.spread(failures, random) {
        tokio::time::sleep(pause).await;
    }
}

//! Storing new leads, those of customers who have ordered before among them.

use orders::{Beginning, Claimed, CustomerClaim, Inserted, NewOrder, Order, StoreError};

use crate::config::{Duplicates, OnDuplicate};
use crate::relay::Relay;

/// How often another lead of the same customer may come between.
const ROUNDS: usize = 8;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What became of storing a lead: the order as it begins, or the one that was there under its id.
pub(crate) enum Stored {
    New(Order),
    There(Order),
}

impl Relay {
    /// Stores a lead as `beginning` says, or as refused where its offer refuses duplicates and it is one.
    ///
    /// The lead and the claim on its customer are stored together or not at all, so that an error leaves nothing behind
    /// that would keep the same lead from coming again. Test leads neither claim nor match.
    pub(crate) async fn store_new(
        &self,
        mut new: NewOrder,
        beginning: Beginning,
        duplicates: Option<Duplicates>,
    ) -> Result<Stored, StoreError> {
        let Some(duplicates) = duplicates.filter(|_| !new.test) else {
            return self.store_as(new, beginning).await;
        };
        let span_ms = u64::from(duplicates.days) * DAY_MS;
        let came_ms = new.id.unix_ms();
        let mut claim = CustomerClaim {
            since_ms: came_ms.saturating_sub(span_ms),
            expires: came_ms.saturating_add(span_ms) / 1000,
            from: None,
        };
        for _ in 0..ROUNDS {
            let order = Order::begun(new.clone(), beginning);
            let earlier = match self.store.insert_claiming(&order, &claim).await? {
                Claimed::Stored => return Ok(Stored::New(order)),
                Claimed::Exists(there) => return Ok(Stored::There(*there)),
                Claimed::Repeats(earlier) => earlier,
            };
            let stands = self.store.get(&earlier).await?.is_some_and(|earlier| earlier.holds_customer());
            new.duplicate_of = Some(earlier.clone()).filter(|_| stands);
            if stands && duplicates.action == OnDuplicate::Refuse {
                return self.store_as(new, Beginning::Repeated).await;
            }
            // The customer is this order's from now on: the next lead repeats the last one that was sent.
            claim.from = Some(earlier);
        }
        Err(StoreError::Busy { operation: "store_new", code: "conflict".to_owned() })
    }

    async fn store_as(&self, new: NewOrder, beginning: Beginning) -> Result<Stored, StoreError> {
        let order = Order::begun(new, beginning);
        match self.store.insert_order(&order).await? {
            Inserted::Stored => Ok(Stored::New(order)),
            Inserted::Exists(there) => Ok(Stored::There(*there)),
        }
    }
}

//! Which orders news is about.

use lead::OrderId;
use orders::StoreError;

use super::NewsDesk;

/// What news calls its order: our id and the network's, each where it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named<'a> {
    pub(crate) oid: Option<&'a str>,
    pub(crate) eid: Option<&'a str>,
}

impl Named<'_> {
    /// The network's id, where ours stands beside it: an order that has none yet takes it over.
    pub(super) fn to_learn(self) -> Option<String> {
        let (oid, eid) = (self.oid?, self.eid?);
        let is_ours = |id: &str| id.parse::<OrderId>().is_ok();
        // Some cabinets have them the other way round.
        let theirs = if is_ours(eid) && !is_ours(oid) { oid } else { eid };
        Some(theirs.to_owned())
    }
}

/// What was found.
pub(super) enum Found {
    /// These orders; one named by our id may be another account's, or not there.
    Orders(Vec<OrderId>),
    /// Nothing.
    None,
    /// Our id names one order and the network's others.
    Conflict(Vec<OrderId>, Vec<OrderId>),
}

impl NewsDesk<'_> {
    /// Finds the orders: of several that one network's id names, the one that our id names too, otherwise all of them.
    pub(super) async fn find(&self, named: Named<'_>) -> Result<Found, StoreError> {
        let by_oid = match named.oid {
            None => Vec::new(),
            Some(oid) => match oid.parse::<OrderId>() {
                Ok(id) => vec![id],
                // Some cabinets send the network's id where ours is asked for.
                Err(_) => self.called(oid).await?,
            },
        };
        let by_eid = match named.eid {
            None => Vec::new(),
            Some(eid) => {
                let known = self.called(eid).await?;
                // And the reverse.
                if known.is_empty() { eid.parse().into_iter().collect() } else { known }
            }
        };
        Ok(match (by_oid.is_empty(), by_eid.is_empty()) {
            (true, true) => Found::None,
            (false, true) => Found::Orders(by_oid),
            (true, false) => Found::Orders(by_eid),
            (false, false) => {
                let both: Vec<OrderId> = by_oid.iter().filter(|id| by_eid.contains(id)).cloned().collect();
                if both.is_empty() { self.decide(by_oid, by_eid).await? } else { Found::Orders(both) }
            }
        })
    }

    /// Two ids that do not meet: one that names no order at all is as if it had not come, and the other one counts. Another
    /// account's order stays out of reach, and news that names it beside one of ours is no clear news.
    async fn decide(&self, by_oid: Vec<OrderId>, by_eid: Vec<OrderId>) -> Result<Found, StoreError> {
        let (by_oid, by_eid) = (self.existing(by_oid).await?, self.existing(by_eid).await?);
        Ok(match (by_oid.is_empty(), by_eid.is_empty()) {
            (true, true) => Found::None,
            (false, true) => Found::Orders(by_oid),
            (true, false) => Found::Orders(by_eid),
            (false, false) => Found::Conflict(by_oid, by_eid),
        })
    }

    /// An id of the form of ours that names no order of this account may still be the network's own.
    pub(super) async fn find_otherwise(&self, named: Named<'_>, tried: &[OrderId]) -> Result<Vec<OrderId>, StoreError> {
        let Some(oid) = named.oid.filter(|oid| oid.parse::<OrderId>().is_ok()) else { return Ok(Vec::new()) };
        let mut called = self.called(oid).await?;
        called.retain(|id| !tried.contains(id));
        Ok(called)
    }

    async fn called(&self, network_order_id: &str) -> Result<Vec<OrderId>, StoreError> {
        self.store.ids_by_network_order(self.account, network_order_id).await
    }

    async fn existing(&self, ids: Vec<OrderId>) -> Result<Vec<OrderId>, StoreError> {
        let mut existing = Vec::new();
        for id in ids {
            if self.store.get(&id).await?.is_some() {
                existing.push(id);
            }
        }
        Ok(existing)
    }
}

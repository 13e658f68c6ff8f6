//! Applies news that came before its order.

use orders::{Applied, ParkKey, StoreError};

use super::{Run, Sums, Target};
use crate::relay::Relay;

/// News that waits longer than this is an orphan: it is listed, and no longer tried at every run.
pub(crate) const ORPHAN_MS: u64 = 7 * 24 * 60 * 60 * 1000;

const PAGE: usize = 100;

impl Relay {
    /// Applies what found its order. Tells whether that was finished.
    pub(super) async fn apply_parked(&self, run: &Run, target: &Target, sums: &mut Sums) -> Result<bool, StoreError> {
        let mut start: Option<String> = None;
        loop {
            let page = self.store.parked(&target.name, start.as_deref(), PAGE).await?;
            for parked in &page.parked {
                let now_ms = self.clock.now_ms();
                if now_ms >= run.stop_ms {
                    return Ok(false);
                }
                if now_ms.saturating_sub(parked.news.at_ms) > ORPHAN_MS {
                    continue;
                }
                let id = match &parked.key {
                    ParkKey::Order(id) => Some(id.clone()),
                    ParkKey::NetworkOrder(eid) => {
                        self.store.ids_by_network_order(&target.name, eid).await?.into_iter().next()
                    }
                };
                let Some(id) = id else { continue };
                match self.store.apply_news(&target.name, &id, &parked.news).await? {
                    Applied::Missing | Applied::NotYours => continue,
                    Applied::Changed | Applied::PayoutChanged => sums.changed += 1,
                    Applied::Same | Applied::Ignored => {}
                }
                self.store.unpark(&target.name, parked).await?;
                sums.parked_applied += 1;
            }
            start = page.next;
            if start.is_none() {
                return Ok(true);
            }
        }
    }
}

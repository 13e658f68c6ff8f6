//! Applies news that came before its order.

use lead::OrderId;
use orders::{Applied, Event, Kind, News, ParkKey, Parked, StoreError};

use super::{Run, Sums, Target};
use crate::relay::Relay;
use crate::view::rfc3339;

/// News that waits longer than this is an orphan: it is listed, and no longer tried at every run.
pub(crate) const ORPHAN_MS: u64 = 7 * 24 * 60 * 60 * 1000;

const PAGE: usize = 100;

impl Relay {
    /// Applies what found its order. Tells whether that was finished.
    pub(super) async fn apply_parked(&self, run: &Run, target: &Target, sums: &mut Sums) -> Result<bool, StoreError> {
        let mut start: Option<String> = None;
        // What is parked comes sorted by what it calls its order: news of one order stands together.
        let mut together: Vec<Parked> = Vec::new();
        loop {
            let page = self.store.parked(&target.name, start.as_deref(), PAGE).await?;
            for parked in page.parked {
                if together.first().is_some_and(|first| first.key != parked.key)
                    && !self.apply_together(run, target, std::mem::take(&mut together), sums).await?
                {
                    return Ok(false);
                }
                together.push(parked);
            }
            start = page.next;
            if start.is_none() {
                return self.apply_together(run, target, together, sums).await;
            }
        }
    }

    /// Applies news that calls its order the same, in the order it came.
    async fn apply_together(
        &self,
        run: &Run,
        target: &Target,
        mut together: Vec<Parked>,
        sums: &mut Sums,
    ) -> Result<bool, StoreError> {
        let now_ms = self.clock.now_ms();
        if now_ms >= run.stop_ms {
            return Ok(false);
        }
        together.retain(|parked| now_ms.saturating_sub(parked.news.at_ms) <= ORPHAN_MS);
        together.sort_by_key(|parked| parked.news.at_ms);
        let Some(first) = together.first() else { return Ok(true) };
        let id = match &first.key {
            ParkKey::Order(id) => Some(id.clone()),
            ParkKey::NetworkOrder(eid) => self.store.ids_by_network_order(&target.name, eid).await?.into_iter().next(),
        };
        let Some(id) = id else { return Ok(true) };
        for parked in &together {
            match self.apply_one(&target.name, &id, parked).await? {
                Applied::Missing | Applied::NotYours => return Ok(true),
                Applied::Changed | Applied::PayoutChanged => sums.changed += 1,
                Applied::Same | Applied::Ignored => {}
            }
            self.store.unpark(&target.name, parked).await?;
            sums.parked_applied += 1;
        }
        Ok(true)
    }

    /// News applies when it is applied, not when it came: a history goes forward. When it came stands beside it.
    async fn apply_one(&self, account: &str, id: &OrderId, parked: &Parked) -> Result<Applied, StoreError> {
        let now_ms = self.clock.now_ms();
        let waited = Event {
            raw_status: parked.news.raw_status.clone(),
            note: Some(format!("came {}", rfc3339(parked.news.at_ms))),
            ..Event::new(now_ms, Kind::Parked, parked.news.source)
        };
        match self.store.note(account, id, &waited).await? {
            none @ (Applied::Missing | Applied::NotYours) => Ok(none),
            _ => self.store.apply_news(account, id, &News { at_ms: now_ms, ..parked.news.clone() }).await,
        }
    }
}

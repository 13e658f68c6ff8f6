//! News that waited for its order.

use orders::{Applied, Event, Kind, News, Noted, ORPHAN_MS, ParkKey, Parked, StoreError};

use super::finding::Found;
use super::{Named, NewsDesk};
use crate::view::rfc3339;

/// What became of the news that waited for one order.
#[derive(Debug, Default)]
pub(crate) struct Waited {
    /// So many pieces found their order.
    pub(crate) applied: u64,
    /// So many of them changed it.
    pub(crate) changed: u64,
    /// These still wait.
    pub(crate) still: Vec<Parked>,
}

impl NewsDesk<'_> {
    /// Applies what waits under a key, in the order it came, where its order is there. What is an orphan stays one.
    pub(crate) async fn apply_waiting(&self, key: &ParkKey) -> Result<Waited, StoreError> {
        let mut waiting = self.store.parked_for(self.account, key).await?;
        waiting.sort_by_key(|parked| parked.news.at_ms);
        let mut waited = Waited::default();
        for parked in waiting {
            let is_orphan = self.clock.now_ms().saturating_sub(parked.news.at_ms) > ORPHAN_MS;
            // What came later does not overtake what came before.
            if is_orphan || !waited.still.iter().all(|parked| self.is_orphan(parked)) {
                waited.still.push(parked);
                continue;
            }
            match self.apply_parked(&parked).await? {
                None => waited.still.push(parked),
                Some(changed) => {
                    self.store.unpark(self.account, &parked).await?;
                    waited.applied += 1;
                    waited.changed += u64::from(changed);
                }
            }
        }
        Ok(waited)
    }

    fn is_orphan(&self, parked: &Parked) -> bool {
        self.clock.now_ms().saturating_sub(parked.news.at_ms) > ORPHAN_MS
    }

    /// Applies one piece to every order it names. Tells whether one changed; `None` where there is none.
    async fn apply_parked(&self, parked: &Parked) -> Result<Option<bool>, StoreError> {
        let named = match &parked.key {
            ParkKey::Order(id) => {
                Named { oid: Some(id.as_str()), eid: parked.news.network_order_id.as_deref() }
            }
            ParkKey::NetworkOrder(eid) => Named { oid: None, eid: Some(eid) },
        };
        let ids = match self.find(named).await? {
            Found::Orders(ids) => ids,
            Found::None | Found::Conflict(..) => return Ok(None),
        };
        let mut most = None;
        for id in ids {
            if let Some(changed) = self.apply_late(&id, parked).await? {
                most = Some(changed || most.unwrap_or_default());
            }
        }
        Ok(most)
    }

    /// News applies when it is applied, not when it came: a history goes forward. When it came stands beside it.
    async fn apply_late(&self, id: &lead::OrderId, parked: &Parked) -> Result<Option<bool>, StoreError> {
        let at_ms = self.clock.now_ms();
        let raw_status = parked.news.raw_status.clone();
        let came = Some(format!("came {}", rfc3339(parked.news.at_ms)));
        let waited =
            Event { raw_status, note: came, ..Event::new(at_ms, Kind::Parked, parked.news.source) };
        if self.store.note(self.account, id, &waited).await? == Noted::Missing {
            return Ok(None);
        }
        if parked.unmapped {
            // The order keeps the word; a table that knows it some day finds it there.
            let word = Event { kind: Kind::Unmapped, note: parked.news.note.clone(), ..waited };
            self.store.note(self.account, id, &word).await?;
            return Ok(Some(false));
        }
        let applied = self.apply(id, &News { at_ms, ..parked.news.clone() }).await?;
        Ok(Some(matches!(applied, Applied::Changed { .. } | Applied::PayoutChanged)))
    }
}

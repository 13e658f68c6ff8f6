//! What the rows of an answer do to the orders that were asked for.

use std::collections::{HashMap, HashSet};

use lead::Status;
use networks::manifest::Asks;
use networks::{StatusReading, StatusReport};
use orders::{Applied, DeliveryOutcome, DeliveryReport, Event, Kind, News, Source, StoreError};

use super::{Asked, Round, add};

impl Round<'_> {
    /// Applies rows to the orders that were asked for. A row of another order is not for us; an order without a row is
    /// counted and never read as a status.
    pub(super) async fn apply(&self, asked: &[Asked], rows: Vec<StatusReport>) -> Result<(), StoreError> {
        let ours: HashMap<&str, &Asked> = asked.iter().map(|asked| (asked.due.id.as_str(), asked)).collect();
        let named = asked.iter().filter_map(|asked| Some((asked.due.network_order_id.as_deref()?, asked)));
        let theirs: HashMap<&str, &Asked> = named.collect();
        let mut found = HashSet::new();
        for row in rows {
            let by_network = row.network_order_id.as_deref().and_then(|id| theirs.get(id));
            let by_us = || row.our_order_id.as_deref().and_then(|id| ours.get(id));
            let Some(asked) = by_network.or_else(by_us) else { continue };
            found.insert(asked.due.id.as_str());
            self.apply_row(asked, row).await?;
        }
        // One window holds some of the orders only: what it lacks is not missing.
        if self.network.asks() != Some(Asks::Window) {
            add(&self.tally.missing, asked.len().saturating_sub(found.len()));
        }
        Ok(())
    }

    pub(super) async fn apply_row(&self, asked: &Asked, row: StatusReport) -> Result<(), StoreError> {
        let (store, account, id) = (&self.relay.store, &self.target.name, &asked.due.id);
        let at_ms = self.relay.clock.now_ms();
        let network_order_id = row.network_order_id;
        if asked.in_doubt {
            let outcome = DeliveryOutcome::Delivered {
                network_order_id: network_order_id.clone(),
                raw_status: None,
                payout: None,
                pollable: true,
            };
            let note = Some("found by a status call".to_owned());
            let report = DeliveryReport { note, ..DeliveryReport::new(outcome, Source::Poll, at_ms) };
            store.record_delivery(account, id, &report).await?;
            add(&self.tally.changed, 1);
        }
        let counts = usize::from(!asked.in_doubt);
        let (status, reason, raw) = match row.reading {
            StatusReading::Known { status, reason, raw } => (status, reason, raw),
            StatusReading::Unmapped { raw } => {
                add(&self.tally.unmapped, 1);
                let event = Event { raw_status: Some(raw), ..Event::new(at_ms, Kind::Unmapped, Source::Poll) };
                return store.note(account, id, &event).await.map(|_| ());
            }
        };
        // Nothing new is not written, and nothing goes back to waiting.
        if status == asked.due.status || status == Status::Wait {
            return Ok(());
        }
        let news = News {
            raw_status: Some(raw),
            reason,
            comment: row.comment,
            payout: row.payout,
            network_order_id,
            ..News::new(status, Source::Poll, at_ms)
        };
        if matches!(store.apply_news(account, id, &news).await?, Applied::Changed | Applied::PayoutChanged) {
            add(&self.tally.changed, counts);
        }
        Ok(())
    }
}

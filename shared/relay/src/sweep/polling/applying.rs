//! What the rows of an answer do to the orders that were asked for.

use std::collections::HashMap;

use lead::{OrderId, Status};
use networks::manifest::Asks;
use networks::{StatusReading, StatusReport};
use orders::{Applied, DeliveryOutcome, DeliveryReport, Source, StoreError};

use super::{Asked, Round, add};
use crate::news::{Named, NewsDesk, Outcome, Report};

/// What the rows of one answer say of one order.
enum Said {
    /// One thing.
    Row(StatusReport),
    /// Things that cannot be true together. The network has the order all the same: its id, where the rows agree on one.
    Contradiction(Option<String>),
}

impl Round<'_> {
    /// Applies rows to the orders that were asked for. A row of another order is not for us; an order without a row is
    /// counted and never read as a status.
    pub(super) async fn apply(&self, asked: &[Asked], rows: Vec<StatusReport>) -> Result<(), StoreError> {
        let mut of_order: HashMap<usize, Vec<StatusReport>> = HashMap::new();
        let meant = Meant::of(asked);
        for row in rows {
            match meant.by(&row) {
                Meaning::Orders(places) => {
                    for place in places {
                        of_order.entry(place).or_default().push(row.clone());
                    }
                }
                Meaning::Conflict(place, places) => self.note_conflict(asked, place, &places, row).await?,
            }
        }
        // One window holds some of the orders only: what it lacks is not missing.
        if self.network.asks() != Some(Asks::Window) {
            add(&self.tally.missing, asked.len().saturating_sub(of_order.len()));
        }
        for (place, asked) in asked.iter().enumerate() {
            match of_order.remove(&place).and_then(said) {
                Some(Said::Row(row)) => self.apply_row(asked, row).await?,
                Some(Said::Contradiction(network_order_id)) => {
                    add(&self.tally.contradictions, 1);
                    self.found(asked, network_order_id).await?;
                }
                None => {}
            }
        }
        Ok(())
    }

    pub(super) async fn apply_row(&self, asked: &Asked, row: StatusReport) -> Result<(), StoreError> {
        let id = &asked.due.id;
        self.found(asked, row.network_order_id.clone()).await?;
        // Nothing new is not written, and nothing goes back to waiting.
        if let StatusReading::Known { status, .. } = row.reading
            && (status == asked.due.status || status == Status::Wait)
        {
            return Ok(());
        }
        let network_order_id = row.network_order_id.clone();
        let named = Named { oid: Some(id.as_str()), eid: network_order_id.as_deref() };
        let told = self.desk().tell(std::slice::from_ref(id), named, &Report::from(row), Source::Poll).await?;
        match told {
            Some(Outcome::Unmapped) => add(&self.tally.unmapped, 1),
            Some(Outcome::Applied(Applied::Changed { .. } | Applied::PayoutChanged)) => {
                add(&self.tally.changed, usize::from(!asked.in_doubt));
            }
            _ => {}
        }
        Ok(())
    }

    /// An order in doubt that the network tells of is delivered.
    async fn found(&self, asked: &Asked, network_order_id: Option<String>) -> Result<(), StoreError> {
        if !asked.in_doubt {
            return Ok(());
        }
        let (store, account, id) = (&self.relay.store, &self.target.name, &asked.due.id);
        let outcome = DeliveryOutcome::Delivered { network_order_id, raw_status: None, payout: None, pollable: true };
        let note = Some("found by a status call".to_owned());
        let at_ms = self.relay.clock.now_ms();
        let report = DeliveryReport { note, ..DeliveryReport::new(outcome, Source::Poll, at_ms) };
        store.record_delivery(account, id, &report).await?;
        add(&self.tally.changed, 1);
        Ok(())
    }

    /// A row that names two orders changes nothing, and both keep that it came.
    async fn note_conflict(
        &self,
        asked: &[Asked],
        named: usize,
        called: &[usize],
        row: StatusReport,
    ) -> Result<(), StoreError> {
        add(&self.tally.contradictions, 1);
        let ids = |places: &[usize]| {
            places.iter().filter_map(|place| Some(asked.get(*place)?.due.id.clone())).collect::<Vec<_>>()
        };
        let (ours, theirs) = (row.our_order_id.clone(), row.network_order_id.clone());
        let (report, desk) = (Report::from(row), self.desk());
        desk.note_conflict(&ids(&[named]), "eid", theirs.as_deref(), &report, Source::Poll).await?;
        desk.note_conflict(&ids(called), "oid", ours.as_deref(), &report, Source::Poll).await
    }

    fn desk(&self) -> NewsDesk<'_> {
        self.relay.news_of(&self.target.name, Some(&self.target.account.network))
    }
}

/// The orders that were asked for, by what a row may call them.
struct Meant<'a> {
    ours: HashMap<&'a str, usize>,
    theirs: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Meant<'a> {
    fn of(asked: &'a [Asked]) -> Self {
        let mut theirs: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, asked) in asked.iter().enumerate() {
            if let Some(id) = asked.due.network_order_id.as_deref() {
                theirs.entry(id).or_default().push(place);
            }
        }
        let ours = asked.iter().enumerate().map(|(place, asked)| (asked.due.id.as_str(), place)).collect();
        Self { ours, theirs }
    }

    /// The orders that a row is about. Of several with the network's id it is the one that our id names, otherwise all;
    /// a row with an id of ours that was not asked for is about none that was.
    fn by(&self, row: &StatusReport) -> Meaning {
        let called = row.network_order_id.as_deref().and_then(|id| self.theirs.get(id));
        let named = row.our_order_id.as_deref().and_then(|id| self.ours.get(id));
        let is_another_of_ours = || row.our_order_id.as_deref().is_some_and(|id| id.parse::<OrderId>().is_ok());
        match (named, called) {
            (Some(place), Some(called)) if !called.contains(place) => Meaning::Conflict(*place, called.clone()),
            (Some(place), _) => Meaning::Orders(vec![*place]),
            (None, Some(called)) if !is_another_of_ours() => Meaning::Orders(called.clone()),
            (None, _) => Meaning::Orders(Vec::new()),
        }
    }
}

/// Which of the orders that were asked for a row is about, by their places.
enum Meaning {
    Orders(Vec<usize>),
    /// Our id names the first, the network's id the others.
    Conflict(usize, Vec<usize>),
}

/// What all rows of one order say together: those that agree are one, with what each knows.
fn said(rows: Vec<StatusReport>) -> Option<Said> {
    let mut ids: Vec<String> = rows.iter().filter_map(|row| row.network_order_id.clone()).collect();
    ids.dedup();
    let mut rows = rows.into_iter();
    let mut all = rows.next()?;
    all.network_order_id = ids.pop().filter(|_| ids.is_empty());
    let mut agree = true;
    for row in rows {
        agree &= is_same(&all, &row);
        all.payout = all.payout.or(row.payout);
        all.raw_payout = all.raw_payout.or(row.raw_payout);
        all.comment = all.comment.or(row.comment);
    }
    Some(if agree { Said::Row(all) } else { Said::Contradiction(all.network_order_id) })
}

/// Whether two rows of one order can both be true.
fn is_same(one: &StatusReport, other: &StatusReport) -> bool {
    use StatusReading::{Known, Unmapped};
    let status = match (&one.reading, &other.reading) {
        (Known { status, reason, .. }, Known { status: too, reason: reason_too, .. }) => {
            status == too && reason == reason_too
        }
        (Unmapped { raw }, Unmapped { raw: too }) => raw == too,
        _ => false,
    };
    status && one.payout.as_ref().zip(other.payout.as_ref()).is_none_or(|(one, other)| one == other)
}

//! One way for news, whoever brings it: a postback, a row of a status call, what had waited, a late answer to a submit, a
//! table that reads a word otherwise, a person, a sheet. It finds the orders, applies the rules, keeps what finds no order
//! and writes one line for each change.

use lead::{OrderId, Payout, Reason, Status};
use networks::{PostbackReport, StatusReading, StatusReport};
use orders::{Applied, Event, Kind, News, Noted, ParkKey, Source, Store, StoreError};

use crate::clock::Clock;
use crate::telemetry::Line;

mod finding;
mod waiting;

use finding::Found;
pub(crate) use finding::Named;
pub(crate) use waiting::Waited;

/// Takes news of one account.
#[derive(Clone, Copy)]
pub(crate) struct NewsDesk<'a> {
    pub(crate) store: &'a Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) account: &'a str,
    /// The slug of the account's network, where it is known.
    pub(crate) network: Option<&'a str>,
}

/// What is told of an order.
pub(crate) struct Report {
    pub(crate) reading: StatusReading,
    pub(crate) reason: Option<Reason>,
    pub(crate) comment: Option<String>,
    pub(crate) payout: Option<Payout>,
    /// What is said of the payout and cannot be read.
    pub(crate) unread_payout: Option<String>,
    /// What else is kept as it came.
    pub(crate) note: Option<String>,
}

/// What became of news. Where it was for several orders, the most that became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An order was looked for and met the news as said.
    Applied(Applied),
    /// Nobody knows the word. It is kept.
    Unmapped,
    /// The order is not there (yet).
    Parked,
    /// It names two orders.
    Conflict,
}

impl Outcome {
    /// The word in logs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Applied(Applied::Changed { .. } | Applied::PayoutChanged) => "changed",
            Self::Applied(Applied::Same) => "same",
            Self::Applied(Applied::Ignored) => "ignored",
            Self::Applied(Applied::Missing | Applied::NotYours) => "missing",
            Self::Unmapped => "unmapped",
            Self::Parked => "parked",
            Self::Conflict => "conflict",
        }
    }
}

impl NewsDesk<'_> {
    /// Takes news of whatever order it names. What names none that is there is kept for it.
    pub(crate) async fn take(&self, named: Named<'_>, report: &Report, source: Source) -> Result<Outcome, StoreError> {
        let (mut outcome, orders) = match self.find(named).await? {
            Found::Orders(orders) => (self.tell(&orders, named, report, source).await?, orders),
            Found::None => (None, Vec::new()),
            Found::Conflict(by_oid, by_eid) => {
                self.note_conflict(&by_oid, "eid", named.eid, report, source).await?;
                self.note_conflict(&by_eid, "oid", named.oid, report, source).await?;
                return Ok(Outcome::Conflict);
            }
        };
        if outcome.is_none() {
            // An id of our form that no order of this account has: it may be the network's.
            let others = self.find_otherwise(named, &orders).await?;
            outcome = self.tell(&others, named, report, source).await?;
        }
        if let Some(outcome) = outcome {
            return Ok(outcome);
        }
        let word = self.word(named, report, source);
        let is_known = word.is_none();
        if let (Some(key), Some(news)) = (park_key(named), word.or_else(|| self.news(named, report, source))) {
            self.store.park(self.account, &key, &news, !is_known).await?;
        }
        Ok(if is_known { Outcome::Parked } else { Outcome::Unmapped })
    }

    /// Tells known orders. `None` where none of them is this account's.
    pub(crate) async fn tell(
        &self,
        orders: &[OrderId],
        named: Named<'_>,
        report: &Report,
        source: Source,
    ) -> Result<Option<Outcome>, StoreError> {
        let mut most = None;
        for id in orders {
            let outcome = match self.news(named, report, source) {
                Some(news) => match self.apply(id, &news).await? {
                    Applied::Missing | Applied::NotYours => None,
                    applied => Some(Outcome::Applied(applied)),
                },
                None => self.keep_word(id, report, source).await?,
            };
            most = greater(most, outcome);
        }
        Ok(most)
    }

    /// Applies news to one order, and writes a line where it changes.
    pub(crate) async fn apply(&self, id: &OrderId, news: &News) -> Result<Applied, StoreError> {
        let applied = self.store.apply_news(self.account, id, news).await?;
        if let Applied::Changed { from, to } = applied {
            Line::new("status change")
                .with("account", self.account)
                .with_some("network", self.network)
                .with("order_id", id.as_str())
                .with("from", from.as_str())
                .with("to", to.as_str())
                .with("source", news.source.as_str())
                .with("status_changes", 1)
                .write(self.clock.now_ms());
        }
        Ok(applied)
    }

    /// The news of a report; `None` for a word without a meaning.
    fn news(&self, named: Named<'_>, report: &Report, source: Source) -> Option<News> {
        let StatusReading::Known { status, raw, .. } = &report.reading else { return None };
        Some(News {
            raw_status: Some(raw.clone()),
            reason: report.reason,
            comment: report.comment.clone(),
            payout: report.payout.clone(),
            unread_payout: report.unread_payout.clone(),
            network_order_id: named.to_learn(),
            note: report.note.clone(),
            ..News::new(*status, source, self.clock.now_ms())
        })
    }

    /// What is parked of a word without a meaning: its status says nothing.
    fn word(&self, named: Named<'_>, report: &Report, source: Source) -> Option<News> {
        let StatusReading::Unmapped { raw } = &report.reading else { return None };
        Some(News {
            raw_status: Some(raw.clone()),
            network_order_id: named.to_learn(),
            note: report.note.clone(),
            ..News::new(Status::Wait, source, self.clock.now_ms())
        })
    }

    async fn keep_word(&self, id: &OrderId, report: &Report, source: Source) -> Result<Option<Outcome>, StoreError> {
        let event = Event {
            raw_status: Some(report.reading.raw().to_owned()),
            note: report.note.clone(),
            ..Event::new(self.clock.now_ms(), Kind::Unmapped, source)
        };
        let noted = self.store.note(self.account, id, &event).await?;
        Ok((noted != Noted::Missing).then_some(Outcome::Unmapped))
    }

    /// Records at some orders that news named another one beside them.
    pub(crate) async fn note_conflict(
        &self,
        orders: &[OrderId],
        name: &str,
        other: Option<&str>,
        report: &Report,
        source: Source,
    ) -> Result<(), StoreError> {
        for id in orders {
            let event = Event {
                raw_status: Some(report.reading.raw().to_owned()),
                note: other.map(|other| format!("{name} {other} is not this order's")),
                ..Event::new(self.clock.now_ms(), Kind::Conflict, source)
            };
            self.store.note(self.account, id, &event).await?;
        }
        Ok(())
    }
}

const fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Applied(Applied::Changed { .. }) => 5,
        Outcome::Applied(Applied::PayoutChanged) => 4,
        Outcome::Applied(Applied::Ignored) => 3,
        _ => 2,
    }
}

fn greater(one: Option<Outcome>, other: Option<Outcome>) -> Option<Outcome> {
    [one, other].into_iter().flatten().max_by_key(|outcome| rank(*outcome))
}

/// What news that finds no order is kept under: our id before the network's, and what has not the form of ours as one of
/// the network's.
fn park_key(named: Named<'_>) -> Option<ParkKey> {
    let ours = named.oid.and_then(|oid| oid.parse().ok()).map(ParkKey::Order);
    ours.or_else(|| named.eid.or(named.oid).map(|id| ParkKey::NetworkOrder(id.to_owned())))
}

impl From<&PostbackReport> for Report {
    fn from(report: &PostbackReport) -> Self {
        Self {
            reading: report.reading.clone(),
            reason: report.reason,
            comment: report.comment.clone(),
            payout: report.payout.clone(),
            unread_payout: report.raw_payout.clone(),
            note: report.raw_reason.as_ref().map(|reason| format!("reason {reason}")),
        }
    }
}

impl From<StatusReport> for Report {
    fn from(row: StatusReport) -> Self {
        let reason = match &row.reading {
            StatusReading::Known { reason, .. } => *reason,
            StatusReading::Unmapped { .. } => None,
        };
        Self {
            reading: row.reading,
            reason,
            comment: row.comment,
            payout: row.payout,
            unread_payout: row.raw_payout,
            note: None,
        }
    }
}

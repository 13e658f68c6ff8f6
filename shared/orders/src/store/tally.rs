//! Counting orders: what came in must be the sum of what became of it.

use std::collections::BTreeMap;

use lead::{Delivery, OrderId, Shard, Status};
use serde::{Deserialize, Serialize};

use super::expression::Terms;
use super::reading::Query;
use super::scan::{Bounds, Looked, Scan};
use super::{Store, StoreError};
use crate::item::{ACCOUNT, DELIVERY, DUE, Item, Reader, STATUS, key, text};
use crate::schema::{PK, SK, shard_key};

/// The orders of a time range, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// By account. Orders whose account cannot be read stand under the empty name.
    pub accounts: BTreeMap<String, AccountTally>,
    /// Orders in no state that is known, oldest first, at most [`Tally::MOST_NAMED`].
    pub unreadable: Vec<OrderId>,
    /// Orders that are queued and that no run knows of, oldest first, at most [`Tally::MOST_NAMED`].
    pub unattended: Vec<OrderId>,
    /// Orders whose delivery may still change by itself, those of the remainder among them, oldest first, at most
    /// [`Tally::MOST_NAMED`].
    pub open: Vec<OrderId>,
}

/// The orders of one account, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountTally {
    /// All that are stored.
    pub received: u64,
    /// Taken by the network.
    pub delivered: u64,
    /// Refused, by the network or as duplicates by the relay.
    pub refused: u64,
    /// Waiting to be sent, or being sent for the first time.
    pub queued: u64,
    /// In doubt.
    pub unknown: u64,
    /// Every try failed.
    pub undeliverable: u64,
    /// Tests.
    pub test: u64,
    /// Queued, and no run knows of it.
    pub unattended: u64,
    /// In no state that is known.
    pub unreadable: u64,
}

impl AccountTally {
    /// The part whose delivery does not change by itself any more.
    #[must_use]
    pub const fn settled(&self) -> Self {
        let received = self.delivered + self.refused + self.undeliverable + self.test;
        Self { received, queued: 0, unknown: 0, unattended: 0, unreadable: 0, ..*self }
    }

    /// The part that may still change by itself, with the remainder.
    #[must_use]
    pub const fn open(&self) -> Self {
        let received = self.queued + self.unknown + self.unattended + self.unreadable;
        Self { received, delivered: 0, refused: 0, undeliverable: 0, test: 0, ..*self }
    }

    /// The part that adds up to nothing: no run knows of it, or nobody can read it.
    #[must_use]
    pub const fn remainder(&self) -> Self {
        Self { received: self.unattended + self.unreadable, queued: 0, unknown: 0, ..self.open() }
    }

    /// All but the remainder.
    #[must_use]
    pub const fn without_remainder(&self) -> Self {
        let received = self.settled().received + self.queued + self.unknown;
        Self { received, unattended: 0, unreadable: 0, ..*self }
    }

    /// Adds another count to this one.
    pub const fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.delivered += other.delivered;
        self.refused += other.refused;
        self.queued += other.queued;
        self.unknown += other.unknown;
        self.undeliverable += other.undeliverable;
        self.test += other.test;
        self.unattended += other.unattended;
        self.unreadable += other.unreadable;
    }
}

/// What does not change by itself any more.
const SETTLED: [Delivery; 4] = [Delivery::Delivered, Delivery::Refused, Delivery::Undeliverable, Delivery::Test];

impl Tally {
    /// So many orders of each kind of remainder are named.
    pub const MOST_NAMED: usize = 1000;

    /// Adds another count to this one.
    pub fn add(&mut self, other: Self) {
        for (account, counts) in other.accounts {
            self.accounts.entry(account).or_default().add(&counts);
        }
        self.unreadable.extend(other.unreadable);
        self.unattended.extend(other.unattended);
        self.open.extend(other.open);
        self.in_order();
    }

    /// Whether more orders are open than are named.
    #[must_use]
    pub fn is_open_beyond_names(&self) -> bool {
        let open: u64 = self.accounts.values().map(|counts| counts.received - counts.settled().received).sum();
        open > u64::try_from(self.open.len()).unwrap_or(u64::MAX)
    }

    fn in_order(&mut self) {
        for ids in [&mut self.unreadable, &mut self.unattended, &mut self.open] {
            ids.sort();
            ids.truncate(Self::MOST_NAMED);
        }
    }

    fn count(&mut self, item: &Item, settled_ms: u64) {
        let item = Reader(item);
        // A key that is no order id stands for no order.
        let Ok(id) = item.parsed::<OrderId>(SK) else { return };
        let account = item.parsed::<String>(ACCOUNT).unwrap_or_default();
        let nameless = account.is_empty();
        let counts = self.accounts.entry(account).or_default();
        counts.received += 1;
        // One that was decided meanwhile waits for nothing, and the youngest are being sent just now.
        let decided = item.parsed(STATUS) != Ok(Status::Wait);
        let known = item.optional::<String>(DUE).is_ok_and(|due| due.is_some());
        let attended = decided || known || id.unix_ms() >= settled_ms;
        let delivery = item.parsed::<Delivery>(DELIVERY);
        if nameless || !matches!(&delivery, Ok(delivery) if SETTLED.contains(delivery)) {
            self.open.push(id.clone());
        }
        match delivery {
            Ok(_) if nameless => self.set_aside(id),
            Ok(Delivery::Delivered) => counts.delivered += 1,
            Ok(Delivery::Refused) => counts.refused += 1,
            Ok(Delivery::Queued) if attended => counts.queued += 1,
            Ok(Delivery::Queued) => {
                counts.unattended += 1;
                self.unattended.push(id);
            }
            Ok(Delivery::Unknown) => counts.unknown += 1,
            Ok(Delivery::Undeliverable) => counts.undeliverable += 1,
            Ok(Delivery::Test) => counts.test += 1,
            Err(_) => {
                counts.unreadable += 1;
                self.unreadable.push(id);
            }
        }
    }

    fn set_aside(&mut self, id: OrderId) {
        self.accounts.entry(String::new()).or_default().unreadable += 1;
        self.unreadable.push(id);
    }
}

/// What is read of an order to count it.
const COUNTED: [&str; 5] = [SK, ACCOUNT, DELIVERY, STATUS, DUE];

impl Store {
    /// Counts the orders that came in from `from_ms` until before `to_ms`, in milliseconds since 1970. Every page of all
    /// 32 partitions is read; that costs half a read unit for each 4 KB of orders. The first call of an order that came
    /// in before `settled_ms` is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tally(&self, from_ms: u64, to_ms: u64, settled_ms: u64) -> Result<Tally, StoreError> {
        Ok(self.tally_within(from_ms, to_ms, settled_ms, &Bounds::NONE).await?.found)
    }

    /// The same within bounds. A count that is not finished is of no use but for what it cost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tally_within(
        &self,
        from_ms: u64,
        to_ms: u64,
        settled_ms: u64,
        bounds: &Bounds<'_>,
    ) -> Result<Looked<Tally>, StoreError> {
        let scan = Scan { from_ms, to_ms, filter: |_| {}, fields: &COUNTED };
        let mut tally = Tally::default();
        let looked = self.scan("tally", &scan, bounds, |item| tally.count(item, settled_ms)).await?;
        tally.in_order();
        Ok(Looked { found: tally, finished: looked.finished, units: looked.units })
    }

    /// Counts these orders alone, one read of each: what stood open is looked at again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tally_of(&self, ids: &[OrderId], settled_ms: u64) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        for item in self.batch_get("tally", ids.iter().map(key).collect()).await? {
            tally.count(&item, settled_ms);
        }
        tally.in_order();
        Ok(tally)
    }

    /// When the oldest order came in, in milliseconds since 1970; `None` for an empty table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn oldest(&self) -> Result<Option<u64>, StoreError> {
        const OPERATION: &str = "oldest";
        let mut oldest = None;
        for shard in Shard::all() {
            let mut terms = Terms::default();
            terms.equal(PK, text(shard_key(shard)));
            let key = terms.take_expression();
            let projection = Some(terms.projection(&[SK]));
            let query = Query { key, projection, terms, limit: 1, forward: true, ..Query::default() };
            let (items, _) = self.query(OPERATION, query).await?;
            if let Some(item) = items.first() {
                let Ok(id) = Reader(item).parsed::<OrderId>(SK) else { continue };
                oldest = Some(oldest.map_or(id.unix_ms(), |before: u64| before.min(id.unix_ms())));
            }
        }
        Ok(oldest)
    }
}

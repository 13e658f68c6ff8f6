//! Counting orders: what came in must be the sum of what became of it.

use std::collections::BTreeMap;

use lead::{Delivery, OrderId, Shard, Status};
use tokio::task::JoinSet;

use super::expression::Terms;
use super::reading::{Query, just_before};
use super::{Store, StoreError};
use crate::item::{ACCOUNT, DELIVERY, DUE, Item, Reader, STATUS, text};
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
}

/// The orders of one account, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

impl Tally {
    /// So many orders of each kind of remainder are named.
    pub const MOST_NAMED: usize = 1000;

    /// Adds another count to this one.
    pub fn add(&mut self, other: Self) {
        for (account, counts) in other.accounts {
            self.accounts.entry(account).or_default().add(&counts);
        }
        for (ours, more) in [(&mut self.unreadable, other.unreadable), (&mut self.unattended, other.unattended)] {
            ours.extend(more);
            ours.sort();
            ours.truncate(Self::MOST_NAMED);
        }
    }

    fn count(&mut self, item: &Item, settled_ms: u64) -> Result<(), StoreError> {
        let item = Reader(item);
        let id: OrderId = item.parsed(SK).map_err(|error| StoreError::unreadable("tally", error))?;
        let account = item.parsed::<String>(ACCOUNT).unwrap_or_default();
        let nameless = account.is_empty();
        let counts = self.accounts.entry(account).or_default();
        counts.received += 1;
        // One that was decided meanwhile waits for nothing, and the youngest are being sent just now.
        let decided = item.parsed(STATUS) != Ok(Status::Wait);
        let known = item.optional::<String>(DUE).is_ok_and(|due| due.is_some());
        let attended = decided || known || id.unix_ms() >= settled_ms;
        match item.parsed::<Delivery>(DELIVERY) {
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
        Ok(())
    }

    fn set_aside(&mut self, id: OrderId) {
        self.accounts.entry(String::new()).or_default().unreadable += 1;
        self.unreadable.push(id);
    }
}

/// Partitions read at once.
const SIDE_BY_SIDE: usize = 16;

impl Store {
    /// Counts the orders that came in from `from_ms` until before `to_ms`, in milliseconds since 1970. Every page of all
    /// 32 partitions is read; that costs half a read unit for each 4 KB of orders. The first call of an order that came
    /// in before `settled_ms` is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tally(&self, from_ms: u64, to_ms: u64, settled_ms: u64) -> Result<Tally, StoreError> {
        let shards: Vec<Shard> = Shard::all().collect();
        let mut tally = Tally::default();
        for side_by_side in shards.chunks(SIDE_BY_SIDE) {
            let mut running = JoinSet::new();
            for shard in side_by_side.iter().copied() {
                let store = self.clone();
                running.spawn(async move { store.tally_of(shard, (from_ms, to_ms), settled_ms).await });
            }
            while let Some(done) = running.join_next().await {
                tally.add(done.map_err(|_| StoreError::failed("tally", "a query was cut off"))??);
            }
        }
        Ok(tally)
    }

    async fn tally_of(&self, shard: Shard, (from_ms, to_ms): (u64, u64), settled_ms: u64) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        let (low, high) = (OrderId::lower_bound(from_ms).to_string(), just_before(&OrderId::lower_bound(to_ms)));
        if low > high {
            return Ok(tally);
        }
        let mut start = None;
        loop {
            let mut terms = Terms::default();
            terms.equal(PK, text(shard_key(shard))).between(SK, &low, &high);
            let key = terms.take_expression();
            let projection = Some(terms.projection(&[SK, ACCOUNT, DELIVERY, STATUS, DUE]));
            // As much as the service puts into a page.
            let limit = usize::MAX;
            let query = Query { key, projection, terms, limit, start, forward: true, ..Query::default() };
            let (items, next) = self.query("tally", query).await?;
            for item in &items {
                tally.count(item, settled_ms)?;
            }
            start = next;
            if start.is_none() {
                return Ok(tally);
            }
        }
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
                let id: OrderId = Reader(item).parsed(SK).map_err(|error| StoreError::unreadable(OPERATION, error))?;
                oldest = Some(oldest.map_or(id.unix_ms(), |before: u64| before.min(id.unix_ms())));
            }
        }
        Ok(oldest)
    }
}

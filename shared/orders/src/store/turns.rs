//! When parked news is tried next: one small item each, sorted by its time, so that a run reads what is due and no more.

use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::Terms;
use super::parking::{LISTED_MS, ORPHAN_MS, ParkKey, Parked};
use super::reading::Query;
use super::{Store, StoreError};
use crate::item::{Item, Reader, number, text};
use crate::schema::{PK, SK, TTL, turns_key};

/// One piece of parked news has its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// When, in seconds since 1970.
    pub next_s: u64,
    /// The sort key of the news.
    pub(super) sort_key: String,
}

impl Turn {
    /// What the news calls its order.
    #[must_use]
    pub fn key(&self) -> Option<ParkKey> {
        ParkKey::of_sort_key(&self.sort_key)
    }

    /// Whether this is the turn of that news.
    #[must_use]
    pub fn is_of(&self, parked: &Parked) -> bool {
        self.sort_key == parked.sort_key
    }

    fn place(&self) -> String {
        format!("{:010}#{}", self.next_s, self.sort_key)
    }

    fn of_place(place: &str) -> Option<Self> {
        let (next_s, sort_key) = place.split_once('#')?;
        Some(Self { next_s: next_s.parse().ok()?, sort_key: sort_key.to_owned() })
    }
}

/// Turns that are due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turns {
    /// The turns, the earliest first.
    pub due: Vec<Turn>,
    /// Whether what was parked before there were turns has got its own: see [`Store::give_turns`].
    pub complete: bool,
}

/// The place of the sign that everything parked has a turn. It sorts before every turn.
const COMPLETE: &str = "#complete";

impl Store {
    /// The turns that are due at `now_s` (in seconds since 1970), at most `limit`. What is not due is not read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn turns(&self, account: &str, now_s: u64, limit: usize) -> Result<Turns, StoreError> {
        let mut terms = Terms::default();
        terms.equal(PK, text(turns_key(account))).between(SK, COMPLETE, &format!("{now_s:010}~"));
        let key = terms.take_expression();
        let query = Query { key, terms, forward: true, limit: limit.saturating_add(1), ..Query::default() };
        let (items, _) = self.query("turns", query).await?;
        let mut turns = Turns::default();
        for place in items.iter().filter_map(|item| Reader(item).parsed::<String>(SK).ok()) {
            if place == COMPLETE {
                turns.complete = true;
            } else {
                turns.due.extend(Turn::of_place(&place));
            }
        }
        Ok(turns)
    }

    /// Gives parked news another turn, at `next_s` (in seconds since 1970), in place of this one.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn put_off(&self, account: &str, turn: &Turn, next_s: u64, parked: &Parked) -> Result<(), StoreError> {
        let later = Turn { next_s, sort_key: turn.sort_key.clone() };
        self.put_turn(account, &later, ends_s(parked)).await?;
        if later == *turn { Ok(()) } else { self.drop_turn(account, turn).await }
    }

    /// Ends a turn: its news is applied, or an orphan by now.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn drop_turn(&self, account: &str, turn: &Turn) -> Result<(), StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(turn_item_key(account, &turn.place())))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| StoreError::of("drop_turn", &error))?;
        self.count_write(deleted.consumed_capacity());
        Ok(())
    }

    /// Gives everything that is parked a turn, now, and an end: once for an account whose news was parked before there
    /// were turns. News that is an orphan by then gets its end alone.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn give_turns(&self, account: &str, now_s: u64) -> Result<(), StoreError> {
        const PAGE: usize = 100;
        let mut start = None;
        loop {
            let page = self.parked(account, start.as_deref(), PAGE).await?;
            for parked in &page.parked {
                let is_orphan = now_s.saturating_mul(1000).saturating_sub(parked.news.at_ms) > ORPHAN_MS;
                if !is_orphan {
                    let turn = Turn { next_s: now_s, sort_key: parked.sort_key.clone() };
                    self.put_turn(account, &turn, ends_s(parked)).await?;
                }
                // An orphan of years is listed for its thirty days from now on.
                self.end_parked(account, parked, ends_s(parked).max(now_s + LISTED_MS / 1000)).await?;
            }
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        self.put_any("give_turns", turn_item_key(account, COMPLETE)).await
    }

    pub(super) async fn put_turn(&self, account: &str, turn: &Turn, ends_s: u64) -> Result<(), StoreError> {
        let mut item = turn_item_key(account, &turn.place());
        item.insert(TTL.to_owned(), number(ends_s));
        self.put_any("put_turn", item).await
    }

    async fn put_any(&self, operation: &'static str, item: Item) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| StoreError::of(operation, &error))?;
        self.count_write(put.consumed_capacity());
        Ok(())
    }
}

fn ends_s(parked: &Parked) -> u64 {
    parked.news.at_ms.saturating_add(ORPHAN_MS + LISTED_MS) / 1000
}

fn turn_item_key(account: &str, place: &str) -> Item {
    Item::from([(PK.to_owned(), AttributeValue::S(turns_key(account))), (SK.to_owned(), text(place))])
}

//! News that came before its order.

use std::fmt;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use lead::OrderId;

use super::expression::Terms;
use super::turns::Turn;
use super::reading::Query;
use super::{Store, StoreError};
use crate::item::{Item, Reader, Unreadable, number, text};
use crate::schema::{PK, SK, TTL, digest, parking_key};
use crate::transition::News;

/// What the parked news called its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParkKey {
    /// Our id.
    Order(OrderId),
    /// The network's id.
    NetworkOrder(String),
}

impl ParkKey {
    /// The beginning of the sort key.
    fn prefix(&self) -> String {
        match self {
            Self::Order(id) => format!("o#{id}#"),
            Self::NetworkOrder(id) => format!("e#{id}#"),
        }
    }

    pub(super) fn of_sort_key(sort_key: &str) -> Option<Self> {
        let (called, _) = sort_key.rsplit_once('#')?;
        match called.split_once('#')? {
            ("o", id) => id.parse().ok().map(Self::Order),
            ("e", id) => Some(Self::NetworkOrder(id.to_owned())),
            _ => None,
        }
    }
}

/// Parked news.
#[derive(Clone, PartialEq, Eq)]
pub struct Parked {
    /// What it called its order.
    pub key: ParkKey,
    /// The news; its time is when it was parked.
    pub news: News,
    /// Its word has no meaning (yet): the news tells no status, and its order is to keep the word.
    pub unmapped: bool,
    pub(super) sort_key: String,
}

impl fmt::Debug for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parked")
            .field("key", &self.key)
            .field("news", &self.news)
            .field("unmapped", &self.unmapped)
            .finish_non_exhaustive()
    }
}

/// A page of parked news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedPage {
    /// The news, ordered by what it called its order.
    pub parked: Vec<Parked>,
    /// Items that cannot be read: those of a newer version. They are left alone.
    pub unreadable: usize,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// The attribute that holds the news as JSON.
const NEWS: &str = "n";
/// The attribute that is there where the news is a word without a meaning.
const UNMAPPED: &str = "u";

/// News that waits longer than this, in milliseconds, is an orphan: it is listed, and no longer tried.
pub const ORPHAN_MS: u64 = 7 * 24 * 60 * 60 * 1000;
/// So long an orphan is listed, in milliseconds. Then it is deleted.
pub const LISTED_MS: u64 = 30 * 24 * 60 * 60 * 1000;

impl Store {
    /// Keeps news until its order is there. The same news again is kept once, unless the first is an orphan by now.
    /// `unmapped`: its word has no meaning, and its status says nothing.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn park(
        &self,
        account: &str,
        key: &ParkKey,
        news: &News,
        unmapped: bool,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "park";
        let news = news.within_limits();
        let json =
            |news: &News| serde_json::to_string(news).map_err(|_| StoreError::unreadable(OPERATION, Unreadable(NEWS)));
        // Without its time: a network that repeats itself says the same.
        let said = json(&News { at_ms: 0, ..news.clone() })?;
        let sort_key = key.prefix() + &digest(said.as_bytes(), 16);
        let ends_s = (news.at_ms + ORPHAN_MS + LISTED_MS) / 1000;
        // The turn first: one that leads to nothing is dropped when it comes; news without a turn would never be tried.
        self.put_turn(account, &Turn { next_s: news.at_ms / 1000, sort_key: sort_key.clone() }, ends_s).await?;
        let mut item = parked_item_key(account, &sort_key);
        item.insert(NEWS.to_owned(), text(json(&news)?));
        item.insert(TTL.to_owned(), number(ends_s));
        if unmapped {
            item.insert(UNMAPPED.to_owned(), AttributeValue::Bool(true));
        }
        let sent = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR #x < :x")
            .expression_attribute_names("#x", TTL)
            .expression_attribute_values(":x", number(ends_s.saturating_sub(ORPHAN_MS / 1000)))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(StoreError::of(OPERATION, &error)),
            },
        }
    }

    /// A page of an account's parked news, after `start`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn parked(&self, account: &str, start: Option<&str>, limit: usize) -> Result<ParkedPage, StoreError> {
        let start = start.map(|sort_key| parked_item_key(account, sort_key));
        self.parked_page(account, None, start, limit).await
    }

    /// The news that waits for one order, at most a hundred.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn parked_for(&self, account: &str, key: &ParkKey) -> Result<Vec<Parked>, StoreError> {
        let mut page = self.parked_page(account, Some(&key.prefix()), None, 100).await?;
        // A network's id may itself contain the separator.
        page.parked.retain(|parked| parked.key == *key);
        Ok(page.parked)
    }

    /// Forgets parked news, once it is applied.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn unpark(&self, account: &str, parked: &Parked) -> Result<(), StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(parked_item_key(account, &parked.sort_key)))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| StoreError::of("unpark", &error))?;
        self.count_write(deleted.consumed_capacity());
        Ok(())
    }

    /// Erases the texts of parked news that may speak of a customer: its comment and note. What it says of the order
    /// stays. Tells whether there was anything to erase.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn erase_parked(&self, account: &str, parked: &Parked) -> Result<bool, StoreError> {
        const OPERATION: &str = "erase_parked";
        if parked.news.comment.is_none() && parked.news.note.is_none() {
            return Ok(false);
        }
        let silent = News { comment: None, note: None, ..parked.news.clone() };
        let json = serde_json::to_string(&silent).map_err(|_| StoreError::unreadable(OPERATION, Unreadable(NEWS)))?;
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(parked_item_key(account, &parked.sort_key)))
            .update_expression("SET #n = :news")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#n", NEWS)
            .expression_attribute_values(":news", text(json))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                Ok(true)
            }
            // Applied and forgotten meanwhile.
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(StoreError::of(OPERATION, &error)),
            },
        }
    }

    /// Says when parked news is deleted, in seconds since 1970.
    pub(super) async fn end_parked(&self, account: &str, parked: &Parked, ends_s: u64) -> Result<(), StoreError> {
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(parked_item_key(account, &parked.sort_key)))
            .update_expression("SET #x = :x")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(#x)")
            .expression_attribute_names("#x", TTL)
            .expression_attribute_values(":x", number(ends_s))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.count_write(done.consumed_capacity());
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(StoreError::of("end_parked", &error)),
            },
        }
    }

    async fn parked_page(
        &self,
        account: &str,
        prefix: Option<&str>,
        start: Option<Item>,
        limit: usize,
    ) -> Result<ParkedPage, StoreError> {
        const OPERATION: &str = "parked";
        let mut terms = Terms::default();
        terms.equal(PK, text(parking_key(account)));
        if let Some(prefix) = prefix {
            terms.starting_with(SK, prefix);
        }
        let query = Query {
            key: terms.take_expression(),
            terms,
            forward: true,
            limit,
            start,
            consistent: true,
            ..Query::default()
        };
        let (items, next) = self.query(OPERATION, query).await?;
        let read = |item: &Item| {
            let unmapped = item.contains_key(UNMAPPED);
            let item = Reader(item);
            let sort_key: String = item.parsed(SK)?;
            let key = ParkKey::of_sort_key(&sort_key).ok_or(Unreadable(SK))?;
            Ok::<_, Unreadable>(Parked { key, news: item.json(NEWS)?.ok_or(Unreadable(NEWS))?, unmapped, sort_key })
        };
        let parked: Vec<Parked> = items.iter().filter_map(|item| read(item).ok()).collect();
        let unreadable = items.len() - parked.len();
        let next = next.map(|key| Reader(&key).parsed(SK)).transpose();
        let next = next.map_err(|error| StoreError::unreadable(OPERATION, error))?;
        Ok(ParkedPage { parked, unreadable, next })
    }
}

fn parked_item_key(account: &str, sort_key: &str) -> Item {
    Item::from([(PK.to_owned(), text(parking_key(account))), (SK.to_owned(), text(sort_key))])
}

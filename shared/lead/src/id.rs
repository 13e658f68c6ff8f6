//! Order ids: short, unguessable enough to be public, sorted by the time they were made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;

/// Our id of an order: a ULID in lower case, 26 characters of `[0-9a-z]`.
///
/// Text order is time order (milliseconds). Character 11, the first after the time, is the *shard*: it is
/// taken from the customer's phone, so that all orders of one phone share a shard and can be found without
/// an index of their own. The other 75 bits are random.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderId(String);

/// One of the 32 partitions that orders are spread over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shard(char);

const TIME_CHARS: usize = 10;
const RANDOM_BITS_BELOW_SHARD: u32 = 75;
const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";

impl OrderId {
    /// Makes the id of a lead that arrived at `unix_ms` from the customer with `phone` (E.164).
    ///
    /// `random` is 80 bits of randomness; higher bits are ignored.
    #[must_use]
    pub fn new(unix_ms: u64, phone: &str, random: u128) -> Self {
        let shard = u128::from(Shard::index_of_phone(phone));
        let low = random & ((1 << RANDOM_BITS_BELOW_SHARD) - 1);
        let ulid = Ulid::from_parts(unix_ms, (shard << RANDOM_BITS_BELOW_SHARD) | low);
        Self(ulid.to_string().to_ascii_lowercase())
    }

    /// The smallest id a lead of this millisecond can have: a bound for ranges of ids.
    #[must_use]
    pub fn lower_bound(unix_ms: u64) -> Self {
        Self(Ulid::from_parts(unix_ms, 0).to_string().to_ascii_lowercase())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the lead arrived, in milliseconds since 1970.
    #[must_use]
    pub fn unix_ms(&self) -> u64 {
        Ulid::from_string(&self.0).map_or(0, |ulid| ulid.timestamp_ms())
    }

    /// The partition this order lives in.
    #[must_use]
    pub fn shard(&self) -> Shard {
        Shard(self.0.chars().nth(TIME_CHARS).unwrap_or('0'))
    }
}

impl Shard {
    /// All 32 shards.
    pub fn all() -> impl Iterator<Item = Self> {
        ALPHABET.chars().map(Self)
    }

    /// The shard of all orders of one phone (E.164).
    #[must_use]
    pub fn of_phone(phone: &str) -> Self {
        Self(ALPHABET.chars().nth(usize::from(Self::index_of_phone(phone))).unwrap_or('0'))
    }

    /// The shard's character.
    #[must_use]
    pub const fn as_char(self) -> char {
        self.0
    }

    fn index_of_phone(phone: &str) -> u8 {
        Sha256::digest(phone.as_bytes()).first().map_or(0, |byte| byte >> 3)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no order id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order id has 26 characters of 0-9 and a-z without i, l, o, u")]
pub struct NotAnOrderId;

impl FromStr for OrderId {
    type Err = NotAnOrderId;

    /// Reads an id back, in either case; anything else is refused.
    fn from_str(text: &str) -> Result<Self, NotAnOrderId> {
        let lower = text.to_ascii_lowercase();
        let in_alphabet = lower.len() == 26 && lower.chars().all(|c| ALPHABET.contains(c));
        // 26 characters hold 130 bits, an id has 128: one that begins above 7 would read back as another id.
        let fits = lower.starts_with(|first| matches!(first, '0'..='7'));
        if !in_alphabet || !fits || Ulid::from_string(&lower).is_err() {
            return Err(NotAnOrderId);
        }
        Ok(Self(lower))
    }
}

impl TryFrom<String> for OrderId {
    type Error = NotAnOrderId;

    fn try_from(text: String) -> Result<Self, NotAnOrderId> {
        text.parse()
    }
}

impl From<OrderId> for String {
    fn from(id: OrderId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_26_characters_sorts_by_time_and_reads_back() {
        let early = OrderId::new(1_700_000_000_000, "+48500100200", u128::MAX);
        let late = OrderId::new(1_700_000_000_001, "+48500100200", 0);
        assert_eq!(early.as_str().len(), 26);
        assert!(early < late);
        assert_eq!(early.unix_ms(), 1_700_000_000_000);
        assert_eq!(early.as_str().parse(), Ok(early.clone()));
        assert_eq!(early.as_str().to_ascii_uppercase().parse(), Ok(early));
    }

    #[test]
    fn orders_of_one_phone_share_a_shard() {
        let phone = "+40700000001";
        let one = OrderId::new(1, phone, 7);
        let other = OrderId::new(2_000_000_000_000, phone, u128::MAX);
        assert_eq!(one.shard(), other.shard());
        assert_eq!(one.shard(), Shard::of_phone(phone));
        assert_eq!(Shard::all().count(), 32);
    }

    #[test]
    fn other_text_is_no_id() {
        for text in [
            "",
            "01",
            "{sub1}",
            "zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "01k3ilou0000000000000000000",
            "01k3\u{e9}0000000000000000000",
        ] {
            assert_eq!(text.parse::<OrderId>(), Err(NotAnOrderId), "{text}");
        }
    }

    #[test]
    fn the_lower_bound_is_below_every_id_of_its_millisecond() {
        let bound = OrderId::lower_bound(1_700_000_000_000);
        assert!(bound <= OrderId::new(1_700_000_000_000, "+48500100200", 0));
        assert!(bound > OrderId::new(1_699_999_999_999, "+48500100200", u128::MAX));
    }
}

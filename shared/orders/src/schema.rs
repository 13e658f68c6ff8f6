//! The table's names and shapes. The deployment template and the local relay both follow this page.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};
use lead::{OrderId, Shard};
use sha2::{Digest, Sha256};

use crate::order::Work;
use crate::store::StoreError;

/// The table's hash key.
pub const PK: &str = "pk";
/// The table's sort key, and that of every index: the order id in an order.
pub const SK: &str = "sk";
/// The attribute whose time, in seconds since 1970, ends an item's life.
pub const TTL: &str = "x";
/// Over how many index keys the work of one account and kind is spread.
pub const PARTS: u8 = 8;

/// A global secondary index. Its sort key is the table's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// The attribute it is keyed by; items without it are not in the index.
    pub hash: &'static str,
    /// The attribute it is sorted by.
    pub range: &'static str,
    /// What it holds beside the keys. Empty: `KEYS_ONLY`, else `INCLUDE`.
    pub include: &'static [&'static str],
}

/// Orders by the tracker's click id.
pub const BY_CLICK: Index = Index { name: "by-click", hash: "click", range: SK, include: &[] };
/// Orders by account and network order id.
pub const BY_NETWORK_ORDER: Index = Index { name: "by-network-order", hash: "nref", range: SK, include: &[] };
/// Orders with work to do, and no others.
pub const DUE: Index = Index { name: "due", hash: "due", range: SK, include: &["nid", "st", "na"] };
/// All indexes.
pub const INDEXES: [Index; 3] = [BY_CLICK, BY_NETWORK_ORDER, DUE];

/// The partition of configuration documents.
pub const CONFIG: &str = "config";
/// The sort key of a claim of an idempotency key.
pub const CLAIM: &str = "i";
/// The sort key of a claim of a customer.
pub const CUSTOMER: &str = "d";

/// The partition of a shard's orders.
#[must_use]
pub fn shard_key(shard: Shard) -> String {
    format!("o#{}", shard.as_char())
}

/// The partition of a client's claim of an idempotency key. The key itself is not stored: it is the client's text.
#[must_use]
pub fn claim_key(client: &str, idempotency_key: &str) -> String {
    format!("i#{client}#{}", digest(idempotency_key.as_bytes(), 32))
}

/// The partition of the claim that an order has on its customer at an offer. The phone (E.164) is not readable in it.
#[must_use]
pub fn customer_key(offer: &str, phone: &str) -> String {
    format!("d#{offer}#{}", digest(phone.as_bytes(), 32))
}

/// The partition of news that waits for an account's orders.
#[must_use]
pub fn parking_key(account: &str) -> String {
    format!("p#{account}")
}

/// The partition that says when an account's parked news is tried next.
#[must_use]
pub fn turns_key(account: &str) -> String {
    format!("w#{account}")
}

/// The partition of an account's duties: who polls it and how far they came. The duties of the whole relay stand under
/// the empty name.
#[must_use]
pub fn duty_key(account: &str) -> String {
    format!("s#{account}")
}

/// The value of `nref`.
#[must_use]
pub fn network_reference(account: &str, network_order_id: &str) -> String {
    format!("{account}#{network_order_id}")
}

/// The value of `due` for one part of an account's work.
#[must_use]
pub fn due_key(work: Work, account: &str, part: u8) -> String {
    format!("{}#{account}#{part}", work.letter())
}

/// The parts that one kind of work of one account is spread over. Every open order is in the index to be polled, so that
/// kind has many; what waits to be sent again or looked up is little, and one question finds it.
#[must_use]
pub const fn parts_of(work: Work) -> u8 {
    match work {
        Work::Poll => PARTS,
        Work::Send | Work::LookUp => 1,
    }
}

/// The part of the due index an order belongs to, below [`parts_of`] its work.
#[must_use]
pub fn part_of(work: Work, id: &OrderId) -> u8 {
    let shard = id.shard();
    let parts = 0..parts_of(work);
    parts.cycle().zip(Shard::all()).find(|(_, other)| *other == shard).map_or(0, |(part, _)| part)
}

/// The first `chars` hexadecimal digits of a SHA-256.
pub(crate) fn digest(bytes: &[u8], chars: usize) -> String {
    let mut text = hex::encode(Sha256::digest(bytes));
    text.truncate(chars);
    text
}

/// Makes the table with its indexes, billed on demand, and switches its TTL on. A table that is there is left as it is.
///
/// # Errors
/// [`StoreError`] when the service refuses either.
pub async fn create_table(client: &Client, table: &str) -> Result<(), StoreError> {
    let request = definition(client, table).map_err(|_| StoreError::failed("CreateTable", "incomplete definition"))?;
    if let Err(error) = request.send().await {
        if error.code() == Some("ResourceInUseException") {
            return Ok(());
        }
        return Err(StoreError::of("CreateTable", &error));
    }
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(TTL).build();
    let ttl = ttl.map_err(|_| StoreError::failed("UpdateTimeToLive", "incomplete definition"))?;
    let request = client.update_time_to_live().table_name(table).time_to_live_specification(ttl);
    request.send().await.map_err(|error| StoreError::of("UpdateTimeToLive", &error))?;
    Ok(())
}

fn definition(client: &Client, table: &str) -> Result<CreateTableFluentBuilder, BuildError> {
    let mut request = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    for name in [PK, SK].into_iter().chain(INDEXES.iter().map(|index| index.hash)) {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        request = request.attribute_definitions(attribute.build()?);
    }
    for element in key_schema(PK, SK)? {
        request = request.key_schema(element);
    }
    for index in INDEXES {
        request = request.global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .set_key_schema(Some(key_schema(index.hash, index.range)?))
                .projection(projection(index.include))
                .build()?,
        );
    }
    Ok(request)
}

fn key_schema(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build())
        .collect()
}

fn projection(include: &[&str]) -> Projection {
    if include.is_empty() {
        return Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    }
    let attributes = include.iter().map(|name| (*name).to_owned()).collect();
    Projection::builder().projection_type(ProjectionType::Include).set_non_key_attributes(Some(attributes)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_due_index_takes_four_shards() {
        let mut counts = [0; 8];
        for shard in Shard::all() {
            let id: OrderId = format!("01k3000000{}000000000000000", shard.as_char()).parse().unwrap();
            assert_eq!(id.shard(), shard);
            counts[usize::from(part_of(Work::Poll, &id))] += 1;
        }
        assert_eq!(counts, [4; 8]);
    }

    #[test]
    fn keys_read_as_documented() {
        let id: OrderId = "01k3000000a000000000000000".parse().unwrap();
        assert_eq!(shard_key(id.shard()), "o#a");
        assert_eq!(due_key(Work::Poll, "adcombo-main", part_of(Work::Poll, &id)), "p#adcombo-main#2");
        assert_eq!(network_reference("adcombo-main", "812001"), "adcombo-main#812001");
        let claim = claim_key("site-a", "order-17");
        assert_eq!(claim.len(), "i#site-a#".len() + 32);
        assert!(!claim.contains("order-17"));
    }
}

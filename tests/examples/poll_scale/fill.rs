//! Puts the orders into the table, and counts those that were written to since.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use lead::{Country, Lead, OrderId, Phone};
use orders::{DeliveryOutcome, DeliveryReport, NewOrder, Source, Store, Work, schema};
use relay::config::{Account, account_document};
use relay::transport::http_client;

use crate::{Failure, shape};

type Item = std::collections::HashMap<String, AttributeValue>;

/// Stores everything, and says so.
pub(crate) async fn fill(table: &str, network: &str, orders: u64, now_ms: u64) -> Result<(), Failure> {
    let client = client(table)?;
    schema::create_table(&client, shape::TABLE).await?;
    let store = Store::new(client.clone(), shape::TABLE);
    let of = shape::of_each(orders)?;
    for (account, slug) in (0..).zip(shape::SLUGS) {
        configure(&store, slug, network).await?;
        let pattern = pattern(&client, &store, slug, now_ms).await?;
        let mut waiting = Vec::new();
        for number in 0..of {
            let id = shape::order_id(account, number, of, now_ms);
            waiting.push(item(&pattern, slug, &id, number));
            if waiting.len() == 25 {
                put(&client, std::mem::take(&mut waiting)).await?;
            }
        }
        put(&client, waiting).await?;
    }
    println!("filled");
    Ok(())
}

async fn configure(store: &Store, slug: &str, network: &str) -> Result<(), Failure> {
    let account = Account {
        network: slug.to_owned(),
        base_url: Some(format!("{network}/{slug}/").parse()?),
        settings: networks::fake::settings(shape::network(slug)?),
        ..Account::default()
    };
    store.put_config(&account_document(slug), &serde_json::to_string(&account)?).await?;
    Ok(())
}

/// One order of an account as the store itself leaves it, to be copied; it is removed again.
async fn pattern(client: &Client, store: &Store, slug: &str, now_ms: u64) -> Result<Item, Failure> {
    let country: Country = "PL".parse()?;
    let phone = Phone::parse("+48500100200", country)?;
    let id = OrderId::new(now_ms, "", 1);
    let new = NewOrder {
        id: id.clone(),
        account: slug.to_owned(),
        offer: format!("{slug}-offer"),
        network: slug.to_owned(),
        client: "scale".to_owned(),
        lead: Lead { name: "Jan Test".to_owned(), phone, country, fields: BTreeMap::new() },
        overrides: BTreeMap::new(),
        test: false,
        duplicate_of: None,
        expires: None,
    };
    store.insert(&new).await?;
    let outcome = DeliveryOutcome::Delivered {
        network_order_id: Some("0".to_owned()),
        raw_status: None,
        payout: None,
        pollable: true,
    };
    store.record_delivery(slug, &id, &DeliveryReport::new(outcome, Source::Intake, now_ms)).await?;
    let key = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
    let keys = Item::from([key("pk", schema::shard_key(id.shard())), key("sk", id.to_string())]);
    let found = client.get_item().table_name(shape::TABLE).set_key(Some(keys.clone())).send().await?;
    client.delete_item().table_name(shape::TABLE).set_key(Some(keys)).send().await?;
    found.item.ok_or_else(|| "the pattern is not there".into())
}

fn item(pattern: &Item, slug: &str, id: &OrderId, number: u64) -> Item {
    let mut item = pattern.clone();
    let nid = shape::network_id(number);
    let texts = [
        ("pk", schema::shard_key(id.shard())),
        ("sk", id.to_string()),
        ("nref", schema::network_reference(slug, &nid)),
        ("nid", nid),
        ("due", schema::due_key(Work::Poll, slug, schema::part_of(Work::Poll, id))),
    ];
    item.extend(texts.into_iter().map(|(name, text)| (name.to_owned(), AttributeValue::S(text))));
    item
}

async fn put(client: &Client, items: Vec<Item>) -> Result<(), Failure> {
    if items.is_empty() {
        return Ok(());
    }
    let mut requests = Vec::new();
    for item in items {
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        requests.push(WriteRequest::builder().put_request(put).build());
    }
    let written = client.batch_write_item().request_items(shape::TABLE, requests).send().await?;
    if written.unprocessed_items().is_some_and(|left| !left.is_empty()) {
        return Err("the table did not take all".into());
    }
    Ok(())
}

/// Prints how many orders have been written to since they were stored.
pub(crate) async fn written(table: &str) -> Result<(), Failure> {
    let client = client(table)?;
    let mut start = None;
    let mut count: i64 = 0;
    loop {
        let page = client
            .scan()
            .table_name(shape::TABLE)
            .filter_expression("v > :stored")
            .expression_attribute_values(":stored", AttributeValue::N("2".to_owned()))
            .projection_expression("sk")
            .set_exclusive_start_key(start)
            .send()
            .await?;
        count += i64::from(page.count());
        start = page.last_evaluated_key;
        if start.is_none() {
            println!("{count}");
            return Ok(());
        }
    }
}

fn client(table: &str) -> Result<Client, Failure> {
    Ok(relay::dynamodb(&shape::settings(table)?, http_client(None)?))
}

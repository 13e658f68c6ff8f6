//! Made-up orders and news.

use std::collections::BTreeMap;

use lead::{Country, Field, Lead, OrderId, Phone, Status};
use orders::{DeliveryOutcome, DeliveryReport, Inserted, NewOrder, News, Order, Source, Store};

pub(crate) const ACCOUNT: &str = "adcombo-main";
pub(crate) const PHONE: &str = "+48500100200";
/// When everything begins: 14 November 2023.
pub(crate) const START: u64 = 1_700_000_000_000;

pub(crate) fn id(at_ms: u64, random: u128) -> OrderId {
    OrderId::new(at_ms, PHONE, random)
}

pub(crate) fn lead(phone: &str, click_id: Option<&str>) -> Lead {
    let country: Country = "PL".parse().unwrap();
    Lead {
        name: "Test Customer".into(),
        phone: Phone::parse(phone, country).unwrap(),
        country,
        fields: click_id.map(|click_id| (Field::ClickId, click_id.to_owned())).into_iter().collect(),
    }
}

pub(crate) fn order(id: OrderId) -> NewOrder {
    NewOrder {
        id,
        account: ACCOUNT.into(),
        offer: "slim-tea-pl".into(),
        network: "adcombo".into(),
        client: "site-a".into(),
        lead: lead(PHONE, None),
        overrides: BTreeMap::new(),
        test: false,
        duplicate_of: None,
        expires: None,
    }
}

pub(crate) async fn stored(store: &Store, new: &NewOrder) -> Order {
    assert_eq!(store.insert(new).await, Ok(Inserted::Stored));
    read(store, &new.id).await
}

pub(crate) async fn read(store: &Store, id: &OrderId) -> Order {
    store.get(id).await.unwrap().unwrap()
}

/// An order the network has, that waits for polls.
pub(crate) async fn delivered(store: &Store, random: u128) -> OrderId {
    let id = id(START, random);
    stored(store, &order(id.clone())).await;
    let nid = format!("{random}");
    store.record_delivery(ACCOUNT, &id, &delivery(&nid, START + 400)).await.unwrap();
    id
}

pub(crate) fn delivery(network_order_id: &str, at_ms: u64) -> DeliveryReport {
    report(
        DeliveryOutcome::Delivered {
            network_order_id: Some(network_order_id.into()),
            raw_status: None,
            payout: None,
            pollable: true,
        },
        at_ms,
    )
}

pub(crate) const fn report(outcome: DeliveryOutcome, at_ms: u64) -> DeliveryReport {
    DeliveryReport::new(outcome, Source::Intake, at_ms)
}

pub(crate) fn told(status: Status, word: &str, at_ms: u64) -> News {
    News { raw_status: Some(word.into()), ..News::new(status, Source::Postback, at_ms) }
}

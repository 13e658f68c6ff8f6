//! Many open orders of one account, and a network that knows them all.

use std::collections::BTreeMap;
use std::ops::Range;

use lead::{Country, Lead, OrderId, Phone, Status};
use networks::fake::{Arrived, FakeOrder, Saying, judge, statuses_answer};
use networks::{Network, Settings, catalog};
use orders::{DeliveryOutcome, DeliveryReport, Kind, NewOrder, Source, Store, Work, schema};
use tokio::task::JoinSet;

use crate::harness::{Act, Bench, Request, START_MS};

pub(crate) const ACCOUNT: &str = "main";

/// Asked by its own ids, 50 at once, without a limit.
const SLUG: &str = "m1shop";

/// The configuration of the account.
pub(crate) const CONFIGURATION: &str = "[accounts.main]\nnetwork = \"m1shop\"\nuser = \"17\"\napi = \"key-of-tests\"\n\
                                        base_url = \"NETWORK\"\n";

pub(crate) fn network() -> &'static Network {
    catalog::find(SLUG).unwrap()
}

/// A phone whose orders stand in the first part of the due index.
fn phone() -> String {
    let part = |phone: &String| schema::part_of(Work::Poll, &OrderId::new(START_MS, phone, 1));
    (0..99).map(|number| format!("+485001002{number:02}")).find(|phone| part(phone) == 0).unwrap()
}

/// Stores so many delivered orders of an hour ago.
pub(crate) async fn stored(store: &Store, orders: u64) -> Vec<OrderId> {
    stored_since(store, START_MS - 3_600_000, 0..orders).await
}

/// Stores delivered orders of these numbers, a millisecond apart.
pub(crate) async fn stored_since(store: &Store, since_ms: u64, numbers: Range<u64>) -> Vec<OrderId> {
    let phone = phone();
    let mut ids = Vec::new();
    let mut running = JoinSet::new();
    for number in numbers {
        let id = OrderId::new(since_ms + number, &phone, number.into());
        ids.push(id.clone());
        let (store, phone) = (store.clone(), phone.clone());
        running.spawn(async move { store_one(&store, &phone, id, number).await });
        if running.len() >= 16 {
            running.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    ids
}

async fn store_one(store: &Store, phone: &str, id: OrderId, number: u64) {
    let country: Country = "PL".parse().unwrap();
    let phone = Phone::parse(phone, country).unwrap();
    let new = NewOrder {
        id: id.clone(),
        account: ACCOUNT.to_owned(),
        offer: "offer".to_owned(),
        network: SLUG.to_owned(),
        client: "tester".to_owned(),
        lead: Lead { name: "Jan Test".to_owned(), phone, country, fields: BTreeMap::new() },
        overrides: BTreeMap::new(),
        test: false,
        duplicate_of: None,
        expires: None,
    };
    store.insert(&new).await.unwrap();
    let outcome = DeliveryOutcome::Delivered {
        network_order_id: Some(network_id(number)),
        raw_status: None,
        payout: None,
        pollable: true,
    };
    let report = DeliveryReport::new(outcome, Source::Intake, START_MS - 3_500_000);
    store.record_delivery(ACCOUNT, &id, &report).await.unwrap();
}

fn network_id(number: u64) -> String {
    (70_001 + number).to_string()
}

/// The ids a status call asks for.
pub(crate) fn asked(request: &Request) -> Vec<String> {
    let arrived = Arrived {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
        body: &request.body,
    };
    judge(network(), &arrived, &Settings::from_pairs(std::iter::empty::<(String, String)>())).ids
}

/// What the network answers once it has approved all.
pub(crate) fn approved(request: &Request) -> Act {
    let saying = Saying::of_status(network(), Status::Approve).unwrap();
    let order = |id: String| FakeOrder { our_id: None, network_id: Some(id), saying: saying.clone() };
    let orders: Vec<FakeOrder> = asked(request).into_iter().map(order).collect();
    Act::answer(200, statuses_answer(network(), &orders.iter().collect::<Vec<_>>()).unwrap().body)
}

/// Each order is approved, by one event.
pub(crate) async fn all_are_approved_once(bench: &Bench, ids: &[OrderId]) {
    for id in ids {
        let order = bench.store.get(id).await.unwrap().unwrap();
        let changes = order.history.iter().filter(|event| event.kind == Kind::Status).count();
        assert_eq!((order.status, changes), (Status::Approve, 1), "{}", order.id);
        assert_eq!(order.version, 3, "{}: stored, delivered, approved", order.id);
    }
}

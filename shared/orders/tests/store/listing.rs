use lead::{Delivery, OrderId, Status};
use orders::{Cursor, DeliveryOutcome, Filter, NewOrder, Page, Store};

use crate::given::{ACCOUNT, PHONE, START, delivery, lead, order, report, stored, told};

fn phone(number: u64) -> String {
    format!("+48500100{:03}", 200 + number)
}

/// 200 orders of 40 phones, a minute apart: every 4th of another account, every 5th held, every 10th refused.
async fn two_hundred(store: &Store) -> Vec<OrderId> {
    let mut made = tokio::task::JoinSet::new();
    for number in 0..200u64 {
        let store = store.clone();
        made.spawn(async move { make(&store, number).await });
    }
    let mut ids = made.join_all().await;
    ids.sort();
    ids
}

async fn make(store: &Store, number: u64) -> OrderId {
    let (at_ms, phone) = (START + number * 60_000, phone(number % 40));
    let account = if number.is_multiple_of(4) { "leadrock-main" } else { ACCOUNT };
    let new = NewOrder {
        account: account.into(),
        offer: if number.is_multiple_of(2) { "slim-tea-pl" } else { "coffee-pl" }.into(),
        lead: lead(&phone, None),
        ..order(OrderId::new(at_ms, &phone, number.into()))
    };
    stored(store, &new).await;
    if number.is_multiple_of(10) {
        let refused = DeliveryOutcome::Refused { message: None, reason: None };
        store.record_delivery(account, &new.id, &report(refused, at_ms + 400)).await.unwrap();
    } else {
        store.record_delivery(account, &new.id, &delivery(&number.to_string(), at_ms + 400)).await.unwrap();
    }
    if number % 5 == 1 {
        store.apply_news(account, &new.id, &told(Status::Hold, "hold", at_ms + 500)).await.unwrap();
    }
    new.id
}

/// All pages of a list.
async fn pages(store: &Store, filter: &Filter, limit: usize) -> Vec<OrderId> {
    let mut ids = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let Page { orders, next } = store.list(filter, cursor.as_ref(), limit).await.unwrap();
        assert!(orders.len() <= limit);
        ids.extend(orders.into_iter().map(|order| order.id));
        match next {
            Some(next) => cursor = Some(next.to_string().parse().unwrap()),
            None => return ids,
        }
    }
}

fn newest_first(ids: &[OrderId], admits: impl Fn(usize) -> bool) -> Vec<OrderId> {
    let mut admitted: Vec<OrderId> =
        ids.iter().enumerate().filter(|(number, _)| admits(*number)).map(|(_, id)| id.clone()).collect();
    admitted.reverse();
    admitted
}

pub(crate) async fn lists_are_newest_first_and_complete(store: Store) {
    let ids = two_hundred(&store).await;
    for limit in [7, 50, 200] {
        assert_eq!(pages(&store, &Filter::default(), limit).await, newest_first(&ids, |_| true), "{limit} a page");
    }
    let full = store.list(&Filter::default(), None, 200).await.unwrap();
    assert_eq!(full.next, None, "a full last page");
}

pub(crate) async fn filters_admit_what_they_say(store: Store) {
    let ids = two_hundred(&store).await;
    let none = Filter::default;
    let account = Filter { account: Some(ACCOUNT.into()), ..none() };
    assert_eq!(pages(&store, &account, 50).await, newest_first(&ids, |n| n % 4 != 0));
    let offer = Filter { offer: Some("coffee-pl".into()), ..none() };
    assert_eq!(pages(&store, &offer, 50).await, newest_first(&ids, |n| n % 2 == 1));
    let held = Filter { status: Some(Status::Hold), account: Some(ACCOUNT.into()), ..none() };
    assert_eq!(pages(&store, &held, 3).await, newest_first(&ids, |n| n % 5 == 1 && n % 4 != 0));
    let refused = Filter { delivery: Some(Delivery::Refused), ..none() };
    assert_eq!(pages(&store, &refused, 50).await, newest_first(&ids, |n| n % 10 == 0));
    let undeliverable = Filter { delivery: Some(Delivery::Undeliverable), ..none() };
    assert_eq!(pages(&store, &undeliverable, 50).await, Vec::new());
    let hour = Filter { from_ms: Some(START + 60 * 60_000), to_ms: Some(START + 120 * 60_000), ..none() };
    assert_eq!(pages(&store, &hour, 50).await, newest_first(&ids, |n| (60..120).contains(&n)));
    let never = Filter { from_ms: Some(START + 2), to_ms: Some(START + 1), ..none() };
    assert_eq!(pages(&store, &never, 50).await, Vec::new());
}

pub(crate) async fn a_phone_finds_its_orders(store: Store) {
    let ids = two_hundred(&store).await;
    let of = |phone: &str| Filter { phone: Some(phone.into()), ..Filter::default() };
    assert_eq!(pages(&store, &of(&phone(7)), 2).await, newest_first(&ids, |n| n % 40 == 7));
    let of_account = Filter { account: Some("leadrock-main".into()), ..of(&phone(8)) };
    assert_eq!(pages(&store, &of_account, 50).await, newest_first(&ids, |n| n % 40 == 8));
    assert_eq!(pages(&store, &of("+48500100999"), 50).await, Vec::new());
    // Half a number finds nothing, though the stored text contains it.
    assert_eq!(pages(&store, &of("+4850010020"), 50).await, Vec::new());
}

pub(crate) async fn a_click_id_finds_its_orders(store: Store) {
    let mut ids = Vec::new();
    for number in 0..5u64 {
        let lead = lead(PHONE, Some(if number == 3 { "other" } else { "click-1" }));
        let new = NewOrder { lead, ..order(OrderId::new(START + number, PHONE, 1)) };
        ids.push(stored(&store, &new).await.id);
    }
    let first = store.by_click("click-1", None, 3).await.unwrap();
    let got: Vec<_> = first.orders.iter().map(|order| order.id.clone()).collect();
    assert_eq!(got, [ids[4].clone(), ids[2].clone(), ids[1].clone()]);
    let second = store.by_click("click-1", first.next.as_ref(), 3).await.unwrap();
    assert_eq!((second.orders.len(), second.next), (1, None));
    assert_eq!(second.orders[0].id, ids[0]);
    assert!(store.by_click("", None, 3).await.unwrap().orders.is_empty());
}

pub(crate) async fn a_network_order_id_finds_its_order(store: Store) {
    let id = crate::given::delivered(&store, 812).await;
    assert_eq!(store.ids_by_network_order(ACCOUNT, "812").await, Ok(vec![id.clone()]));
    let page = store.by_network_order(ACCOUNT, "812", None, 50).await.unwrap();
    assert_eq!(page.orders.into_iter().map(|order| order.id).collect::<Vec<_>>(), [id]);
    assert_eq!(store.ids_by_network_order("leadrock-main", "812").await, Ok(Vec::new()));
    assert_eq!(store.ids_by_network_order(ACCOUNT, "813").await, Ok(Vec::new()));
}

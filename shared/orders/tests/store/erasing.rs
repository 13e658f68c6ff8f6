use std::collections::BTreeMap;

use lead::{Delivery, Status};
use orders::{Beginning, Erased, Kind, NewOrder, News, Order, ParkKey, Source, Store, Work};

use crate::given::{ACCOUNT, PHONE, START, delivery, id, lead, order, read, stored, told};

pub(crate) async fn an_erased_order_keeps_its_figures_only(store: Store) {
    let new = NewOrder {
        lead: lead(PHONE, Some("click-1")),
        overrides: BTreeMap::from([("flow".to_owned(), "7".to_owned())]),
        ..order(id(START, 1))
    };
    stored(&store, &new).await;
    store.record_delivery(ACCOUNT, &new.id, &delivery("812001", START + 400)).await.unwrap();
    let news = News {
        comment: Some("call Anna after six".into()),
        note: Some("payout Anna".into()),
        ..told(Status::Cancel, "declined", START + 600)
    };
    store.apply_news(ACCOUNT, &new.id, &news).await.unwrap();
    let before = read(&store, &new.id).await;
    let erased = store.erase(&new.id, Source::Operator, START + 900).await.unwrap();
    assert_eq!(erased, Erased::Done(Box::new(before.clone())));
    let after = read(&store, &new.id).await;
    assert!(after.lead.is_none() && after.click_id.is_none() && after.comment.is_none() && after.overrides.is_empty());
    assert!(after.history.iter().all(|event| event.note.is_none()), "{:?}", after.history);
    assert_eq!(after.history.last().map(|event| event.kind), Some(Kind::Erased));
    let figures =
        |order: &Order| (order.status, order.delivery, order.raw_status.clone(), order.network_order_id.clone());
    assert_eq!(figures(&after), figures(&before));
    assert_eq!(after.history.len(), before.history.len() + 1);
    assert_eq!(store.erase(&new.id, Source::Operator, START + 901).await.unwrap(), Erased::Already);
    assert_eq!(store.erase(&id(START, 2), Source::Operator, START + 901).await.unwrap(), Erased::Missing);
    assert!(store.by_click("click-1", None, 5).await.unwrap().orders.is_empty());
    // It still takes news.
    store.apply_news(ACCOUNT, &new.id, &told(Status::Approve, "paid", START + 999)).await.unwrap();
    assert_eq!(read(&store, &new.id).await.status, Status::Approve);
}

pub(crate) async fn what_is_not_yet_erased_is_found_by_its_time(store: Store) {
    for number in 0..10 {
        stored(&store, &order(id(START + u64::try_from(number).unwrap(), number))).await;
    }
    let mut left = Vec::new();
    loop {
        let found = store.unerased(START, START + 8, 3).await.unwrap();
        if found.is_empty() {
            break;
        }
        assert!(found.len() <= 4, "{found:?}");
        for id in &found {
            store.erase(id, Source::Poll, START + 100).await.unwrap();
        }
        left.extend(found);
    }
    assert_eq!(left.len(), 8);
    assert!(read(&store, &id(START + 8, 8)).await.lead.is_some(), "it is too young");
}

pub(crate) async fn a_queued_lead_that_is_erased_is_never_sent(store: Store) {
    let held = Order::begun(order(id(START, 1)), Beginning::Held(START / 1000));
    store.insert_order(&held).await.unwrap();
    assert_eq!(held.work, Some(Work::Send));
    store.erase(&held.id, Source::Operator, START + 5).await.unwrap();
    let after = read(&store, &held.id).await;
    assert_eq!((after.delivery, after.work, after.next_attempt), (Delivery::Undeliverable, None, None));
}

pub(crate) async fn parked_news_is_erased_of_its_texts(store: Store) {
    let key = ParkKey::Order(id(START, 1));
    let news = News { comment: Some("call Anna".into()), ..told(Status::Hold, "new", START) };
    store.park(ACCOUNT, &key, &news).await.unwrap();
    let [parked] = store.parked_for(ACCOUNT, &key).await.unwrap().try_into().unwrap();
    assert!(store.erase_parked(ACCOUNT, &parked).await.unwrap());
    let [silent] = store.parked_for(ACCOUNT, &key).await.unwrap().try_into().unwrap();
    assert_eq!(silent.news, News { comment: None, ..news });
    assert!(!store.erase_parked(ACCOUNT, &silent).await.unwrap(), "there is nothing left");
    store.unpark(ACCOUNT, &silent).await.unwrap();
    assert!(!store.erase_parked(ACCOUNT, &parked).await.unwrap(), "it is not brought back");
}

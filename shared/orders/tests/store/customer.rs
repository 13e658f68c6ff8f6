use lead::{Delivery, OrderId, Reason, Status};
use orders::{Beginning, Claimed, CustomerClaim, Inserted, Order, Store};

use crate::given::{START, id, order, read};

const DAY: u64 = 24 * 60 * 60 * 1000;
const OFFER: &str = "slim-tea-pl";
const PHONE: &str = crate::given::PHONE;

fn sent(id: OrderId) -> Order {
    Order::begun(order(id), Beginning::Sent)
}

fn claim(since_ms: u64, from: Option<OrderId>) -> CustomerClaim {
    CustomerClaim { since_ms, expires: START / 1000 + 30 * 86_400, from }
}

pub(crate) async fn of_racing_leads_of_one_customer_one_is_stored(store: Store) {
    let mut racing = tokio::task::JoinSet::new();
    for racer in 0..12 {
        let store = store.clone();
        racing.spawn(async move {
            store.insert_claiming(&sent(id(START, racer)), &claim(START - DAY, None)).await.unwrap()
        });
    }
    let all = racing.join_all().await;
    assert_eq!(all.iter().filter(|one| **one == Claimed::Stored).count(), 1, "{all:?}");
    let holder = store.customer(OFFER, PHONE).await.unwrap().unwrap();
    assert!(all.iter().all(|one| *one == Claimed::Stored || *one == Claimed::Repeats(holder.clone())), "{all:?}");
    let stored = (0..12).map(|racer| id(START, racer));
    let mut there = 0;
    for id in stored {
        there += usize::from(store.get(&id).await.unwrap().is_some());
    }
    assert_eq!(there, 1, "a lead that repeats another is not stored by this");
}

pub(crate) async fn a_customer_is_claimed_with_the_order_or_not_at_all(store: Store) {
    let first = sent(id(START, 1));
    let none = claim(START - DAY, None);
    assert_eq!(store.insert_claiming(&first, &none).await.unwrap(), Claimed::Stored);
    assert_eq!(read(&store, &first.id).await, first);
    // A call whose answer was lost, or the same idempotency key: the order is there, whoever holds the customer.
    assert_eq!(store.insert_claiming(&first, &none).await.unwrap(), Claimed::Exists(Box::new(first.clone())));
    let second = sent(id(START + 1, 2));
    assert_eq!(store.insert_claiming(&second, &none).await.unwrap(), Claimed::Repeats(first.id.clone()));
    assert_eq!(store.get(&second.id).await.unwrap(), None);
    // An order that is there keeps another from being claimed for it.
    assert_eq!(store.insert_order(&second).await.unwrap(), Inserted::Stored);
    let moved = claim(START - DAY, Some(first.id.clone()));
    assert!(matches!(store.insert_claiming(&second, &moved).await.unwrap(), Claimed::Exists(_)));
    assert_eq!(store.customer(OFFER, PHONE).await.unwrap(), Some(first.id));
    assert_eq!(store.customer("another-offer", PHONE).await.unwrap(), None);
}

pub(crate) async fn a_claim_ends_with_its_days_and_can_be_taken_over(store: Store) {
    let first = sent(id(START, 1));
    store.insert_claiming(&first, &claim(START - DAY, None)).await.unwrap();
    let late = sent(id(START + DAY, 2));
    let still = claim(START, None);
    assert_eq!(store.insert_claiming(&late, &still).await.unwrap(), Claimed::Repeats(first.id.clone()));
    assert_eq!(store.insert_claiming(&late, &claim(START + 1, None)).await.unwrap(), Claimed::Stored);
    let third = sent(id(START + DAY, 3));
    let stale = claim(START, Some(first.id));
    assert_eq!(store.insert_claiming(&third, &stale).await.unwrap(), Claimed::Repeats(late.id.clone()));
    let taken_over = claim(START, Some(late.id));
    assert_eq!(store.insert_claiming(&third, &taken_over).await.unwrap(), Claimed::Stored);
}

pub(crate) async fn a_claim_is_released_by_its_order(store: Store) {
    let first = sent(id(START, 1));
    store.insert_claiming(&first, &claim(START - DAY, None)).await.unwrap();
    store.release_customer(OFFER, PHONE, Some(&id(START, 2))).await.unwrap();
    assert_eq!(store.customer(OFFER, PHONE).await.unwrap(), Some(first.id.clone()));
    store.release_customer(OFFER, PHONE, Some(&first.id)).await.unwrap();
    assert_eq!(store.customer(OFFER, PHONE).await.unwrap(), None);
    store.release_customer(OFFER, PHONE, None).await.unwrap();
}

#[test]
fn an_order_begins_sent_held_or_refused() {
    let begun = |beginning| Order::begun(order(id(START, 1)), beginning);
    let held = begun(Beginning::Held(START / 1000 + 60));
    assert_eq!((held.delivery, held.tries, held.next_attempt), (Delivery::Queued, 0, Some(START / 1000 + 60)));
    assert!(!held.attempt_unanswered(), "no call was begun: it is sent, not looked up");
    let repeated = begun(Beginning::Repeated);
    assert_eq!((repeated.delivery, repeated.status), (Delivery::Refused, Status::Cancel));
    assert_eq!(repeated.reason, Some(Reason::DUPLICATE));
    assert!(begun(Beginning::Sent).attempt_unanswered());
    let test = orders::NewOrder { test: true, ..order(id(START, 1)) };
    assert_eq!(Order::begun(test, Beginning::Repeated).delivery, Delivery::Test);
}

#[test]
fn only_an_order_the_network_may_have_stands_in_the_way() {
    let at = |delivery, reason| Order { delivery, reason, ..sent(id(START, 1)) }.holds_customer();
    assert!(at(Delivery::Queued, None) && at(Delivery::Unknown, None) && at(Delivery::Delivered, None));
    assert!(at(Delivery::Refused, Some(Reason::DUPLICATE)), "the network has the customer already");
    assert!(!at(Delivery::Refused, Some(Reason::INCORRECT_PHONE)) && !at(Delivery::Refused, None));
    assert!(!at(Delivery::Undeliverable, None) && !at(Delivery::Test, None));
}

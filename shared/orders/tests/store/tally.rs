use orders::{AccountTally, Beginning, DeliveryOutcome, NewOrder, Order, Store};

use crate::given::{ACCOUNT, START, delivered, id, order, report, stored};

const LATER: u64 = START + 1_000_000;

pub(crate) async fn every_order_is_counted_once(store: Store) {
    for number in 1..=40 {
        delivered(&store, number).await;
    }
    let outcomes = [
        DeliveryOutcome::Refused { message: None, reason: None },
        DeliveryOutcome::Queued { next_attempt: START / 1000 + 5 },
        DeliveryOutcome::Unknown { lookup: false },
        DeliveryOutcome::Unknown { lookup: true },
        DeliveryOutcome::Undeliverable,
    ];
    for (number, outcome) in (100..).zip(outcomes) {
        let order = stored(&store, &order(id(START + 1, number))).await;
        store.record_delivery(ACCOUNT, &order.id, &report(outcome, START + 500)).await.unwrap();
    }
    stored(&store, &NewOrder { test: true, ..order(id(START + 2, 200)) }).await;
    store.insert_order(&Order::begun(order(id(START + 2, 201)), Beginning::Repeated)).await.unwrap();
    store.insert_order(&Order::begun(order(id(START + 2, 202)), Beginning::Held(START / 1000))).await.unwrap();
    stored(&store, &NewOrder { account: "other".into(), ..order(id(START + 3, 300)) }).await;

    let tally = store.tally(START, LATER, START).await.unwrap();
    let counts = |account: &str| tally.accounts[account];
    let main = AccountTally {
        received: 48,
        delivered: 40,
        refused: 2,
        queued: 2,
        unknown: 2,
        undeliverable: 1,
        test: 1,
        ..AccountTally::default()
    };
    assert_eq!(counts(ACCOUNT), main);
    // It came in a moment ago and is being sent.
    assert_eq!(counts("other"), AccountTally { received: 1, queued: 1, ..AccountTally::default() });
    assert!(tally.unreadable.is_empty() && tally.unattended.is_empty());
    let nothing = store.tally(LATER, LATER + 1, LATER).await.unwrap();
    assert!(nothing.accounts.is_empty());
    let last = store.tally(START + 3, START + 4, START).await.unwrap();
    assert_eq!(last.accounts.len(), 1, "the end of a range is not in it, its beginning is");
    assert_eq!(store.oldest().await.unwrap(), Some(START));
}

pub(crate) async fn an_order_nobody_knows_of_is_a_remainder(store: Store) {
    assert_eq!(store.oldest().await.unwrap(), None);
    let order = stored(&store, &order(id(START, 1))).await;
    let young = store.tally(START, LATER, START).await.unwrap();
    assert_eq!((young.accounts[ACCOUNT].queued, young.unattended.len()), (1, 0));
    let old = store.tally(START, LATER, LATER).await.unwrap();
    let counts = old.accounts[ACCOUNT];
    assert_eq!((counts.received, counts.queued, counts.unattended), (1, 0, 1));
    assert_eq!(old.unattended, [order.id]);
}

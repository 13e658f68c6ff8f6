use std::collections::BTreeMap;

use lead::{Delivery, OrderId, Status};
use orders::{Claim, Inserted, Kind, NewOrder, Source, Store};

use crate::given::{ACCOUNT, PHONE, START, delivered, id, lead, order, read, stored, told};

pub(crate) async fn an_order_reads_back_as_it_was_stored(store: Store) {
    let new = NewOrder {
        lead: lead(PHONE, Some("click-1")),
        overrides: BTreeMap::from([("flow".to_owned(), "7".to_owned())]),
        duplicate_of: Some(id(START - 1, 3)),
        expires: Some(4_000_000_000),
        ..order(id(START, 1))
    };
    let read = stored(&store, &new).await;
    assert_eq!(read, orders::Order::from(new));
    assert_eq!((read.delivery, read.status, read.version, read.tries), (Delivery::Queued, Status::Wait, 1, 1));
    assert_eq!(read.created(), START);
    assert_eq!(read.click_id.as_deref(), Some("click-1"));
    let [received] = read.history.as_slice() else { panic!("{:?}", read.history) };
    assert_eq!((received.at_ms, received.kind, received.source), (START, Kind::Received, Source::Intake));
    assert_eq!(store.get(&id(START, 2)).await, Ok(None));
}

pub(crate) async fn of_racing_inserts_one_wins(store: Store) {
    let mut racing = tokio::task::JoinSet::new();
    for racer in 0..12 {
        let store = store.clone();
        let new = NewOrder { client: format!("site-{racer}"), ..order(id(START, 1)) };
        racing.spawn(async move { (new.client.clone(), store.insert(&new).await.unwrap()) });
    }
    let (mut winners, mut losers) = (Vec::new(), Vec::new());
    for (client, inserted) in racing.join_all().await {
        match inserted {
            Inserted::Stored => winners.push(client),
            Inserted::Exists(order) => losers.push(order.client),
        }
    }
    assert_eq!(winners.len(), 1);
    assert!(losers.iter().all(|client| *client == winners[0]), "{losers:?}");
}

pub(crate) async fn of_racing_claims_one_is_new(store: Store) {
    let mut racing = tokio::task::JoinSet::new();
    for racer in 0..16 {
        let store = store.clone();
        racing.spawn(async move {
            let proposed = id(START, racer);
            let claim = store.claim_key("site-a", "order-17", &proposed, "body", 4_000_000_000).await.unwrap();
            (proposed, claim)
        });
    }
    let claims = racing.join_all().await;
    let new: Vec<&OrderId> =
        claims.iter().filter(|(_, claim)| *claim == Claim::New).map(|(proposed, _)| proposed).collect();
    assert_eq!(new.len(), 1);
    let named = |claim: &Claim| matches!(claim, Claim::Taken { order_id, same_body: true } if order_id == new[0]);
    assert_eq!(claims.iter().filter(|(_, claim)| named(claim)).count(), 15);
}

pub(crate) async fn a_claim_names_the_order_and_compares_the_body(store: Store) {
    let first = id(START, 1);
    let claim = async |client: &str, key: &str, proposed: u128, body: &str| {
        store.claim_key(client, key, &id(START, proposed), body, 4_000_000_000).await.unwrap()
    };
    assert_eq!(claim("site-a", "17", 1, "one").await, Claim::New);
    assert_eq!(claim("site-a", "17", 1, "one").await, Claim::New, "a lost answer, asked again");
    assert_eq!(claim("site-a", "17", 2, "one").await, Claim::Taken { order_id: first.clone(), same_body: true });
    assert_eq!(claim("site-a", "17", 3, "two").await, Claim::Taken { order_id: first, same_body: false });
    assert_eq!(claim("site-b", "17", 4, "one").await, Claim::New, "keys are per client");
}

pub(crate) async fn a_test_order_is_never_work(store: Store) {
    let new = NewOrder { test: true, ..order(id(START, 1)) };
    let read_back = stored(&store, &new).await;
    assert_eq!((read_back.delivery, read_back.tries), (Delivery::Test, 0));
    assert_eq!(store.stalled(START - 1, START + 1).await, Ok(Vec::new()));
    assert_eq!(store.claim_attempt(&read_back, START + 5, 0).await, Ok(orders::Attempt::Lost));
    store.apply_news(ACCOUNT, &new.id, &told(Status::Hold, "hold", START + 5)).await.unwrap();
    let read_back = read(&store, &new.id).await;
    assert_eq!((read_back.delivery, read_back.status, read_back.work), (Delivery::Test, Status::Hold, None));
    delivered(&store, 2).await;
}

use lead::{OrderId, Status};
use orders::{DeliveryOutcome, Due, DueQuery, Store, Work, schema};

use crate::given::{ACCOUNT, PHONE, START, delivery, order, report, stored, told};

fn asked(work: Work, part: u8) -> DueQuery {
    DueQuery { work, account: ACCOUNT.into(), part, from_ms: None, to_ms: None, page_size: 4 }
}

async fn pages(store: &Store, asked: &DueQuery) -> Vec<Due> {
    let mut all = Vec::new();
    let mut start = None;
    loop {
        let page = store.due(asked, start.as_ref()).await.unwrap();
        assert!(page.due.len() <= asked.page_size);
        all.extend(page.due);
        if page.next.is_none() {
            return all;
        }
        start = page.next;
    }
}

pub(crate) async fn all_due(store: &Store, work: Work, part: u8) -> Vec<Due> {
    pages(store, &asked(work, part)).await
}

pub(crate) async fn due_work_comes_in_pages_by_age(store: Store) {
    let mut ids = Vec::new();
    for number in 0..18u64 {
        let id = OrderId::new(START + number, PHONE, 1);
        stored(&store, &order(id.clone())).await;
        store.record_delivery(ACCOUNT, &id, &delivery(&number.to_string(), START + 400)).await.unwrap();
        ids.push(id);
    }
    store.apply_news(ACCOUNT, &ids[3], &told(Status::Hold, "hold", START + 500)).await.unwrap();
    let queued = OrderId::new(START + 50, PHONE, 1);
    stored(&store, &order(queued.clone())).await;
    let outcome = DeliveryOutcome::Queued { next_attempt: 1_700_000_060 };
    store.record_delivery(ACCOUNT, &queued, &report(outcome, START + 400)).await.unwrap();

    let part = schema::part_of(Work::Poll, &ids[0]);
    let polls = all_due(&store, Work::Poll, part).await;
    assert_eq!(polls.iter().map(|due| due.id.clone()).collect::<Vec<_>>(), ids);
    assert_eq!(polls[3].status, Status::Hold);
    assert_eq!(polls[3].network_order_id.as_deref(), Some("3"));
    assert_eq!(polls[3].next_attempt, None);
    let sends = all_due(&store, Work::Send, 0).await;
    let expected = Due { id: queued, network_order_id: None, status: Status::Wait, next_attempt: Some(1_700_000_060) };
    assert_eq!(sends, [expected]);
    assert_eq!(all_due(&store, Work::LookUp, 0).await, []);
    let elsewhere = DueQuery { account: "other".into(), ..asked(Work::Poll, part) };
    assert_eq!(pages(&store, &elsewhere).await, []);
    let range = DueQuery { from_ms: Some(START + 5), to_ms: Some(START + 9), ..asked(Work::Poll, part) };
    assert_eq!(pages(&store, &range).await.into_iter().map(|due| due.id).collect::<Vec<_>>(), ids[5..9]);
}

pub(crate) async fn stalled_orders_are_those_no_run_knows(store: Store) {
    let mut ids = Vec::new();
    for number in 0..6u64 {
        let phone = format!("+4850010020{number}");
        let lead = crate::given::lead(&phone, None);
        let new = orders::NewOrder { lead, ..order(OrderId::new(START + number, &phone, 1)) };
        stored(&store, &new).await;
        ids.push(new.id);
    }
    store.record_delivery(ACCOUNT, &ids[1], &delivery("1", START + 400)).await.unwrap();
    let queued = DeliveryOutcome::Queued { next_attempt: 1_700_000_060 };
    store.record_delivery(ACCOUNT, &ids[2], &report(queued, START + 400)).await.unwrap();
    let stalled = store.stalled(START, START + 5).await.unwrap();
    let found: Vec<_> = stalled.iter().map(|order| order.id.clone()).collect();
    assert_eq!(found, [ids[0].clone(), ids[3].clone(), ids[4].clone()], "the last may still be running");
    assert!(stalled.iter().all(orders::Order::attempt_unanswered));
}

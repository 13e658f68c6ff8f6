use lead::{Decimal, Delivery, Payout, Reason, Status};
use orders::{Applied, Attempt, DeliveryOutcome, DeliveryReport, Kind, News, Order, Recorded, Source, Store, Work};

use crate::given::{ACCOUNT, START, delivered, delivery, id, order, read, report, stored, told};

fn delivered_as(nid: &str, pollable: bool) -> DeliveryOutcome {
    DeliveryOutcome::Delivered {
        network_order_id: Some(nid.into()),
        raw_status: Some("accepted".into()),
        payout: Some(Payout { amount: Decimal::new(1250, 2), currency: "EUR".parse().ok() }),
        pollable,
    }
}

fn refused() -> DeliveryOutcome {
    DeliveryOutcome::Refused { message: Some("Duplicate lead".into()), reason: Some(Reason::DUPLICATE) }
}

const QUEUED: DeliveryOutcome = DeliveryOutcome::Queued { next_attempt: 1_700_000_060 };

fn kinds(order: &Order) -> Vec<Kind> {
    order.history.iter().map(|event| event.kind).collect()
}

pub(crate) async fn each_outcome_leaves_its_state_and_work(store: Store) {
    let cases = [
        (delivered_as("812001", true), Delivery::Delivered, Status::Wait, Some(Work::Poll), Kind::Delivered),
        (delivered_as("812002", false), Delivery::Delivered, Status::Wait, None, Kind::Delivered),
        (refused(), Delivery::Refused, Status::Cancel, None, Kind::Refused),
        (QUEUED, Delivery::Queued, Status::Wait, Some(Work::Send), Kind::Queued),
        (DeliveryOutcome::Unknown { lookup: true }, Delivery::Unknown, Status::Wait, Some(Work::LookUp), Kind::Unknown),
        (DeliveryOutcome::Unknown { lookup: false }, Delivery::Unknown, Status::Wait, None, Kind::Unknown),
        (DeliveryOutcome::Undeliverable, Delivery::Undeliverable, Status::Wait, None, Kind::Undeliverable),
    ];
    for (random, (outcome, delivery, status, work, kind)) in (0u128..).zip(cases) {
        let new = order(id(START, random));
        stored(&store, &new).await;
        let recorded = store.record_delivery(ACCOUNT, &new.id, &report(outcome.clone(), START + 400)).await.unwrap();
        let after = read(&store, &new.id).await;
        let Recorded::Done(standing) = recorded else { panic!("{recorded:?}") };
        assert_eq!(standing, orders::Standing::from(&after), "{outcome:?}");
        assert_eq!((after.delivery, after.status, after.work, after.version), (delivery, status, work, 2));
        assert_eq!(kinds(&after), [Kind::Received, kind]);
    }
    let first = read(&store, &id(START, 0)).await;
    assert_eq!(first.raw_status.as_deref(), Some("accepted"));
    assert_eq!(first.payout.map(|payout| payout.to_string()).as_deref(), Some("12.50 EUR"));
    let refused = read(&store, &id(START, 2)).await;
    assert_eq!((refused.comment.as_deref(), refused.reason), (Some("Duplicate lead"), Some(Reason::DUPLICATE)));
    assert_eq!(read(&store, &id(START, 3)).await.next_attempt, Some(1_700_000_060));
}

pub(crate) async fn a_repeated_report_is_written_once(store: Store) {
    let unknown = DeliveryOutcome::Unknown { lookup: true };
    let outcomes = [delivered_as("1", true), refused(), QUEUED, unknown, DeliveryOutcome::Undeliverable];
    for (random, outcome) in (0u128..).zip(outcomes) {
        let new = order(id(START, random));
        stored(&store, &new).await;
        let report = report(outcome, START + 400);
        assert!(matches!(store.record_delivery(ACCOUNT, &new.id, &report).await, Ok(Recorded::Done(_))));
        let before = read(&store, &new.id).await;
        assert!(matches!(store.record_delivery(ACCOUNT, &new.id, &report).await, Ok(Recorded::Already(_))));
        assert_eq!(read(&store, &new.id).await, before, "{report:?}");
    }
    // Stored and answered within the same millisecond.
    let new = order(id(START, 9));
    stored(&store, &new).await;
    assert!(matches!(store.record_delivery(ACCOUNT, &new.id, &delivery("2", START)).await, Ok(Recorded::Done(_))));
    assert_eq!(read(&store, &new.id).await.history.len(), 2);
}

/// A copy of the write that was held up on its way, or a repeat of the call: by then a run sends the lead again.
pub(crate) async fn a_report_that_comes_late_does_not_answer_a_later_attempt(store: Store) {
    let new = order(id(START, 1));
    stored(&store, &new).await;
    let queued = report(QUEUED, START + 400);
    assert!(matches!(store.record_delivery(ACCOUNT, &new.id, &queued).await, Ok(Recorded::Done(_))));
    let order = read(&store, &new.id).await;
    let attempt = store.claim_attempt(&order, START + 60_000, 1_700_000_120).await.unwrap();
    assert!(matches!(attempt, Attempt::Send(_)), "{attempt:?}");
    let before = read(&store, &new.id).await;
    assert!(matches!(store.record_delivery(ACCOUNT, &new.id, &queued).await, Ok(Recorded::Already(_))));
    let after = read(&store, &new.id).await;
    assert_eq!(after, before);
    assert!(after.attempt_unanswered(), "whoever comes next must not send it");
}

pub(crate) async fn a_postback_during_the_call_keeps_its_status(store: Store) {
    let late = [
        (delivered_as("812001", true), Some("812001"), Some(Work::Poll)),
        (QUEUED, None, None),
        (DeliveryOutcome::Unknown { lookup: true }, None, None),
        (refused(), None, None),
    ];
    for (random, (outcome, nid, work)) in (0u128..).zip(late) {
        let new = order(id(START, random));
        stored(&store, &new).await;
        let news = told(Status::Hold, "hold", START + 300);
        assert_eq!(store.apply_news(ACCOUNT, &new.id, &news).await, Ok(Applied::Changed));
        let recorded = store.record_delivery(ACCOUNT, &new.id, &report(outcome.clone(), START + 400)).await.unwrap();
        match (&outcome, recorded) {
            (DeliveryOutcome::Delivered { .. }, Recorded::Done(standing)) => assert_eq!(standing.status, Status::Hold),
            (_, Recorded::Superseded(standing)) => assert_eq!(standing.delivery, Delivery::Delivered),
            (_, other) => panic!("{outcome:?}: {other:?}"),
        }
        let after = read(&store, &new.id).await;
        assert_eq!(
            (after.status, after.delivery, after.raw_status.as_deref()),
            (Status::Hold, Delivery::Delivered, Some("hold"))
        );
        assert_eq!((after.network_order_id.as_deref(), after.work), (nid, work), "{outcome:?}");
    }
    // Decided before the answer came: nothing is left to poll.
    let new = order(id(START, 9));
    stored(&store, &new).await;
    store.apply_news(ACCOUNT, &new.id, &told(Status::Approve, "paid", START + 300)).await.unwrap();
    store.record_delivery(ACCOUNT, &new.id, &delivery("9", START + 400)).await.unwrap();
    let after = read(&store, &new.id).await;
    assert_eq!((after.status, after.work), (Status::Approve, None));
    assert_eq!(after.network_order_id.as_deref(), Some("9"));
}

pub(crate) async fn delivered_never_goes_back(store: Store) {
    let id = delivered(&store, 1).await;
    let before = read(&store, &id).await;
    for outcome in [refused(), QUEUED, DeliveryOutcome::Unknown { lookup: true }, DeliveryOutcome::Undeliverable] {
        let recorded = store.record_delivery(ACCOUNT, &id, &report(outcome, START + 900)).await;
        assert!(matches!(recorded, Ok(Recorded::Superseded(_))), "{recorded:?}");
    }
    let recorded = store.record_delivery(ACCOUNT, &id, &delivery("other", START + 900)).await;
    assert!(matches!(recorded, Ok(Recorded::Already(_))), "{recorded:?}");
    assert_eq!(read(&store, &id).await, before);
}

pub(crate) async fn a_report_on_another_accounts_order_is_refused(store: Store) {
    let new = order(id(START, 1));
    let before = stored(&store, &new).await;
    assert_eq!(store.record_delivery("other", &new.id, &delivery("1", START + 1)).await, Ok(Recorded::NotYours));
    assert_eq!(read(&store, &new.id).await, before);
    assert_eq!(store.record_delivery(ACCOUNT, &id(START, 2), &delivery("1", START)).await, Ok(Recorded::Missing));
}

async fn queued(store: &Store, random: u128) -> Order {
    let new = order(id(START, random));
    stored(store, &new).await;
    store.record_delivery(ACCOUNT, &new.id, &report(QUEUED, START + 400)).await.unwrap();
    read(store, &new.id).await
}

pub(crate) async fn of_racing_runners_one_takes_the_order(store: Store) {
    let queued = queued(&store, 1).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (store, queued) = (store.clone(), queued.clone());
        racing.spawn(async move { store.claim_attempt(&queued, START + 60_000, 1_700_000_120).await.unwrap() });
    }
    let taken: Vec<Attempt> = racing.join_all().await.into_iter().filter(|attempt| *attempt != Attempt::Lost).collect();
    assert!(matches!(taken.as_slice(), [Attempt::Send(_)]), "{taken:?}");
}

pub(crate) async fn a_queued_order_is_sent_again_when_its_time_comes(store: Store) {
    let order = queued(&store, 1).await;
    let early = store.claim_attempt(&order, START + 59_999, 1_700_000_120).await;
    assert_eq!(early, Ok(Attempt::Lost), "its time has not come");
    let attempt = store.claim_attempt(&order, START + 60_000, 1_700_000_120).await.unwrap();
    let Attempt::Send(sending) = attempt else { panic!("{attempt:?}") };
    assert_eq!((sending.tries, sending.next_attempt, sending.work), (2, Some(1_700_000_120), Some(Work::Send)));
    assert_eq!(kinds(&sending), [Kind::Received, Kind::Queued, Kind::Attempt]);
    assert_eq!(store.claim_attempt(&order, START + 61_000, 1_700_000_180).await, Ok(Attempt::Lost), "taken");
    assert_eq!(store.claim_attempt(&sending, START + 61_000, 1_700_000_180).await, Ok(Attempt::Lost), "on lease");
    let sent = DeliveryReport { source: Source::Poll, ..delivery("812001", START + 61_000) };
    assert!(matches!(store.record_delivery(ACCOUNT, &order.id, &sent).await, Ok(Recorded::Done(_))));
    let after = read(&store, &order.id).await;
    assert_eq!((after.delivery, after.next_attempt, after.work), (Delivery::Delivered, None, Some(Work::Poll)));

    // An operator's decision takes a queued order out of the runners' hands.
    let order = queued(&store, 2).await;
    store.apply_news(ACCOUNT, &order.id, &News::new(Status::Trash, Source::Operator, START + 500)).await.unwrap();
    let trashed = read(&store, &order.id).await;
    assert_eq!((trashed.delivery, trashed.work), (Delivery::Queued, None));
    assert_eq!(store.claim_attempt(&trashed, START + 90_000, 1_700_000_120).await, Ok(Attempt::Lost));
    assert_eq!(store.stalled(START, START + 1).await, Ok(Vec::new()));
}

pub(crate) async fn a_dead_runners_order_is_looked_up_not_sent(store: Store) {
    let new = order(id(START, 1));
    let crashed = stored(&store, &new).await;
    assert!(crashed.attempt_unanswered());
    let Attempt::LookUp(taken) = store.claim_attempt(&crashed, START + 60_000, 1_700_000_120).await.unwrap() else {
        panic!("the first call may have reached the network")
    };
    assert_eq!((taken.tries, taken.work), (1, Some(Work::Send)));
    assert_eq!(store.stalled(START, START + 1).await, Ok(Vec::new()), "a run knows of it now");
    // The lookup shows that the network never had it: only now is it sent again.
    let absent = DeliveryReport::new(DeliveryOutcome::Queued { next_attempt: 0 }, Source::Poll, START + 61_000);
    store.record_delivery(ACCOUNT, &new.id, &absent).await.unwrap();
    let queued = read(&store, &new.id).await;
    assert!(!queued.attempt_unanswered());
    let attempt = store.claim_attempt(&queued, START + 62_000, 1_700_000_120).await.unwrap();
    let Attempt::Send(sending) = attempt else { panic!("{attempt:?}") };
    // This runner dies as well.
    let attempt = store.claim_attempt(&sending, START + 121_000, 1_700_000_180).await.unwrap();
    assert!(matches!(attempt, Attempt::LookUp(order) if order.tries == 2));
    // What was sent and is unknown is looked up by one runner at a time, too.
    let unknown = DeliveryReport::new(DeliveryOutcome::Unknown { lookup: true }, Source::Poll, START + 122_000);
    store.record_delivery(ACCOUNT, &new.id, &unknown).await.unwrap();
    let unknown = read(&store, &new.id).await;
    assert!(matches!(store.claim_attempt(&unknown, START + 130_000, 1_700_000_200).await, Ok(Attempt::LookUp(_))));
    assert_eq!(store.claim_attempt(&unknown, START + 130_000, 1_700_000_200).await, Ok(Attempt::Lost));
}

pub(crate) async fn an_undeliverable_order_is_sent_again_by_a_person_only(store: Store) {
    let new = order(id(START, 1));
    stored(&store, &new).await;
    store.record_delivery(ACCOUNT, &new.id, &report(DeliveryOutcome::Undeliverable, START + 400)).await.unwrap();
    let again = |source| DeliveryReport::new(QUEUED, source, START + 500);
    let recorded = store.record_delivery(ACCOUNT, &new.id, &again(Source::Poll)).await;
    assert!(matches!(recorded, Ok(Recorded::Superseded(_))), "{recorded:?}");
    let recorded = store.record_delivery(ACCOUNT, &new.id, &again(Source::Operator)).await;
    assert!(matches!(recorded, Ok(Recorded::Done(_))), "{recorded:?}");
    let queued = read(&store, &new.id).await;
    let attempt = store.claim_attempt(&queued, START + 60_000, 1_700_000_120).await;
    assert!(matches!(attempt, Ok(Attempt::Send(_))), "{attempt:?}");
}

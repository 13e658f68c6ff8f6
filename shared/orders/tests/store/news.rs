use lead::{Decimal, Delivery, Payout, Reason, Status};
use orders::transition::{Transition, next};
use orders::{Applied, DeliveryOutcome, Event, Kind, News, Order, Source, State, Store, Work};

use crate::given::{ACCOUNT, START, delivered, delivery, id, order, read, report, stored, told};

/// The news that brings a delivered order to each status.
fn way_to(status: Status) -> Vec<News> {
    if status == Status::Wait { Vec::new() } else { vec![told(status, "first", START + 500)] }
}

fn statuses(order: &Order) -> Vec<Status> {
    order.history.iter().filter(|event| event.kind == Kind::Status).filter_map(|event| event.status).collect()
}

pub(crate) async fn the_table_decides(store: Store) {
    let mut random = 0;
    for from in Status::ALL {
        for to in Status::ALL {
            random += 1;
            let id = delivered(&store, random).await;
            for news in way_to(from) {
                assert_eq!(store.apply_news(ACCOUNT, &id, &news).await, Ok(Applied::Changed));
            }
            let before = read(&store, &id).await;
            let news = told(to, "second", START + 600);
            let (expected, status) = match next(&before.state(), &news) {
                Transition::Changed(_) => (Applied::Changed, to),
                Transition::Ignored(_) => (Applied::Ignored, from),
                _ => (Applied::Same, from),
            };
            assert_eq!(store.apply_news(ACCOUNT, &id, &news).await, Ok(expected), "{from} to {to}");
            assert_eq!(read(&store, &id).await.status, status, "{from} to {to}");
        }
    }
}

pub(crate) async fn news_of_another_account_changes_nothing(store: Store) {
    let id = delivered(&store, 1).await;
    let before = read(&store, &id).await;
    for status in Status::ALL {
        let news = told(status, "word", START + 500);
        assert_eq!(store.apply_news("other", &id, &news).await, Ok(Applied::NotYours));
        assert_eq!(store.apply_news(ACCOUNT, &crate::given::id(START, 99), &news).await, Ok(Applied::Missing));
    }
    let event = Event::new(START, Kind::Unmapped, Source::Postback);
    assert_eq!(store.note("other", &id, &event).await, Ok(Applied::NotYours));
    assert_eq!(read(&store, &id).await, before);
}

pub(crate) async fn the_same_news_twice_is_one_event(store: Store) {
    let id = delivered(&store, 1).await;
    let paid = |amount: i64, at_ms| News {
        payout: Some(Payout { amount: Decimal::new(amount, 2), currency: "EUR".parse().ok() }),
        ..told(Status::Approve, "paid", at_ms)
    };
    assert_eq!(store.apply_news(ACCOUNT, &id, &paid(1250, START + 500)).await, Ok(Applied::Changed));
    assert_eq!(store.apply_news(ACCOUNT, &id, &paid(1250, START + 600)).await, Ok(Applied::Same));
    assert_eq!(store.apply_news(ACCOUNT, &id, &paid(2500, START + 700)).await, Ok(Applied::PayoutChanged));
    assert_eq!(store.apply_news(ACCOUNT, &id, &paid(2500, START + 800)).await, Ok(Applied::Same));
    let after = read(&store, &id).await;
    let kinds: Vec<Kind> = after.history.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Kind::Received, Kind::Delivered, Kind::Status, Kind::Payout]);
    assert_eq!(after.payout.map(|payout| payout.to_string()).as_deref(), Some("25.00 EUR"));
    assert_eq!(after.version, 4);
}

pub(crate) async fn ignored_news_is_kept_once(store: Store) {
    let id = delivered(&store, 1).await;
    store.apply_news(ACCOUNT, &id, &told(Status::Approve, "paid", START + 500)).await.unwrap();
    for (word, source) in [("new", Source::Postback), ("new", Source::Poll), ("queue", Source::Poll)] {
        for at_ms in [START + 600, START + 700] {
            let news = News { raw_status: Some(word.into()), ..News::new(Status::Wait, source, at_ms) };
            assert_eq!(store.apply_news(ACCOUNT, &id, &news).await, Ok(Applied::Ignored));
        }
    }
    let after = read(&store, &id).await;
    assert_eq!(after.history.iter().filter(|event| event.kind == Kind::Ignored).count(), 3);
    assert_eq!((after.status, after.raw_status.as_deref()), (Status::Approve, Some("paid")));
}

pub(crate) async fn a_full_history_takes_changes_only(store: Store) {
    let id = delivered(&store, 1).await;
    store.apply_news(ACCOUNT, &id, &told(Status::Approve, "paid", START + 500)).await.unwrap();
    for word in 0..70 {
        let news = told(Status::Wait, &word.to_string(), START + 600);
        assert_eq!(store.apply_news(ACCOUNT, &id, &news).await, Ok(Applied::Ignored));
    }
    assert_eq!(read(&store, &id).await.history.len(), 60);
    assert_eq!(store.apply_news(ACCOUNT, &id, &told(Status::Cancel, "back", START + 700)).await, Ok(Applied::Changed));
    assert_eq!(read(&store, &id).await.history.len(), 61);
}

/// A small generator, so that a failing run can be run again.
fn shuffled<T>(mut all: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for last in (1..all.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        all.swap(last, usize::try_from(state % (u64::try_from(last).unwrap() + 1)).unwrap());
    }
    all
}

pub(crate) async fn racing_news_ends_as_the_table_says(store: Store) {
    for seed in 1..=6 {
        let id = delivered(&store, seed.into()).await;
        let sources = [Source::Postback, Source::Poll];
        let all = sources.iter().flat_map(|source| Status::ALL.map(|status| News::new(status, *source, START + 500)));
        let mut racing = tokio::task::JoinSet::new();
        for news in shuffled(all.collect(), seed) {
            let (store, id) = (store.clone(), id.clone());
            racing.spawn(async move { store.apply_news(ACCOUNT, &id, &news).await.unwrap() });
        }
        let applied = racing.join_all().await;
        let after = read(&store, &id).await;
        let told = statuses(&after);
        assert_eq!(applied.iter().filter(|applied| **applied == Applied::Changed).count(), told.len(), "seed {seed}");
        let mut status = Status::Wait;
        for to in told {
            assert!(orders::transition::allowed_from(to).contains(&status), "seed {seed}: {status} to {to}");
            status = to;
        }
        assert_eq!(after.status, status, "seed {seed}");
        assert_eq!(after.work.is_some(), !status.is_final(), "seed {seed}");
    }
}

fn after(state: &State, news: &News) -> State {
    match next(state, news) {
        Transition::Changed(after) | Transition::PayoutChanged(after) | Transition::Learned(after) => after,
        Transition::Same | Transition::Ignored(_) => state.clone(),
    }
}

pub(crate) async fn any_news_leaves_the_state_of_the_pure_rules(store: Store) {
    let payouts = [None, Some((1250, Some("EUR"))), Some((2500, None))];
    let reasons = [None, Reason::new(7), Reason::new(3)];
    let mut all = Vec::new();
    for (number, status) in (0usize..).zip(Status::ALL.into_iter().cycle().take(30)) {
        let source = [Source::Postback, Source::Poll, Source::Operator][number % 3];
        all.push(News {
            raw_status: (number % 4 > 0).then(|| format!("word {}", number % 4)),
            reason: reasons[number % 2 + number / 15],
            comment: (number % 5 == 1).then(|| format!("comment {number}")),
            payout: payouts[number % 3].map(|(amount, currency)| Payout {
                amount: Decimal::new(amount, 2),
                currency: currency.and_then(|code| code.parse().ok()),
            }),
            network_order_id: (number % 2 == 0).then(|| "77".to_owned()),
            ..News::new(status, source, START + 500)
        });
    }
    for seed in 1..=4 {
        let new = order(id(START, seed.into()));
        let mut expected = stored(&store, &new).await.state();
        for news in shuffled(all.clone(), seed) {
            expected = after(&expected, &news);
            store.apply_news(ACCOUNT, &new.id, &news).await.unwrap();
            let stored = read(&store, &new.id).await;
            assert_eq!(stored.state(), expected, "seed {seed}, {news:?}");
        }
    }
}

pub(crate) async fn a_final_status_leaves_the_due_index_and_recovery_returns(store: Store) {
    let id = delivered(&store, 1).await;
    let due = async || {
        let mut ids = Vec::new();
        for part in 0..orders::schema::PARTS {
            ids.extend(crate::work::all_due(&store, Work::Poll, part).await.into_iter().map(|due| due.id));
        }
        ids
    };
    let due_alone = vec![id.clone()];
    assert_eq!(due().await, due_alone);
    store.apply_news(ACCOUNT, &id, &told(Status::Hold, "hold", START + 500)).await.unwrap();
    assert_eq!(due().await, due_alone);
    store.apply_news(ACCOUNT, &id, &told(Status::Cancel, "no", START + 600)).await.unwrap();
    assert!(due().await.is_empty(), "final");
    store.apply_news(ACCOUNT, &id, &told(Status::Hold, "hold", START + 700)).await.unwrap();
    assert_eq!(due().await, due_alone, "open again");
    store.apply_news(ACCOUNT, &id, &told(Status::Approve, "paid", START + 800)).await.unwrap();
    assert!(due().await.is_empty(), "final again");
}

pub(crate) async fn news_shows_that_an_order_in_doubt_was_delivered(store: Store) {
    let unknown = DeliveryOutcome::Unknown { lookup: true };
    let cases = [(unknown, Some(Work::LookUp)), (DeliveryOutcome::Queued { next_attempt: 1 }, None)];
    for (random, (outcome, work)) in (1u128..).zip(cases) {
        let new = order(id(START, random));
        stored(&store, &new).await;
        store.record_delivery(ACCOUNT, &new.id, &report(outcome, START + 400)).await.unwrap();
        let news = told(Status::Wait, "new", START + 500);
        assert_eq!(store.apply_news(ACCOUNT, &new.id, &news).await, Ok(Applied::Same));
        let after = read(&store, &new.id).await;
        assert_eq!((after.delivery, after.work), (Delivery::Delivered, work));
        assert_eq!(after.raw_status.as_deref(), Some("new"));
        // The lookup then learns the network's id, and the order waits for polls.
        store.record_delivery(ACCOUNT, &new.id, &delivery("5", START + 600)).await.unwrap();
        let after = read(&store, &new.id).await;
        assert_eq!((after.network_order_id.as_deref(), after.work), (Some("5"), Some(Work::Poll)));
    }
}

pub(crate) async fn a_disagreement_is_disputed_until_it_ends(store: Store) {
    let id = delivered(&store, 1).await;
    let say = async |status, source, at_ms| {
        store.apply_news(ACCOUNT, &id, &News::new(status, source, at_ms)).await.unwrap();
        let order = read(&store, &id).await;
        (order.status, order.disputed())
    };
    assert_eq!(say(Status::Approve, Source::Postback, START + 1).await, (Status::Approve, false));
    assert_eq!(say(Status::Hold, Source::Poll, START + 2).await, (Status::Approve, false));
    assert_eq!(say(Status::Cancel, Source::Poll, START + 3).await, (Status::Cancel, true));
    assert_eq!(say(Status::Cancel, Source::Postback, START + 4).await, (Status::Cancel, false));
    assert_eq!(statuses(&read(&store, &id).await), [Status::Approve, Status::Cancel]);
}

pub(crate) async fn a_note_is_kept_once(store: Store) {
    let id = delivered(&store, 1).await;
    let unmapped = |word: &str, source, at_ms| Event {
        raw_status: Some(word.into()),
        note: Some("no meaning".into()),
        ..Event::new(at_ms, Kind::Unmapped, source)
    };
    let first = unmapped("{status}", Source::Postback, START + 500);
    assert_eq!(store.note(ACCOUNT, &id, &first).await, Ok(Applied::Changed));
    assert_eq!(store.note(ACCOUNT, &id, &Event { at_ms: START + 600, ..first.clone() }).await, Ok(Applied::Same));
    let other = unmapped("{status}", Source::Poll, START + 700);
    assert_eq!(store.note(ACCOUNT, &id, &other).await, Ok(Applied::Changed));
    let order = read(&store, &id).await;
    assert_eq!(order.history[2..], [first, other]);
    assert_eq!(order.status, Status::Wait);
}

//! Postbacks, polls and the answer to the submit, all on one order at one moment.

use lead::{Delivery, OrderId, Status};
use orders::transition::{Transition, next};
use orders::{Applied, Event, Inserted, Kind, NewOrder, News, Order, Recorded, Source, State, Store};
use tokio::task::JoinSet;

use crate::given::{ACCOUNT, PHONE, START, delivery, lead, order, read};

/// How many orders are raced over.
const ROUNDS: u64 = 1000;

/// Orders raced over at one moment.
const AT_ONCE: u64 = 8;

/// A small generator, so that a failing round can be run again.
struct Chance(u64);

impl Chance {
    const fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

enum Happening {
    Answer,
    News(News),
}

/// The answer to the submit, and some news of both sources, of which some come twice.
fn happenings(chance: &mut Chance) -> Vec<Happening> {
    let mut all = vec![Happening::Answer];
    for number in 0..2 + chance.below(2) {
        let status = Status::ALL[chance.below(Status::ALL.len())];
        let source = [Source::Postback, Source::Poll][chance.below(2)];
        let raw_status = Some(format!("{status} {number}"));
        let news = News { raw_status, ..News::new(status, source, START + 500) };
        if chance.below(4) == 0 {
            all.push(Happening::News(news.clone()));
        }
        all.push(Happening::News(news));
    }
    for last in (1..all.len()).rev() {
        all.swap(last, chance.below(last + 1));
    }
    all
}

pub(crate) async fn a_thousand_races_end_as_the_table_says(store: Store) {
    let mut rounds = JoinSet::new();
    for seed in 1..=ROUNDS {
        let store = store.clone();
        rounds.spawn(async move { race(&store, seed).await });
        if seed % AT_ONCE == 0 {
            while let Some(round) = rounds.join_next().await {
                round.unwrap();
            }
        }
    }
}

async fn race(store: &Store, seed: u64) {
    let mut chance = Chance::of(seed);
    let phone = format!("{}{seed:04}", &PHONE[..8]);
    let id = OrderId::new(START, &phone, seed.into());
    let new = NewOrder { lead: lead(&phone, None), ..order(id.clone()) };
    assert_eq!(store.insert(&new).await, Ok(Inserted::Stored));
    let mut racing = JoinSet::new();
    let mut told = Vec::new();
    for happening in happenings(&mut chance) {
        let (store, id) = (store.clone(), id.clone());
        match happening {
            Happening::Answer => racing.spawn(async move {
                let report = delivery(&format!("n{seed}"), START + 400);
                let recorded = store.record_delivery(ACCOUNT, &id, &report).await.unwrap();
                assert!(matches!(recorded, Recorded::Done(_)), "round {seed}: {recorded:?}");
                None
            }),
            Happening::News(news) => {
                told.push(news.clone());
                racing.spawn(async move { Some(store.apply_news(ACCOUNT, &id, &news).await.unwrap()) })
            }
        };
    }
    let applied: Vec<Applied> = racing.join_all().await.into_iter().flatten().collect();
    check(seed, &read(store, &id).await, &told, &applied);
}

fn check(seed: u64, after: &Order, told: &[News], applied: &[Applied]) {
    let of = |kind: Kind| after.history.iter().filter(move |event| event.kind == kind);
    let changed = applied.iter().filter(|applied| **applied == Applied::Changed).count();
    assert_eq!(of(Kind::Status).count(), changed, "round {seed}: one event a change");
    assert_eq!(of(Kind::Delivered).count(), 1, "round {seed}: the answer is kept once");
    assert_eq!(after.delivery, Delivery::Delivered, "round {seed}");
    assert_eq!(after.network_order_id, Some(format!("n{seed}")), "round {seed}");

    // The history is the order in which things happened: led through the pure rules it ends where the order stands.
    let mut state = after.state();
    (state.status, state.raw_status, state.decided_by_postback, state.decided_by_poll) =
        (Status::Wait, None, None, None);
    for event in after.history.iter().filter(|event| matches!(event.kind, Kind::Status | Kind::Ignored)) {
        state = step(seed, state, event);
    }
    assert_eq!(after.status, state.status, "round {seed}");
    assert_eq!(after.work.is_some(), !after.status.is_final(), "round {seed}: polled until it is decided");
    // Whatever was told last is not forgotten: each piece of news is an event, or the order stood there already.
    for news in told {
        let kept = after.history.iter().any(|event| event.raw_status == news.raw_status);
        let stood = news.status == Status::Wait || of(Kind::Status).any(|event| event.status == Some(news.status));
        assert!(kept || stood, "round {seed}: {news:?} is lost");
    }
}

fn step(seed: u64, state: State, event: &Event) -> State {
    let status = event.status.unwrap();
    let news = News { raw_status: event.raw_status.clone(), ..News::new(status, event.source, event.at_ms) };
    match (next(&state, &news), event.kind) {
        (Transition::Changed(after), Kind::Status) => after,
        (Transition::Ignored(_), Kind::Ignored) => state,
        (other, kind) => panic!("round {seed}: {kind} where the rules say {other:?}"),
    }
}

use lead::Decimal;
use proptest::prelude::*;

use super::*;

fn fresh() -> State {
    State {
        delivery: Delivery::Delivered,
        status: Status::Wait,
        raw_status: None,
        network_order_id: None,
        payout: None,
        reason: None,
        comment: None,
        decided_by_postback: None,
        decided_by_poll: None,
    }
}

fn at(status: Status) -> State {
    State { status, ..fresh() }
}

fn after(state: &State, news: &News) -> State {
    match next(state, news) {
        Transition::Changed(after) | Transition::PayoutChanged(after) | Transition::Learned(after) => after,
        Transition::Same | Transition::Ignored(_) => state.clone(),
    }
}

fn paid(amount: i64) -> News {
    News {
        payout: Some(Payout { amount: Decimal::new(amount, 2), currency: "EUR".parse().ok() }),
        ..News::new(Status::Approve, Source::Postback, 1)
    }
}

/// The table of the specification, row by row: `s` same, `y` yes, `i` ignored.
const TABLE: [&str; 5] = ["syyyy", "isyyy", "iisyy", "iyysy", "iyyys"];

#[test]
fn the_table_is_the_specifications() {
    for (from, row) in Status::ALL.into_iter().zip(TABLE) {
        for (to, cell) in Status::ALL.into_iter().zip(row.chars()) {
            let told = match next(&at(from), &News::new(to, Source::Postback, 1)) {
                Transition::Changed(state) if state.status == to => 'y',
                Transition::Same => 's',
                Transition::Ignored(_) => 'i',
                other => panic!("{from} to {to}: {other:?}"),
            };
            assert_eq!(told, cell, "{from} to {to}");
        }
    }
}

#[test]
fn allowed_from_names_exactly_the_statuses_that_change() {
    for from in Status::ALL {
        for to in Status::ALL {
            let changes = matches!(next(&at(from), &News::new(to, Source::Poll, 1)), Transition::Changed(_));
            assert_eq!(allowed_from(to).contains(&from), changes, "{from} to {to}");
        }
    }
}

#[test]
fn a_second_approve_with_another_payout_replaces_it() {
    let approved = after(&fresh(), &paid(1200));
    assert_eq!(next(&approved, &paid(1200)), Transition::Same);
    let Transition::PayoutChanged(upsold) = next(&approved, &paid(2500)) else { panic!("no payout event") };
    assert_eq!(upsold.payout.map(|payout| payout.to_string()).as_deref(), Some("25.00 EUR"));
}

#[test]
fn the_first_payout_of_an_approved_order_is_a_payout_event() {
    assert!(matches!(next(&at(Status::Approve), &paid(1200)), Transition::PayoutChanged(_)));
}

#[test]
fn an_amount_written_otherwise_is_the_same_payout() {
    let approved = after(&fresh(), &paid(1250));
    let mut again = paid(0);
    again.payout = Some(Payout { amount: Decimal::new(125, 1), currency: None });
    assert_eq!(next(&approved, &again), Transition::Same);
}

#[test]
fn a_payout_on_an_unchanged_hold_is_no_event() {
    let held = at(Status::Hold);
    let news = News { status: Status::Hold, ..paid(900) };
    assert!(matches!(next(&held, &news), Transition::Learned(state) if state.payout == news.payout));
}

#[test]
fn a_reason_goes_with_its_status() {
    let cancel = News { reason: Some(Reason::DUPLICATE), ..News::new(Status::Cancel, Source::Poll, 1) };
    let cancelled = after(&fresh(), &cancel);
    assert_eq!(cancelled.reason, Some(Reason::DUPLICATE));
    assert_eq!(after(&cancelled, &News::new(Status::Approve, Source::Poll, 2)).reason, None);
}

#[test]
fn news_from_the_network_shows_that_it_has_the_lead() {
    for delivery in [Delivery::Queued, Delivery::Unknown, Delivery::Undeliverable] {
        let state = State { delivery, ..fresh() };
        let told = |source| after(&state, &News::new(Status::Hold, source, 1)).delivery;
        assert_eq!(told(Source::Postback), Delivery::Delivered);
        assert_eq!(told(Source::Poll), Delivery::Delivered);
        assert_eq!(told(Source::Operator), delivery);
    }
    for delivery in [Delivery::Refused, Delivery::Test] {
        let state = State { delivery, ..fresh() };
        assert_eq!(after(&state, &News::new(Status::Hold, Source::Postback, 1)).delivery, delivery);
    }
}

#[test]
fn the_networks_id_is_taken_once() {
    let named = |id: &str| News { network_order_id: Some(id.into()), ..News::new(Status::Wait, Source::Postback, 1) };
    let state = after(&fresh(), &named("812001"));
    assert_eq!(state.network_order_id.as_deref(), Some("812001"));
    assert_eq!(next(&state, &named("999")), Transition::Same);
}

fn disputed(state: &State) -> bool {
    state.decided_by_postback.zip(state.decided_by_poll).is_some_and(|(one, other)| one != other)
}

#[test]
fn two_sources_that_disagree_dispute_until_they_agree() {
    let approved = after(&fresh(), &News::new(Status::Approve, Source::Postback, 1));
    assert!(!disputed(&approved));
    let reversed = after(&approved, &News::new(Status::Cancel, Source::Poll, 2));
    assert_eq!(reversed.status, Status::Cancel);
    assert!(disputed(&reversed));
    let agreed = after(&reversed, &News::new(Status::Cancel, Source::Postback, 3));
    assert!(!disputed(&agreed));
    assert_eq!(agreed.status, Status::Cancel);
}

#[test]
fn a_lagging_poll_disputes_nothing() {
    let approved = after(&fresh(), &News::new(Status::Approve, Source::Postback, 1));
    assert_eq!(next(&approved, &News::new(Status::Hold, Source::Poll, 2)), Transition::Ignored(Why::AlreadyApproved));
}

#[test]
fn texts_are_cut_and_empty_ones_dropped() {
    let news = News {
        raw_status: Some("\u{44f}".repeat(500)),
        comment: Some("  ".into()),
        network_order_id: Some("9".repeat(300)),
        ..News::new(Status::Wait, Source::Postback, 1)
    }
    .within_limits();
    assert_eq!(news.raw_status.map(|raw| raw.chars().count()), Some(MAX_RAW_CHARS));
    assert_eq!(news.comment, None);
    assert_eq!(news.network_order_id, None);
}

#[test]
fn debug_hides_free_text() {
    let news = News { comment: Some("Anna".into()), note: Some("Anna".into()), ..paid(1) };
    assert!(!format!("{news:?}").contains("Anna"));
    assert!(!format!("{:?}", after(&fresh(), &news)).contains("Anna"));
}

/// Any news, for the suites of this crate.
pub(crate) fn any_news() -> impl Strategy<Value = News> {
    let status = prop::sample::select(Status::ALL.to_vec());
    let source = prop::sample::select(vec![Source::Postback, Source::Poll, Source::Operator]);
    let word = prop::sample::select(vec![None, Some("new"), Some("paid"), Some("Отказ")]);
    let reason = prop::option::of((1u8..=15).prop_map(|code| Reason::new(code).unwrap()));
    let comment = prop::option::of("[a-z]{1,8}");
    let payout = prop::option::of((0i64..3, prop::option::of(Just("EUR"))));
    let id = prop::option::of("[1-3]");
    (status, source, word, reason, comment, payout, id, 1u64..1000).prop_map(
        |(status, source, word, reason, comment, payout, network_order_id, at_ms)| News {
            raw_status: word.map(str::to_owned),
            reason,
            comment,
            payout: payout.map(|(amount, currency)| Payout {
                amount: Decimal::from(amount),
                currency: currency.and_then(|code| code.parse().ok()),
            }),
            network_order_id,
            ..News::new(status, source, at_ms)
        },
    )
}

proptest! {
    #[test]
    fn the_same_news_twice_changes_once(before in prop::collection::vec(any_news(), 0..6), news in any_news()) {
        let state = before.iter().fold(fresh(), |state, news| after(&state, news));
        let once = after(&state, &news);
        let again = next(&once, &news);
        prop_assert!(matches!(again, Transition::Same | Transition::Ignored(_)), "{again:?}");
    }

    #[test]
    fn any_order_and_repeats_end_as_the_table_says(told in prop::collection::vec((any_news(), 1usize..4), 0..10)) {
        let mut expected = Status::Wait;
        let mut state = fresh();
        for (news, times) in &told {
            if allowed_from(news.status).contains(&expected) {
                expected = news.status;
            }
            for _ in 0..*times {
                state = after(&state, news);
            }
            prop_assert_eq!(state.status, expected);
        }
    }

    #[test]
    fn nothing_goes_back_to_wait_and_no_id_is_lost(told in prop::collection::vec(any_news(), 0..12)) {
        let mut state = fresh();
        for news in &told {
            let later = after(&state, news);
            prop_assert!(state.status == Status::Wait || later.status != Status::Wait);
            prop_assert!(state.network_order_id.is_none() || later.network_order_id == state.network_order_id);
            state = later;
        }
    }
}

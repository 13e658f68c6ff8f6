use lead::{Country, Delivery, Field, Phone};
use proptest::prelude::*;

use super::*;

fn lead() -> Lead {
    let country: Country = "PL".parse().unwrap();
    Lead {
        name: "Test Customer".into(),
        phone: Phone::parse("500 100 200", country).unwrap(),
        country,
        fields: BTreeMap::from([(Field::ClickId, "abc".to_owned()), (Field::City, "Łódź".to_owned())]),
    }
}

fn word() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[a-zżółć0-9 #:{}\"]{1,12}")
}

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(Status::ALL.to_vec())
}

fn event() -> impl Strategy<Value = Event> {
    let kind = prop::sample::select(Kind::ALL.to_vec());
    let source = prop::sample::select(Source::ALL.to_vec());
    (any::<u64>(), kind, source, prop::option::of(status()), word(), word()).prop_map(
        |(at_ms, kind, source, status, raw_status, note)| Event { at_ms, kind, source, status, raw_status, note },
    )
}

fn payout() -> impl Strategy<Value = Option<Payout>> {
    let amount = (0i64..1_000_000, 0u32..6).prop_map(|(digits, scale)| Decimal::new(digits, scale));
    let currency = prop::option::of(prop::sample::select(vec!["EUR", "PLN", "USD"]));
    let currency = currency.prop_map(|code| code.and_then(|code| code.parse().ok()));
    prop::option::of((amount, currency).prop_map(|(amount, currency)| Payout { amount, currency }))
}

prop_compose! {
    fn words()(
        account in "[a-z-]{1,12}", raw_status in word(), network_order_id in word(), click_id in word(),
        comment in word(), overrides in prop::collection::btree_map("[a-z]{1,5}", ".{0,5}", 0..3),
    ) -> (String, [Option<String>; 4], BTreeMap<String, String>) {
        (account, [raw_status, network_order_id, click_id, comment], overrides)
    }
}

prop_compose! {
    fn numbers()(
        updated in any::<u64>(), tries in any::<u32>(), next_attempt in prop::option::of(any::<u64>()),
        expires in prop::option::of(any::<u64>()), version in 1..u64::MAX,
    ) -> (u64, u32, Option<u64>, Option<u64>, u64) {
        (updated, tries, next_attempt, expires, version)
    }
}

prop_compose! {
    fn standing()(
        delivery in prop::sample::select(Delivery::ALL.to_vec()), status in status(),
        work in prop::option::of(prop::sample::select(Work::ALL.to_vec())),
        reason in prop::option::of((1u8..=15).prop_map(|code| Reason::new(code).unwrap())),
        decided_by_postback in prop::option::of(status()), decided_by_poll in prop::option::of(status()),
        pollable in any::<bool>(), erased in any::<bool>(), repeated in any::<bool>(),
    ) -> (Order, bool, bool) {
        let order = Order {
            id: OrderId::new(1_700_000_000_000, "+48500100200", 7), account: String::new(), offer: "slim-tea-pl".into(),
            network: "adcombo".into(), client: "site-a".into(), delivery, status, raw_status: None,
            network_order_id: None, click_id: None, payout: None, reason, comment: None, duplicate_of: None,
            updated: 0, lead: None, overrides: BTreeMap::new(), tries: 0, next_attempt: None, expires: None,
            version: 1, pollable, work, decided_by_postback, decided_by_poll, history: Vec::new(),
        };
        (order, erased, repeated)
    }
}

prop_compose! {
    fn order()(
        (order, erased, repeated) in standing(), (account, words, overrides) in words(), numbers in numbers(),
        payout in payout(), events in prop::collection::vec(event(), 0..5),
    ) -> Order {
        let received = Event::new(order.id.unix_ms(), Kind::Received, Source::Intake);
        let [raw_status, network_order_id, click_id, comment] = words;
        let (updated, tries, next_attempt, expires, version) = numbers;
        Order {
            account, raw_status, network_order_id, click_id, comment, overrides, payout,
            updated, tries, next_attempt, expires, version,
            lead: (!erased).then(lead),
            duplicate_of: repeated.then(|| OrderId::new(1, "+48500100200", 9)),
            history: std::iter::once(received).chain(events).collect(),
            ..order
        }
    }
}

proptest! {
    #[test]
    fn an_order_reads_back_from_its_item(order in order()) {
        let item = to_item(&order).unwrap();
        prop_assert_eq!(from_item(&item).unwrap(), order);
    }

    #[test]
    fn an_item_is_written_as_it_was_read(order in order()) {
        let item = to_item(&order).unwrap();
        prop_assert_eq!(to_item(&from_item(&item).unwrap()).unwrap(), item);
    }

    #[test]
    fn an_item_without_what_it_needs_is_unreadable(order in order(), missing in 0usize..10) {
        let needed =
            [schema::SK, ACCOUNT, OFFER, NETWORK, CLIENT, DELIVERY, STATUS, UPDATED, VERSION, HISTORY][missing];
        let mut item = to_item(&order).unwrap();
        item.remove(needed);
        prop_assert_eq!(from_item(&item).unwrap_err(), Unreadable(needed));
    }
}

#[test]
fn debug_shows_no_personal_data() {
    let order = Order {
        lead: Some(lead()),
        comment: Some("ask for Anna".into()),
        ..Order::from(crate::NewOrder {
            id: OrderId::new(1_700_000_000_000, "+48500100200", 7),
            account: "adcombo-main".into(),
            offer: "slim-tea-pl".into(),
            network: "adcombo".into(),
            client: "site-a".into(),
            lead: lead(),
            overrides: BTreeMap::from([("note".to_owned(), "Anna".to_owned())]),
            test: false,
            duplicate_of: None,
            expires: None,
        })
    };
    let shown = format!("{order:?}");
    for secret in ["500", "Customer", "Anna", "Łódź"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// The size of a value as the service counts it.
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) => 1,
        AttributeValue::L(list) => 3 + list.iter().map(|value| size(value) + 1).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| name.len() + size(value) + 1).sum::<usize>(),
        other => panic!("{other:?} is in no order"),
    }
}

#[test]
fn a_typical_order_stays_below_a_kilobyte() {
    let mut lead = lead();
    let bare = serde_json::to_string(&lead).unwrap().len();
    lead.fields.insert(Field::UserAgent, "b".repeat(450 - bare - r#""ua":"","#.len()));
    assert_eq!(serde_json::to_string(&lead).unwrap().len(), 450);
    let told = |kind, status, word: Option<&str>| Event {
        status,
        raw_status: word.map(str::to_owned),
        ..Event::new(1_700_000_000_400, kind, Source::Poll)
    };
    let order = Order {
        id: OrderId::new(1_700_000_000_000, "+48500100200", 7),
        account: "adcombo-main".into(),
        offer: "slim-tea-pl".into(),
        network: "adcombo".into(),
        client: "site-a".into(),
        delivery: Delivery::Delivered,
        status: Status::Approve,
        raw_status: Some("paid".into()),
        network_order_id: Some("812001".into()),
        click_id: Some("6f1c2e9ab34d4f0e8c7a".into()),
        payout: Some(Payout { amount: Decimal::new(1250, 2), currency: "EUR".parse().ok() }),
        reason: None,
        comment: None,
        duplicate_of: None,
        updated: 1_700_000_000_400,
        lead: Some(lead),
        overrides: BTreeMap::new(),
        tries: 1,
        next_attempt: None,
        expires: None,
        version: 4,
        pollable: true,
        work: Some(Work::Poll),
        decided_by_postback: Some(Status::Approve),
        decided_by_poll: Some(Status::Approve),
        history: vec![
            told(Kind::Received, None, None),
            told(Kind::Delivered, None, None),
            told(Kind::Status, Some(Status::Hold), Some("confirmed")),
            told(Kind::Status, Some(Status::Approve), Some("paid")),
        ],
    };
    let bytes: usize = to_item(&order).unwrap().iter().map(|(name, value)| name.len() + size(value)).sum();
    println!("{bytes} bytes");
    assert!(bytes < 1024, "{bytes} bytes");
}

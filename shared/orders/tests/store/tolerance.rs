//! Items of a newer version: read as far as they can be, skipped and named where not, and never cut down by a write.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lead::{OrderId, Status};
use orders::{
    Applied, Attempt, Beginning, DueQuery, Erased, Filter, Inserted, Order, Source, Store, StoreError, Work, schema,
};

use crate::engine::{client, embedded_url};
use crate::given::{ACCOUNT, PHONE, START, delivered, id, order, read, told};

type Item = HashMap<String, AttributeValue>;

struct Table {
    client: Client,
    name: &'static str,
    store: Store,
}

async fn table(name: &'static str) -> Table {
    let client = client(embedded_url(), 1);
    schema::create_table(&client, name).await.unwrap();
    let store = Store::new(client.clone(), name);
    Table { client, name, store }
}

fn text(word: &str) -> AttributeValue {
    AttributeValue::S(word.to_owned())
}

fn key(id: &OrderId) -> Item {
    Item::from([
        (schema::PK.to_owned(), text(&schema::shard_key(id.shard()))),
        (schema::SK.to_owned(), text(id.as_str())),
    ])
}

impl Table {
    async fn item(&self, id: &OrderId) -> Item {
        let got = self.client.get_item().table_name(self.name).set_key(Some(key(id))).send().await.unwrap();
        got.item.unwrap()
    }

    /// Bends a stored item as a newer version, or an accident, might have written it.
    async fn bend(&self, id: &OrderId, bend: impl FnOnce(&mut Item)) {
        let mut item = self.item(id).await;
        bend(&mut item);
        self.client.put_item().table_name(self.name).set_item(Some(item)).send().await.unwrap();
    }
}

fn of_tomorrow() -> AttributeValue {
    AttributeValue::M(HashMap::from([
        ("t".to_owned(), AttributeValue::N((START + 450).to_string())),
        ("k".to_owned(), text("teleported")),
        ("s".to_owned(), text("z")),
        ("c".to_owned(), text("ascended")),
        ("n".to_owned(), text("call Anna")),
        ("extra".to_owned(), text("kept")),
    ]))
}

fn append_of_tomorrow(item: &mut Item) {
    let Some(AttributeValue::L(history)) = item.get_mut("h") else { panic!("no history") };
    history.push(of_tomorrow());
    item.insert("novel".to_owned(), text("kept"));
}

fn event_of_tomorrow(item: &Item) -> &HashMap<String, AttributeValue> {
    let history = item["h"].as_l().unwrap();
    let events = history.iter().map(|event| event.as_m().unwrap());
    events.into_iter().find(|event| event["k"] == text("teleported")).expect("the event of tomorrow is kept")
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_carried_along_by_every_write() {
    let table = table("carried").await;
    let store = &table.store;
    let id = delivered(store, 1).await;
    table.bend(&id, append_of_tomorrow).await;
    let order = read(store, &id).await;
    assert_eq!((order.status, order.account.as_str()), (Status::Wait, ACCOUNT));
    let applied = store.apply_news(ACCOUNT, &id, &told(Status::Hold, "agreed", START + 600)).await.unwrap();
    assert_eq!(applied, Applied::Changed { from: Status::Wait, to: Status::Hold });
    let item = table.item(&id).await;
    assert_eq!((event_of_tomorrow(&item).len(), &item["novel"]), (6, &text("kept")));
    assert_eq!(store.erase(&id, Source::Operator, START + 900).await, Ok(Erased::Done));
    let item = table.item(&id).await;
    let event = event_of_tomorrow(&item);
    assert_eq!((event.get("n"), &event["extra"], &item["novel"]), (None, &text("kept"), &text("kept")));
}

#[tokio::test]
async fn one_order_that_cannot_be_read_stops_no_list_no_work_no_count_and_no_erasing() {
    // Attribute, its bent value, and whether the due index still tells the entry.
    for (number, (attribute, value)) in [
        ("dl", text("teleported")),
        ("st", text("ascended")),
        ("v", text("two")),
        ("h", text("no list")),
        ("up", text("yesterday")),
        ("ac", AttributeValue::N("7".to_owned())),
    ]
    .into_iter()
    .enumerate()
    {
        let name: &'static str = format!("bent-{number}").leak();
        let table = table(name).await;
        let store = &table.store;
        let (bent, sound) = (delivered(store, 1).await, delivered(store, 2).await);
        table.bend(&bent, |item| drop(item.insert(attribute.to_owned(), value))).await;
        let page = store.list(&Filter::default(), None, 50).await.unwrap();
        assert_eq!(page.orders.iter().map(|order| &order.id).collect::<Vec<_>>(), [&sound], "{attribute}");
        let [skipped] = page.unreadable.try_into().unwrap();
        assert_eq!((skipped.id.as_str(), skipped.attribute), (bent.as_str(), attribute));
        let by_phone = Filter { phone: Some(PHONE.to_owned()), ..Filter::default() };
        assert_eq!(store.list(&by_phone, None, 50).await.unwrap().unreadable.len(), 1, "{attribute}");
        let expected = Err(StoreError::Unreadable { operation: "get", attribute });
        assert_eq!(store.get(&bent).await, expected);
        let mut due = 0;
        for part in 0..schema::PARTS {
            let account = ACCOUNT.to_owned();
            let query = DueQuery { work: Work::Poll, account, part, from_ms: None, to_ms: None, page_size: 50 };
            let page = store.due(&query, None).await.unwrap();
            due += page.due.len() + page.unreadable.len();
        }
        assert_eq!(due, 2, "{attribute}");
        let tally = store.tally(START, START + 1, START).await.unwrap();
        assert_eq!(tally.accounts.values().map(|counts| counts.received).sum::<u64>(), 2, "{attribute}");
        assert_eq!(store.unerased(START, START + 1, 50).await.unwrap().len(), 2);
        assert_eq!(store.erase(&sound, Source::Poll, START + 900).await, Ok(Erased::Done));
        let erased = store.erase(&bent, Source::Poll, START + 900).await;
        if attribute != "v" {
            assert_eq!(erased, Ok(Erased::Done), "{attribute}");
            assert!(!table.item(&bent).await.contains_key("l"), "{attribute}");
        }
    }
}

#[tokio::test]
async fn what_is_read_in_part_says_what_is_not_and_is_not_sent_without_it() {
    let table = table("partly").await;
    let store = &table.store;
    for (number, (attribute, sendable)) in
        [("cm", true), ("pa", true), ("rs", true), ("wp", true), ("l", false), ("ov", false), ("tr", false)]
            .into_iter()
            .enumerate()
    {
        let held = Order::begun(order(id(START, number.try_into().unwrap())), Beginning::Held(START / 1000));
        assert_eq!(store.insert_order(&held).await, Ok(Inserted::Stored));
        table.bend(&held.id, |item| drop(item.insert(attribute.to_owned(), AttributeValue::Bool(true)))).await;
        let order = read(store, &held.id).await;
        assert_eq!(order.unread, [attribute]);
        let claimed = store.claim_attempt(&order, START + 5000, START / 1000 + 90).await;
        assert_eq!(matches!(claimed, Ok(Attempt::Send(_))), sendable, "{attribute}: {claimed:?}");
    }
}

#[tokio::test]
async fn a_field_of_the_lead_that_only_a_newer_version_knows_is_passed_over() {
    let table = table("fields").await;
    let id = delivered(&table.store, 1).await;
    table
        .bend(&id, |item| {
            let lead = item["l"].as_s().unwrap();
            let mut lead: serde_json::Value = serde_json::from_str(lead).unwrap();
            lead["f"]["zz"] = "novel".into();
            item.insert("l".to_owned(), text(&lead.to_string()));
        })
        .await;
    let order = read(&table.store, &id).await;
    assert!(order.lead.is_some() && order.unread.is_empty(), "{:?}", order.unread);
}

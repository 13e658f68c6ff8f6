//! What a lead's life costs, counted by the engine, and compared with the crate's README.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use lead::{Country, Decimal, Field, Lead, Payout, Phone, Status};
use orders::{Beginning, CustomerClaim, DueQuery, Meter, NewOrder, News, Order, Source, Store, Units, Work, schema};

use crate::engine::embedded;
use crate::given::{ACCOUNT, PHONE, START, delivery, id, lead, order};

/// What a million units cost on demand, in dollars; see `docs/scale.md`.
const WRITE_PRICE: f64 = 0.625;
const READ_PRICE: f64 = 0.125;

/// How often an order is asked for that is decided after two days.
const ASKED: f64 = 60.0;

/// Orders in the part of the index that is read together.
const TOGETHER: u32 = 100;

/// A lead as a landing page sends it, about 450 bytes of JSON.
fn typical() -> Lead {
    let country: Country = "PL".parse().unwrap();
    let browser = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36";
    let fields = [
        (Field::Ip, "192.0.2.17"),
        (Field::UserAgent, browser),
        (Field::LandingUrl, "https://tea.landing.example/pl/?utm_source=feed"),
        (Field::Referer, "https://feed.example/"),
        (Field::ClickId, "6f1c2e9ab34d4f0e8c7a"),
        (Field::Sub1, "campaign-17"),
        (Field::Sub2, "creative-3"),
        (Field::UtmSource, "feed"),
        (Field::UtmCampaign, "tea-autumn"),
        (Field::Quantity, "1"),
        (Field::Price, "139"),
        (Field::Currency, "PLN"),
    ];
    Lead {
        name: "Test Customer".into(),
        phone: Phone::parse("500 100 200", country).unwrap(),
        country,
        fields: fields.into_iter().map(|(field, text)| (field, text.to_owned())).collect(),
    }
}

#[test]
fn the_readme_tells_what_a_leads_life_costs() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let counted = runtime.block_on(async {
        let meter = Arc::new(Meter::default());
        let store = embedded().await.with_meter(Arc::clone(&meter));
        life(&store, &meter).await
    });
    println!("{counted}");
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&counted), "the README's table is not what was counted:\n{counted}");
}

/// The read units of asking for one of many open orders, when a run reads them all.
async fn asked_once(store: &Store, meter: &Meter, new: &NewOrder) -> f64 {
    for number in 0..TOGETHER {
        let at = START + 10_000 + u64::from(number);
        let other = NewOrder { lead: lead(PHONE, None), ..order(id(at, number.into())) };
        store.insert(&other).await.unwrap();
        store.record_delivery(ACCOUNT, &other.id, &delivery(&format!("9{number:05}"), at + 400)).await.unwrap();
    }
    let _ = meter.take();
    let part = schema::part_of(Work::Poll, &new.id);
    let (account, page_size) = (ACCOUNT.to_owned(), 500);
    let query = DueQuery { work: Work::Poll, account, part, from_ms: None, to_ms: None, page_size };
    let page = store.due(&query, None).await.unwrap();
    assert_eq!(page.due.len(), usize::try_from(TOGETHER).unwrap());
    meter.take().read / f64::from(TOGETHER)
}

async fn life(store: &Store, meter: &Meter) -> String {
    let mut table = String::from("| step | write units | read units |\n|---|---|---|\n");
    let mut total = Units::default();
    let mut row = |table: &mut String, step: &str, life: bool| {
        let units = meter.take();
        writeln!(table, "| {step} | {} | {} |", units.write, units.read).unwrap();
        if life {
            total.read += units.read;
            total.write += units.write;
        }
        total
    };
    let new = NewOrder { lead: typical(), overrides: BTreeMap::new(), ..order(id(START, 0x1_2345_6789_abcd_ef01)) };
    let json = serde_json::to_string(&new.lead).unwrap().len();
    assert!((400..=550).contains(&json), "{json} bytes of lead");
    store.claim_key("site-a", "order-17", &new.id, "0123456789abcdef0123456789abcdef", 1_702_592_000).await.unwrap();
    row(&mut table, "claim of an idempotency key", true);
    store.insert(&new).await.unwrap();
    row(&mut table, "insert, with a click id", true);
    store.record_delivery(ACCOUNT, &new.id, &delivery("812001", START + 400)).await.unwrap();
    row(&mut table, "delivered, to be polled", true);
    let hold = News { raw_status: Some("confirmed".into()), ..News::new(Status::Hold, Source::Poll, START + 600_000) };
    store.apply_news(ACCOUNT, &new.id, &hold).await.unwrap();
    row(&mut table, "`wait` to `hold`", true);
    let payout = Some(Payout { amount: Decimal::new(1250, 2), currency: "EUR".parse().ok() });
    let approve = News {
        raw_status: Some("paid".into()),
        payout,
        ..News::new(Status::Approve, Source::Postback, START + 86_400_000)
    };
    store.apply_news(ACCOUNT, &new.id, &approve).await.unwrap();
    let total = row(&mut table, "`hold` to `approve`, with a payout", true);
    let asked = ASKED * asked_once(store, meter, &new).await;
    writeln!(table, "| being asked for {ASKED} times, with others | 0 | {asked:.1} |").unwrap();
    let read = total.read + asked;
    writeln!(table, "| **a lead's life** | **{}** | **{read:.1}** |", total.write).unwrap();
    let dollars = total.write * WRITE_PRICE + read * READ_PRICE;
    println!("a million leads: {dollars:.2} $ in us-east-1, by the list prices of docs/scale.md");
    let plain = NewOrder { lead: lead(PHONE, None), ..order(id(START + 2, 1)) };
    store.insert(&plain).await.unwrap();
    row(&mut table, "insert, without a click id", false);
    store.apply_news(ACCOUNT, &new.id, &approve).await.unwrap();
    row(&mut table, "the same news again (the refused write, 1 unit, is not reported)", false);
    let lagging = News { raw_status: Some("new".into()), ..News::new(Status::Wait, Source::Poll, START + 90_000_000) };
    store.apply_news(ACCOUNT, &new.id, &lagging).await.unwrap();
    row(&mut table, "news that is ignored, the first time", false);
    store.get(&new.id).await.unwrap();
    row(&mut table, "read by id", false);
    store.by_click("6f1c2e9ab34d4f0e8c7a", None, 50).await.unwrap();
    row(&mut table, "read by click id", false);
    store.ids_by_network_order(ACCOUNT, "812001").await.unwrap();
    row(&mut table, "id by network order id", false);
    assert_eq!(PHONE, new.lead.phone.e164());
    let again = NewOrder { id: id(START + 1, 1), ..new };
    let claim = CustomerClaim { since_ms: START, expires: START / 1000, from: None };
    store.insert_claiming(&Order::begun(again, Beginning::Sent), &claim).await.unwrap();
    row(&mut table, "insert, with a click id, at an offer that looks for duplicates", false);
    store.erase(&id(START + 1, 1), Source::Operator, START + 2).await.unwrap();
    row(&mut table, "erased", false);
    table
}

//! What of a page one answer may hold: Lambda carries 6 MB, and a body travels in it as a JSON text, its quotes escaped.

use orders::{Cursor, Order};

use crate::view::OrderView;

/// Bytes of orders in one answer, escaped. What is around them is small.
const MOST_BYTES: usize = 5_000_000;

/// The orders of a page as they are answered, and where the next page begins if not all of them fit. One fits in any case.
pub(super) fn that_fits<'a>(
    orders: impl Iterator<Item = &'a Order>,
    history: bool,
) -> (Vec<OrderView>, Option<Cursor>) {
    let mut page = Vec::new();
    let mut room = MOST_BYTES;
    let mut last = None;
    for order in orders {
        let view = if history { OrderView::of(order, true) } else { OrderView::of(order, true).without_history() };
        let bytes = serde_json::to_string(&view).map_or(0, |json| escaped(&json));
        if bytes > room && last.is_some() {
            return (page, last.map(Cursor::below));
        }
        room = room.saturating_sub(bytes);
        last = Some(&order.id);
        page.push(view);
    }
    (page, None)
}

/// The length of a JSON text within a JSON text.
fn escaped(json: &str) -> usize {
    json.len() + json.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lead::{Lead, OrderId, Phone};
    use orders::{Event, Kind, NewOrder, Source};

    use super::*;

    /// What Lambda carries at most.
    const LAMBDA_BYTES: usize = 6 * 1024 * 1024;

    /// An order of the longest history, full of what is longest when it is escaped.
    fn heavy(number: u128) -> Order {
        let country = "PL".parse().unwrap();
        let mut order = Order::from(NewOrder {
            id: OrderId::new(1_700_000_000_000, "+48500100200", number),
            account: "main".into(),
            offer: "tea".into(),
            network: "drcash".into(),
            client: "tester".into(),
            lead: Lead {
                name: "Test Customer".into(),
                phone: Phone::parse("500 100 200", country).unwrap(),
                country,
                fields: BTreeMap::new(),
            },
            overrides: BTreeMap::new(),
            test: true,
            duplicate_of: None,
            expires: None,
        });
        let event = Event { note: Some("\"".repeat(255)), ..Event::new(1, Kind::Unmapped, Source::Postback) };
        order.history = vec![event; 90];
        order
    }

    #[test]
    fn a_page_never_outgrows_what_lambda_may_answer() {
        let orders: Vec<Order> = (0..200).map(heavy).collect();
        let (mut left, mut pages) = (orders.as_slice(), 0);
        while !left.is_empty() {
            let (page, next) = that_fits(left.iter(), true);
            let body = serde_json::to_string(&page).unwrap();
            assert!(serde_json::to_string(&body).unwrap().len() < LAMBDA_BYTES);
            let last = &left[page.len() - 1];
            left = &left[page.len()..];
            assert_eq!(next, (!left.is_empty()).then(|| Cursor::below(&last.id)));
            pages += 1;
        }
        assert!(pages > 1, "they fit into one page: the test proves nothing");
        let (page, next) = that_fits(orders.iter(), false);
        assert_eq!((page.len(), next), (200, None), "without histories they fit");
    }

    #[test]
    fn a_text_is_measured_as_it_is_carried() {
        for json in [r#"{"a":"b"}"#, r#"{"a":"\n\"ł"}"#, "[]"] {
            assert_eq!(escaped(json) + 2, serde_json::to_string(json).unwrap().len(), "{json}");
        }
    }
}

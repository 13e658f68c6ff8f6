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
    use super::*;

    #[test]
    fn a_text_is_measured_as_it_is_carried() {
        for json in [r#"{"a":"b"}"#, r#"{"a":"\n\"ł"}"#, "[]"] {
            assert_eq!(escaped(json) + 2, serde_json::to_string(json).unwrap().len(), "{json}");
        }
    }
}

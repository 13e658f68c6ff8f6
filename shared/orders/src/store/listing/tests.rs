use proptest::prelude::*;

use super::*;

/// Reads lanes of made-up ids through the merge, `items` at a time, within `budget` queries a page.
fn pages(lanes: &[Vec<OrderId>], limit: usize, items: usize, budget: usize) -> Vec<Vec<OrderId>> {
    let mut all = Vec::new();
    let mut cursor: Option<OrderId> = None;
    loop {
        let mut merge = Merge::new(lanes.len(), limit);
        let mut queries = 0;
        while queries < budget {
            let wanted = merge.lanes_to_read(4);
            if wanted.is_empty() {
                break;
            }
            queries += wanted.len();
            for lane in wanted {
                let below = merge.frontier(lane).or_else(|| cursor.clone());
                let mut rest = lanes[lane].iter().filter(|id| below.as_ref().is_none_or(|below| *id < below));
                let read: Vec<_> = rest.by_ref().take(items).cloned().collect();
                let frontier = rest.next().and(read.last().cloned());
                merge.add(lane, read.into_iter().map(|id| (id.clone(), id)), frontier);
            }
        }
        let (page, next) = merge.finish();
        assert!(page.len() <= limit);
        all.push(page);
        if next.is_none() {
            return all;
        }
        assert!(cursor.is_none() || next < cursor, "the cursor moves on");
        cursor = next;
    }
}

fn lanes(times: &[(u64, usize)]) -> Vec<Vec<OrderId>> {
    let mut lanes = vec![Vec::new(); 5];
    for (random, (time, lane)) in (0u128..).zip(times) {
        lanes[*lane].push(OrderId::new(*time, "+48500100200", random));
    }
    for lane in &mut lanes {
        lane.sort();
        lane.reverse();
    }
    lanes
}

proptest! {
    #[test]
    fn pages_hold_every_order_once_newest_first(
        times in prop::collection::vec((0u64..50, 0usize..5), 0..60),
        limit in 1usize..12,
        items in 1usize..5,
        budget in 5usize..12,
    ) {
        let lanes = lanes(&times);
        let mut expected: Vec<OrderId> = lanes.concat();
        expected.sort();
        expected.reverse();
        prop_assert_eq!(pages(&lanes, limit, items, budget).concat(), expected);
    }
}

#[test]
fn a_full_page_is_followed_by_nothing_when_nothing_is_left() {
    let lanes = lanes(&[(1, 0), (2, 1), (3, 2)]);
    assert_eq!(pages(&lanes, 3, 4, 20).len(), 1);
    assert_eq!(pages(&lanes, 2, 4, 20).len(), 2);
}

#[test]
fn debug_hides_the_phone() {
    let filter = Filter { phone: Some("+48500100200".into()), ..Filter::default() };
    assert!(!format!("{filter:?}").contains("500100200"));
}

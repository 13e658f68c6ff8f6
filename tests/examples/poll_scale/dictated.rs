//! How many calls one round needs by the batch sizes alone.

use std::collections::BTreeMap;

use orders::{Work, schema};
use relay::clock::{Clock, SystemClock};
use relay::sweep::AGES;

use crate::{Failure, shape};

/// What is open in one account: how many in each class and part, and the oldest of each class, in seconds.
#[derive(Default)]
struct Open {
    parts: BTreeMap<(usize, u8), u64>,
    oldest: BTreeMap<usize, u64>,
}

/// The calls of a round that begins now, for orders that were stored at `stored_ms`: meanwhile some have grown into the
/// next class.
pub(crate) fn calls(orders: u64, stored_ms: u64) -> Result<u64, Failure> {
    let of = shape::of_each(orders)?;
    let now_ms = SystemClock.now_ms();
    let mut calls = 0;
    for (account, slug) in (0..).zip(shape::SLUGS) {
        let mut open = Open::default();
        for number in 0..of {
            let id = shape::order_id(account, number, of, stored_ms);
            let age_s = (now_ms / 1000).saturating_sub(id.unix_ms() / 1000);
            let age = AGES.iter().position(|age| age_s <= age.to_s).unwrap_or(AGES.len() - 1);
            *open.parts.entry((age, schema::part_of(Work::Poll, &id))).or_default() += 1;
            // They come from young to old.
            open.oldest.insert(age, age_s);
        }
        calls += of_account(slug, &open)?;
    }
    Ok(calls)
}

/// Batches of each class, or of each of its parts where it is cut; or a call a day.
fn of_account(slug: &str, open: &Open) -> Result<u64, Failure> {
    let network = shape::network(slug)?;
    let batch = u64::try_from(network.poll_batch())?;
    if let Some(days) = network.window_days() {
        // Each class asks from its oldest order on, as far as the network reaches, ten minutes more at both ends.
        let reach_s = u64::from(days) * 86_400;
        let span = |(age, oldest_s): (&usize, &u64)| {
            let from_s = AGES.get(*age).map_or(0, |age| age.from_s);
            ((*oldest_s).min(reach_s) + 1200).saturating_sub(from_s).div_ceil(86_400)
        };
        return Ok(open.oldest.iter().map(span).sum());
    }
    let page = u64::try_from(relay::POLL_PAGE)?;
    let limited = network.manifest().poll.as_ref().is_some_and(|poll| poll.per_minute.is_some());
    let mut calls = 0;
    for age in 0..AGES.len() {
        let counts: Vec<u64> =
            (0..schema::PARTS).map(|part| open.parts.get(&(age, part)).copied().unwrap_or(0)).collect();
        let cut = !limited && counts.first().is_some_and(|first| *first > page);
        let whole: u64 = counts.iter().sum();
        calls += if cut { counts.iter().map(|count| count.div_ceil(batch)).sum() } else { whole.div_ceil(batch) };
    }
    Ok(calls)
}

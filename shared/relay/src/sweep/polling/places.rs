//! Where a round stands among the orders of a class, and the pages it reads from there.

use std::sync::atomic::Ordering;

use lead::OrderId;
use networks::manifest::Asks;
use orders::{DueQuery, StoreError, Work};

use super::{Asked, Class, Round};
use crate::sweep::ages::Age;

/// How the note of a duty names the orders in doubt: no part of the due index has this number.
const IN_DOUBT: u8 = u8::MAX;

/// A page of orders, and where the next one starts.
pub(super) type Page = (Vec<Asked>, Option<Place>);

/// A place among the orders of a class: first those in doubt, then part by part, and in each the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Among the orders in doubt, which stand in one part and are asked for before the others of the first.
    in_doubt: bool,
    part: u8,
    /// The last order before it.
    last: Option<OrderId>,
}

impl Place {
    /// Where a part begins: the first one with what is in doubt.
    pub(super) const fn start_of(part: u8) -> Self {
        Self { in_doubt: part == 0, part, last: None }
    }

    /// Where a part begins, without what is in doubt.
    pub(super) const fn of_part(part: u8) -> Self {
        Self { in_doubt: false, part, last: None }
    }

    pub(super) fn after(asked: &Asked) -> Self {
        Self { in_doubt: asked.in_doubt, part: asked.part, last: Some(asked.due.id.clone()) }
    }

    /// The place as the note of a duty keeps it.
    pub(super) fn resume(&self) -> (u8, Option<String>) {
        let part = if self.in_doubt { IN_DOUBT } else { self.part };
        (part, self.last.as_ref().map(ToString::to_string))
    }

    pub(super) fn read((part, last): (u8, Option<String>)) -> Self {
        let last = last.and_then(|id| id.parse().ok());
        match (part, &last) {
            (IN_DOUBT, _) => Self { in_doubt: true, part: 0, last },
            (part, None) => Self::start_of(part),
            (part, Some(_)) => Self { in_doubt: false, part, last },
        }
    }

    /// Where to go on behind the last order of this part, below `end`.
    pub(super) fn next_part(&self, end: u8) -> Option<Self> {
        if self.in_doubt {
            return Some(Self::of_part(self.part));
        }
        Some(self.part + 1).filter(|part| *part < end).map(Self::of_part)
    }
}

impl Round<'_> {
    /// One page of orders of this class with something to ask, and where the next one before the part `end` starts.
    pub(super) async fn page(&self, class: &Class<'_>, from: &Place, end: u8) -> Result<Page, StoreError> {
        let &Place { in_doubt, part, ref last } = from;
        // By the network's own ids nobody can ask for what is in doubt.
        if in_doubt && self.network.asks() == Some(Asks::Network) {
            return Ok((Vec::new(), from.next_part(end)));
        }
        let work = if in_doubt { Work::LookUp } else { Work::Poll };
        let page = self.relay.store.due(&self.query(work, class.age, part), last.as_ref()).await?;
        if let Some(oldest) = page.due.first().filter(|_| !in_doubt) {
            let since_s = class.due_s.max(oldest.id.unix_ms() / 1000);
            self.tally.lag_s.fetch_max(self.now_s().saturating_sub(since_s), Ordering::Relaxed);
        }
        let asked = page.due.into_iter().map(|due| Asked { due, part, in_doubt }).collect();
        let next = match page.next {
            Some(last) => Some(Place { last: Some(last), ..from.clone() }),
            None => from.next_part(end),
        };
        Ok((asked, next))
    }

    /// Entries of the due index read at once: whole batches.
    pub(super) fn page_size(&self) -> usize {
        let batch = self.network.poll_batch().max(1);
        let page = self.relay.poll_page.max(1);
        page - page % batch.min(page)
    }

    fn query(&self, work: Work, age: &Age, part: u8) -> DueQuery {
        let ms_ago = |seconds: u64| self.cut_s.saturating_sub(seconds).saturating_mul(1000);
        DueQuery {
            work,
            account: self.target.name.clone(),
            part,
            // A run for everything knows no order that is too old.
            from_ms: Some(ms_ago(age.to_s)).filter(|_| !(self.run.all && age.is_last())),
            // The youngest class has no upper end: the clock of who stored an order may be ahead.
            to_ms: (age.from_s > 0).then(|| ms_ago(age.from_s)),
            page_size: self.page_size(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_noted() {
        let id = OrderId::new(1_700_000_000_000, "", 1);
        let doubted = Place { last: Some(id.clone()), ..Place::start_of(0) };
        for place in [Place::start_of(0), Place::start_of(3), doubted, Place { last: Some(id), ..Place::of_part(5) }] {
            assert_eq!(Place::read(place.resume()), place);
        }
        // A note of before: the first part from its beginning, with what is in doubt.
        assert_eq!(Place::read((0, None)), Place::start_of(0));
    }

    #[test]
    fn what_is_in_doubt_comes_before_the_first_part() {
        let mut place = Some(Place::start_of(0));
        let mut noted = Vec::new();
        while let Some(here) = place {
            noted.push(here.resume().0);
            place = here.next_part(3);
        }
        assert_eq!(noted, [IN_DOUBT, 0, 1, 2]);
    }
}

//! Networks that can only be asked for a window of time.

use orders::StoreError;
use orders::schema;

use super::asking::Called;
use super::places::Place;
use super::{Asked, Class, End, Round, add};
use crate::sweep::ages::Progress;

const DAY_S: u64 = 24 * 60 * 60;

/// Rows may be a little older than the clock says: each window begins this much earlier, in seconds.
const OVERLAP_S: u64 = 600;

impl Round<'_> {
    /// A network that only tells of a time window is asked for that of this age, a day a call.
    pub(super) async fn ask_by_window(&self, class: &Class<'_>, progress: &mut Progress) -> Result<End, StoreError> {
        let age = class.age;
        let mut open = Vec::new();
        let mut next = Some(Place::start_of(0));
        while let Some(place) = next {
            let (page, behind) = self.page(class, &place, schema::PARTS).await?;
            open.extend(page);
            next = behind;
        }
        let Some(oldest) = open.iter().map(|asked| asked.due.id.unix_ms() / 1000).min() else { return Ok(End::Done) };
        add(&self.tally.open, open.len());
        add(&self.tally.polled, open.len());
        let reach_s = self.network.window_days().map_or(u64::MAX, |days| u64::from(days) * DAY_S);
        let age_s = if self.run.all && age.is_last() { u64::MAX } else { age.to_s };
        let first = oldest.max(self.cut_s.saturating_sub(age_s.min(reach_s))).saturating_sub(OVERLAP_S);
        let resumed = progress.resume.take().and_then(|(_, from)| from?.parse::<u64>().ok());
        let mut from = resumed.unwrap_or(first).max(first);
        let to = self.cut_s.saturating_sub(age.from_s).saturating_add(OVERLAP_S);
        while from < to {
            let until = to.min(from.saturating_add(DAY_S));
            let end = match self.ask_window(class, &open, from, until).await? {
                End::Done => {
                    from = until;
                    continue;
                }
                end => end,
            };
            progress.resume = Some((0, Some(from.to_string())));
            return Ok(end);
        }
        Ok(End::Done)
    }

    async fn ask_window(&self, class: &Class<'_>, open: &[Asked], from: u64, until: u64) -> Result<End, StoreError> {
        let window = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(until).unwrap_or(i64::MAX));
        match self.send(class, &[], Some(window)).await {
            Called::Rows(rows) => {
                self.apply(open, rows).await?;
                Ok(End::Done)
            }
            Called::Ended(end) => Ok(end),
            Called::Bad(message) => Ok(End::Failing { message, pause_s: None }),
        }
    }
}

//! Applies news that came before its order: each piece has a turn, at every run at first, then later and later.

use orders::{ORPHAN_MS, ParkKey, StoreError, Turn};

use super::{Run, Sums, Target};
use crate::news::Waited;
use crate::relay::Relay;

/// So many turns of an account one run takes. Strays may be thousands a day; they wait, and keep no other work waiting.
const MOST: usize = 400;

/// What came so lately is tried at every run: its order may be on its way.
const FRESH_MS: u64 = 2 * 60 * 1000;
/// Older news is tried when it is about so old, and then once a day.
const LATER_MS: [u64; 2] = [6 * 60 * 1000, 66 * 60 * 1000];
const A_DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl Relay {
    /// Applies what found its order, of what is due. It takes a quarter of the time that is left at most, and what is due
    /// beyond is no unfinished work: the next run goes on.
    pub(super) async fn apply_parked(&self, run: &Run, target: &Target, sums: &mut Sums) -> Result<bool, StoreError> {
        let begun_ms = self.clock.now_ms();
        let stop_ms = begun_ms + run.stop_ms.saturating_sub(begun_ms) / 4;
        let mut turns = self.store.turns(&target.name, begun_ms / 1000, MOST).await?;
        if !turns.complete {
            self.store.give_turns(&target.name, begun_ms / 1000).await?;
            turns = self.store.turns(&target.name, begun_ms / 1000, MOST).await?;
        }
        let mut left = turns.due;
        while let Some(first) = left.first() {
            if self.clock.now_ms() >= stop_ms {
                break;
            }
            let key = first.key();
            let (together, others): (Vec<Turn>, Vec<Turn>) = left.into_iter().partition(|turn| turn.key() == key);
            left = others;
            match key {
                Some(key) => self.take_turns(target, &key, &together, sums).await?,
                None => self.drop_turns(target, &together).await?,
            }
        }
        Ok(true)
    }

    /// Tries all that waits for one order.
    async fn take_turns(
        &self,
        target: &Target,
        key: &ParkKey,
        turns: &[Turn],
        sums: &mut Sums,
    ) -> Result<(), StoreError> {
        let desk = self.news_of(&target.name, Some(&target.account.network));
        let Waited { applied, changed, still } = desk.apply_waiting(key).await?;
        sums.parked_applied += applied;
        sums.changed += changed;
        let now_ms = self.clock.now_ms();
        for turn in turns {
            let waits = still.iter().find(|parked| turn.is_of(parked));
            match waits.map(|parked| (parked, now_ms.saturating_sub(parked.news.at_ms))) {
                Some((parked, age_ms)) if age_ms <= ORPHAN_MS => {
                    let next_s = parked.news.at_ms.saturating_add(next_age_ms(age_ms)) / 1000;
                    self.store.put_off(&target.name, turn, next_s.max(now_ms / 1000), parked).await?;
                }
                // Applied, deleted, or an orphan by now.
                _ => self.store.drop_turn(&target.name, turn).await?,
            }
        }
        Ok(())
    }

    async fn drop_turns(&self, target: &Target, turns: &[Turn]) -> Result<(), StoreError> {
        for turn in turns {
            self.store.drop_turn(&target.name, turn).await?;
        }
        Ok(())
    }
}

/// The age at which news of this age is tried again.
fn next_age_ms(age_ms: u64) -> u64 {
    if age_ms < FRESH_MS {
        return age_ms;
    }
    LATER_MS.into_iter().find(|later| age_ms < *later).unwrap_or(age_ms + A_DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strays_are_tried_later_and_later() {
        let mut age_ms = 0;
        let mut tries = 0;
        // A run a minute.
        while age_ms <= ORPHAN_MS {
            tries += 1;
            age_ms = next_age_ms(age_ms).max(age_ms + 60_000);
        }
        assert_eq!(tries, 11);
    }
}

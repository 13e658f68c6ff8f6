//! How long to wait before what failed is tried again.

use std::time::Duration;

/// Pauses between the tries of one thing. Pure: time and chance are handed in.
///
/// Each pause has up to a fifth added, by a random number, so that what failed together is not tried together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pauses: Pauses,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pauses {
    Doubling { first: Duration, most: Duration },
    Listed(&'static [Duration]),
}

impl Backoff {
    /// A first pause, and each further one twice as long, up to `most`; without an end.
    #[must_use]
    pub const fn doubling(first: Duration, most: Duration) -> Self {
        Self { pauses: Pauses::Doubling { first, most } }
    }

    /// These pauses and no more.
    #[must_use]
    pub const fn listed(pauses: &'static [Duration]) -> Self {
        Self { pauses: Pauses::Listed(pauses) }
    }

    /// The pause after so many failures in a row (the first is 1), without chance. `None` where nothing is tried any
    /// more, which only listed pauses know.
    #[must_use]
    pub fn pause(&self, failures: u32) -> Option<Duration> {
        let before = failures.saturating_sub(1);
        match self.pauses {
            Pauses::Doubling { first, most } => {
                let grown = 1_u32.checked_shl(before).and_then(|times| first.checked_mul(times));
                Some(grown.map_or(most, |grown| grown.min(most)))
            }
            Pauses::Listed(pauses) => pauses.get(usize::try_from(before).ok()?).copied(),
        }
    }

    /// The last of the listed pauses, or the longest.
    #[must_use]
    pub fn longest(&self) -> Duration {
        match self.pauses {
            Pauses::Doubling { most, .. } => most,
            Pauses::Listed(pauses) => pauses.iter().max().copied().unwrap_or_default(),
        }
    }

    /// [`Backoff::pause`] with up to a fifth of it added, by the given random bits.
    #[must_use]
    pub fn spread(&self, failures: u32, random: u128) -> Option<Duration> {
        self.pause(failures).map(|pause| spread(pause, random))
    }
}

/// A pause with up to a fifth of it added, by the given random bits.
#[must_use]
pub fn spread(pause: Duration, random: u128) -> Duration {
    let fifth = pause.as_millis() / 5;
    let added = if fifth == 0 { 0 } else { (random & u128::from(u32::MAX)) % fifth };
    pause.saturating_add(Duration::from_millis(u64::try_from(added).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTES: Backoff = Backoff::doubling(Duration::from_mins(1), Duration::from_hours(1));

    #[test]
    fn pauses_double_up_to_the_longest_and_never_end() {
        let minutes: Vec<u64> = (1..=9).map(|failures| MINUTES.pause(failures).unwrap().as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(MINUTES.pause(0), MINUTES.pause(1));
        assert_eq!(MINUTES.pause(u32::MAX), Some(Duration::from_hours(1)));
    }

    #[test]
    fn listed_pauses_end_with_the_last() {
        const TWO: [Duration; 2] = [Duration::from_secs(5), Duration::from_mins(5)];
        let backoff = Backoff::listed(&TWO);
        assert_eq!(backoff.pause(1), Some(Duration::from_secs(5)));
        assert_eq!(backoff.pause(2), Some(Duration::from_mins(5)));
        assert_eq!(backoff.pause(3), None);
        assert_eq!(backoff.longest(), Duration::from_mins(5));
    }

    #[test]
    fn chance_adds_less_than_a_fifth_and_takes_nothing() {
        for random in [0, 1, 11_999, 12_000, u128::from(u32::MAX), u128::MAX] {
            let pause = MINUTES.spread(1, random).unwrap();
            assert!((Duration::from_mins(1)..Duration::from_secs(72)).contains(&pause), "{random}: {pause:?}");
        }
        assert_eq!(spread(Duration::from_millis(4), 7), Duration::from_millis(4));
    }
}

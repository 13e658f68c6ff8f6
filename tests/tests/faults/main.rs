//! Faults at random, under a seed: leads come in and runs are made while networks and the table fail in every way
//! known and functions are killed at any point, and then the books must be right.
//!
//! Rounds are those of the seeds 1, 2, 3 … for as long as [`SECONDS`]. `LEADRELAY_FAULTS_SECONDS=600` plays for so long, from a
//! seed that nobody knows before; `LEADRELAY_FAULTS_SEED=7` plays the round of that seed alone and tells what happened in it.

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod dice;
#[cfg(test)]
#[expect(dead_code, reason = "most of it is for the other tests")]
#[path = "../harness/mod.rs"]
mod harness;
#[cfg(test)]
mod idle;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod network;
#[cfg(test)]
mod round;
#[cfg(test)]
mod world;

#[cfg(test)]
mod suite {
    use std::collections::BTreeMap;
    use std::hash::{BuildHasher, RandomState};
    use std::io::Write;
    use std::num::NonZero;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::time::{Duration, Instant};

    use crate::chaos::{Chaos, Odds};
    use crate::dice::Dice;
    use crate::round::play;

    /// How long the suite plays.
    const SECONDS: Duration = Duration::from_secs(45);

    #[expect(clippy::disallowed_methods, reason = "these are settings of the suite, not of the relay")]
    fn setting(name: &str) -> Option<u64> {
        std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
    }

    /// Past what the test harness keeps to itself: a long run is watched.
    fn say(text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    fn odds(dice: &mut Dice) -> Odds {
        let (network, store, death) = (2 + dice.below(5), 3 + dice.below(20), 2 + dice.below(6));
        match dice.below(5) {
            0 => Odds { network, store: 0, death: 0 },
            1 => Odds { network: 0, store, death: 0 },
            2 => Odds { network, store: 0, death },
            _ => Odds { network, store, death },
        }
    }

    type Counts = BTreeMap<String, u64>;

    fn add(sums: &mut Counts, counts: Counts, before: &str) {
        for (name, count) in counts {
            *sums.entry(format!("{before}{name}")).or_default() += count;
        }
    }

    /// Plays the round of a seed. One that fails tells how to play it again.
    fn round(seed: u64, sums: &Mutex<Counts>, tell: bool) {
        let mut dice = Dice::new(seed);
        let odds = odds(&mut dice);
        let chaos = Chaos::new(&mut dice, odds);
        let played = catch_unwind(AssertUnwindSafe(|| play(&mut dice, &chaos, odds)));
        if tell || played.is_err() {
            say(&chaos.trace());
        }
        match played {
            Ok(ends) => {
                let mut sums = sums.lock().unwrap();
                add(&mut sums, chaos.counts(), "");
                add(&mut sums, ends, "ended ");
            }
            Err(failed) => {
                let again = format!("LEADRELAY_FAULTS_SEED={seed} cargo test -p flows --test faults");
                say(&format!("the round of seed {seed} fails; again: {again}"));
                resume_unwind(failed);
            }
        }
    }

    #[test]
    fn whatever_fails_nothing_is_lost_and_nothing_is_sent_twice() {
        let sums = Mutex::new(Counts::new());
        if let Some(seed) = setting("LEADRELAY_FAULTS_SEED") {
            return round(seed, &sums, true);
        }
        let asked = setting("LEADRELAY_FAULTS_SECONDS");
        let (first, time) =
            asked.map_or((1, SECONDS), |seconds| (RandomState::new().hash_one(0) >> 40, Duration::from_secs(seconds)));
        let (began, rounds) = (Instant::now(), AtomicU64::new(0));
        let players = std::thread::available_parallelism().map_or(1, NonZero::get);
        // The first round that fails ends the suite.
        let failed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..players {
                scope.spawn(|| {
                    while began.elapsed() < time && !failed.load(Ordering::SeqCst) {
                        let seed = first + rounds.fetch_add(1, Ordering::SeqCst);
                        let played = catch_unwind(AssertUnwindSafe(|| round(seed, &sums, false)));
                        failed.fetch_or(played.is_err(), Ordering::SeqCst);
                    }
                });
            }
        });
        let counts: Vec<String> =
            sums.lock().unwrap().iter().map(|(name, count)| format!("  {count:7} {name}")).collect();
        let (rounds, seconds) = (rounds.into_inner(), began.elapsed().as_secs());
        say(&format!("{rounds} rounds from seed {first} in {seconds} s:\n{}", counts.join("\n")));
        assert!(!failed.into_inner(), "a round has failed, see above");
    }
}

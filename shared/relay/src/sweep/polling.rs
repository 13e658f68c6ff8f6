//! Asks networks for statuses: by age, in batches, within each network's limits, and never twice at once.

use futures_util::{StreamExt, stream};
use networks::manifest::Asks;
use networks::{Network, Settings};
use orders::{Due, StoreError};

use super::ages::{Age, ages_of};
use super::pacer::Pacer;
use super::slices::{Notes, SLICES_AT_ONCE, Slice};
use super::{Run, RunError, Sums, Target};
use crate::relay::Relay;
use crate::telemetry::Line;

mod applying;
mod asking;
mod places;
mod rounds;
mod tally;
mod windows;

use rounds::Turn;
pub(super) use rounds::duty_name;
use tally::{Tally, add, read};

/// The duty of an account whose network limits calls: one runner at a time makes them, or the limit would hold for each.
const CALLS_DUTY: &str = "calls";

/// One account's polling within one process.
pub(super) struct Round<'a> {
    relay: &'a Relay,
    run: &'a Run,
    target: &'a Target,
    network: &'a Network,
    settings: Settings,
    /// When the round began, in seconds since 1970: the bounds of ages stand still in it. A pause counts from when the
    /// network failed: [`Round::now_s`].
    cut_s: u64,
    pacer: Pacer,
    tally: Tally,
}

/// What is asked for in one go.
struct Class<'a> {
    age: &'a Age,
    /// Since when it has been due, in seconds since 1970; 0 where it never was.
    due_s: u64,
    /// When it must be over.
    stop_ms: u64,
}

/// An order to ask for.
#[derive(Clone)]
struct Asked {
    due: Due,
    /// The part of the due index it stands in.
    part: u8,
    /// Whether the network has the lead at all is not known.
    in_doubt: bool,
}

/// How a part of a round ended.
enum End {
    Done,
    /// Time is up; the next run goes on.
    Stopped,
    /// The network does not answer or wants fewer calls.
    Failing {
        message: String,
        pause_s: Option<u64>,
    },
    /// One id after the other is refused: they may be to blame, or the account.
    Refusing {
        message: String,
    },
}

/// What became of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sliced {
    /// It is through, or has no work now.
    Over,
    /// Time is up; its note tells how far it came.
    Unfinished,
    /// Another runner has it.
    Held,
}

impl Relay {
    /// Asks for what is due. Tells whether that was finished.
    pub(super) async fn poll(&self, run: &Run, target: &Target, sums: &mut Sums) -> Result<bool, StoreError> {
        if target.network.as_deref().is_none_or(|network| !network.can_poll()) {
            return Ok(true);
        }
        let duties = self.store.duties(&target.name).await?;
        let notes = Notes { account: &target.name, duties, now_s: self.clock.now_ms() / 1000 };
        let ages = ages_of(&target.account.poll);
        if notes.are_paused(&ages) {
            return Ok(true);
        }
        let is_due = |age: &&Age| notes.of(age).is_due(age, notes.now_s, run.all);
        let due: Vec<&Age> = ages.iter().filter(is_due).collect();
        let others = ages.iter().filter(|age| !is_due(age));
        let left: Vec<(&Age, Vec<Slice>)> = others
            .map(|age| (age, notes.left(age, self.queue.is_some())))
            .filter(|(_, left)| !left.is_empty())
            .collect();
        if due.is_empty() && left.is_empty() {
            return Ok(true);
        }
        let Some(round) = Round::begin(self, run, target, sums).await else { return Ok(true) };
        if !round.may_call().await? {
            return Ok(false);
        }
        let mut failure = None;
        let finished = round.go(&notes, &ages, due, left, sums, &mut failure).await;
        round.has_called().await?;
        round.finish(None, failure, sums);
        finished
    }
}

impl<'a> Round<'a> {
    /// `None` where the account cannot be polled; why stands in the sums.
    pub(super) async fn begin(
        relay: &'a Relay,
        run: &'a Run,
        target: &'a Target,
        sums: &mut Sums,
    ) -> Option<Round<'a>> {
        let network = target.network.as_deref().filter(|network| network.can_poll())?;
        let settings = match relay.secrets.settings_of(&target.account).await {
            Ok(settings) => settings,
            Err(error) => {
                sums.errors.push(RunError { account: target.name.clone(), error: error.to_string() });
                return None;
            }
        };
        let cut_s = relay.clock.now_ms() / 1000;
        let pacer = Pacer::new(limit(network, target));
        Some(Round { relay, run, target, network, settings, cut_s, pacer, tally: Tally::default() })
    }

    fn now_s(&self) -> u64 {
        self.relay.clock.now_ms() / 1000
    }

    async fn go(
        &self,
        notes: &Notes<'_>,
        ages: &[Age],
        due: Vec<&Age>,
        left: Vec<(&Age, Vec<Slice>)>,
        sums: &mut Sums,
        failure: &mut Option<String>,
    ) -> Result<bool, StoreError> {
        let mut finished = true;
        let mut slices = Vec::new();
        let mut cut = Vec::new();
        for (age, left) in left {
            if self.relay.queue.is_none() || self.mark_sent(age).await? {
                slices.extend(left);
                cut.push(age);
            }
        }
        let mut error = None;
        for age in due {
            match self.turn(notes, age, self.stop_ms(ages, age)).await {
                Ok(Turn::Over) => {}
                Ok(Turn::Unfinished) => finished = false,
                Ok(Turn::Cut { round, due }) => {
                    slices.extend(notes.open(age, round, due));
                    cut.push(age);
                }
                Ok(Turn::Failed(message)) => {
                    *failure = Some(message);
                    // They are noted as sent and are not: the run that may call again sends them, not one in 20 minutes.
                    for age in cut {
                        self.mark_unsent(age).await?;
                    }
                    return Ok(finished);
                }
                // What the table did not do in this class keeps no other from being asked for.
                Err(failed) => error = error.or(Some(failed)),
            }
        }
        finished &= self.work_off(slices, sums).await?;
        error.map_or(Ok(finished), Err)
    }

    /// Sends slices to the queue, or works on them here, several at once. Tells whether they are finished or sent.
    async fn work_off(&self, slices: Vec<Slice>, sums: &mut Sums) -> Result<bool, StoreError> {
        if let Some(queue) = self.relay.queue.as_ref().filter(|_| !slices.is_empty()) {
            let bodies: Vec<String> = slices.iter().filter_map(|slice| serde_json::to_string(slice).ok()).collect();
            match queue.send(&bodies).await {
                Ok(taken) if taken == slices.len() => {
                    sums.slices += u64::try_from(taken).unwrap_or(u64::MAX);
                    return Ok(true);
                }
                // What the queue did take is worked on once all the same: by whoever takes its duty first.
                Ok(taken) => tracing::warn!(taken, "the queue did not take all slices; they are worked on here"),
                Err(error) => tracing::warn!(%error, "the queue takes no slices; they are worked on here"),
            }
        }
        let ages = ages_of(&self.target.account.poll);
        let known = slices.iter().filter_map(|slice| Some((ages.iter().find(|age| age.name == slice.age)?, slice)));
        // Collected first: a stream that maps what is borrowed makes a future that is not `Send` for every lifetime.
        let calls: Vec<_> = known.map(|(age, slice)| self.slice(age, slice)).collect();
        let mut ends = stream::iter(calls).buffer_unordered(SLICES_AT_ONCE);
        let mut finished = true;
        while let Some(end) = ends.next().await {
            finished &= end? == Sliced::Over;
        }
        Ok(finished)
    }

    /// Where calls are limited, a class of old orders makes way when a younger one is due again.
    fn stop_ms(&self, ages: &[Age], age: &Age) -> u64 {
        let younger = ages.iter().take_while(|other| other.name != age.name).map(|other| other.every_s).min();
        match younger.filter(|_| self.is_limited() && !self.run.all) {
            Some(every_s) => self.run.stop_ms.min(self.cut_s.saturating_add(every_s).saturating_mul(1000)),
            None => self.run.stop_ms,
        }
    }

    fn is_limited(&self) -> bool {
        limit(self.network, self.target).is_some()
    }

    /// Whether a round may be cut: each slice is asked for by whoever takes it, and none knows of the others' calls.
    fn may_cut(&self) -> bool {
        !self.is_limited() && self.network.asks() != Some(Asks::Window)
    }

    /// Takes the account's calls where they are limited.
    async fn may_call(&self) -> Result<bool, StoreError> {
        if !self.is_limited() {
            return Ok(true);
        }
        let (store, run) = (&self.relay.store, self.run);
        let taken = store.take_duty(&self.target.name, CALLS_DUTY, &run.id, self.now_s(), run.until_s()).await?;
        Ok(taken.is_some())
    }

    async fn has_called(&self) -> Result<(), StoreError> {
        if self.is_limited() {
            self.relay.store.give_back_duty(&self.target.name, CALLS_DUTY, &self.run.id, "").await?;
        }
        Ok(())
    }

    /// Adds what was done to the sums and writes the account's line. `slice` names what part of it this was.
    pub(super) fn finish(&self, slice: Option<String>, failure: Option<String>, sums: &mut Sums) {
        let tally = &self.tally;
        let failure = failure.or_else(|| tally.failure());
        let failures = u64::from(failure.is_some());
        if let Some(error) = failure {
            sums.errors.push(RunError { account: self.target.name.clone(), error });
        }
        sums.polled += read(&tally.polled);
        sums.calls += read(&tally.calls);
        sums.changed += read(&tally.changed);
        Line::new("polled")
            .with("network", self.network.slug())
            .with("account", self.target.name.clone())
            .with_some("slice", slice)
            .with("open", read(&tally.open))
            .with("polled", read(&tally.polled))
            .with("calls", read(&tally.calls))
            .with("changed", read(&tally.changed))
            .with("unmapped", read(&tally.unmapped))
            .with("missing", read(&tally.missing))
            .with("failed", read(&tally.failed))
            .with("oldest_lag_s", read(&tally.lag_s))
            .with("poll_lag_s", read(&tally.lag_s))
            .with("status_changes", read(&tally.changed))
            .with("unmapped_words", read(&tally.unmapped))
            .with("poll_failures", failures)
            .write(self.relay.clock.now_ms());
    }
}

/// The calls a minute an account may make: the network's limit, or the account's own where that is lower.
fn limit(network: &Network, target: &Target) -> Option<u32> {
    let theirs = network.manifest().poll.as_ref().and_then(|poll| poll.per_minute).filter(|limit| *limit > 0);
    theirs.into_iter().chain(target.account.calls_per_minute).min()
}

//! Rounds: once through all orders of one class of age, or of one slice of it, under a duty that only one runner has.

use futures_util::{StreamExt, stream};
use networks::PollFailure;
use networks::manifest::Asks;
use orders::{StoreError, schema};

use super::places::{Page, Place};
use super::{Asked, Class, End, Round, Sliced, add};
use crate::sweep::ages::{Age, Progress};
use crate::sweep::pacer::IN_FLIGHT;
use crate::sweep::slices::{Notes, Slice};

/// How a class's turn ended.
pub(super) enum Turn {
    Over,
    Unfinished,
    /// It is much: its parts are slices of the round that began then, which was due since then.
    Cut {
        round: u64,
        due: u64,
    },
    Failed(String),
}

/// The duty of a class of age.
pub(in crate::sweep) fn duty_name(age: &Age) -> String {
    format!("poll#{}", age.name)
}

impl Round<'_> {
    /// One class of age, if no other run has it.
    pub(super) async fn turn(&self, notes: &Notes<'_>, age: &Age, stop_ms: u64) -> Result<Turn, StoreError> {
        let (store, account, name) = (&self.relay.store, &self.target.name, duty_name(age));
        let (now_s, until_s) = (self.now_s(), self.run.until_s());
        let Some(duty) = store.take_duty(account, &name, &self.run.id, now_s, until_s).await? else {
            return Ok(Turn::Unfinished);
        };
        let mut progress = Progress::read(&duty.note);
        if !progress.is_due(age, now_s, self.run.all) {
            store.give_back_duty(account, &name, &self.run.id, &duty.note).await?;
            return Ok(Turn::Over);
        }
        let class = Class { age, due_s: progress.due_since_s(age), stop_ms };
        let before_s = progress.began_s;
        let begins = progress.resume.is_none();
        if begins {
            progress.began_s = now_s;
        }
        let end = if self.network.asks() == Some(Asks::Window) {
            self.ask_by_window(&class, &mut progress).await?
        } else {
            let may_cut = begins && self.may_cut();
            let first = if may_cut { Some(self.page(&class, &Place::of_part(0), 1).await?) } else { None };
            if first.as_ref().is_some_and(|(_, next)| next.is_some()) {
                let sent_s = if self.relay.queue.is_some() { now_s } else { 0 };
                // Failures are forgotten once a round is through; of one that was cut that shows a round later.
                let failures = if notes.open(age, before_s, 0).is_empty() { 0 } else { progress.failures };
                let cut = Progress { began_s: now_s, cut: true, sent_s, failures, ..Progress::default() };
                store.give_back_duty(account, &name, &self.run.id, &cut.note()).await?;
                return Ok(Turn::Cut { round: now_s, due: class.due_s });
            }
            self.ask_by_ids(&class, &mut progress, first).await?
        };
        let turn = match end {
            End::Done => {
                progress = Progress { began_s: progress.began_s, ..Progress::default() };
                Turn::Over
            }
            End::Stopped => Turn::Unfinished,
            End::Failing { message, pause_s } => {
                progress.pause(self.now_s(), pause_s, true);
                self.warn(age, &progress, &message);
                Turn::Failed(message)
            }
            End::Refusing { message } => {
                progress.pause(self.now_s(), None, false);
                self.warn(age, &progress, &message);
                Turn::Failed(message)
            }
        };
        store.give_back_duty(account, &name, &self.run.id, &progress.note()).await?;
        Ok(turn)
    }

    /// One slice, if no other runner has it and it is not through.
    pub(in crate::sweep) async fn slice(&self, age: &Age, slice: &Slice) -> Result<Sliced, StoreError> {
        let now_ms = self.relay.clock.now_ms();
        if now_ms >= self.run.stop_ms {
            return Ok(Sliced::Unfinished);
        }
        let (store, account, name, holder) = (&self.relay.store, &self.target.name, slice.duty(), &self.run.id);
        let until_s = self.run.until_s();
        let Some(duty) = store.take_duty(account, &name, holder, now_ms / 1000, until_s).await? else {
            return Ok(Sliced::Held);
        };
        let mut progress = Progress::read(&duty.note);
        if progress.is_through(slice.round) {
            store.give_back_duty(account, &name, holder, &duty.note).await?;
            return Ok(Sliced::Over);
        }
        // A round that overtakes an unfinished one goes on where that stopped: the oldest are not always asked first.
        let from = progress.resume.take().map_or_else(|| Place::start_of(slice.part), Place::read);
        progress.began_s = progress.began_s.max(slice.round);
        let class = Class { age, due_s: slice.due, stop_ms: self.run.stop_ms };
        let (end, place) = self.ask_from(&class, from, slice.part + 1, None).await?;
        let sliced = match end {
            End::Done => {
                progress = Progress { began_s: progress.began_s, ..Progress::default() };
                Sliced::Over
            }
            End::Stopped => {
                progress.resume = Some(place.resume());
                Sliced::Unfinished
            }
            End::Failing { message, pause_s } => {
                self.pacer.stop();
                self.tally.failed_by(&message);
                progress.resume = Some(place.resume());
                self.pause(age, pause_s, true, &message).await?;
                Sliced::Over
            }
            End::Refusing { message } => {
                progress.resume = Some(place.resume());
                self.pause(age, None, false, &message).await?;
                Sliced::Over
            }
        };
        store.give_back_duty(account, &name, holder, &progress.note()).await?;
        Ok(sliced)
    }

    /// Lets a class that is cut, or the `whole` account, alone for a while; the runner that is faster says how long.
    async fn pause(&self, age: &Age, asked_s: Option<u64>, whole: bool, message: &str) -> Result<(), StoreError> {
        let now_s = self.now_s();
        let change = |progress: &mut Progress| {
            if progress.is_paused(now_s) {
                return;
            }
            progress.pause(now_s, asked_s, whole);
            progress.sent_s = 0;
            self.warn(age, progress, message);
        };
        self.change_note(age, change).await.map(|_| ())
    }

    /// Notes that the slices of a class are sent now; `false` where another run is at it.
    pub(super) async fn mark_sent(&self, age: &Age) -> Result<bool, StoreError> {
        let now_s = self.now_s();
        self.change_note(age, |progress| progress.sent_s = now_s).await
    }

    /// Notes that the slices of a class are sent no more: the next run that may call sends them.
    pub(super) async fn mark_unsent(&self, age: &Age) -> Result<(), StoreError> {
        self.change_note(age, |progress| progress.sent_s = 0).await.map(|_| ())
    }

    async fn change_note(&self, age: &Age, change: impl FnOnce(&mut Progress)) -> Result<bool, StoreError> {
        let (store, account, name, holder) = (&self.relay.store, &self.target.name, duty_name(age), &self.run.id);
        // Not this run's own name: two slices of one run must not take it from each other.
        let holder = format!("{holder}-{}", self.relay.clock.random() % 1_000_000_007);
        let until_s = self.run.until_s();
        let Some(duty) = store.take_duty(account, &name, &holder, self.now_s(), until_s).await? else {
            return Ok(false);
        };
        let mut progress = Progress::read(&duty.note);
        change(&mut progress);
        store.give_back_duty(account, &name, &holder, &progress.note()).await
    }

    fn warn(&self, age: &Age, progress: &Progress, message: &str) {
        let (account, network) = (&self.target.name, self.network.slug());
        let failures = progress.failures;
        let message = PollFailure::without_their_words(message);
        tracing::warn!(account, network, age = age.name, failures, "status calls fail: {message}");
    }

    /// All parts of a class, from where an earlier run stopped.
    async fn ask_by_ids(
        &self,
        class: &Class<'_>,
        progress: &mut Progress,
        first: Option<Page>,
    ) -> Result<End, StoreError> {
        let from = progress.resume.take().map_or_else(|| Place::start_of(0), Place::read);
        let (end, place) = self.ask_from(class, from, schema::PARTS, first).await?;
        if !matches!(end, End::Done) {
            progress.resume = Some(place.resume());
        }
        Ok(end)
    }

    /// The parts of a class from a place on and up to `end`; the first page of the first part may be there already.
    /// Beside how it ended: the place up to which all are asked for. What was in flight behind it is asked for again.
    ///
    /// Batches are filled across pages and parts: a network is not called eight times for eight orders.
    async fn ask_from(
        &self,
        class: &Class<'_>,
        from: Place,
        end: u8,
        mut first: Option<Page>,
    ) -> Result<(End, Place), StoreError> {
        let at_once = self.page_size();
        let mut done = from.clone();
        let mut next = Some(from);
        let mut waiting: Vec<Asked> = Vec::new();
        while let Some(place) = next {
            let here = first.take_if(|_| place == Place::of_part(0));
            let (page, behind) = if let Some((page, behind)) = here {
                (page, behind.or_else(|| place.next_part(end)))
            } else {
                self.page(class, &place, end).await?
            };
            next = behind;
            waiting.extend(page);
            while waiting.len() >= at_once || (next.is_none() && !waiting.is_empty()) {
                let rest = waiting.split_off(at_once.min(waiting.len()));
                let asked = std::mem::replace(&mut waiting, rest);
                let (ended, last) = self.ask_page(class, &asked).await?;
                done = last.unwrap_or(done);
                if !matches!(ended, End::Done) {
                    return Ok((ended, done));
                }
            }
        }
        Ok((End::Done, done))
    }

    /// Asks for a page. Beside how it ended: the place up to which all are asked for.
    async fn ask_page(&self, class: &Class<'_>, page: &[Asked]) -> Result<(End, Option<Place>), StoreError> {
        add(&self.tally.open, page.len());
        let batches: Vec<&[Asked]> = page.chunks(self.network.poll_batch().max(1)).collect();
        // Collected first: a stream that maps borrowed batches makes a future that is not `Send` for every lifetime.
        let calls: Vec<_> = batches.iter().map(|batch| self.ask_batch(class, batch)).collect();
        let mut ends = stream::iter(calls).buffered(IN_FLIGHT);
        let mut last = None;
        for batch in batches {
            let Some(end) = ends.next().await else { break };
            let end = end?;
            // Refused ones are passed over: asked for again first thing, they would stop every round here.
            if matches!(end, End::Done | End::Refusing { .. }) {
                last = batch.last().map(Place::after).or(last);
            }
            if !matches!(end, End::Done) {
                return Ok((end, last));
            }
        }
        Ok((End::Done, last))
    }
}

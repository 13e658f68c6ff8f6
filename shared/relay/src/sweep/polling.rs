//! Asks networks for statuses: by age, in batches, within each network's limits, and never twice at once.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt, stream};
use lead::OrderId;
use networks::manifest::Asks;
use networks::{Network, Settings};
use orders::{Due, DueQuery, StoreError, Work, schema};

use self::asking::Called;
use super::ages::{AGES, Age, Progress};
use super::{MARGIN_MS, Run, RunError, Sums, Target};
use crate::relay::Relay;

mod applying;
mod asking;

const PAGE: usize = 500;

/// Calls in flight for one account of a network without a known limit.
const IN_FLIGHT: usize = 4;

const DAY_S: u64 = 24 * 60 * 60;

/// Rows may be a little older than the clock says: each window begins this much earlier, in seconds.
const OVERLAP_S: u64 = 600;

/// One account's polling within a run.
struct Round<'a> {
    relay: &'a Relay,
    run: &'a Run,
    target: &'a Target,
    network: &'a Network,
    settings: &'a Settings,
    now_s: u64,
    next_call_ms: AtomicU64,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    open: AtomicU64,
    polled: AtomicU64,
    calls: AtomicU64,
    changed: AtomicU64,
    unmapped: AtomicU64,
    missing: AtomicU64,
    failed: AtomicU64,
}

fn add(counter: &AtomicU64, number: usize) {
    counter.fetch_add(u64::try_from(number).unwrap_or(u64::MAX), Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// An order to ask for.
#[derive(Clone)]
struct Asked {
    due: Due,
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
}

impl Relay {
    pub(super) async fn poll(&self, run: &Run, target: &Target, sums: &mut Sums) -> Result<(), StoreError> {
        let Some(network) = target.network.as_deref().filter(|network| network.can_poll()) else { return Ok(()) };
        let duties = self.store.duties(&target.name).await?;
        let now_s = self.clock.now_ms() / 1000;
        let due: Vec<&Age> = AGES
            .iter()
            .filter(|age| {
                let duty = duties.get(&duty_name(age));
                Progress::read(duty.map_or("", |duty| &duty.note)).is_due(age, now_s, run.all)
            })
            .collect();
        if due.is_empty() {
            return Ok(());
        }
        let settings = match self.secrets.settings_of(&target.account).await {
            Ok(settings) => settings,
            Err(error) => {
                sums.errors.push(RunError { account: target.name.clone(), error: error.to_string() });
                return Ok(());
            }
        };
        let round = Round {
            relay: self,
            run,
            target,
            network,
            settings: &settings,
            now_s,
            next_call_ms: AtomicU64::new(0),
            tally: Tally::default(),
        };
        for age in due {
            match round.turn(age).await? {
                Turn::Over => {}
                Turn::Unfinished => sums.remaining += 1,
                Turn::Failed(error) => {
                    sums.errors.push(RunError { account: target.name.clone(), error });
                    break;
                }
            }
        }
        round.finish(sums);
        Ok(())
    }
}

enum Turn {
    Over,
    Unfinished,
    Failed(String),
}

fn duty_name(age: &Age) -> String {
    format!("poll#{}", age.name)
}

impl Round<'_> {
    /// One class of age, if no other run has it.
    async fn turn(&self, age: &Age) -> Result<Turn, StoreError> {
        let (store, account, name) = (&self.relay.store, &self.target.name, duty_name(age));
        let until_s = (self.run.stop_ms + MARGIN_MS) / 1000;
        let Some(duty) = store.take_duty(account, &name, &self.run.id, self.now_s, until_s).await? else {
            return Ok(Turn::Unfinished);
        };
        let mut progress = Progress::read(&duty.note);
        if !progress.is_due(age, self.now_s, self.run.all) {
            store.give_back_duty(account, &name, &self.run.id, &duty.note).await?;
            return Ok(Turn::Over);
        }
        if progress.resume.is_none() {
            progress.began_s = self.now_s;
        }
        let end = match self.network.asks() {
            Some(Asks::Window) => self.ask_by_window(age).await?,
            _ => self.ask_by_ids(age, &mut progress).await?,
        };
        let turn = match end {
            End::Done => {
                progress = Progress { began_s: progress.began_s, ..Progress::default() };
                Turn::Over
            }
            End::Stopped => Turn::Unfinished,
            End::Failing { message, pause_s } => {
                progress.pause(self.now_s, pause_s);
                let (network, failures) = (self.network.slug(), progress.failures);
                tracing::warn!(account, network, age = age.name, failures, "status calls fail: {message}");
                Turn::Failed(message)
            }
        };
        store.give_back_duty(account, &name, &self.run.id, &progress.note()).await?;
        Ok(turn)
    }

    async fn ask_by_ids(&self, age: &Age, progress: &mut Progress) -> Result<End, StoreError> {
        let (first_part, mut start) = match progress.resume.take() {
            Some((part, last)) => (part, last.and_then(|id| id.parse::<OrderId>().ok())),
            None => (0, None),
        };
        for part in first_part..schema::PARTS {
            loop {
                let (page, next) = self.page(age, part, start.as_ref()).await?;
                let end = self.ask_page(&page).await?;
                if !matches!(end, End::Done) {
                    // The page is asked again: nothing of it is skipped, and what was applied is known by now.
                    progress.resume = Some((part, start.as_ref().map(ToString::to_string)));
                    return Ok(end);
                }
                start = next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(End::Done)
    }

    /// One page of orders of this age with something to ask, and where the next one starts.
    async fn page(
        &self,
        age: &Age,
        part: u8,
        start: Option<&OrderId>,
    ) -> Result<(Vec<Asked>, Option<OrderId>), StoreError> {
        let page = self.relay.store.due(&self.query(Work::Poll, age, part), start).await?;
        let mut asked: Vec<Asked> = page.due.into_iter().map(|due| Asked { due, in_doubt: false }).collect();
        // What is in doubt is little and stands in one part: it is asked for with the first page.
        if start.is_none() && part == 0 && self.network.asks() != Some(Asks::Network) {
            let in_doubt = self.relay.store.due(&self.query(Work::LookUp, age, part), None).await?;
            asked.extend(in_doubt.due.into_iter().map(|due| Asked { due, in_doubt: true }));
        }
        add(&self.tally.open, asked.len());
        Ok((asked, page.next))
    }

    fn query(&self, work: Work, age: &Age, part: u8) -> DueQuery {
        let ms_ago = |seconds: u64| self.now_s.saturating_sub(seconds).saturating_mul(1000);
        DueQuery {
            work,
            account: self.target.name.clone(),
            part,
            from_ms: Some(ms_ago(age.to_s)),
            // The youngest class has no upper end: the clock of who stored an order may be ahead.
            to_ms: (age.from_s > 0).then(|| ms_ago(age.from_s)),
            page_size: PAGE,
        }
    }

    async fn ask_page(&self, page: &[Asked]) -> Result<End, StoreError> {
        let in_flight = if self.limit().is_some() { 1 } else { IN_FLIGHT };
        // Collected first: a stream that maps borrowed batches makes a future that is not `Send` for every lifetime.
        let batches = page.chunks(self.network.poll_batch().max(1));
        let calls: Vec<_> = batches.map(|batch| self.ask_batch(batch)).collect();
        let mut ends = stream::iter(calls).buffer_unordered(in_flight);
        while let Some(end) = ends.next().await {
            let end = end?;
            if !matches!(end, End::Done) {
                return Ok(end);
            }
        }
        Ok(End::Done)
    }

    /// A network that only tells of a time window is asked for that of this age, a day a call.
    async fn ask_by_window(&self, age: &Age) -> Result<End, StoreError> {
        let mut open = Vec::new();
        for part in 0..schema::PARTS {
            let mut start = None;
            loop {
                let (page, next) = self.page(age, part, start.as_ref()).await?;
                open.extend(page);
                start = next;
                if start.is_none() {
                    break;
                }
            }
        }
        let reach_s = self.network.window_days().map_or(u64::MAX, |days| u64::from(days) * DAY_S);
        let Some(oldest) = open.iter().map(|asked| asked.due.id.unix_ms() / 1000).min() else { return Ok(End::Done) };
        let mut from = oldest.max(self.now_s.saturating_sub(age.to_s.min(reach_s))).saturating_sub(OVERLAP_S);
        let to = self.now_s.saturating_sub(age.from_s).saturating_add(OVERLAP_S);
        let mut rows = Vec::new();
        while from < to {
            if self.relay.clock.now_ms() >= self.run.stop_ms || !self.pace().await {
                return Ok(End::Stopped);
            }
            let until = to.min(from.saturating_add(DAY_S));
            let window = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(until).unwrap_or(i64::MAX));
            match self.send(&[], Some(window)).await {
                Called::Rows(more) => rows.extend(more),
                Called::Failing(end) => return Ok(end),
                Called::Bad(message) => return Ok(End::Failing { message, pause_s: None }),
            }
            from = until;
        }
        add(&self.tally.polled, open.len());
        self.apply(&open, rows).await?;
        Ok(End::Done)
    }

    fn finish(&self, sums: &mut Sums) {
        let tally = &self.tally;
        sums.polled += read(&tally.polled);
        sums.calls += read(&tally.calls);
        sums.changed += read(&tally.changed);
        tracing::info!(
            account = self.target.name,
            network = self.network.slug(),
            open = read(&tally.open),
            polled = read(&tally.polled),
            calls = read(&tally.calls),
            changed = read(&tally.changed),
            unmapped = read(&tally.unmapped),
            missing = read(&tally.missing),
            failed = read(&tally.failed),
            "polled"
        );
    }
}

//! The rounds: every subject in turn, again and again, so that a slow minute of the machine falls on all of them.

use std::time::Duration;

use serde::Serialize;

use crate::event::Events;
use crate::failure::Failure;
use crate::output::note;
use crate::runtime::Invoker;
use crate::subject::{Subject, Work};

/// How many times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) starts: u32,
    pub(crate) warm: u32,
}

/// The figures of one subject. Times are medians; of CPU, all threads count.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) name: &'static str,
    pub(crate) package_kb: f64,
    pub(crate) start_wall_ms: f64,
    pub(crate) start_cpu_ms: f64,
    pub(crate) first_wall_ms: f64,
    pub(crate) first_cpu_ms: f64,
    /// Start and first event together.
    pub(crate) cold_wall_ms: f64,
    pub(crate) cold_cpu_ms: f64,
    pub(crate) warm_p50_us: f64,
    pub(crate) warm_p99_us: f64,
    pub(crate) warm_cpu_us: f64,
    pub(crate) resident_mb: f64,
}

#[derive(Debug, Default)]
struct Samples {
    start_wall: Vec<Duration>,
    start_cpu: Vec<Duration>,
    first_wall: Vec<Duration>,
    first_cpu: Vec<Duration>,
    cold_wall: Vec<Duration>,
    cold_cpu: Vec<Duration>,
    warm_wall: Vec<Duration>,
    /// CPU time of one event, the mean of each turn.
    warm_cpu: Vec<Duration>,
    resident: u64,
}

/// Turns that the warm events are sent in.
const TURNS: u32 = 30;
/// Events before warm ones count, at most.
const WARMING_UP: u32 = 200;
/// A scheduled run makes dozens of reads: it gets one event where others get this many.
const SWEEP_SHARE: u32 = 10;

/// Measures all subjects.
pub(crate) fn all(subjects: &[Subject], counts: Counts) -> Result<Vec<Figures>, Failure> {
    let mut events = Events::default();
    let mut samples: Vec<Samples> = subjects.iter().map(|_| Samples::default()).collect();
    note(format_args!("measuring {} starts of {} subjects", counts.starts, subjects.len()));
    for _ in 0..counts.starts {
        for (subject, samples) in subjects.iter().zip(&mut samples) {
            start(subject, &mut events, samples)?;
        }
    }
    let mut running = Vec::new();
    for (subject, samples) in subjects.iter().zip(&mut samples) {
        // One more start; its figures count like the others'.
        running.push((subject, start(subject, &mut events, samples)?, samples));
    }
    let turns = TURNS.min(counts.warm);
    note(format_args!("measuring {} warm events of each", counts.warm));
    for (subject, invoker, _) in &mut running {
        for _ in 0..share(subject, counts.warm.min(WARMING_UP)) {
            call(subject, invoker, &mut events)?;
        }
    }
    for _ in 0..turns {
        for (subject, invoker, samples) in &mut running {
            turn(subject, invoker, &mut events, share(subject, counts.warm / turns), samples)?;
        }
    }
    for (_, invoker, samples) in &mut running {
        samples.resident = invoker.resident()?;
    }
    drop(running);
    Ok(subjects.iter().zip(samples).map(|(subject, samples)| samples.figures(subject)).collect())
}

fn share(subject: &Subject, events: u32) -> u32 {
    if subject.work == Work::Sweep { events.div_ceil(SWEEP_SHARE) } else { events }
}

fn start(subject: &Subject, events: &mut Events, samples: &mut Samples) -> Result<Invoker, Failure> {
    let named = |error: Failure| Failure::new(format!("{}: {error}", subject.name));
    let started = Invoker::start(&subject.program, events.next(subject.work)?).map_err(named)?;
    events.check(subject.work, &started.first.body).map_err(named)?;
    samples.start_wall.push(started.wall);
    samples.start_cpu.push(started.cpu);
    samples.first_wall.push(started.first.wall);
    samples.first_cpu.push(started.first_cpu);
    samples.cold_wall.push(started.wall + started.first.wall);
    samples.cold_cpu.push(started.cpu + started.first_cpu);
    Ok(started.invoker)
}

fn call(subject: &Subject, invoker: &mut Invoker, events: &mut Events) -> Result<Duration, Failure> {
    let named = |error: Failure| Failure::new(format!("{}: {error}", subject.name));
    let answered = invoker.call(events.next(subject.work)?).map_err(named)?;
    events.check(subject.work, &answered.body).map_err(named)?;
    Ok(answered.wall)
}

fn turn(
    subject: &Subject,
    invoker: &mut Invoker,
    events: &mut Events,
    count: u32,
    samples: &mut Samples,
) -> Result<(), Failure> {
    let before = invoker.cpu()?;
    for _ in 0..count {
        samples.warm_wall.push(call(subject, invoker, events)?);
    }
    samples.warm_cpu.push(invoker.cpu()?.saturating_sub(before) / count);
    Ok(())
}

impl Samples {
    fn figures(self, subject: &Subject) -> Figures {
        let ms = |times: Vec<Duration>| percentile(times, 50).as_secs_f64() * 1e3;
        let us = |times: Vec<Duration>, percent| percentile(times, percent).as_secs_f64() * 1e6;
        Figures {
            name: subject.name,
            package_kb: thousands(subject.package),
            start_wall_ms: ms(self.start_wall),
            start_cpu_ms: ms(self.start_cpu),
            first_wall_ms: ms(self.first_wall),
            first_cpu_ms: ms(self.first_cpu),
            cold_wall_ms: ms(self.cold_wall),
            cold_cpu_ms: ms(self.cold_cpu),
            warm_p50_us: us(self.warm_wall.clone(), 50),
            warm_p99_us: us(self.warm_wall, 99),
            warm_cpu_us: us(self.warm_cpu, 50),
            resident_mb: thousands(self.resident) / 1e3,
        }
    }
}

/// A number of bytes in thousands of bytes, to the next whole one.
fn thousands(bytes: u64) -> f64 {
    u32::try_from(bytes.div_ceil(1000)).map_or(f64::INFINITY, f64::from)
}

fn percentile(mut times: Vec<Duration>, percent: usize) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get((last * percent).div_ceil(100)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<Duration> = (1..=101).map(Duration::from_millis).collect();
        for (percent, wanted) in [(0, 1), (50, 51), (99, 100), (100, 101)] {
            assert_eq!(percentile(times.clone(), percent), Duration::from_millis(wanted));
        }
        assert_eq!(percentile(Vec::new(), 50), Duration::ZERO);
    }

    #[test]
    fn bytes_are_rounded_up() {
        assert_eq!((thousands(0), thousands(1), thousands(2_000)), (0.0, 1.0, 2.0));
    }
}

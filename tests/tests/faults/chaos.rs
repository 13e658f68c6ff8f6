//! What goes wrong in a round: faults of the network and of the table, deaths of the function.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use tokio::sync::watch;

use crate::dice::Dice;
use crate::harness::Fate;

/// How often each kind goes wrong: once in so many times, or never where that is 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Odds {
    pub(crate) network: u64,
    pub(crate) store: u64,
    pub(crate) death: u64,
}

/// Where a call of a handler ends before its time: its future is dropped, as Lambda drops a function.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Death {
    /// When it was polled so often.
    Poll(u64),
    /// At its so many-th call of the table, before that is carried out.
    BeforeCall(u64),
    /// The same, after it.
    AfterCall(u64),
    /// When the network has its request.
    Request,
}

/// What happened since [`Chaos::begin`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Disturbance {
    /// Calls of the table that went wrong.
    pub(crate) store: u64,
    /// Requests whose connection broke before the network had read them.
    pub(crate) unread: u64,
    pub(crate) deaths: u64,
}

pub(crate) struct Chaos {
    state: Mutex<State>,
    killed: watch::Sender<bool>,
}

struct State {
    /// None once the faults have stopped.
    odds: Option<Odds>,
    /// Gives each step dice of its own: what goes otherwise in one step changes no throw of the next.
    of_steps: Dice,
    of_store: Dice,
    of_network: Dice,
    of_death: Dice,
    /// A fault of the table that goes on for so many calls.
    outage: Option<(Fate, u64)>,
    death: Option<Death>,
    counts: BTreeMap<String, u64>,
    now: Disturbance,
    trace: Vec<String>,
}

const WRITES: [&str; 4] = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];

impl Chaos {
    pub(crate) fn new(dice: &mut Dice, odds: Odds) -> Arc<Self> {
        let state = State {
            odds: None,
            of_steps: dice.split(),
            of_store: dice.split(),
            of_network: dice.split(),
            of_death: dice.split(),
            outage: None,
            death: None,
            counts: BTreeMap::new(),
            now: Disturbance::default(),
            trace: vec![format!("{odds:?}")],
        };
        Arc::new(Self { state: Mutex::new(state), killed: watch::Sender::new(false) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Lets things go wrong from now on, or no more.
    pub(crate) fn set(&self, odds: Option<Odds>) {
        let mut state = self.state();
        (state.odds, state.outage) = (odds, None);
    }

    pub(crate) fn begin(&self, what: String) {
        let mut state = self.state();
        state.now = Disturbance::default();
        let mut dice = state.of_steps.split();
        (state.of_store, state.of_network, state.of_death) = (dice.split(), dice.split(), dice.split());
        state.outage = None;
        state.trace.push(what);
    }

    pub(crate) fn disturbance(&self) -> Disturbance {
        self.state().now
    }

    pub(crate) fn tell(&self, what: String) {
        self.state().trace.push(what);
    }

    /// What happened, oldest first.
    pub(crate) fn trace(&self) -> String {
        self.state().trace.join("\n")
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.state().counts.clone()
    }

    /// What becomes of a call of the table.
    pub(crate) fn fate(&self, operation: &str) -> Fate {
        let mut state = self.state();
        match &mut state.death {
            Some(Death::BeforeCall(0)) => {
                self.kill(&mut state);
                return Fate::Reset;
            }
            Some(Death::AfterCall(0)) => {
                self.kill(&mut state);
                return Fate::LoseAnswer;
            }
            Some(Death::BeforeCall(left) | Death::AfterCall(left)) => *left -= 1,
            _ => {}
        }
        let fate = state.fate(operation);
        if fate != Fate::Pass {
            state.now.store += 1;
            let name = match &fate {
                Fate::Late(_) => "Late".to_owned(),
                Fate::Refuse(_, code) => (*code).to_owned(),
                fate => format!("{fate:?}"),
            };
            state.count(format!("store {name}"));
        }
        fate
    }

    /// A throw of the network's dice: none where all goes well.
    pub(crate) fn of_network<T>(&self, throw: impl FnOnce(&mut Dice) -> T) -> Option<T> {
        let mut state = self.state();
        let odds = state.odds?;
        state.of_network.once_in(odds.network).then(|| throw(&mut state.of_network))
    }

    /// Counts a fault of the network, and dies of its request where that was to be.
    pub(crate) fn on_request(&self, fault: Option<&str>) {
        let mut state = self.state();
        if let Some(fault) = fault {
            state.count(format!("network {fault}"));
        }
        if matches!(state.death, Some(Death::Request)) {
            self.kill(&mut state);
        }
    }

    pub(crate) fn on_unread(&self, fault: &str) {
        let mut state = self.state();
        state.now.unread += 1;
        state.count(format!("network {fault}"));
    }

    fn kill(&self, state: &mut State) {
        if let Some(death) = state.death.take() {
            state.died(death);
            self.killed.send_replace(true);
        }
    }

    /// The death of a call that makes some `calls` of the table, if it is to die. Of calls at one moment only the polls
    /// of each can be told apart.
    pub(crate) fn doom(&self, calls: u64, alone: bool) -> Option<Death> {
        let mut state = self.state();
        let odds = state.odds?;
        let dice = &mut state.of_death;
        if !dice.once_in(odds.death) {
            return None;
        }
        let (call, poll) = (dice.below(calls), 1 + dice.below(10 * calls));
        let deaths = [Death::Poll(poll), Death::BeforeCall(call), Death::AfterCall(call), Death::Request];
        Some(if alone { dice.pick(&deaths) } else { Death::Poll(poll) })
    }

    /// Runs a handler's call until it is over or dies; `None` where it died.
    pub(crate) async fn mortal<T>(&self, death: Option<Death>, call: impl Future<Output = T>) -> Option<T> {
        self.killed.send_replace(false);
        if !matches!(death, Some(Death::Poll(_))) {
            self.state().death = death;
        }
        let mut left = if let Some(Death::Poll(polls)) = death { polls } else { u64::MAX };
        // The call is dropped at the end of this block, before anything else goes on.
        let done = {
            let mut call = Box::pin(call);
            let limited = std::future::poll_fn(|context| {
                if left == 0 {
                    return Poll::Ready(None);
                }
                left -= 1;
                call.as_mut().poll(context).map(Some)
            });
            let mut killed = self.killed.subscribe();
            tokio::select! {
                biased;
                _ = killed.wait_for(|killed| *killed) => None,
                done = limited => done,
            }
        };
        let mut state = self.state();
        if let (None, Some(death @ Death::Poll(_))) = (&done, death) {
            state.died(death);
        }
        state.death = None;
        done
    }
}

impl State {
    fn count(&mut self, what: String) {
        self.trace.push(format!("    {what}"));
        *self.counts.entry(what).or_default() += 1;
    }

    fn died(&mut self, death: Death) {
        self.now.deaths += 1;
        let name = match death {
            Death::Poll(_) => "between two awaits",
            Death::BeforeCall(_) => "before a call of the table",
            Death::AfterCall(_) => "after a call of the table",
            Death::Request => "during the network's call",
        };
        self.count(format!("killed {name}"));
    }

    fn fate(&mut self, operation: &str) -> Fate {
        let Some(odds) = self.odds else { return Fate::Pass };
        if let Some((fate, left)) = &mut self.outage {
            *left -= 1;
            let fate = fate.clone();
            if *left == 0 {
                self.outage = None;
            }
            return fate;
        }
        let dice = &mut self.of_store;
        // A run reads far more than all others write.
        let is_write = WRITES.contains(&operation);
        if !dice.once_in(if is_write { odds.store } else { 8 * odds.store }) {
            return Fate::Pass;
        }
        let conflict = match operation {
            "TransactWriteItems" => "TransactionCanceledException",
            _ => "TransactionConflictException",
        };
        let lasting = [
            Fate::Refuse(400, "ThrottlingException"),
            Fate::Refuse(400, "ProvisionedThroughputExceededException"),
            Fate::Refuse(500, "InternalServerError"),
            Fate::Reset,
            Fate::Hang,
            Fate::LoseAnswer,
            Fate::CutAnswer,
        ];
        // The client asks four times: such an outage may outlast it.
        if dice.once_in(4) {
            let fate = dice.pick(&lasting);
            self.outage = Some((fate.clone(), 3 + dice.below(6)));
            return fate;
        }
        if is_write && !dice.once_in(3) {
            let late = Fate::Late(usize::try_from(1 + dice.below(60)).unwrap());
            return dice.pick(&[late, Fate::Twice, Fate::Refuse(400, conflict), Fate::LoseAnswer]);
        }
        dice.pick(&lasting)
    }
}

//! The scheduled run: sends what waits, looks up what is unknown, applies what is parked, asks for statuses.

use std::sync::Arc;

use futures_util::future::join3;
use futures_util::{StreamExt, stream};
use lead::OrderId;
use orders::StoreError;
use serde::{Deserialize, Serialize};

use crate::config::{Account, NetworkRef};
use crate::relay::Relay;
use crate::telemetry::Line;

mod ages;
mod audit;
mod daily;
mod forget;
mod pacer;
mod parked;
mod polling;
mod remap;
mod resend;
mod slices;

pub use ages::AGES;
pub use audit::{AuditAnswer, AuditRequest, Counts};
pub use forget::{ForgetAnswer, ForgetRequest};
pub(crate) use parked::ORPHAN_MS;
pub use remap::{Remap, RemapAnswer, RemapRequest, Remapped};
pub(crate) use resend::LOOK_BACK_MS;
pub use slices::Message;

/// How long before its deadline a run stops, in milliseconds.
pub const MARGIN_MS: u64 = 10_000;

/// Accounts that one run serves at once.
const ACCOUNTS_AT_ONCE: usize = 8;

/// What a run is asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRequest {
    /// Only this account.
    pub account: Option<String>,
    /// Only these accounts.
    pub accounts: Option<Vec<String>>,
    /// Ask for every open order now, whatever its age.
    pub all: bool,
}

impl RunRequest {
    /// Whether this is the run of the schedule, not one that a person narrowed.
    fn is_whole(&self) -> bool {
        *self == Self::default()
    }

    fn wants(&self, account: &str) -> bool {
        let one = self.account.as_deref().is_none_or(|wanted| wanted == account);
        let listed = self.accounts.as_ref().is_none_or(|wanted| wanted.iter().any(|name| name == account));
        one && listed
    }
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Accounts looked at.
    pub accounts: u64,
    /// Orders asked for.
    pub polled: u64,
    /// Status calls made.
    pub calls: u64,
    /// Orders that changed.
    pub changed: u64,
    /// Leads sent again.
    pub resent: u64,
    /// Parked postbacks that found their order.
    pub parked_applied: u64,
    /// Receivers that were told a status. No receiver can be configured yet: always 0.
    #[serde(default)]
    pub told: u64,
    /// What went wrong, by account.
    pub errors: Vec<RunError>,
    /// Accounts whose work was not finished in time, or is in another run's hands.
    pub remaining: u64,
    /// Slices of polling work sent to the queue: what they do stands in no sums but in their own log lines.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slices: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Sums {
    /// What one kind of work did, and how it ended. What it failed at stops no other.
    fn settle(&mut self, account: &str, what: &str, (done, end): (Self, Result<bool, StoreError>)) {
        self.add(done);
        match end {
            Ok(true) => {}
            // An account that is not finished counts once.
            Ok(false) => self.remaining = 1,
            Err(error) => {
                tracing::error!(account, what, %error, "work of an account is not done");
                let (account, error) = (account.to_owned(), format!("{what}: {error}"));
                self.errors.push(RunError { account, error });
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.polled += other.polled;
        self.calls += other.calls;
        self.changed += other.changed;
        self.resent += other.resent;
        self.parked_applied += other.parked_applied;
        self.told += other.told;
        self.errors.extend(other.errors);
        self.remaining += other.remaining;
        self.slices += other.slices;
    }
}

/// What went wrong with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// The account.
    pub account: String,
    /// The message.
    pub error: String,
}

/// One account as a run sees it.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) account: Arc<Account>,
    pub(crate) network: Option<NetworkRef>,
}

/// One run: its name towards other runs, and when it must be over.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) stop_ms: u64,
    pub(crate) all: bool,
}

impl Run {
    /// Until when its duties are its own, in seconds since 1970: whatever becomes of it, it is over by then.
    pub(crate) const fn until_s(&self) -> u64 {
        self.stop_ms.saturating_add(MARGIN_MS) / 1000
    }
}

impl Relay {
    /// A run that begins now.
    pub(crate) fn run(&self, deadline_ms: u64, all: bool) -> Run {
        Run {
            id: OrderId::new(self.clock.now_ms(), "", self.clock.random()).to_string(),
            stop_ms: deadline_ms.saturating_sub(MARGIN_MS),
            all,
        }
    }

    /// One scheduled run, over before `deadline_ms` (since 1970) by [`MARGIN_MS`].
    ///
    /// # Errors
    /// [`StoreError`] where the accounts cannot be read. What fails after that stands in the sums.
    pub async fn sweep(&self, request: &RunRequest, deadline_ms: u64) -> Result<Sums, StoreError> {
        let run = self.run(deadline_ms, request.all);
        let mut sums = Sums::default();
        let targets = self.targets(request, &mut sums).await?;
        sums.accounts += u64::try_from(targets.len()).unwrap_or(u64::MAX);
        if let Err(error) = self.recover_stalled(&run).await {
            sums.errors.push(RunError { account: String::new(), error: error.to_string() });
        }
        // Collected first: a stream that maps what is borrowed makes a future that is not `Send` for every lifetime.
        let served: Vec<_> = targets.iter().map(|target| self.serve(&run, target)).collect();
        let mut served = stream::iter(served).buffered(ACCOUNTS_AT_ONCE);
        while let Some(of_one) = served.next().await {
            sums.add(of_one);
        }
        if request.is_whole() {
            self.do_daily(&run, &mut sums).await;
        }
        let Sums { accounts, polled, calls, changed, resent, parked_applied, told, remaining, slices, .. } = sums;
        let errors = sums.errors.len();
        tracing::info!(
            accounts,
            polled,
            calls,
            changed,
            resent,
            parked_applied,
            told,
            remaining,
            slices,
            errors,
            "scheduled run"
        );
        // An alarm wants a number: what a run skips stops nothing, so nobody would see it otherwise.
        if errors > 0 {
            Line::new("run errors").with("run_errors", errors).write(self.clock.now_ms());
        }
        Ok(sums)
    }

    /// All work of one account: its kinds side by side, each with its own end.
    async fn serve(&self, run: &Run, target: &Target) -> Sums {
        let mut sums = Sums::default();
        if self.clock.now_ms() >= run.stop_ms {
            sums.remaining = 1;
            return sums;
        }
        let sending = async {
            let mut sums = Sums::default();
            let end = Box::pin(self.send_again(run, target, &mut sums)).await;
            (sums, end)
        };
        let applying = async {
            let mut sums = Sums::default();
            let end = Box::pin(self.apply_parked(run, target, &mut sums)).await;
            (sums, end)
        };
        let polling = async {
            let mut sums = Sums::default();
            let end = Box::pin(self.poll(run, target, &mut sums)).await;
            (sums, end)
        };
        let (sent, applied, polled) = join3(sending, applying, polling).await;
        sums.settle(&target.name, "sending again", sent);
        sums.settle(&target.name, "parked postbacks", applied);
        sums.settle(&target.name, "polling", polled);
        sums
    }

    async fn targets(&self, request: &RunRequest, sums: &mut Sums) -> Result<Vec<Target>, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut targets = Vec::new();
        for (name, account) in self.config.accounts(&self.store, now_ms).await? {
            if !request.wants(&name) {
                continue;
            }
            match self.config.network(&self.store, now_ms, &account).await {
                Ok(network) => targets.push(Target { name, account, network }),
                Err(error) => {
                    tracing::error!(account = name, %error, "the network of an account cannot be read");
                    sums.accounts += 1;
                    sums.errors.push(RunError { account: name, error: error.to_string() });
                }
            }
        }
        Ok(targets)
    }
}

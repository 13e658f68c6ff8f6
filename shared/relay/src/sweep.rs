//! The scheduled run: sends what waits, looks up what is unknown, applies what is parked, asks for statuses.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use lead::OrderId;
use orders::StoreError;
use serde::{Deserialize, Serialize};

use crate::config::{Account, NetworkRef};
use crate::relay::Relay;

mod ages;
mod audit;
mod daily;
mod forget;
mod pacer;
mod parked;
mod polling;
mod remap;
mod requests;
mod resend;
mod retry;
mod slices;

pub use ages::AGES;
pub use audit::{AuditAnswer, Counts};
pub use forget::ForgetAnswer;
pub(crate) use parked::ORPHAN_MS;
pub use remap::{Remap, RemapAnswer, RemapRequest, Remapped};
pub(crate) use resend::LOOK_BACK_MS;
pub use retry::{Retried, RetryAnswer};
pub use slices::Message;

/// How long before its deadline a run stops, in milliseconds.
pub const MARGIN_MS: u64 = 10_000;

/// Accounts that one run serves at once.
const ACCOUNTS_AT_ONCE: usize = 8;

/// What a run is asked to do. Unknown keys are those of a scheduled event and mean nothing here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RunRequest {
    /// Only this account.
    #[serde(default)]
    pub account: Option<String>,
    /// Only these accounts. An `EventBridge` event has a text of the same name, its AWS account: see [`RunRequest::read`].
    #[serde(default)]
    pub accounts: Option<Vec<String>>,
    /// Ask for every open order now, whatever its age.
    #[serde(default)]
    pub all: bool,
    /// Count instead of a run: an object with `from`, `to`, `account`.
    #[serde(default)]
    pub audit: Option<serde_json::Value>,
    /// Queue again instead of a run: an object with `order_id` or `account` and `since`, and `apply`.
    #[serde(default)]
    pub retry: Option<serde_json::Value>,
    /// Erase a customer instead of a run: an object with `phone` or `order_id`, and `apply`.
    #[serde(default)]
    pub forget: Option<serde_json::Value>,
}

impl RunRequest {
    /// Reads the payload of an invocation. A scheduled event of `EventBridge` asks for everything that is due: its
    /// own `account` is the AWS account and is not ours.
    #[must_use]
    pub fn read(payload: &serde_json::Value) -> Self {
        let is_event = payload.get("detail-type").is_some() || payload.get("source").is_some();
        if is_event {
            return Self::default();
        }
        serde_json::from_value(payload.clone()).unwrap_or_default()
    }

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
    /// What went wrong, by account.
    pub errors: Vec<RunError>,
    /// Accounts whose work was not finished in time, or is in another run's hands.
    pub remaining: u64,
    /// Slices of polling work sent to the queue: what they do stands in no sums but in their own log lines.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slices: u64,
    /// The answer to an audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<Box<AuditAnswer>>,
    /// The answer to a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryAnswer>,
    /// The answer to a forgetting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forget: Option<ForgetAnswer>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.polled += other.polled;
        self.calls += other.calls;
        self.changed += other.changed;
        self.resent += other.resent;
        self.parked_applied += other.parked_applied;
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
    fn run(&self, deadline_ms: u64, all: bool) -> Run {
        Run {
            id: OrderId::new(self.clock.now_ms(), "", self.clock.random()).to_string(),
            stop_ms: deadline_ms.saturating_sub(MARGIN_MS),
            all,
        }
    }

    /// One scheduled run, over before `deadline_ms` (since 1970) by [`MARGIN_MS`].
    pub async fn sweep(&self, request: &RunRequest, deadline_ms: u64) -> Sums {
        let run = self.run(deadline_ms, request.all);
        if let Some(answer) = self.requested(request, &run).await {
            return answer;
        }
        let mut sums = Sums::default();
        let targets = match self.targets(request).await {
            Ok(targets) => targets,
            Err(error) => {
                tracing::error!(%error, "the accounts cannot be read");
                sums.errors.push(RunError { account: String::new(), error: error.to_string() });
                return sums;
            }
        };
        sums.accounts = targets.len().try_into().unwrap_or(u64::MAX);
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
        let Sums { accounts, polled, calls, changed, resent, parked_applied, remaining, slices, .. } = sums;
        let errors = sums.errors.len();
        tracing::info!(
            accounts,
            polled,
            calls,
            changed,
            resent,
            parked_applied,
            remaining,
            slices,
            errors,
            "scheduled run"
        );
        sums
    }

    /// All work of one account.
    async fn serve(&self, run: &Run, target: &Target) -> Sums {
        let mut sums = Sums::default();
        if self.clock.now_ms() >= run.stop_ms {
            sums.remaining = 1;
            return sums;
        }
        match self.serve_whole(run, target, &mut sums).await {
            Ok(finished) => sums.remaining = u64::from(!finished),
            Err(error) => {
                tracing::error!(account = target.name, %error, "an account is not served whole");
                sums.errors.push(RunError { account: target.name.clone(), error: error.to_string() });
            }
        }
        sums
    }

    /// Tells whether the work was finished.
    async fn serve_whole(&self, run: &Run, target: &Target, sums: &mut Sums) -> Result<bool, StoreError> {
        Ok(self.send_again(run, target, sums).await?
            && self.apply_parked(run, target, sums).await?
            && Box::pin(self.poll(run, target, sums)).await?)
    }

    async fn targets(&self, request: &RunRequest) -> Result<Vec<Target>, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut targets = Vec::new();
        for (name, account) in self.config.accounts(&self.store, now_ms).await? {
            if request.wants(&name) {
                let network = self.config.network(&self.store, now_ms, &account).await?;
                targets.push(Target { name, account, network });
            }
        }
        Ok(targets)
    }
}

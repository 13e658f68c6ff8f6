//! What an operator asks of the relay: tasks. They are read strictly, in one place, whoever brings them, and answered in one
//! form. What the schedule sends is a run of everything and the only thing that is one.

use orders::StoreError;
use serde::Serialize;
use serde_json::Value;

use crate::relay::Relay;
use crate::sweep::{
    AuditAnswer, AuditRequest, ForgetAnswer, ForgetRequest, RemapAnswer, RemapRequest, RunRequest, Sums,
};

mod members;
mod retry;
mod when;

use members::Members;
pub use members::Wrong;
pub use retry::{Retried, RetryAnswer, RetryRequest};
pub(crate) use when::time_ms;

/// Who makes scheduled events. Their own `account` is the AWS account and is none of ours.
const SCHEDULERS: [&str; 2] = ["aws.scheduler", "aws.events"];

/// What the relay is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// One scheduled run, of everything or narrowed.
    Run(RunRequest),
    /// Count what became of every lead.
    Audit(AuditRequest),
    /// Send again what was given up.
    Retry(RetryRequest),
    /// Erase a customer.
    Forget(ForgetRequest),
    /// Read kept words through today's tables.
    Remap(RemapRequest),
}

impl Task {
    /// The names of all tasks.
    pub const NAMES: [&str; 5] = ["run", "audit", "retry", "forget", "remap"];

    /// Reads the payload of an invocation: an event of the scheduler, the arguments of a run, or an object whose one member
    /// is a task's name with its arguments.
    ///
    /// # Errors
    /// [`TaskFailure::Wrong`] for anything else: it is never taken for a run of everything.
    pub fn of_event(event: &Value) -> Result<Self, TaskFailure> {
        if event.get("source").and_then(Value::as_str).is_some_and(|source| SCHEDULERS.contains(&source)) {
            return Ok(Self::Run(RunRequest::default()));
        }
        let mut named = Self::NAMES.into_iter().filter_map(|name| Some((name, event.get(name)?)));
        match (named.next(), event.as_object().map_or(0, serde_json::Map::len)) {
            (None, _) => Self::read("run", event, &Self::NAMES),
            (Some((name, arguments)), 1) => Self::read(name, arguments, &[]),
            (Some((name, _)), _) => {
                let message = "one task at a time, and nothing beside it".to_owned();
                Err(TaskFailure::Wrong(vec![Wrong { field: name.to_owned(), message }]))
            }
        }
    }

    /// Reads a task by its name and arguments.
    ///
    /// # Errors
    /// [`TaskFailure::Missing`] where there is no such task, [`TaskFailure::Wrong`] with all that is wrong in its arguments.
    pub fn parse(name: &str, arguments: &Value) -> Result<Self, TaskFailure> {
        Self::read(name, arguments, &[])
    }

    /// `beside`: what else might have been meant by a member that there is not.
    fn read(name: &str, arguments: &Value, beside: &[&'static str]) -> Result<Self, TaskFailure> {
        let mut given = Members::of(name, arguments)?;
        let task = match name {
            "run" => Self::Run(RunRequest {
                account: given.text("account"),
                accounts: given.texts("accounts"),
                all: given.flag("all"),
            }),
            "audit" => Self::Audit(AuditRequest {
                from: given.text("from"),
                to: given.text("to"),
                account: given.text("account"),
            }),
            "retry" => Self::Retry(RetryRequest {
                order_id: given.order_id("order_id"),
                account: given.text("account"),
                since: given.text("since"),
                apply: given.flag("apply"),
                i_know_it_did_not_arrive: given.flag("i_know_it_did_not_arrive"),
            }),
            "forget" => Self::Forget(ForgetRequest {
                phone: given.text("phone"),
                order_id: given.order_id("order_id"),
                apply: given.flag("apply"),
            }),
            "remap" => Self::Remap(RemapRequest {
                account: given.required("account"),
                apply: given.flag("apply"),
                cursor: given.text("cursor"),
            }),
            _ => return Err(TaskFailure::Missing(members::no_such_task(name))),
        };
        given.end(beside)?;
        Ok(task)
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Audit(_) => "audit",
            Self::Retry(_) => "retry",
            Self::Forget(_) => "forget",
            Self::Remap(_) => "remap",
        }
    }

    /// Whether it changes orders by a person's word: that needs an admin's key. A run does what the schedule does anyway.
    #[must_use]
    pub const fn changes(&self) -> bool {
        match self {
            Self::Run(_) | Self::Audit(_) => false,
            Self::Retry(RetryRequest { apply, .. })
            | Self::Forget(ForgetRequest { apply, .. })
            | Self::Remap(RemapRequest { apply, .. }) => *apply,
        }
    }
}

/// What a task is answered with: the sums of a run as they are, anything else under the task's name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskAnswer {
    /// Of an audit.
    Audit(Box<AuditAnswer>),
    /// Of a retry.
    Retry(RetryAnswer),
    /// Of a forgetting.
    Forget(ForgetAnswer),
    /// Of reading words again.
    Remap(RemapAnswer),
    /// Of a run.
    #[serde(untagged)]
    Run(Sums),
}

/// Why a task is not done. No message repeats a value that came with it: it may be a phone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskFailure {
    /// Its arguments are not what it takes.
    #[error("{}", members::told(.0))]
    Wrong(Vec<Wrong>),
    /// Each argument may be right; together they do not say what is wanted.
    #[error("{0}")]
    Unclear(String),
    /// What it names is not there.
    #[error("{0}")]
    Missing(String),
    /// The table did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TaskFailure {
    /// The HTTP status that says so.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Wrong(_) | Self::Unclear(_) => 422,
            Self::Missing(_) => 404,
            Self::Store(error) if error.is_busy() => 503,
            Self::Store(_) => 500,
        }
    }

    /// What is wrong with each argument.
    #[must_use]
    pub fn wrong(&self) -> &[Wrong] {
        match self {
            Self::Wrong(wrong) => wrong,
            _ => &[],
        }
    }
}

impl Relay {
    /// Does a task, over before `deadline_ms` (since 1970) by [`crate::sweep::MARGIN_MS`].
    ///
    /// # Errors
    /// [`TaskFailure`]; of a run where not even its accounts could be read.
    pub async fn operate(&self, task: &Task, deadline_ms: u64) -> Result<TaskAnswer, TaskFailure> {
        let run = self.run(deadline_ms, false);
        Ok(match task {
            Task::Run(request) => TaskAnswer::Run(Box::pin(self.sweep(request, deadline_ms)).await?),
            Task::Audit(request) => TaskAnswer::Audit(Box::new(self.audit_on_request(request, &run).await?)),
            Task::Retry(request) => TaskAnswer::Retry(Box::pin(self.retry_on_request(request, &run)).await?),
            Task::Forget(request) => TaskAnswer::Forget(Box::pin(self.forget_on_request(request, &run)).await?),
            Task::Remap(request) => TaskAnswer::Remap(Box::pin(self.remap(request, deadline_ms)).await),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn everything() -> Task {
        Task::Run(RunRequest::default())
    }

    #[test]
    fn only_the_scheduler_and_an_empty_object_make_a_run_of_everything() {
        for event in [
            json!({}),
            json!({"source": "aws.scheduler", "detail-type": "Scheduled Event", "account": "123456789012"}),
            json!({"source": "aws.events", "account": "123456789012", "detail": {"anything": 1}}),
        ] {
            assert_eq!(Task::of_event(&event), Ok(everything()), "{event}");
        }
        let one = RunRequest { account: Some("a".to_owned()), all: true, ..RunRequest::default() };
        assert_eq!(Task::of_event(&json!({"account": "a", "all": true, "accounts": null})), Ok(Task::Run(one.clone())));
        assert_eq!(Task::of_event(&json!({"run": {"account": "a", "all": true}})), Ok(Task::Run(one)));
    }

    /// Each was once taken for a run of everything. The message names the member and what would be right.
    #[test]
    fn a_request_that_cannot_be_read_is_refused_and_never_a_run_of_everything() {
        for (event, told) in [
            (json!({"account": 5}), "`account`: a text is wanted, not a number"),
            (json!({"account": ""}), "`account`: a text is wanted, not an empty one"),
            (json!({"acount": "a"}), "`acount`: there is no such member; `account`?"),
            (json!({"Account": "a"}), "`Account`: there is no such member; `account`?"),
            (json!({"all": "true"}), "`all`: true or false is wanted, not a text"),
            (json!({"account": "a", "all": 1}), "`all`: true or false is wanted, not a number"),
            (json!({"accounts": "a"}), "`accounts`: a list of texts is wanted, not a text"),
            (json!({"accounts": ["a", 5]}), "`accounts`: a list of texts is wanted, not one with a number in it"),
            (json!({"retri": {"apply": true}}), "`retri`: there is no such member; `retry`?"),
            (json!({"zzzz": 1}), "`zzzz`: there is no such member; there are `account`, `accounts`, `all`"),
            (json!({"source": "aws.s3"}), "`source`: there is no such member; there are `account`, `accounts`, `all`"),
            (json!({"audit": {}, "retry": {}}), "`audit`: one task at a time, and nothing beside it"),
            (json!({"audit": {}, "all": true}), "`audit`: one task at a time, and nothing beside it"),
            (json!({"forget": {"phon": "+48500100200"}}), "`phon`: there is no such member; `phone`?"),
            (json!({"forget": {"order_id": "+48500100200"}}), "`order_id`: an order's id is wanted, such as 01k3…"),
            (json!({"remap": {}}), "`account`: is missing"),
            (json!({"remap": []}), "`remap`: an object with its arguments is wanted, not a list"),
            (json!([]), "`run`: an object with its arguments is wanted, not a list"),
            (json!("anything"), "`run`: an object with its arguments is wanted, not a text"),
            (Value::Null, "`run`: an object with its arguments is wanted, not null"),
        ] {
            let failure = Task::of_event(&event).unwrap_err();
            assert_eq!(failure.to_string(), told, "{event}");
            assert_eq!((failure.status(), failure.wrong().len()), (422, 1), "{event}");
        }
        let all = Task::of_event(&json!({"account": 5, "all": "x", "al": true})).unwrap_err();
        assert_eq!(all.wrong().len(), 3, "all at once: {all}");
        let none = Task::parse("retri", &json!({})).unwrap_err();
        assert_eq!((none.status(), none.to_string().as_str()), (404, "there is no task `retri`; `retry`?"));
    }

    #[test]
    fn what_changes_orders_says_so() {
        for name in ["retry", "forget", "remap"] {
            let task = |apply: bool| Task::parse(name, &json!({"account": "a", "apply": apply}));
            let task = |apply: bool| match name {
                "forget" => Task::parse(name, &json!({"phone": "+48500100200", "apply": apply})),
                _ => task(apply),
            };
            let (shown, done) = (task(false).unwrap(), task(true).unwrap());
            assert!(!shown.changes() && done.changes() && done.name() == name, "{name}");
        }
        assert!(!everything().changes());
    }

    #[test]
    fn sums_are_answered_as_they_are_and_the_rest_under_its_name() {
        let sums = serde_json::to_value(TaskAnswer::Run(Sums { polled: 2, ..Sums::default() })).unwrap();
        assert_eq!((&sums["polled"], &sums["told"]), (&json!(2), &json!(0)));
        let remap = serde_json::to_value(TaskAnswer::Remap(RemapAnswer::default())).unwrap();
        assert_eq!(remap["remap"]["looked_at"], 0);
    }
}

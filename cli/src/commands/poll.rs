//! `leadrelay poll`: one scheduled run now.

use relay::sweep::Sums;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::api::{Api, RUN_TIMEOUT};
use crate::args::PollArgs;
use crate::failure::Failure;
use crate::layout::{clean, count};
use crate::output;

/// Makes a run and prints its sums. A run with errors fails, after all is printed.
pub(crate) async fn run(args: PollArgs) -> Result<(), Failure> {
    let api = Api::new(&args.remote)?;
    let request = request(&args);
    let answer = api.post(&["dev", "schedule"], &request, &[], Some(RUN_TIMEOUT)).await?;
    if answer.status == 404 {
        return Err(Failure::new(deployed(&args.remote.url, &request)));
    }
    let answer = api.accepted(&answer)?.json()?;
    let sums = Sums::deserialize(&answer)
        .map_err(|error| Failure::new(format!("the relay's answer is no sums of a run: {error}")))?;
    if let Some(account) = args.account.as_ref().filter(|_| sums.accounts == 0) {
        return Err(Failure::new(format!("the relay has no account `{account}`")));
    }
    if args.json {
        output::json(&answer)?;
    } else {
        output::line(text(&sums));
    }
    if sums.errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("the run met {}", count(sums.errors.len(), "error"))))
    }
}

fn request(args: &PollArgs) -> Value {
    let mut request = Map::new();
    if let Some(account) = &args.account {
        request.insert("account".to_owned(), account.as_str().into());
    }
    if args.all {
        request.insert("all".to_owned(), true.into());
    }
    request.into()
}

fn text(sums: &Sums) -> String {
    let counted = |number: u64, noun: &str| count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    let mut lines = vec![
        format!("{} served", counted(sums.accounts, "account")),
        format!("  asked for    {} in {}", counted(sums.polled, "order"), counted(sums.calls, "call")),
        format!("  changed      {}", counted(sums.changed, "order")),
        format!("  sent again   {}", counted(sums.resent, "lead")),
        format!("  found        {}", counted(sums.parked_applied, "order") + " of parked postbacks"),
    ];
    if sums.slices > 0 {
        lines.push(format!("  handed on    {} to the queue", counted(sums.slices, "slice")));
    }
    if sums.remaining > 0 {
        lines.push(format!("  left         {} for the next run", counted(sums.remaining, "account")));
    }
    lines.extend(sums.errors.iter().map(|error| match error.account.as_str() {
        "" => format!("  error        {}", clean(&error.error)),
        account => format!("  error        {}: {}", clean(account), clean(&error.error)),
    }));
    lines.join("\n")
}

/// What to do where the relay makes no runs on demand.
pub(super) fn deployed(url: &str, request: &Value) -> String {
    format!(
        "the relay at {} makes no runs on demand: it is a deployed one, whose scheduled runs EventBridge makes. To make \
         one by hand:\n  {}",
        clean(url),
        by_hand(request)
    )
}

/// The command that sends an event to a deployed relay's scheduled function.
pub(super) fn by_hand(event: &Value) -> String {
    format!(
        "aws lambda invoke --cli-binary-format raw-in-base64-out --payload '{event}' \\\n    \
         --function-name \"$(aws cloudformation describe-stack-resource --stack-name STACK \\\n      \
         --logical-resource-id PollStatusFunction --query StackResourceDetail.PhysicalResourceId --output text)\" \
         /dev/stdout"
    )
}

#[cfg(test)]
mod tests {
    use relay::sweep::RunError;

    use super::*;

    #[test]
    fn sums_are_told_in_lines() {
        let error = |account: &str, error: &str| RunError { account: account.to_owned(), error: error.to_owned() };
        let sums = Sums {
            accounts: 3,
            polled: 12,
            calls: 1,
            changed: 4,
            resent: 0,
            parked_applied: 2,
            errors: vec![error("main", "HTTP 500"), error("", "the table is busy")],
            remaining: 1,
            ..Sums::default()
        };
        assert_eq!(
            text(&sums),
            "3 accounts served\n  asked for    12 orders in 1 call\n  changed      4 orders\n  sent again   0 leads\n  \
             found        2 orders of parked postbacks\n  left         1 account for the next run\n  \
             error        main: HTTP 500\n  error        the table is busy"
        );
    }

    #[test]
    fn a_deployed_relay_is_invoked_by_hand() {
        let message = deployed("https://relay.example", &serde_json::json!({"all": true}));
        assert!(message.contains("--payload '{\"all\":true}'") && message.contains("PollStatusFunction"), "{message}");
    }
}

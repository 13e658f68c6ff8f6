//! `leadrelay audit`: what came in is what became of it, to the lead.

use relay::sweep::{AuditAnswer, Counts};
use serde_json::json;

use super::asking::{ask, unanswered};
use crate::args::AuditArgs;
use crate::failure::Failure;
use crate::layout::{clean, count, table};
use crate::output;

const HEADER: [&str; 9] =
    ["account", "received", "delivered", "refused", "queued", "unknown", "undeliverable", "test", "remainder"];

/// Prints the sums of each account. A remainder, or a count that was not finished, is a failure after all is printed.
pub(crate) async fn run(args: AuditArgs) -> Result<(), Failure> {
    let request = json!({"from": args.from, "to": args.to, "account": args.account});
    let (answer, sums) = ask(&args.remote, "audit", request.clone(), &request).await?;
    let audit = sums.audit.ok_or_else(|| unanswered("audit"))?;
    if args.json {
        output::json(&answer)?;
    } else {
        output::line(text(&audit, output::width()));
    }
    let remainder = audit.total.remainder;
    if remainder > 0 {
        let leads = count(usize::try_from(remainder).unwrap_or(usize::MAX), "lead");
        return Err(Failure::new(format!("{leads} in no known state")));
    }
    if audit.complete {
        Ok(())
    } else {
        Err(Failure::new("not all was counted in time; narrow it with --from and --to"))
    }
}

fn text(audit: &AuditAnswer, width: Option<usize>) -> String {
    let row = |name: &str, counts: &Counts| {
        let numbers = [
            counts.received,
            counts.delivered,
            counts.refused,
            counts.queued,
            counts.unknown,
            counts.undeliverable,
            counts.test,
            counts.remainder,
        ];
        std::iter::once(name.to_owned()).chain(numbers.iter().map(ToString::to_string)).collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = audit.accounts.iter().map(|(name, counts)| row(name, counts)).collect();
    rows.push(row("all", &audit.total));
    let mut text = format!("leads from {} until {}\n\n", clean(&audit.from), clean(&audit.to));
    text.push_str(&table(&HEADER, &rows, width));
    if !audit.remainder.is_empty() {
        text.push_str("\n\norders of the remainder:");
        for id in &audit.remainder {
            text.push_str("\n  ");
            text.push_str(&clean(id));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn sums_stand_in_a_table_with_their_total() {
        let counts = Counts { received: 12, delivered: 9, refused: 2, remainder: 1, ..Counts::default() };
        let audit = AuditAnswer {
            from: "2026-03-01T00:00:00Z".to_owned(),
            to: "2026-03-02T00:00:00Z".to_owned(),
            accounts: BTreeMap::from([("main".to_owned(), counts)]),
            total: counts,
            remainder: vec!["01k3000000a000000000000000".to_owned()],
            complete: true,
        };
        let shown = text(&audit, None);
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[0], "leads from 2026-03-01T00:00:00Z until 2026-03-02T00:00:00Z");
        assert!(lines[2].starts_with("account") && lines[2].ends_with("remainder"), "{shown}");
        assert!(lines[3].split_whitespace().eq(["main", "12", "9", "2", "0", "0", "0", "0", "1"]), "{shown}");
        assert!(lines[4].starts_with("all"), "{shown}");
        assert_eq!(lines.last(), Some(&"  01k3000000a000000000000000"));
    }
}

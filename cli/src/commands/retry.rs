//! `leadrelay retry`: sends again what the relay has given up.

use relay::sweep::RetryAnswer;
use serde_json::json;

use super::answers::time;
use super::asking::{ask, unanswered};
use crate::args::RetryArgs;
use crate::failure::Failure;
use crate::layout::{clean, count, table};
use crate::output;

/// Shows what would be sent again, or has it sent.
pub(crate) async fn run(args: RetryArgs) -> Result<(), Failure> {
    let request = json!({
        "order_id": args.order_id, "account": args.account, "since": args.since, "apply": args.apply,
        "i_know_it_did_not_arrive": args.i_know_it_did_not_arrive,
    });
    let (answer, sums) = ask(&args.remote, "retry", request.clone(), &request).await?;
    let retry = sums.retry.ok_or_else(|| unanswered("retry"))?;
    if args.json {
        output::json(&answer)?;
    } else {
        output::line(text(&retry, output::width()));
    }
    Ok(())
}

fn text(retry: &RetryAnswer, width: Option<usize>) -> String {
    if retry.orders.is_empty() {
        return "nothing is undeliverable".to_owned();
    }
    let rows: Vec<Vec<String>> = retry
        .orders
        .iter()
        .map(|order| {
            let then = match (&order.kept, retry.applied) {
                (Some(kept), _) => format!("kept: {kept}"),
                (None, true) => "queued".to_owned(),
                (None, false) => "would be queued".to_owned(),
            };
            vec![
                order.order_id.clone(),
                time(&order.created_at),
                order.account.clone(),
                order.delivery.map(|delivery| delivery.to_string()).unwrap_or_default(),
                order.why.clone().unwrap_or_default(),
                then,
            ]
        })
        .collect();
    let header = ["order", "received", "account", "delivery", "why", "then"];
    let queued = count(usize::try_from(retry.queued).unwrap_or(usize::MAX), "order");
    let said = if retry.applied {
        format!("{queued} queued: the next scheduled run sends them")
    } else {
        format!("{queued} would be queued; --apply does it")
    };
    let more = if retry.more { "; there are more, ask again" } else { "" };
    format!("{}\n\n{}{more}", table(&header, &rows, width), clean(&said))
}

#[cfg(test)]
mod tests {
    use relay::sweep::Retried;

    use super::*;

    #[test]
    fn each_order_says_why_and_what_then() {
        let order = |kept: Option<&str>| Retried {
            order_id: "01k3000000a000000000000000".to_owned(),
            account: "main".to_owned(),
            delivery: "undeliverable".parse().ok(),
            why: Some("no connection: refused".to_owned()),
            kept: kept.map(str::to_owned),
            ..Retried::default()
        };
        let orders = vec![order(None), order(Some("its customer's data was erased"))];
        let mut retry = RetryAnswer { orders, queued: 1, ..RetryAnswer::default() };
        let shown = text(&retry, None);
        assert!(shown.contains("no connection: refused  would be queued"), "{shown}");
        assert!(shown.contains("kept: its customer's data was erased"), "{shown}");
        assert!(shown.ends_with("1 order would be queued; --apply does it"), "{shown}");
        retry.applied = true;
        assert!(text(&retry, None).ends_with("1 order queued: the next scheduled run sends them"));
        assert_eq!(text(&RetryAnswer::default(), None), "nothing is undeliverable");
    }
}

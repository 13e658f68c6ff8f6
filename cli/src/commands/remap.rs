//! `leadrelay remap`: reads the words that orders keep through today's tables.

use relay::sweep::{Remap, RemapAnswer, RemapRequest, Remapped};
use serde::Deserialize;
use serde_json::{Value, json};

use super::poll::by_hand;
use crate::api::{Api, RUN_TIMEOUT};
use crate::args::RemapArgs;
use crate::failure::Failure;
use crate::layout::{clean, count};
use crate::{layout, output};

/// Shows what would change, or changes it.
pub(crate) async fn run(args: RemapArgs) -> Result<(), Failure> {
    let api = Api::new(&args.remote)?;
    let mut request = RemapRequest { account: args.account.clone(), apply: args.apply, cursor: None };
    let mut whole = RemapAnswer { account: args.account.clone(), applied: args.apply, ..RemapAnswer::default() };
    loop {
        let event = json!({ "remap": request });
        let answer = api.post(&["dev", "schedule"], &event, &[], Some(RUN_TIMEOUT)).await?;
        if answer.status == 404 {
            return Err(Failure::new(deployed(&args.remote.url, &event)));
        }
        let answer = api.accepted(&answer)?.json()?;
        let wrong = |error| Failure::new(format!("the relay's answer is no finding: {error}"));
        let page = RemapAnswer::deserialize(answer.get("remap").unwrap_or(&Value::Null)).map_err(wrong)?;
        whole.looked_at += page.looked_at;
        whole.orders.extend(page.orders);
        if let Some(error) = page.error {
            return Err(Failure::new(clean(&error)));
        }
        request.cursor = page.next;
        if request.cursor.is_none() {
            break;
        }
    }
    if args.json {
        return output::json(&whole);
    }
    if !whole.orders.is_empty() {
        output::line(table(&whole.orders, output::width()));
    }
    output::note(summary(&whole));
    Ok(())
}

fn table(orders: &[Remapped], width: Option<usize>) -> String {
    let row = |order: &Remapped| {
        let outcome = match order.outcome {
            Remap::Change => "would change",
            Remap::Changed => "changed",
            Remap::Ignored => "ignored: statuses do not go back that way",
            Remap::Moved => "left: it changed meanwhile",
        };
        vec![
            order.order_id.clone(),
            order.from.to_string(),
            order.to.to_string(),
            order.word.clone(),
            order.source.to_string(),
            outcome.to_owned(),
        ]
    };
    layout::table(&["order", "from", "to", "word", "source", ""], &orders.iter().map(row).collect::<Vec<_>>(), width)
}

fn summary(answer: &RemapAnswer) -> String {
    let of = |outcome: Remap| answer.orders.iter().filter(|order| order.outcome == outcome).count();
    let looked_at = count(usize::try_from(answer.looked_at).unwrap_or(usize::MAX), "order");
    if answer.applied {
        return format!("{looked_at} of {} looked at, {} changed", answer.account, of(Remap::Changed));
    }
    let would = of(Remap::Change);
    let advice = if would > 0 { "; --apply does it" } else { "" };
    format!("{looked_at} of {} looked at, {would} would change{advice}", answer.account)
}

/// What to do where the relay takes no such request.
fn deployed(url: &str, event: &Value) -> String {
    format!(
        "the relay at {} reads no words again on demand: it is a deployed one. Ask its function; where the answer's `next` \
         is not null, ask again with it as `cursor`:\n  {}",
        clean(url),
        by_hand(event)
    )
}

#[cfg(test)]
mod tests {
    use lead::Status;
    use orders::Source;

    use super::*;

    fn answer() -> RemapAnswer {
        let order = |id: &str, to, outcome| Remapped {
            order_id: id.to_owned(),
            from: Status::Wait,
            to,
            word: "paid".to_owned(),
            source: Source::Poll,
            outcome,
        };
        let orders = vec![order("01k3", Status::Approve, Remap::Change), order("01k2", Status::Wait, Remap::Ignored)];
        RemapAnswer { account: "main".to_owned(), looked_at: 12, orders, ..RemapAnswer::default() }
    }

    #[test]
    fn findings_are_a_table_and_a_sentence() {
        assert_eq!(
            table(&answer().orders, None),
            "order  from  to       word  source\n\
             01k3   wait  approve  paid  poll    would change\n\
             01k2   wait  wait     paid  poll    ignored: statuses do not go back that way"
        );
        assert_eq!(summary(&answer()), "12 orders of main looked at, 1 would change; --apply does it");
    }

    #[test]
    fn a_deployed_relay_is_asked_by_hand() {
        let message = deployed("https://relay.example", &json!({"remap": {"account": "main", "apply": false}}));
        assert!(message.contains(r#"--payload '{"remap":{"account":"main","apply":false}}'"#), "{message}");
        assert!(message.contains("PollStatusFunction"), "{message}");
    }
}

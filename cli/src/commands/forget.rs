//! `leadrelay forget`: erases a customer's data and keeps the figures. What it prints never says who it was.

use relay::sweep::ForgetAnswer;
use serde_json::json;

use super::asking::{ask, unanswered};
use crate::args::ForgetArgs;
use crate::failure::Failure;
use crate::layout::{clean, count};
use crate::output;

/// Counts what would be erased, or erases it.
pub(crate) async fn run(args: ForgetArgs) -> Result<(), Failure> {
    let request = json!({"phone": args.phone, "order_id": args.order, "apply": args.apply});
    let hidden = args.phone.as_ref().map(|_| "PHONE");
    let shown = json!({"phone": hidden, "order_id": args.order, "apply": args.apply});
    let (answer, sums) = ask(&args.remote, "forget", request, &shown).await?;
    let forgotten = sums.forget.ok_or_else(|| unanswered("forget"))?;
    if args.json {
        output::json(&answer)?;
    } else {
        output::line(text(&forgotten));
    }
    if forgotten.more { Err(Failure::new("not all was done in time; ask again")) } else { Ok(()) }
}

fn text(forgotten: &ForgetAnswer) -> String {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let orders = count(number(forgotten.orders), "order");
    let parked = count(number(forgotten.parked), "waiting postback");
    let said = if forgotten.applied {
        format!("{orders} and {parked} erased; their figures are kept")
    } else {
        format!("{orders} and {parked} would be erased; --apply does it, and it cannot be undone")
    };
    let ids = forgotten.order_ids.iter().map(|id| format!("  {}", clean(id)));
    ids.chain([said]).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_and_the_ids_are_told() {
        let mut forgotten = ForgetAnswer {
            orders: 1,
            order_ids: vec!["01k3000000a000000000000000".to_owned()],
            ..ForgetAnswer::default()
        };
        let shown = text(&forgotten);
        assert!(shown.starts_with("  01k3000000a000000000000000\n1 order and 0 waiting postbacks would be"), "{shown}");
        forgotten.applied = true;
        assert!(text(&forgotten).ends_with("1 order and 0 waiting postbacks erased; their figures are kept"));
    }
}

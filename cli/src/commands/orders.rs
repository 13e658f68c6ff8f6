//! `leadrelay orders`: one order's story, or a list of orders.

use serde_json::{Value, json};

use super::answers::{OrderAnswer, time};
use crate::api::Api;
use crate::args::OrdersArgs;
use crate::failure::Failure;
use crate::{layout, output};

/// The most orders a page of the relay holds.
const PAGE: usize = 200;

/// Columns of the CSV.
const COLUMNS: [&str; 13] = [
    "order_id",
    "created_at",
    "offer",
    "account",
    "network",
    "network_order_id",
    "click_id",
    "status",
    "raw_status",
    "delivery",
    "reason",
    "payout",
    "currency",
];

/// Reads orders back.
pub(crate) async fn run(args: OrdersArgs) -> Result<(), Failure> {
    let filters = filters(&args);
    if args.order_id.is_some() && !filters.is_empty() {
        return Err(Failure::new("an order's id stands alone: it needs no --click, --status or other filter"));
    }
    if args.limit == 0 {
        return Err(Failure::new("--limit 0 shows nothing: it is at least 1"));
    }
    let api = Api::new(&args.remote)?;
    if let Some(id) = &args.order_id {
        let answer = api.get(&["orders", id], &[]).await?;
        return one(&args, &answer);
    }
    let (answers, next) = listed(&api, &filters, args.limit).await?;
    if args.json {
        return output::json(&json!({"orders": answers, "next": next}));
    }
    let orders = answers.iter().map(OrderAnswer::read).collect::<Result<Vec<_>, _>>()?;
    if args.csv {
        output::line(csv(&orders)?.trim_end());
        return Ok(());
    }
    if orders.is_empty() {
        output::note("no orders");
        return Ok(());
    }
    output::line(table(&orders, output::width()));
    if next.is_some() {
        output::note(format_args!("\nThere are more: --limit shows more than {}.", args.limit));
    }
    Ok(())
}

fn one(args: &OrdersArgs, answer: &Value) -> Result<(), Failure> {
    if args.json {
        return output::json(answer);
    }
    let order = OrderAnswer::read(answer)?;
    if args.csv {
        output::line(csv(&[order])?.trim_end());
    } else {
        output::line(story(&order, output::width()));
    }
    Ok(())
}

fn filters(args: &OrdersArgs) -> Vec<(&'static str, &str)> {
    let filters = [
        ("click_id", &args.click),
        ("status", &args.status),
        ("delivery", &args.delivery),
        ("account", &args.account),
        ("network_order_id", &args.network_order_id),
        ("phone", &args.phone),
    ];
    filters.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
}

/// Orders page by page until there are `limit`, and the cursor of what follows.
async fn listed(api: &Api, filters: &[(&str, &str)], limit: usize) -> Result<(Vec<Value>, Option<String>), Failure> {
    let mut orders = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = limit.saturating_sub(orders.len()).min(PAGE).to_string();
        let mut query = filters.to_vec();
        query.push(("limit", &page));
        if let Some(cursor) = &cursor {
            query.push(("cursor", cursor));
        }
        let answer = api.get(&["orders"], &query).await?;
        let Some(found) = answer.get("orders").and_then(Value::as_array) else {
            return Err(Failure::new("the relay's answer is no list of orders"));
        };
        orders.extend(found.iter().cloned());
        cursor = answer.get("next").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() || orders.len() >= limit {
            return Ok((orders, cursor));
        }
    }
}

/// Newest first, as the relay lists them.
fn table(orders: &[OrderAnswer], width: Option<usize>) -> String {
    let row = |order: &OrderAnswer| {
        vec![
            order.order_id.clone(),
            time(&order.created_at),
            order.offer.clone(),
            order.account.clone(),
            order.network_order_id.clone().unwrap_or_default(),
            order.delivery.clone(),
            order.status.clone(),
            order.reason_text().unwrap_or_default(),
            order.payout_text().unwrap_or_default(),
        ]
    };
    let header =
        ["order", "created (UTC)", "offer", "account", "network's id", "delivery", "status", "reason", "payout"];
    layout::table(&header, &orders.iter().map(row).collect::<Vec<_>>(), width)
}

/// An order's header and its history. Of the customer only the country is shown.
fn story(order: &OrderAnswer, width: Option<usize>) -> String {
    let tries = usize::try_from(order.tries).unwrap_or(usize::MAX);
    let word = order.raw_status.as_ref().map(|word| format!(" (the network's word: {word})")).unwrap_or_default();
    let disputed = if order.disputed { "; postback and poll have decided differently" } else { "" };
    let country = order.lead.as_ref().and_then(|lead| lead.country.clone());
    let header = [
        ("created", Some(format!("{} UTC", time(&order.created_at)))),
        ("updated", Some(format!("{} UTC", time(&order.updated_at)))),
        ("offer", Some(order.offer.clone())),
        ("account", Some(format!("{} ({})", order.account, order.network))),
        ("country", country),
        ("delivery", Some(format!("{}, {}", order.delivery, tries_text(tries)))),
        ("network's id", order.network_order_id.clone()),
        ("click id", order.click_id.clone()),
        ("status", Some(format!("{}{word}{disputed}", order.status))),
        ("reason", order.reason_text()),
        ("payout", order.payout_text()),
        ("comment", order.comment.clone()),
        ("repeats", order.duplicate_of.clone()),
    ];
    let header: Vec<(String, String)> =
        header.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let events = order.history.iter().map(|event| {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        vec![
            time(&event.at),
            event.source.clone(),
            event.kind.clone(),
            text(&event.status),
            text(&event.raw_status),
            text(&event.note),
        ]
    });
    let history =
        layout::table(&["time (UTC)", "source", "what", "status", "word", "note"], &events.collect::<Vec<_>>(), width);
    format!("Order {}\n{}\n\n{history}", layout::clean(&order.order_id), layout::definitions(&header, width))
}

fn tries_text(tries: usize) -> String {
    match tries {
        1 => "1 try".to_owned(),
        tries => format!("{tries} tries"),
    }
}

fn csv(orders: &[OrderAnswer]) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("the CSV cannot be written: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| failed(&error))?;
    for order in orders {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let row = [
            order.order_id.clone(),
            order.created_at.clone(),
            order.offer.clone(),
            order.account.clone(),
            order.network.clone(),
            text(&order.network_order_id),
            text(&order.click_id),
            order.status.clone(),
            text(&order.raw_status),
            order.delivery.clone(),
            order.reason.map(|code| code.to_string()).unwrap_or_default(),
            text(&order.payout),
            text(&order.currency),
        ];
        writer.write_record(&row).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> OrderAnswer {
        let value = json!({
            "order_id": "01kb2h8z40x0000000000000c1", "status": "cancel", "delivery": "delivered", "offer": "slim-tea-pl",
            "account": "main", "network": "adcombo", "network_order_id": "812001", "click_id": "a,\"b\"", "reason": 7,
            "comment": null, "duplicate_of": null, "replayed": false, "raw_status": "rejected", "payout": "12.50",
            "currency": "USD", "disputed": false, "tries": 1, "created_at": "2026-11-22T10:00:00Z",
            "updated_at": "2026-11-22T11:30:00.5Z",
            "lead": {"name": "Jan Test", "phone": "+48500100200", "country": "PL"},
            "history": [
                {"at": "2026-11-22T10:00:00Z", "kind": "received", "source": "intake", "status": null, "raw_status": null,
                    "note": null},
                {"at": "2026-11-22T11:30:00.5Z", "kind": "status", "source": "poll", "status": "cancel",
                    "raw_status": "rejected", "note": "reason 7"}
            ]
        });
        OrderAnswer::read(&value).unwrap()
    }

    #[test]
    fn a_story_has_a_header_and_a_history_and_no_personal_data() {
        assert_eq!(
            story(&order(), None),
            "Order 01kb2h8z40x0000000000000c1
  created       2026-11-22 10:00:00 UTC
  updated       2026-11-22 11:30:00 UTC
  offer         slim-tea-pl
  account       main (adcombo)
  country       PL
  delivery      delivered, 1 try
  network's id  812001
  click id      a,\"b\"
  status        cancel (the network's word: rejected)
  reason        duplicate (7)
  payout        12.50 USD

time (UTC)           source  what      status  word      note
2026-11-22 10:00:00  intake  received
2026-11-22 11:30:00  poll    status    cancel  rejected  reason 7"
        );
    }

    #[test]
    fn orders_are_a_table() {
        let mut second = order();
        second.network_order_id = None;
        second.reason = None;
        assert_eq!(
            table(&[order(), second], None),
            "\
order                       created (UTC)        offer        account  network's id  delivery   status  reason         payout
01kb2h8z40x0000000000000c1  2026-11-22 10:00:00  slim-tea-pl  main     812001        delivered  cancel  duplicate (7)  12.50 USD
01kb2h8z40x0000000000000c1  2026-11-22 10:00:00  slim-tea-pl  main                   delivered  cancel                 12.50 USD"
        );
    }

    #[test]
    fn csv_quotes_what_it_must() {
        assert_eq!(
            csv(&[order()]).unwrap(),
            "order_id,created_at,offer,account,network,network_order_id,click_id,status,raw_status,delivery,reason,payout,\
             currency\n01kb2h8z40x0000000000000c1,2026-11-22T10:00:00Z,slim-tea-pl,main,adcombo,812001,\"a,\"\"b\"\"\",\
             cancel,rejected,delivered,7,12.50,USD\n"
        );
    }
}

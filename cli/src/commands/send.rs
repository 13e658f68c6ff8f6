//! `leadrelay send`: one lead through the relay, and its story.

use serde_json::{Map, Value};

use super::answers::OrderAnswer;
use crate::api::Api;
use crate::args::{Remote, SendArgs};
use crate::failure::Failure;
use crate::layout::clean;
use crate::output;

/// Where a relay is when nothing else is said, as in the arguments.
const DEFAULT_URL: &str = "http://127.0.0.1:3000";

/// Sends a lead.
pub(crate) async fn run(args: SendArgs) -> Result<(), Failure> {
    let body = body(&args)?;
    let api = Api::new(&args.remote)?;
    let headers: Vec<(&str, &str)> = args.idempotency_key.iter().map(|key| ("idempotency-key", key.as_str())).collect();
    let answer = api.post(&["leads"], &body, &headers, None).await?;
    let receipt = api.accepted(&answer)?.json()?;
    if args.json {
        return output::json(&receipt);
    }
    let order = OrderAnswer::read(&receipt)?;
    output::line(story(&order));
    output::line(format_args!("\nFollow it: {}", follow(&order.order_id, &args.remote)));
    Ok(())
}

/// The intake's body. `--field params.NAME=VALUE` overrides a parameter of the offer.
fn body(args: &SendArgs) -> Result<Value, Failure> {
    let mut body = Map::new();
    let options = [
        ("offer", Some(&args.offer)),
        ("phone", Some(&args.phone)),
        ("name", Some(&args.name)),
        ("country", args.country.as_ref()),
        ("ip", args.ip.as_ref()),
        ("user_agent", args.user_agent.as_ref()),
        ("click_id", args.click_id.as_ref()),
    ];
    body.extend(options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.as_str().into()))));
    let mut params = Map::new();
    for field in &args.fields {
        let Some((name, value)) = field.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::new(format!("--field {field}: write NAME=VALUE, such as --field city=Warszawa")));
        };
        let before = match name.strip_prefix("params.") {
            Some(param) => params.insert(param.to_owned(), value.into()),
            None => body.insert(name.to_owned(), value.into()),
        };
        if before.is_some() {
            return Err(Failure::new(format!("`{name}` is given twice")));
        }
    }
    if !params.is_empty() {
        body.insert("params".to_owned(), params.into());
    }
    if args.test {
        body.insert("test".to_owned(), true.into());
    }
    Ok(body.into())
}

/// What became of the lead, in a few sentences.
fn story(order: &OrderAnswer) -> String {
    let OrderAnswer { network, account, .. } = order;
    let network_order_id = order.network_order_id.as_deref();
    let what = match order.delivery.as_str() {
        "delivered" => {
            let known =
                network_order_id.map_or_else(|| "it gave no order id".to_owned(), |id| format!("its order id is {id}"));
            format!("{network} took the lead (account {account}); {known}.")
        }
        "refused" => format!("{network} refused the lead (account {account})."),
        "queued" => format!("stored. {network} could not take it now (account {account}); the relay will try again."),
        "unknown" => format!(
            "stored and sent, but the answer of {network} is lost or unreadable (account {account}). The relay looks it up \
             where it can, and does not send it again by itself."
        ),
        "undeliverable" => format!("stored, but it cannot be handed to {network} (account {account})."),
        "test" => format!("stored as a test; {network} was not called (account {account})."),
        other => format!("stored, delivery is {other} (account {account} of {network})."),
    };
    let mut lines = vec![format!("Order {}: {what}", order.order_id)];
    if let Some(reason) = order.reason_text() {
        lines.push(format!("Reason: {reason}."));
    }
    if let Some(comment) = &order.comment {
        lines.push(format!("The network says: {comment}"));
    }
    if order.status != "wait" {
        lines.push(format!("Status: {}.", order.status));
    }
    if let Some(earlier) = &order.duplicate_of {
        lines.push(format!("It repeats order {earlier}."));
    }
    if order.replayed {
        lines.push("The same request came before: this is its order, and nothing was sent again.".to_owned());
    }
    lines.iter().map(|line| clean(line)).collect::<Vec<_>>().join("\n")
}

fn follow(order_id: &str, remote: &Remote) -> String {
    let elsewhere = if remote.url == DEFAULT_URL { String::new() } else { format!(" --url {}", remote.url) };
    format!("leadrelay orders {order_id}{elsewhere}")
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;
    use crate::args::{Cli, Command};

    fn args(more: &[&str]) -> SendArgs {
        let fixed = ["leadrelay", "send", "slim-tea-pl", "--phone", "+48500100200", "--name", "Jan"];
        match Cli::try_parse_from(fixed.iter().chain(more)).unwrap().command {
            Command::Send(args) => *args,
            _ => unreachable!("`send` is parsed as such"),
        }
    }

    fn receipt(changes: &Value) -> OrderAnswer {
        let mut receipt = json!({"order_id": "01k3", "status": "wait", "delivery": "delivered", "offer": "slim-tea-pl",
            "account": "main", "network": "adcombo", "network_order_id": "812001", "click_id": null, "reason": null,
            "comment": null, "duplicate_of": null, "replayed": false});
        for (name, value) in changes.as_object().unwrap() {
            receipt[name] = value.clone();
        }
        OrderAnswer::read(&receipt).unwrap()
    }

    #[test]
    fn options_and_fields_become_one_body() {
        let body =
            body(&args(&["--country", "PL", "--field", "city=Warszawa", "--field", "params.flow=a=b", "--test"]));
        assert_eq!(
            body.unwrap(),
            json!({"offer": "slim-tea-pl", "phone": "+48500100200", "name": "Jan", "country": "PL", "city": "Warszawa",
                "params": {"flow": "a=b"}, "test": true})
        );
    }

    #[test]
    fn a_field_without_a_value_or_given_twice_is_refused() {
        for wrong in ["city", "=x", "phone=1"] {
            assert!(body(&args(&["--field", wrong])).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_story_tells_what_became_of_the_lead() {
        for (changes, expected) in [
            (json!({}), "Order 01k3: adcombo took the lead (account main); its order id is 812001."),
            (
                json!({"delivery": "refused", "network_order_id": null, "status": "cancel", "reason": 7, "comment": "a\u{1b}double"}),
                "Order 01k3: adcombo refused the lead (account main).\nReason: duplicate (7).\nThe network says: a double\n\
                 Status: cancel.",
            ),
            (
                json!({"delivery": "test", "replayed": true, "duplicate_of": "01k2"}),
                "Order 01k3: stored as a test; adcombo was not called (account main).\nIt repeats order 01k2.\nThe same \
                 request came before: this is its order, and nothing was sent again.",
            ),
        ] {
            assert_eq!(story(&receipt(&changes)), expected);
        }
    }

    #[test]
    fn the_way_to_follow_names_another_relay() {
        assert_eq!(follow("01k3", &args(&[]).remote), "leadrelay orders 01k3");
        let remote = args(&["--url", "https://relay.example"]).remote;
        assert_eq!(follow("01k3", &remote), "leadrelay orders 01k3 --url https://relay.example");
    }
}

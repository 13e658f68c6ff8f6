//! `leadrelay postbacks ACCOUNT --parked`: postbacks that have found no order.

use serde::Deserialize;
use serde_json::{Value, json};

use super::answers::time;
use crate::api::Api;
use crate::args::PostbacksArgs;
use crate::failure::Failure;
use crate::{layout, output};

/// A parked postback of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ParkedAnswer {
    key: Key,
    status: Option<String>,
    raw_status: Option<String>,
    at: String,
    orphan: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Key {
    oid: Option<String>,
    eid: Option<String>,
}

/// Lists them all.
pub(crate) async fn run(args: PostbacksArgs) -> Result<(), Failure> {
    let api = Api::new(&args.remote)?;
    let parked = all(&api, &args.account).await?;
    if args.json {
        return output::json(&json!({"parked": parked, "next": null}));
    }
    if parked.is_empty() {
        output::note("no postback waits for its order");
        return Ok(());
    }
    let wrong = |error| Failure::new(format!("the relay's answer is no list of parked postbacks: {error}"));
    let read = parked.iter().map(ParkedAnswer::deserialize).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    output::line(table(&read, output::width()));
    let orphans = read.iter().filter(|one| one.orphan).count();
    if orphans > 0 {
        output::note(format_args!(
            "\n{} waited for more than 7 days and will not find an order by itself: look for it in the network's cabinet.",
            layout::count(orphans, "postback")
        ));
    }
    Ok(())
}

async fn all(api: &Api, account: &str) -> Result<Vec<Value>, Failure> {
    let mut parked = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("account", account), ("limit", "200")];
        if let Some(cursor) = &cursor {
            query.push(("cursor", cursor));
        }
        let answer = api.get(&["orders", "parked"], &query).await?;
        let Some(page) = answer.get("parked").and_then(Value::as_array) else {
            return Err(Failure::new("the relay's answer is no list of parked postbacks"));
        };
        parked.extend(page.iter().cloned());
        cursor = answer.get("next").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            return Ok(parked);
        }
    }
}

fn table(parked: &[ParkedAnswer], width: Option<usize>) -> String {
    let row = |one: &ParkedAnswer| {
        let key = match (&one.key.oid, &one.key.eid) {
            (Some(oid), _) => format!("oid {oid}"),
            (None, Some(eid)) => format!("eid {eid}"),
            (None, None) => String::new(),
        };
        let word = one.raw_status.clone().unwrap_or_default();
        let orphan = if one.orphan { "orphan" } else { "waits" };
        vec![key, time(&one.at), one.status.clone().unwrap_or_default(), word, orphan.to_owned()]
    };
    layout::table(&["order", "came (UTC)", "status", "word", ""], &parked.iter().map(row).collect::<Vec<_>>(), width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parked_postbacks_are_a_table() {
        let parked = [
            json!({"key": {"eid": "812"}, "status": "hold", "raw_status": "confirmed", "at": "2026-11-22T10:00:00Z", "orphan": false}),
            json!({"key": {"oid": "01k3"}, "status": "approve", "raw_status": null, "at": "2026-11-01T10:00:00Z", "orphan": true}),
        ];
        let read: Vec<ParkedAnswer> = parked.iter().map(|one| ParkedAnswer::deserialize(one).unwrap()).collect();
        assert_eq!(
            table(&read, None),
            "order     came (UTC)           status   word\n\
             eid 812   2026-11-22 10:00:00  hold     confirmed  waits\n\
             oid 01k3  2026-11-01 10:00:00  approve             orphan"
        );
    }
}

//! Laws of what users know: names, settings, parameters and postbacks, to the letter.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use networks::manifest::{Correlate, Manifest, Postback};
use networks::status::fold;
use networks::{DOOR_PATH, DoorParams, Network, StatusReading, catalog, read_postback};
use serde_json::{Value, json};
use url::Url;

use super::of_each;

const ORDER: &str = "01kb2h8z40x0000000000000c1";

fn seed() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seed.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// A manifest's row as `seed.json` writes it.
fn seed_row(manifest: &Manifest) -> Value {
    let settings = manifest.settings.iter();
    let params = manifest.params.iter();
    let postbacks = manifest.postbacks.iter().map(|(event, postback)| match postback {
        Postback::Tail(tail) => json!({ "event": event, "tail": tail }),
        Postback::Separate { path, params } => {
            let params: serde_json::Map<String, Value> =
                params.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
            json!({ "event": event, "path": path, "params": params })
        }
    });
    json!({
        "slug": manifest.slug.get_ref(),
        "name": manifest.name,
        "statuses_by": manifest.statuses_by,
        "settings": settings
            .map(|(name, one)| json!({ "name": name, "title": one.title, "secret": one.secret }))
            .collect::<Vec<_>>(),
        "params": params
            .map(|(name, one)| json!({ "name": name, "title": one.title, "required": one.required }))
            .collect::<Vec<_>>(),
        "postbacks": postbacks.collect::<Vec<_>>(),
    })
}

#[test]
fn the_catalogue_holds_every_network_that_users_know() {
    let seed = seed();
    assert_eq!(seed.len(), 47);
    let wanted: BTreeSet<&str> = seed.iter().filter_map(|row| row["slug"].as_str()).collect();
    let found: BTreeSet<&str> = catalog::all().map(Network::slug).collect();
    assert!(found.is_superset(&wanted), "missing: {:?}", wanted.difference(&found));
}

#[test]
fn every_network_has_what_users_know_of_it_to_the_letter() {
    let mut wrong = Vec::new();
    for row in seed() {
        let slug = row["slug"].as_str().unwrap();
        let Some(network) = catalog::find(slug) else {
            wrong.push(format!("{slug}: no such folder"));
            continue;
        };
        let found = seed_row(network.manifest());
        for (key, value) in row.as_object().unwrap() {
            // As text: the order of entries counts, inside objects too.
            let [found, wanted] = [&found[key], value].map(Value::to_string);
            if found != wanted {
                wrong.push(format!("{slug}: {key}\n  seed  {wanted}\n  found {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A postback's parameters as the door gets them, each macro replaced by what a network would put there.
fn filled(network: &Network, event: &str, word: &str) -> DoorParams {
    let ready = network.ready_postbacks("https://relay.example", "main-k3y");
    let ready = ready.into_iter().find(|one| one.event == event).unwrap();
    let url = Url::parse(&ready.url).unwrap();
    assert_eq!(url.path(), DOOR_PATH);
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().chain(ready.params).collect();
    assert_eq!(pairs.first(), Some(&("id".to_owned(), "main-k3y".to_owned())), "{}: the door's key", network.slug());
    let mut params = DoorParams::default();
    for (name, value) in &pairs {
        let is_macro = networks::status::is_unfilled_macro(value);
        let sample = match name.as_str() {
            _ if !is_macro => value.as_str(),
            "oid" => ORDER,
            "eid" => "70021",
            "status" => word,
            "pay" => "12.50",
            "cc" => "EUR",
            _ => "said the customer",
        };
        params.add(name, sample);
    }
    params
}

#[test]
fn every_postback_passes_our_own_door_and_names_an_order_and_a_status() {
    of_each("a postback that the door cannot use", |network| {
        let mut wrong = Vec::new();
        for (event, postback) in network.manifest().postbacks.iter() {
            let report = match read_postback(Some(network), &filled(network, event, "approved")) {
                Ok(report) => report,
                Err(error) => {
                    wrong.push(format!("{event}: the door answers {error}"));
                    continue;
                }
            };
            if matches!(report.reading, StatusReading::Unmapped { .. }) {
                wrong.push(format!("{event}: the status `{}` means nothing", report.reading.raw()));
            }
            let named = match network.correlate() {
                Correlate::Oid => report.oid.is_some() && report.eid.is_none(),
                Correlate::Eid => report.eid.is_some() && report.oid.is_none(),
            };
            if !named {
                wrong.push(format!("{event}: {postback:?} names another order id than `correlate` says"));
            }
        }
        wrong
    });
}

#[test]
fn a_postback_and_the_network_s_own_table_agree() {
    of_each("a word that the postback's lists and the table read differently", |network| {
        let mut wrong = Vec::new();
        for (event, _) in network.manifest().postbacks.iter() {
            for (word, meaning) in network.statuses() {
                // A postback of a fixed status reads the same word each time: nothing to compare.
                let report = read_postback(Some(network), &filled(network, event, word)).unwrap();
                if let StatusReading::Known { status, raw, .. } = &report.reading
                    && fold(raw) == *word
                    && *status != meaning.status
                {
                    wrong.push(format!(
                        "{event}: `{word}` is {status} by the postback, {} by the table",
                        meaning.status
                    ));
                }
            }
        }
        wrong
    });
}

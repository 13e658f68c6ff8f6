//! Laws of the two calls: what they use, where they go, what they look for.

use std::collections::BTreeSet;

use networks::manifest::{Asks, Call, Correlate, Manifest, Node, OneOrMany, OrderedMap, Owner, Rows};
use networks::{HttpReply, Name, Submission, Template};
use toml::Spanned;

use super::of_each;

/// Every template of a manifest, as it is written.
fn templates(manifest: &Manifest) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(submit) = &manifest.submit {
        collect(&submit.call, &mut found);
        if let Some(before) = &submit.before {
            found.push(before.url.get_ref().clone());
            found.extend(before.headers.iter().map(|(_, text)| text.get_ref().clone()));
        }
    }
    if let Some(poll) = &manifest.poll {
        collect(&poll.call, &mut found);
    }
    found
}

fn collect(call: &Call, found: &mut Vec<String>) {
    found.push(call.url.get_ref().clone());
    found.extend(call.headers.iter().chain(call.query.iter()).map(|(_, text)| text.get_ref().clone()));
    found.extend(call.sign.iter().map(|sign| sign.over.get_ref().clone()));
    collect_nodes(&call.fields, found);
}

fn collect_nodes(fields: &OrderedMap<Spanned<Node>>, found: &mut Vec<String>) {
    for (_, node) in fields.iter() {
        match node.get_ref() {
            Node::Text(text) => found.push(text.clone()),
            Node::Group(inner) => collect_nodes(inner, found),
            Node::Integer(_) | Node::Boolean(_) => {}
        }
    }
}

fn names(manifest: &Manifest) -> BTreeSet<Name> {
    let parsed = templates(manifest).into_iter().map(|text| Template::parse(&text).unwrap());
    parsed.flat_map(|template| template.names().cloned().collect::<Vec<_>>()).collect()
}

#[test]
fn whatever_is_declared_is_used_or_says_why_not() {
    of_each("a setting or parameter that is used and `unused`, or neither", |network| {
        let manifest = network.manifest();
        let used: BTreeSet<String> = network.used_names().iter().map(Name::written).collect();
        let settings = manifest.settings.iter().map(|(name, one)| (format!("setting.{name}"), &one.unused));
        let params = manifest.params.iter().map(|(name, one)| (format!("param.{name}"), &one.unused));
        let mut wrong = Vec::new();
        for (name, unused) in settings.chain(params) {
            match unused {
                Some(_) if used.contains(&name) => wrong.push(format!("{name} is used and says `unused`")),
                Some(why) if why.trim().is_empty() => wrong.push(format!("{name} does not say why it is unused")),
                None if !used.contains(&name) => wrong.push(format!("{name} is not used; say `unused = \"why\"`")),
                _ => {}
            }
        }
        for (name, supplement) in manifest.supplements.iter() {
            let scope = if supplement.of == Owner::Account { "setting" } else { "param" };
            if !used.contains(&format!("{scope}.{name}")) {
                wrong.push(format!("the supplement {name} is not used"));
            }
            if manifest.settings.get(name).is_some() || manifest.params.get(name).is_some() {
                wrong.push(format!("the supplement {name} has the name of a setting or parameter"));
            }
        }
        wrong
    });
}

#[test]
fn every_address_is_https_with_a_literal_host() {
    of_each("an address that could lead elsewhere", |network| {
        let manifest = network.manifest();
        let calls =
            manifest.submit.iter().map(|submit| &submit.call).chain(manifest.poll.iter().map(|poll| &poll.call));
        let before = manifest.submit.iter().filter_map(|submit| submit.before.as_ref()).map(|before| &before.url);
        let mut wrong = Vec::new();
        for url in calls.map(|call| &call.url).chain(before) {
            let text = url.get_ref();
            let host = text.strip_prefix("https://").and_then(|rest| rest.split('/').next());
            let is_literal = host.is_some_and(|host| !host.is_empty() && !host.contains('{'));
            let is_path = manifest.needs_base_url && text.starts_with('/');
            let is_bounded_param = text
                .strip_prefix("{param.")
                .and_then(|rest| rest.strip_suffix('}'))
                .is_some_and(|name| manifest.params.get(name).is_some_and(|param| !param.hosts.is_empty()));
            if !is_literal && !is_path && !is_bounded_param {
                wrong.push(text.clone());
            }
        }
        wrong
    });
}

#[test]
fn an_order_joined_by_the_network_s_id_gets_that_id() {
    of_each("`correlate = \"eid\"` without a place for the order id", |network| {
        let submit = network.manifest().submit.as_ref();
        let nowhere = submit.is_some_and(|submit| submit.reply.order_id.0.is_empty());
        let breach = network.correlate() == Correlate::Eid && nowhere;
        breach.then(|| "the reply's `order_id` is missing".to_owned()).into_iter().collect()
    });
}

/// What is wrong with the ids a status call asks for and finds.
fn ids_breach(asks: Asks, rows: &Rows, used: &BTreeSet<Name>) -> Option<&'static str> {
    let has_window = used.contains(&Name::WindowFrom) || used.contains(&Name::WindowTo);
    let has_ids = used.contains(&Name::BatchIds);
    match asks {
        Asks::Window if !has_window || has_ids => Some("asks by time and does not send a window alone"),
        Asks::Network | Asks::Ours if !has_ids || has_window => Some("asks by ids and does not send ids alone"),
        Asks::Network if rows.network_id.0.is_empty() => Some("asks by the network's ids and does not find them"),
        Asks::Ours if rows.our_id.0.is_empty() => Some("asks by our ids and does not find them"),
        Asks::Window if rows.network_id.0.is_empty() && rows.our_id.0.is_empty() => Some("finds no ids"),
        _ => None,
    }
}

#[test]
fn a_status_call_asks_for_what_it_can_find() {
    of_each("a status call that cannot work", |network| {
        let manifest = network.manifest();
        let Some(poll) = &manifest.poll else { return Vec::new() };
        let mut wrong: Vec<String> =
            ids_breach(poll.asks, &poll.rows, &names(manifest)).map(str::to_owned).into_iter().collect();
        let one_only = templates(manifest).iter().any(|text| text.contains("batch.ids|one"));
        if one_only && *poll.batch.get_ref() != 1 {
            wrong.push("sends one id and has a batch of more".to_owned());
        }
        if (poll.asks == Asks::Window) != poll.window_days.is_some() {
            wrong.push("`asks = \"window\"` and `window_days` go together".to_owned());
        }
        if poll.rows.status.0.is_empty() {
            wrong.push("no place of the status".to_owned());
        }
        wrong
    });
}

#[test]
fn every_pointer_can_point() {
    of_each("a pointer that leads nowhere", |network| {
        let manifest = network.manifest();
        let mut wrong = Vec::new();
        let mut look = |place: &str, pointers: &OneOrMany| {
            let can_point = |text: &String| match text.as_str() {
                "" => !place.ends_with("_id"),
                "@key" => place.ends_with("_id"),
                text => text.starts_with('/'),
            };
            if !pointers.0.iter().all(can_point) {
                wrong.push(format!("{place}: {:?}", pointers.0));
            }
        };
        if let Some(submit) = &manifest.submit {
            let reply = &submit.reply;
            let places = [&reply.order_id, &reply.status, &reply.payout, &reply.currency, &reply.message];
            for pointers in places {
                look("submit.reply", pointers);
            }
        }
        if let Some(poll) = &manifest.poll {
            let rows = &poll.rows;
            look("rows.network_id", &rows.network_id);
            look("rows.our_id", &rows.our_id);
            let places = [&rows.at, &rows.status, &rows.payout, &rows.currency, &rows.comment];
            for pointers in places {
                look("poll.rows", pointers);
            }
        }
        wrong
    });
}

#[test]
fn an_error_of_the_server_decides_nothing() {
    of_each("HTTP 5xx that is read as an answer", |network| {
        let mut wrong = Vec::new();
        for status in [500, 502, 503, 504] {
            for body in ["", "<html>error</html>", "{}", "[]"] {
                let reply = HttpReply::new(status, body);
                let verdict = network.read_submission(&reply, None);
                if !matches!(verdict, Submission::Unclear { .. }) {
                    wrong.push(format!("HTTP {status} with `{body}` is {verdict:?}"));
                }
            }
        }
        wrong
    });
}

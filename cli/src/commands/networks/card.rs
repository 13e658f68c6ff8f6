//! One network's card: all that is known of it, for a person who sets it up.

use networks::manifest::{
    Asks, Call, Confidence, Correlate, Encoding, Method, Node, OrderedMap, Poll, Postback, Proof,
};
use networks::{AccountKey, DOOR_PATH, Network};

use super::status_word;
use crate::layout::{definitions, paragraphs, points};

/// The whole card in `width` columns.
pub(super) fn text(network: &Network, width: Option<usize>) -> String {
    let manifest = network.manifest();
    let mut sections = vec![format!("{} ({})", network.name(), network.slug())];
    let mut section = |title: &str, body: String| {
        if !body.is_empty() {
            sections.push(format!("{title}\n{body}"));
        }
    };
    section("Account: settings", definitions(&account(network), width));
    section("Offer: parameters", definitions(&keys(network.offer_keys(), &manifest.params, network), width));
    section("In the configuration", configuration(network));
    section("A lead must have", needs(network, width));
    section("Postbacks: what follows HOST/api/sale/status.json?id={account}-{key}", postbacks(network));
    section("Handing a lead over", handing_over(network, width));
    section("Statuses", statuses(network, width));
    section("Words of the network (the general dictionary knows more)", words(network));
    section("How well this is known", definitions(&confidence(network), width));
    section("Doubts", points(manifest.doubts.iter().map(String::as_str), width));
    section("Setting it up", paragraphs(&manifest.guide, width));
    sections.join("\n\n")
}

fn account(network: &Network) -> Vec<(String, String)> {
    let mut pairs = keys(network.account_keys(), &network.manifest().settings, network);
    if network.manifest().needs_base_url {
        pairs.push(("base_url".to_owned(), "scheme and host of the network's API, with its path".to_owned()));
    }
    pairs
}

/// Keys with their titles; a supplement, which is not declared with the others, is marked.
fn keys<'a>(
    keys: impl Iterator<Item = AccountKey<'a>>,
    declared: &OrderedMap<networks::manifest::Declared>,
    network: &Network,
) -> Vec<(String, String)> {
    let describe = |key: AccountKey<'_>| {
        let mut text = key.title.to_owned();
        let mut remarks = Vec::new();
        if key.secret {
            remarks.push("secret".to_owned());
        }
        if !key.required {
            remarks.push("may be left out".to_owned());
        }
        if network.manifest().supplements.get(key.name).is_some() && declared.get(key.name).is_none() {
            remarks.push("a supplement: the known call takes it, the usual set-up does not name it".to_owned());
        }
        if !key.hosts.is_empty() {
            remarks.push(format!("of {}", key.hosts.join(", ")));
        }
        if let Some(why) = declared.get(key.name).and_then(|declared| declared.unused.as_deref()) {
            remarks.push(format!("no call takes it: {why}"));
        }
        if !remarks.is_empty() {
            text = format!("{text} ({})", remarks.join("; "));
        }
        (key.name.to_owned(), text)
    };
    keys.map(describe).collect()
}

/// What stands in the configuration, to copy.
fn configuration(network: &Network) -> String {
    let slug = network.slug();
    let mut lines = vec![format!("[accounts.{slug}-main]"), format!("network = \"{slug}\"")];
    for key in network.account_keys().filter(|key| key.required) {
        let variable = format!("{slug}_{}", key.name).replace('-', "_").to_uppercase();
        let value = if key.secret { format!("env:{variable}") } else { "…".to_owned() };
        lines.push(format!("{} = \"{value}\"", key.name));
    }
    if network.manifest().needs_base_url {
        lines.push("base_url = \"https://…\"".to_owned());
    }
    if network.can_submit() {
        lines.extend([String::new(), "[offers.NAME]".to_owned(), format!("account = \"{slug}-main\"")]);
        lines.extend(network.offer_keys().filter(|key| key.required).map(|key| format!("{} = \"…\"", key.name)));
    }
    lines.iter().map(|line| format!("  {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn needs(network: &Network, width: Option<usize>) -> String {
    let groups = network.required_fields();
    if groups.is_empty() {
        return String::new();
    }
    let one = |group: &Vec<lead::Field>| group.iter().map(|field| field.name()).collect::<Vec<_>>().join(" or ");
    let list = groups.iter().map(one).collect::<Vec<_>>().join(", ");
    paragraphs(&format!("phone, name, country, and for this network: {list}"), width)
}

fn postbacks(network: &Network) -> String {
    let lines = network.manifest().postbacks.iter().map(|(event, postback)| match postback {
        Postback::Tail(tail) => format!("  {event}\n    {tail}"),
        Postback::Separate { path, params } => {
            let path = if path == DOOR_PATH { String::new() } else { format!(", path {path}") };
            let params = params.iter().map(|(name, value)| format!("    {name} = {value}")).collect::<Vec<_>>();
            format!("  {event} (each parameter apart{path})\n{}", params.join("\n"))
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn handing_over(network: &Network, width: Option<usize>) -> String {
    let Some(submit) = &network.manifest().submit else {
        let text = "Not known: the network's API is not published. Ask its manager for the description and write a \
                    manifest of your own (`leadrelay check --network DIR` checks it).";
        return paragraphs(text, width);
    };
    let mut lines = Vec::new();
    if let Some(before) = &submit.before {
        lines.push(format!("  first GET {}", before.url.get_ref()));
    }
    lines.push(call(&submit.call, network, width));
    lines.join("\n")
}

fn call(call: &Call, network: &Network, width: Option<usize>) -> String {
    let method = match call.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let encoding = match call.encoding {
        Encoding::Query => "in the query",
        Encoding::Form => "as a form",
        Encoding::Multipart => "as multipart/form-data",
        Encoding::Json => "as JSON",
    };
    let mut fields = Vec::new();
    for (name, node) in call.fields.iter() {
        flatten(name, node.get_ref(), &mut fields);
    }
    let headers = call.headers.iter().map(|(name, value)| (format!("header {name}"), value.get_ref().clone()));
    let query = call.query.iter().map(|(name, value)| (format!("query {name}"), value.get_ref().clone()));
    let mut pairs: Vec<(String, String)> = headers.chain(query).chain(fields).collect();
    if let Some(sign) = &call.sign {
        let digest = match sign.digest {
            networks::manifest::Digest::Sha1 => "SHA-1",
            networks::manifest::Digest::Sha256 => "SHA-256",
        };
        pairs.push((sign.into.get_ref().replacen(':', " ", 1), format!("{digest} of {}", sign.over.get_ref())));
    }
    if let Some(hook) = &call.hook {
        pairs.push(("step of its own".to_owned(), hook.get_ref().clone()));
    }
    let host = if network.manifest().needs_base_url { "{base_url}" } else { "" };
    let line = format!("  {method} {host}{}, fields {encoding}", call.url.get_ref());
    if pairs.is_empty() { line } else { format!("{line}\n{}", definitions(&pairs, width)) }
}

/// Fields of groups are written with a dot.
fn flatten(name: &str, node: &Node, into: &mut Vec<(String, String)>) {
    match node {
        Node::Text(text) => into.push((name.to_owned(), text.clone())),
        Node::Integer(number) => into.push((name.to_owned(), number.to_string())),
        Node::Boolean(boolean) => into.push((name.to_owned(), boolean.to_string())),
        Node::Group(fields) => {
            for (inner, node) in fields.iter() {
                flatten(&format!("{name}.{inner}"), node.get_ref(), into);
            }
        }
    }
}

fn statuses(network: &Network, width: Option<usize>) -> String {
    let how = match (status_word(network), network.can_poll()) {
        ("postback", false) => "The network calls the postbacks above; it has no known status call.",
        ("postback", true) => "The network calls the postbacks above, and can be asked besides.",
        ("poll", true) => "The relay asks the network in its scheduled runs.",
        ("poll", false) => {
            "The network should be asked, but no status call of it is known: statuses do not come by themselves."
        }
        (_, true) => "The network calls the postbacks above, and the relay asks it in its scheduled runs.",
        (_, false) => "The network calls the postbacks above; the status call it has is not known.",
    };
    let by = match network.correlate() {
        Correlate::Oid => "our order id (oid)",
        Correlate::Eid => "the network's order id (eid)",
    };
    let mut text = paragraphs(&format!("{how} Orders are found by {by}."), width);
    if let Some(poll) = &network.manifest().poll {
        text = format!("{text}\n{}\n{}", call(&poll.call, network, width), paragraphs(&limits(poll), width));
    }
    text
}

fn limits(poll: &Poll) -> String {
    let batch = *poll.batch.get_ref();
    let asks = match poll.asks {
        Asks::Window => match poll.window_days {
            Some(days) => format!("A call asks for all orders of the last {days} days."),
            None => "A call asks for all orders of a window.".to_owned(),
        },
        Asks::Network if batch == 1 => "A call asks for one order, by the network's id.".to_owned(),
        Asks::Ours if batch == 1 => "A call asks for one order, by our id.".to_owned(),
        Asks::Network => format!("A call asks for up to {batch} orders, by the network's ids."),
        Asks::Ours => format!("A call asks for up to {batch} orders, by our ids."),
    };
    match poll.per_minute {
        Some(calls) => format!("{asks} At most {calls} calls a minute."),
        None => asks,
    }
}

fn words(network: &Network) -> String {
    let words: Vec<_> = network.manifest().statuses.iter().collect();
    let longest = words.iter().map(|(word, _)| word.chars().count()).max().unwrap_or_default();
    let line = |(word, meaning): &(&str, &toml::Spanned<String>)| format!("  {word:longest$}  {}", meaning.get_ref());
    words.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn confidence(network: &Network) -> Vec<(String, String)> {
    let manifest = network.manifest();
    let describe = |proof: &Proof| {
        let word = match proof.confidence {
            Confidence::Documented => "documented (the network's own documents or code)",
            Confidence::ClientCode => "client-code (working public clients)",
            Confidence::Inferred => "inferred (by likeness to something known)",
        };
        format!("{word}: {}; checked {}", proof.source, proof.checked.get_ref())
    };
    let of = |proof: Option<&Proof>| proof.map_or_else(|| "unknown".to_owned(), describe);
    vec![
        ("submit".to_owned(), of(manifest.submit.as_ref().map(|submit| &submit.proof))),
        ("status call".to_owned(), of(manifest.poll.as_ref().map(|poll| &poll.proof))),
    ]
}

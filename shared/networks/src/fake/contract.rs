//! A network's calls as a server expects them.

use std::borrow::Cow;

use crate::hook::Hook;
use crate::manifest::{Encoding, Method};
use crate::network::{CheckedCall, CheckedNode, CheckedSign, Network, SignPlace};
use crate::template::{Name, Part, Template};

use super::Step;

/// One call: what must arrive where.
pub(super) struct Exchange<'a> {
    pub(super) step: Step,
    pub(super) method: Method,
    pub(super) path: Path,
    pub(super) query: Vec<Expected<'a>>,
    pub(super) headers: Vec<Expected<'a>>,
    pub(super) body: Body<'a>,
    pub(super) sign: Option<&'a CheckedSign>,
}

/// Where a call goes.
pub(super) enum Path {
    /// The whole URL is a parameter: any path may be it.
    Any,
    /// Text and placeholders.
    Parts(Vec<Part>),
}

/// What a call's body holds.
pub(super) enum Body<'a> {
    None,
    Form(Vec<Expected<'a>>),
    Multipart(Vec<Expected<'a>>),
    Json(&'a [(String, CheckedNode)], Option<&'static dyn Hook>),
}

/// One named value of a query, of the headers or of a form.
pub(super) struct Expected<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) what: What<'a>,
}

pub(super) enum What<'a> {
    Parts(Cow<'a, [Part]>),
    Constant(String),
    Signature,
}

/// Every call of a network, in the order they are made.
pub(super) fn exchanges(network: &Network) -> Vec<Exchange<'_>> {
    let mut found = Vec::new();
    if let Some(submit) = &network.submit {
        if let Some(before) = &submit.before {
            let uses_answer = |node: &CheckedNode| {
                matches!(node, CheckedNode::Template(template)
                if template.names().any(|name| *name == Name::BeforeAnswer))
            };
            let fields = submit.call.fields.iter().filter(|(_, node)| !uses_answer(node));
            let (path, mut query) = place(&before.url);
            query.extend(fields.filter_map(|(name, node)| expected(name, node)));
            let headers = before.headers.iter().map(templated).collect();
            let step = Step::Before;
            found.push(Exchange { step, method: Method::Get, path, query, headers, body: Body::None, sign: None });
        }
        found.push(exchange(Step::Submit, &submit.call));
    }
    found.extend(network.poll.iter().map(|poll| exchange(Step::Poll, &poll.call)));
    found
}

fn exchange(step: Step, call: &CheckedCall) -> Exchange<'_> {
    let (path, mut query) = place(&call.url);
    query.extend(call.query.iter().map(templated));
    let mut headers: Vec<Expected<'_>> = call.headers.iter().map(templated).collect();
    let mut fields: Vec<Expected<'_>> = Vec::new();
    if call.encoding != Encoding::Json {
        fields.extend(call.fields.iter().filter_map(|(name, node)| expected(name, node)));
    }
    if let Some(sign) = &call.sign {
        let signature = |name: &'_ str| Expected { name: Cow::Owned(name.to_owned()), what: What::Signature };
        match &sign.into {
            SignPlace::Query(name) => query.push(signature(name)),
            SignPlace::Header(name) => headers.push(signature(name)),
            SignPlace::Field(name) => fields.push(signature(name)),
        }
    }
    let body = match call.encoding {
        Encoding::Query => {
            query.extend(fields);
            Body::None
        }
        Encoding::Form => Body::Form(fields),
        Encoding::Multipart => Body::Multipart(fields),
        Encoding::Json => Body::Json(&call.fields, call.hook),
    };
    Exchange { step, method: call.method, path, query, headers, body, sign: call.sign.as_ref() }
}

fn templated((name, template): &(String, Template)) -> Expected<'_> {
    Expected { name: Cow::Borrowed(name), what: What::Parts(Cow::Borrowed(template.parts())) }
}

/// A field of a flat encoding; groups are JSON's alone.
fn expected<'a>(name: &'a str, node: &'a CheckedNode) -> Option<Expected<'a>> {
    let what = match node {
        CheckedNode::Template(template) => What::Parts(Cow::Borrowed(template.parts())),
        CheckedNode::Integer(number) => What::Constant(number.to_string()),
        CheckedNode::Boolean(boolean) => What::Constant(boolean.to_string()),
        CheckedNode::Group(_) => return None,
    };
    Some(Expected { name: Cow::Borrowed(name), what })
}

/// Splits a URL into its path and the query that is written into it.
fn place(url: &Template) -> (Path, Vec<Expected<'_>>) {
    if url.sole_placeholder().is_some() {
        return (Path::Any, Vec::new());
    }
    let mut path = Vec::new();
    let mut query: Vec<(String, Vec<Part>)> = Vec::new();
    let mut in_query = false;
    for part in url.parts() {
        match part {
            Part::Text(text) if !in_query => {
                let text = if path.is_empty() { without_host(text) } else { text };
                let (before, after) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
                path.push(Part::Text(before.to_owned()));
                if let Some(after) = after {
                    in_query = true;
                    add_to_query(&mut query, after);
                }
            }
            Part::Text(text) => add_to_query(&mut query, text),
            Part::Placeholder(_) if !in_query => path.push(part.clone()),
            Part::Placeholder(_) => {
                if let Some((_, value)) = query.last_mut() {
                    value.push(part.clone());
                }
            }
        }
    }
    let query = query.into_iter().filter(|(name, _)| !name.is_empty());
    let query = query.map(|(name, value)| Expected { name: Cow::Owned(name), what: What::Parts(Cow::Owned(value)) });
    (Path::Parts(path), query.collect())
}

/// Goes on with a written query: `&` begins a pair, and what comes before it belongs to the pair begun last.
fn add_to_query(query: &mut Vec<(String, Vec<Part>)>, text: &str) {
    for (index, piece) in text.split('&').enumerate() {
        match query.last_mut() {
            Some((_, value)) if index == 0 => value.push(Part::Text(piece.to_owned())),
            _ => {
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                query.push((name.to_owned(), vec![Part::Text(value.to_owned())]));
            }
        }
    }
}

fn without_host(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("https://") else { return text };
    rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/")
}

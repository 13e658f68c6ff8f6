//! The body of a request: its encoding, its JSON, its signature.

use serde_json::{Map, Value};

use crate::case::multipart_fields;
use crate::filter::Filter;
use crate::hook::Hook;
use crate::network::{CheckedNode, CheckedSign, SignPlace};
use crate::reply::scalar;
use crate::request::{Values, signature};
use crate::template::Part;

use super::Arrived;
use super::capture::{may_be_absent, sole};
use super::check::{At, Checker, is_each, pairs};
use super::contract::Body;

impl Checker<'_> {
    pub(super) fn body(&mut self, body: &Body<'_>, arrived: &Arrived<'_>) {
        let content_type = arrived.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let content_type = content_type.map_or("", |(_, value)| value.as_str());
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let wanted = match body {
            Body::None => "",
            Body::Form(_) => "application/x-www-form-urlencoded",
            Body::Multipart(_) => "multipart/form-data",
            Body::Json(..) => "application/json",
        };
        if essence != wanted && !wanted.is_empty() {
            self.violation(At { place: "content type", name: "" }.is(&format!("is not `{wanted}`")));
        }
        match body {
            Body::None if arrived.body.is_empty() => {}
            Body::None => self.violation("there is a body where the contract has none".to_owned()),
            Body::Form(fields) => self.flat("field", fields, &pairs(arrived.body)),
            Body::Multipart(fields) => {
                let boundary = content_type.split_once("boundary=").map_or("", |(_, boundary)| boundary);
                let text = String::from_utf8_lossy(arrived.body);
                self.flat("field", fields, &multipart_fields(&text, boundary.trim_matches('"')));
            }
            Body::Json(fields, hook) => match serde_json::from_slice::<Value>(arrived.body) {
                Ok(json) => self.json(fields, *hook, &json),
                Err(_) => self.violation("the body is no JSON".to_owned()),
            },
        }
    }

    fn json(&mut self, fields: &[(String, CheckedNode)], hook: Option<&'static dyn Hook>, json: &Value) {
        let object = match hook {
            Some(hook) => hook.fields(json),
            None => json.as_object(),
        };
        let Some(object) = object else { return self.violation("the body has no fields where they belong".to_owned()) };
        self.object("", fields, object);
        let Some(hook) = hook else { return };
        match hook.body(object.clone(), self.settings) {
            Ok(right) => self.envelope(&right, json),
            Err(_) => drop(self.verdict.unchecked.insert(format!("the envelope of `{}`", hook.name()))),
        }
    }

    /// What a hook has put around the fields must come out the same when it is done again.
    fn envelope(&mut self, right: &Value, given: &Value) {
        let none = Map::new();
        let (right, given) = (right.as_object().unwrap_or(&none), given.as_object().unwrap_or(&none));
        for (name, value) in right.iter().filter(|(_, value)| !value.is_object()) {
            let at = At { place: "field", name };
            match given.get(name) {
                Some(found) if found == value => {}
                Some(_) => self.violation(at.is("is wrong: the envelope's token or signature")),
                None => self.violation(at.is("is missing")),
            }
        }
        for name in given.keys().filter(|name| !right.contains_key(*name)) {
            self.violation(At { place: "field", name }.is("is not in the contract"));
        }
    }

    fn object(&mut self, prefix: &str, fields: &[(String, CheckedNode)], given: &Map<String, Value>) {
        let path = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        for (name, node) in fields {
            let path = path(name);
            let at = At { place: "field", name: &path };
            match (given.get(name), node) {
                (None, node) => {
                    if is_required(node) {
                        self.violation(at.is("is missing"));
                    }
                }
                (Some(Value::Object(inner)), CheckedNode::Group(fields)) => self.object(&path, fields, inner),
                (Some(_), CheckedNode::Group(_)) => self.violation(at.is("is no object")),
                (Some(value), CheckedNode::Integer(number)) => self.constant(at, value, &Value::from(*number)),
                (Some(value), CheckedNode::Boolean(boolean)) => self.constant(at, value, &Value::from(*boolean)),
                (Some(value), CheckedNode::Template(template)) => self.json_leaf(at, template.parts(), value),
            }
        }
        for name in given.keys().filter(|name| !fields.iter().any(|(known, _)| known == *name)) {
            self.violation(At { place: "field", name: &path(name) }.is("is not in the contract"));
        }
    }

    fn constant(&mut self, at: At<'_>, value: &Value, wanted: &Value) {
        if value == wanted {
            self.show(at, &wanted.to_string());
        } else {
            self.violation(at.is(&format!("is not `{wanted}`")));
        }
    }

    fn json_leaf(&mut self, at: At<'_>, parts: &[Part], value: &Value) {
        if is_each(parts) {
            let texts = value.as_array().map(|list| list.iter().filter_map(scalar).collect::<Vec<_>>());
            return match texts {
                Some(texts) => self.verdict.ids.extend(texts),
                None => self.violation(at.is("is no list")),
            };
        }
        let wants_number = sole(parts).is_some_and(|placeholder| placeholder.filter == Some(Filter::Number));
        match value {
            Value::String(text) if !wants_number => self.text(at, parts, text),
            Value::Number(number) if wants_number => self.text(at, parts, &number.to_string()),
            _ if wants_number => self.violation(at.is("is no number")),
            _ => self.violation(at.is("is no text")),
        }
    }

    pub(super) fn sign(&mut self, sign: &CheckedSign, body: &[u8]) {
        // A missing one has been told of by its place.
        let Some(given) = self.signature.take() else { return };
        let text = String::from_utf8_lossy(body);
        let (name, signed) = match &sign.into {
            SignPlace::Query(name) => (format!("query `{name}`"), Some(text.as_ref())),
            SignPlace::Header(name) => (format!("header `{name}`"), Some(text.as_ref())),
            SignPlace::Field(name) => (format!("field `{name}`"), without_last(&text, name)),
        };
        let Some(signed) = signed else { return self.violation(format!("{name} is not the last field")) };
        let values = Values { settings: Some(self.settings), ..Values::default() };
        match signature(sign, &values, signed.as_bytes()) {
            Ok(right) if right == given => {}
            Ok(_) => self.violation(format!("{name} is not the signature of this request")),
            Err(_) => drop(self.verdict.unchecked.insert("the signature".to_owned())),
        }
    }
}

/// A form without its last field, which must have this name.
fn without_last<'t>(form: &'t str, name: &str) -> Option<&'t str> {
    let (before, last) = form.rsplit_once('&').unwrap_or(("", form));
    let (last, _) = last.split_once('=')?;
    (last == name).then_some(before)
}

fn is_required(node: &CheckedNode) -> bool {
    match node {
        CheckedNode::Template(template) => !may_be_absent(template.parts()),
        CheckedNode::Group(fields) => fields.iter().any(|(_, node)| is_required(node)),
        CheckedNode::Integer(_) | CheckedNode::Boolean(_) => true,
    }
}

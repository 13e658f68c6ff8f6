//! What a call of the door says, however its cabinet has bent it: query first, then the body.

use networks::DoorParams;
use serde_json::value::RawValue;

use super::text;
use crate::call::Call;

/// The largest body the door reads, in bytes. A larger one says nothing, and what the query says counts.
const BODY_BYTES: usize = 64 * 1024;

/// The account's id and the parameters of a call.
pub(super) fn read(call: &Call) -> (Option<String>, DoorParams) {
    let mut found = Found::default();
    found.take_form(call.query.as_bytes());
    if call.method == http::Method::POST && call.body.len() <= BODY_BYTES {
        found.take_body(&call.body, call.header("content-type").unwrap_or_default());
    }
    (found.id, found.params)
}

#[derive(Default)]
struct Found {
    id: Option<String>,
    params: DoorParams,
}

impl Found {
    fn take(&mut self, name: &str, value: &str) {
        let name = text::name(name);
        if name != "id" {
            return self.params.add(&name, value);
        }
        // No id holds a separator: what stands behind one was glued to it.
        let (id, glued) = value.split_at(value.find(['&', '?', ';']).unwrap_or(value.len()));
        let id = id.trim();
        if self.id.is_none() && networks::is_usable(id) {
            self.id = Some(id.trim_end_matches('/').to_owned());
        }
        if let Some((name, value)) = glued.trim_start_matches(['&', '?', ';']).split_once('=') {
            for (name, value) in text::pairs(format!("{name}={value}").as_bytes()) {
                if text::name(&name) != "id" {
                    self.take(&name, &value);
                }
            }
        }
    }

    fn take_form(&mut self, form: &[u8]) {
        for (name, value) in text::pairs(form) {
            self.take(&name, &value);
        }
    }

    /// JSON is told by how it begins, whatever it is called; everything else is a form.
    fn take_body(&mut self, body: &[u8], content_type: &str) {
        if let Some(boundary) = text::boundary(content_type) {
            for (name, value) in text::parts(body, &boundary) {
                self.take(&name, &value);
            }
            return;
        }
        let text = text::decoded(body);
        let json = text.trim_start_matches('\u{feff}').trim();
        if !(json.starts_with(['{', '[']) && self.take_json(json)) {
            self.take_form(body);
        }
    }

    /// Takes the members of an object, or of the only object of a list. Numbers are kept digit for digit: an id may be longer
    /// than any number of this machine.
    fn take_json(&mut self, json: &str) -> bool {
        let one = match serde_json::from_str::<Vec<&RawValue>>(json) {
            Ok(list) => match list.as_slice() {
                [one] => one.get(),
                _ => return false,
            },
            Err(_) => json,
        };
        let Ok(Members(members)) = serde_json::from_str::<Members<'_>>(one) else { return false };
        for (name, value) in members {
            self.take_value(&name, value.get());
        }
        true
    }

    /// What is neither text nor number, or a list of such, says nothing.
    fn take_value(&mut self, name: &str, json: &str) {
        let json = json.trim();
        if json.starts_with('[') {
            let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(json) else { return };
            let list: Vec<String> = list.into_iter().filter_map(|one| scalar(one.get())).collect();
            if text::name(name).starts_with("st") {
                // The words of a list (`sta`), or the only status.
                return self.take(name, &list.join(","));
            }
            list.iter().for_each(|one| self.take(name, one));
        } else if let Some(text) = scalar(json) {
            self.take(name, &text);
        }
    }
}

fn scalar(json: &str) -> Option<String> {
    match json.trim().as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'-' | b'0'..=b'9' => Some(json.trim().to_owned()),
        _ => None,
    }
}

/// An object's members in order, those given twice among them.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Visitor).map(Self)
    }
}

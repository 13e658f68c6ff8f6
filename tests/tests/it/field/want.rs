//! What a case wants of a value: the same, or `{ any = [..] }`, `{ none = true }`, `{ has = ".." }`, `{ lacks = ".." }`,
//! `{ starts = ".." }`, `{ chars = n }`.

use serde_json::{Map, Value};

/// Why a value is not as wanted; `None` where it is.
pub(super) fn differs(what: &str, wanted: &Value, found: &Value) -> Option<String> {
    (!holds(wanted, found)).then(|| format!("{what}: wanted {wanted}, found {found}"))
}

/// The same for members by dotted paths.
pub(super) fn members(what: &str, wanted: &Map<String, Value>, found: &Value) -> Vec<String> {
    let one = |(path, wanted): (&String, &Value)| {
        let pointer = format!("/{}", path.replace('.', "/"));
        differs(&format!("{what} {path}"), wanted, found.pointer(&pointer).unwrap_or(&Value::Null))
    };
    wanted.iter().filter_map(one).collect()
}

fn holds(wanted: &Value, found: &Value) -> bool {
    let Some(table) = wanted.as_object() else { return wanted == found };
    table.iter().all(|(how, wanted)| {
        let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        let part = wanted.as_str().unwrap_or_default();
        match how.as_str() {
            "any" => wanted.as_array().unwrap().iter().any(|wanted| holds(wanted, found)),
            "none" => found.is_null() == wanted.as_bool().unwrap(),
            "has" => text.contains(part),
            "lacks" => !text.contains(part),
            "starts" => text.starts_with(part),
            "chars" => wanted.as_u64().unwrap() == u64::try_from(text.chars().count()).unwrap(),
            other => panic!("no way to want a value: {other}"),
        }
    })
}

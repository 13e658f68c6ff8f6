//! Templates read backwards: from a text that was sent to the values it was made of.

use crate::template::{Alternative, Name, Part, Placeholder};

/// What each placeholder of a template stands for in `text`; `None` where the text cannot come of the template.
/// `known` gives the value of a placeholder whose value is known; others reach to the next constant text.
pub(super) fn capture<'p, 't>(
    parts: &'p [Part],
    text: &'t str,
    known: &dyn Fn(&Placeholder) -> Option<String>,
) -> Option<Vec<(&'p Placeholder, &'t str)>> {
    match parts {
        [] => text.is_empty().then(Vec::new),
        [Part::Text(constant), rest @ ..] => capture(rest, text.strip_prefix(constant.as_str())?, known),
        [Part::Placeholder(placeholder), rest @ ..] => {
            let end = match (known(placeholder), rest) {
                (Some(value), _) => text.starts_with(&value).then_some(value.len())?,
                (None, [Part::Text(constant), ..]) if !constant.is_empty() => text.find(constant.as_str())?,
                (None, _) => text.len(),
            };
            let (value, after) = text.split_at(end);
            let mut found = capture(rest, after, known)?;
            found.insert(0, (placeholder, value));
            Some(found)
        }
    }
}

/// Whether a template can make nothing at all, so that its field may be missing.
pub(super) fn may_be_absent(parts: &[Part]) -> bool {
    placeholders(parts).any(|placeholder| {
        let stands_in = placeholder.alternatives.iter().any(|one| matches!(one, Alternative::Text(_)));
        let optional = placeholder.optional || placeholder.filter == Some(crate::filter::Filter::RestWords);
        optional && !stands_in
    })
}

/// The placeholder of a template that is nothing else.
pub(super) fn sole(parts: &[Part]) -> Option<&Placeholder> {
    match parts {
        [Part::Placeholder(placeholder)] => Some(placeholder),
        _ => None,
    }
}

/// The only value a placeholder can stand for.
pub(super) fn only_name(placeholder: &Placeholder) -> Option<&Name> {
    match placeholder.alternatives.as_slice() {
        [Alternative::Value(name)] => Some(name),
        _ => None,
    }
}

/// Every value that a template names.
pub(super) fn names(parts: &[Part]) -> impl Iterator<Item = &Name> {
    placeholders(parts).flat_map(|placeholder| &placeholder.alternatives).filter_map(|one| match one {
        Alternative::Value(name) => Some(name),
        Alternative::Text(_) => None,
    })
}

fn placeholders(parts: &[Part]) -> impl Iterator<Item = &Placeholder> {
    parts.iter().filter_map(|part| match part {
        Part::Placeholder(placeholder) => Some(placeholder),
        Part::Text(_) => None,
    })
}

/// The template as a manifest writes it.
pub(super) fn written(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Placeholder(placeholder) => written_placeholder(placeholder),
        })
        .collect()
}

fn written_placeholder(placeholder: &Placeholder) -> String {
    let alternatives = placeholder.alternatives.iter().map(|one| match one {
        Alternative::Value(name) => name.written(),
        Alternative::Text(text) => format!("'{text}'"),
    });
    let names = alternatives.collect::<Vec<_>>().join(" or ");
    let optional = if placeholder.optional { "?" } else { "" };
    let filter = placeholder.filter.map(|filter| format!("|{}", filter.written())).unwrap_or_default();
    format!("{{{names}{optional}{filter}}}")
}

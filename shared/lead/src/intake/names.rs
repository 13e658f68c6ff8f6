//! The names a body may have, and what is said of others.

use std::borrow::Cow;

use crate::Field;

/// A longer name is not shown in full, and nothing is suggested for it.
const SHOWN_NAME_CHARS: usize = 64;
/// The names besides the optional fields'. `key` is a form's only and never suggested.
pub(super) const NAMES: [&str; 7] = ["offer", "phone", "name", "country", "external_id", "test", "params"];

/// The known name that a mistyped one is most like; `None` if it is like none of them.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    const ALIKE: f64 = 0.7;
    if name.chars().count() > SHOWN_NAME_CHARS {
        return None;
    }
    let name = name.to_lowercase();
    NAMES
        .into_iter()
        .chain(Field::ALL.iter().map(|field| field.name()))
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// A name as an error shows it.
pub(super) fn shown(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(SHOWN_NAME_CHARS) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()).into(),
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_near_the_right_one() {
        for (given, near) in [
            ("fone", "phone"),
            ("phone_number", "phone"),
            ("Email", "email"),
            ("utm-source", "utm_source"),
            ("clickid", "click_id"),
            ("externalId", "external_id"),
            ("referrer", "referer"),
            ("zipcode", "zip"),
            ("sub_1", "sub1"),
        ] {
            assert_eq!(nearest(given), Some(near), "{given}");
        }
        for far in ["xyzzy", ""] {
            assert_eq!(nearest(far), None, "{far}");
        }
    }

    #[test]
    fn a_long_name_is_cut_where_a_character_ends() {
        assert_eq!(shown("phone"), "phone");
        assert_eq!(shown(&"\u{17c}".repeat(70)), format!("{}…", "\u{17c}".repeat(64)));
    }
}

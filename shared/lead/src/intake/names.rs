//! The names a body may have, and what is said of others.

use crate::Field;
use crate::marks::tidy;

/// A longer name is not shown in full, and nothing is suggested for it.
const SHOWN_NAME_CHARS: usize = 64;
/// The names besides the optional fields'. `key` is a form's only and never suggested.
pub(super) const NAMES: [&str; 7] = ["offer", "phone", "name", "country", "external_id", "test", "params"];

/// The known name that a mistyped one is most like; `None` if it is like none of them.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    if name.chars().count() > SHOWN_NAME_CHARS {
        return None;
    }
    let name = folded(name);
    NAMES
        .into_iter()
        .chain(Field::ALL.iter().map(|field| field.name()))
        .filter(|known| is_like(&name, &folded(known)))
        .map(|known| (strsim::jaro_winkler(&name, &folded(known)), known))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// The same but for a slip or two, or the one with something added. A false friend is worse than none.
fn is_like(name: &str, known: &str) -> bool {
    const SHORTEST_PART: usize = 3;
    // In a short name two slips make any other one.
    let slips = match known.len() {
        0..=3 => 0,
        4 => 1,
        _ => 2,
    };
    let part =
        |whole: &str, part: &str| part.len() >= SHORTEST_PART && (whole.starts_with(part) || whole.ends_with(part));
    part(name, known) || strsim::damerau_levenshtein(name, known) <= slips
}

/// Without case and without what stands between words.
fn folded(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A name as an error shows it.
pub(super) fn shown(name: &str) -> String {
    let name = tidy(name);
    match name.char_indices().nth(SHOWN_NAME_CHARS) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name,
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
            ("nam", "name"),
            ("mail", "email"),
            ("utm-campagn", "utm_campaign"),
            ("landingUrl", "landing_url"),
        ] {
            assert_eq!(nearest(given), Some(near), "{given}");
        }
        for far in ["xyzzy", "", "form_id", "created_at", "submit", "csrf", "token", "id", "status"] {
            assert_eq!(nearest(far), None, "{far}");
        }
    }

    #[test]
    fn a_long_name_is_cut_where_a_character_ends() {
        assert_eq!(shown("phone"), "phone");
        assert_eq!(shown(&"\u{17c}".repeat(70)), format!("{}…", "\u{17c}".repeat(64)));
    }
}

//! What an offer does with a customer who has ordered before.

use serde::{Deserialize, Serialize};
use toml::de::DeValue;

use super::section::{Checker, Section, listed, nearest, value_of};

/// The days within which the same phone at the same offer is a duplicate, and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicates {
    /// So many days after the earlier lead, 1 to 365.
    pub days: u32,
    /// What becomes of the later one.
    pub action: OnDuplicate,
}

/// What becomes of a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDuplicate {
    /// It is stored as refused and never sent.
    Refuse,
    /// It is sent, and names the earlier order.
    Flag,
}

const DAYS: std::ops::RangeInclusive<u32> = 1..=365;
const SHAPE: &str = "`duplicates` is { days = 30, action = \"refuse\" } or, to send and mark them, action = \"flag\"";

const KEYS: [&str; 2] = ["days", "action"];

impl Checker<'_> {
    pub(super) fn duplicates(&mut self, section: &Section<'_, '_>) -> Option<Duplicates> {
        let value = value_of(section.table, "duplicates")?;
        let DeValue::Table(table) = value.get_ref() else {
            self.problem(value.span(), SHAPE);
            return None;
        };
        for key in table.keys().filter(|key| !KEYS.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref().as_ref();
            let nearest = nearest(name, KEYS.into_iter());
            self.problem(key.span(), format!("unknown key `{name}`{nearest}; `duplicates` has {}", listed(KEYS)));
        }
        let (Some(days), Some(action)) = (value_of(table, "days"), value_of(table, "action")) else {
            self.problem(value.span(), SHAPE);
            return None;
        };
        let whole = match days.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok().filter(|days| DAYS.contains(days)),
            _ => None,
        };
        if whole.is_none() {
            self.problem(days.span(), "`days` is a whole number from 1 to 365");
        }
        let known = match action.get_ref() {
            DeValue::String(word) if word == "refuse" => Some(OnDuplicate::Refuse),
            DeValue::String(word) if word == "flag" => Some(OnDuplicate::Flag),
            _ => None,
        };
        if known.is_none() {
            self.problem(action.span(), "`action` is \"refuse\" or \"flag\"");
        }
        Some(Duplicates { days: whole?, action: known? })
    }
}

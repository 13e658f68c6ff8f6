//! What a push changes.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use crate::layout::count;

/// Kinds of documents: a later one refers to earlier ones.
const KINDS: [&str; 4] = ["network", "account", "offer", "client"];
/// How much of the hash of a client's key tells keys apart, in characters.
const HASH_CHARS: usize = 8;

/// The documents that differ, each with the name it has in the table and the name people know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Diff {
    added: Vec<Named>,
    changed: Vec<Named>,
    removed: Vec<Named>,
    unchanged: usize,
}

/// A document by its two names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    document: String,
    title: String,
}

/// What changes, for machines: names only.
#[derive(Serialize)]
pub(super) struct DiffObject<'a> {
    dry_run: bool,
    added: Vec<&'a str>,
    changed: Vec<&'a str>,
    removed: Vec<&'a str>,
    unchanged: usize,
}

impl Diff {
    /// What lies between the documents that are stored and those that should be. Stored documents of an unknown kind are
    /// another version's and stay.
    pub(super) fn of(stored: &[(String, String)], wanted: &BTreeMap<String, String>) -> Self {
        let before: HashMap<&str, &str> = stored.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let mut diff = Self::default();
        for (name, text) in wanted {
            match before.get(name.as_str()) {
                None => diff.added.push(Named::of(name, text)),
                Some(same) if *same == text => diff.unchanged += 1,
                Some(_) => diff.changed.push(Named::of(name, text)),
            }
        }
        let gone = stored.iter().filter(|(name, _)| rank(name).is_some() && !wanted.contains_key(name));
        diff.removed.extend(gone.map(|(name, text)| Named::of(name, text)));
        for list in [&mut diff.added, &mut diff.changed, &mut diff.removed] {
            list.sort_by(|one, other| (rank(&one.document), &one.title).cmp(&(rank(&other.document), &other.title)));
        }
        diff
    }

    /// The documents to write, in order: what is referred to comes first.
    pub(super) fn to_write(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.added.iter().chain(&self.changed).map(|named| named.document.as_str()).collect();
        names.sort_by_key(|name| rank(name));
        names
    }

    /// The documents to delete after that, in order: what refers to others goes first.
    pub(super) fn to_delete(&self) -> impl Iterator<Item = &str> {
        self.removed.iter().rev().map(|named| named.document.as_str())
    }

    /// The accounts that are removed, as people know them.
    pub(super) fn removed_accounts(&self) -> impl Iterator<Item = &str> {
        self.removed.iter().filter(|named| named.document.starts_with("account#")).map(|named| named.title.as_str())
    }

    /// For machines.
    pub(super) fn object(&self, dry_run: bool) -> DiffObject<'_> {
        DiffObject {
            dry_run,
            added: titles_of(&self.added),
            changed: titles_of(&self.changed),
            removed: titles_of(&self.removed),
            unchanged: self.unchanged,
        }
    }

    /// One line a change, and a sum.
    pub(super) fn text(&self, dry_run: bool) -> String {
        let marked = [('+', &self.added), ('~', &self.changed), ('-', &self.removed)];
        let mut lines: Vec<String> = marked
            .into_iter()
            .flat_map(|(mark, list)| list.iter().map(move |named| format!("{mark} {}", named.title)))
            .collect();
        let unchanged = self.unchanged;
        lines.push(match (lines.len(), dry_run) {
            (0, _) => format!("nothing to change: {} as they should be", count(unchanged, "document")),
            (changes, true) => {
                format!("{} to make, {unchanged} unchanged; nothing is stored yet", count(changes, "change"))
            }
            (changes, false) => {
                format!(
                    "{} stored, {unchanged} unchanged; the functions see them within a minute",
                    count(changes, "change")
                )
            }
        });
        lines.join("\n")
    }
}

fn titles_of(list: &[Named]) -> Vec<&str> {
    list.iter().map(|named| named.title.as_str()).collect()
}

impl Named {
    /// A client's document is named by the hash of its key; people know the client's name.
    fn of(document: &str, text: &str) -> Self {
        let title = match document.split_once('#') {
            Some(("client", hash)) => {
                let client: Option<Value> = serde_json::from_str(text).ok();
                let name = client.as_ref().and_then(|client| client.get("name")?.as_str()).unwrap_or("?");
                format!("client {name} (key {}…)", hash.chars().take(HASH_CHARS).collect::<String>())
            }
            Some((kind, name)) => format!("{kind} {name}"),
            None => document.to_owned(),
        };
        Self { document: document.to_owned(), title }
    }
}

/// Where a document's kind stands among the others; `None` for a kind that is not known.
fn rank(document: &str) -> Option<usize> {
    let (kind, _) = document.split_once('#')?;
    KINDS.iter().position(|known| *known == kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn diff() -> Diff {
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let stored = [
            pair("account#gone", "{}"),
            pair("account#main", "{\"a\":1}"),
            pair("client#00112233445566", "{\"name\":\"site-a\"}"),
            pair("future#thing", "{}"),
            pair("offer#gone", "{}"),
            pair("offer#same", "{}"),
        ];
        let wanted = [
            pair("account#main", "{\"a\":\"s3cret\"}"),
            pair("client#ffeeddccbbaa99", "{\"name\":\"site-a\"}"),
            pair("network#own", "format = 1"),
            pair("offer#new", "{}"),
            pair("offer#same", "{}"),
        ];
        Diff::of(&stored, &wanted.into_iter().collect())
    }

    #[test]
    fn changes_are_named_and_no_value_is_shown() {
        assert_eq!(
            diff().text(false),
            "+ network own\n+ offer new\n+ client site-a (key ffeeddcc…)\n~ account main\n- account gone\n- offer gone\n\
             - client site-a (key 00112233…)\n7 changes stored, 1 unchanged; the functions see them within a minute"
        );
        assert!(diff().text(true).ends_with("7 changes to make, 1 unchanged; nothing is stored yet"));
        assert_eq!(Diff::default().text(false), "nothing to change: 0 documents as they should be");
    }

    #[test]
    fn what_is_referred_to_is_written_first_and_deleted_last() {
        let diff = diff();
        assert_eq!(diff.to_write(), ["network#own", "account#main", "offer#new", "client#ffeeddccbbaa99"]);
        assert_eq!(diff.to_delete().collect::<Vec<_>>(), ["client#00112233445566", "offer#gone", "account#gone"]);
        assert_eq!(diff.removed_accounts().collect::<Vec<_>>(), ["account gone"]);
    }

    #[test]
    fn machines_get_names() {
        assert_eq!(
            serde_json::to_value(diff().object(true)).unwrap(),
            json!({
                "dry_run": true,
                "added": ["network own", "offer new", "client site-a (key ffeeddcc…)"],
                "changed": ["account main"],
                "removed": ["account gone", "offer gone", "client site-a (key 00112233…)"],
                "unchanged": 1
            })
        );
    }
}

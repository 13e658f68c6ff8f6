//! The cases of a file, each variant as a case of its own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Table;

/// One case: what was before, what is asked, and what has to come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    symptom: String,
    /// What this variant is called.
    #[serde(default, rename = "as")]
    variant: String,
    /// Whose lead or postback it is.
    #[serde(default = "tea")]
    pub(super) offer: String,
    #[serde(default)]
    pub(super) before: Vec<Step>,
    pub(super) ask: Step,
    pub(super) expect: Expect,
}

/// One step; exactly one of its verbs is given.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    /// Sends a plain lead with these members more or other.
    pub(super) lead: Option<Map<String, Value>>,
    /// Sends a request: a method and a path, with `headers` and a `body`. A key is added unless `key = ""`.
    pub(super) http: Option<String>,
    pub(super) key: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
    /// Knocks at the door with GET; this follows the account's key.
    pub(super) postback: Option<String>,
    /// Makes a run: `due` as the schedule does, `all` of every open order.
    pub(super) run: Option<String>,
    /// Lets so many seconds go by.
    pub(super) wait: Option<u64>,
    /// What the network answers meanwhile, one after the other; then it takes all under fresh ids.
    pub(super) replies: Vec<Answer>,
}

/// An answer of the network.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    #[serde(default = "ok")]
    pub(super) code: u16,
    /// Its content type; JSON by default.
    #[serde(default = "json", rename = "type")]
    pub(super) media_type: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: String,
    /// The body goes out in windows-1251.
    #[serde(default)]
    pub(super) windows_1251: bool,
    /// The body goes out compressed, and says so.
    #[serde(default)]
    pub(super) gzip: bool,
}

/// What has to come of the last step. Values are equal, or a table of [`super::want`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Expect {
    pub(super) code: Option<Value>,
    /// Members of the answer, by dotted path.
    pub(super) answer: Map<String, Value>,
    pub(super) headers: Map<String, Value>,
    /// The fields of which a 422 speaks.
    pub(super) errors: Option<Vec<String>>,
    /// Members of the order as it is read afterwards, by dotted path.
    pub(super) order: Map<String, Value>,
    /// How many requests the network saw in the last step.
    pub(super) calls: Option<usize>,
    /// Members of the first of them, where it is JSON.
    pub(super) sent: Map<String, Value>,
    /// A sum of the run.
    pub(super) sums: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Table>,
}

fn tea() -> String {
    "tea".to_owned()
}

fn ok() -> u16 {
    200
}

fn json() -> String {
    "application/json".to_owned()
}

/// Every case of a file and every variant of it.
pub(super) fn read(file: &str, text: &str) -> Vec<Case> {
    let parsed: File = toml::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let typed = |table: Table| table.try_into().unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut cases = Vec::new();
    for mut table in parsed.case {
        let variants = table.remove("variants");
        cases.push(table.clone());
        for variant in variants.iter().flat_map(|list| list.as_array().unwrap()) {
            let mut other = table.clone();
            lay_over(&mut other, variant.as_table().unwrap());
            cases.push(other);
        }
    }
    cases.into_iter().map(typed).collect()
}

/// A variant's keys stand in place of the case's; tables are laid over each other.
fn lay_over(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key).and_then(toml::Value::as_table_mut), value.as_table()) {
            (Some(below), Some(above)) => lay_over(below, above),
            _ => drop(under.insert(key.clone(), value.clone())),
        }
    }
}

impl Case {
    pub(super) fn title(&self) -> String {
        format!("{} ({})", self.symptom, self.variant)
    }
}

//! The arguments of a task, read strictly: what is not known, or not of its type, is wrong, and all of it is told at once.

use lead::OrderId;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Task, TaskFailure};

/// So much of a name is repeated, in characters.
const SHOWN: usize = 40;

/// Names closer than this are perhaps the same.
const CLOSE: f64 = 0.8;

/// What is wrong with one argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// The argument.
    pub field: String,
    /// What would be right.
    pub message: String,
}

/// All that is wrong, in one text.
pub(super) fn told(wrong: &[Wrong]) -> String {
    wrong.iter().map(|wrong| format!("`{}`: {}", wrong.field, wrong.message)).collect::<Vec<_>>().join("; ")
}

pub(super) fn no_such_task(name: &str) -> String {
    let advice = closest(name, &Task::NAMES).map(|near| format!("; `{near}`?")).unwrap_or_default();
    format!("there is no task `{}`{advice}", shown(name))
}

/// The arguments, and what was asked of them so far.
pub(super) struct Members<'a> {
    given: &'a Map<String, Value>,
    known: Vec<&'static str>,
    wrong: Vec<Wrong>,
}

impl<'a> Members<'a> {
    pub(super) fn of(task: &str, arguments: &'a Value) -> Result<Self, TaskFailure> {
        match arguments {
            Value::Object(given) => Ok(Self { given, known: Vec::new(), wrong: Vec::new() }),
            other => {
                let message = format!("an object with its arguments is wanted, not {}", kind(other));
                Err(TaskFailure::Wrong(vec![Wrong { field: shown(task), message }]))
            }
        }
    }

    /// A member that is there; null is as if it were not.
    fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.given.get(name).filter(|value| !value.is_null())
    }

    fn is_wrong<T>(&mut self, field: &str, message: impl Into<String>) -> Option<T> {
        self.wrong.push(Wrong { field: field.to_owned(), message: message.into() });
        None
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if text.trim().is_empty() => self.is_wrong(name, "a text is wanted, not an empty one"),
            Value::String(text) => Some(text.clone()),
            other => self.is_wrong(name, format!("a text is wanted, not {}", kind(other))),
        }
    }

    pub(super) fn required(&mut self, name: &'static str) -> String {
        let is_there = self.given.get(name).is_some_and(|value| !value.is_null());
        let text = self.text(name);
        if !is_there {
            self.is_wrong::<()>(name, "is missing");
        }
        text.unwrap_or_default()
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let list = match self.take(name)? {
            Value::Array(list) => list,
            other => return self.is_wrong(name, format!("a list of texts is wanted, not {}", kind(other))),
        };
        match list.iter().find(|entry| !entry.is_string()) {
            Some(other) => {
                self.is_wrong(name, format!("a list of texts is wanted, not one with {} in it", kind(other)))
            }
            None => Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        }
    }

    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        match self.take(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.is_wrong::<()>(name, format!("true or false is wanted, not {}", kind(other)));
                false
            }
        }
    }

    pub(super) fn order_id(&mut self, name: &'static str) -> Option<OrderId> {
        let id = self.text(name)?.trim().parse().ok();
        id.or_else(|| self.is_wrong(name, "an order's id is wanted, such as 01k3…"))
    }

    /// What was not asked for is not known. `beside`: what else might have been meant.
    pub(super) fn end(mut self, beside: &[&'static str]) -> Result<(), TaskFailure> {
        let known = std::mem::take(&mut self.known);
        for name in self.given.keys().filter(|name| !known.contains(&name.as_str())) {
            let advice = match closest(name, &[&known, beside].concat()) {
                Some(near) => format!("`{near}`?"),
                None => {
                    format!("there are {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
                }
            };
            self.is_wrong::<()>(&shown(name), format!("there is no such member; {advice}"));
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(TaskFailure::Wrong(self.wrong)) }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The name that was perhaps meant.
fn closest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let name = name.to_lowercase();
    let likeness = known.iter().map(|known| (strsim::jaro_winkler(&name, known), *known));
    let closest = likeness.filter(|(likeness, _)| *likeness >= CLOSE);
    closest.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, known)| known)
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

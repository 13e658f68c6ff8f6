//! Looks at every line that is logged while the tests run, down to the finest level of our own crates: none may hold
//! what a customer, a client or an account brought along.
//!
//! What to look for is told while it is made: each [`super::Event`] tells its keys and its customer, each
//! configuration its secrets. A line that holds one of these panics, and fails whatever test is about to end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, Once, PoisonError, RwLock};

use serde_json::Value;

/// What must not be told. Errors name the kind and never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Private {
    Phone,
    Name,
    Email,
    Ip,
    Address,
    Comment,
    ClientKey,
    DoorKey,
    NetworkSecret,
    RelaySecret,
}

/// Shorter texts are part of too many words.
const LEAST_BYTES: usize = 5;

/// The fields of a lead that are looked for. Those of the last kind are whatever else leads to a person.
const FIELDS: [(&str, Private); 13] = [
    ("phone", Private::Phone),
    ("name", Private::Name),
    ("email", Private::Email),
    ("ip", Private::Ip),
    ("address", Private::Address),
    ("street", Private::Address),
    ("house", Private::Address),
    ("zip", Private::Address),
    ("city", Private::Address),
    ("region", Private::Address),
    ("comment", Private::Comment),
    ("user_agent", Private::Comment),
    ("key", Private::ClientKey),
];

/// The texts by their first bytes, so that a line is looked through once.
type Known = HashMap<[u8; LEAST_BYTES], Vec<(Private, Vec<u8>)>>;

static KNOWN: RwLock<Option<Known>> = RwLock::new(None);
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    /// The lines of this test: each runs on a thread of its own.
    static SAID: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Lets the process log through the product's own formatter, once.
pub(crate) fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let ours =
            ["lead", "networks", "orders", "relay", "submit_lead", "ingest_postback", "poll_status", "read_orders"];
        let ours = ours.map(|name| format!("{name}=trace")).join(",");
        relay::telemetry::log_json_to(Some(&format!("info,{ours}")), look);
        for (kind, text) in [
            (Private::Phone, "500100200"),
            (Private::Phone, "500 100 200"),
            (Private::Name, "Jan Test"),
            (Private::Ip, "203.0.113.80"),
            (Private::ClientKey, super::KEY),
            (Private::RelaySecret, super::SECRET),
            (Private::NetworkSecret, "t0ken"),
        ] {
            private(kind, text);
        }
    });
}

/// Looks for a text from now on.
pub(crate) fn private(kind: Private, text: &str) {
    // The cases of the catalogue call some of their keys plainly `wrong`: that word is no secret.
    if kind == Private::NetworkSecret && text.chars().all(char::is_alphabetic) {
        return;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let as_json = serde_json::to_string(text).unwrap();
    let mut spellings = vec![text.to_owned(), as_json.trim_matches('"').to_owned()];
    if kind == Private::Phone {
        spellings.push(digits);
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_with(HashMap::new);
    for text in spellings {
        let Some(start) = text.as_bytes().first_chunk() else { continue };
        let texts = known.entry(*start).or_default();
        if !texts.iter().any(|(_, other)| *other == text.as_bytes()) {
            texts.push((kind, text.into_bytes()));
        }
    }
}

/// Looks for the customer and the key of a body from now on.
pub(crate) fn body(media_type: &str, body: &[u8]) {
    if body.len() > relay::BODY_BYTES {
        return;
    }
    if media_type == "application/json" {
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return };
        for (name, value) in &members {
            member(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str());
        }
    } else {
        query(body);
    }
}

/// Looks for the values of a form or of the door's query from now on.
pub(crate) fn query(query: &[u8]) {
    for (name, value) in form_urlencoded::parse(query) {
        member(&name, &value);
        if name == "id" {
            let key = value.rsplit_once('-').map_or("", |(_, key)| key);
            // A key by its length: the other ids are nobody's secret.
            if key.len() >= 16 {
                private(Private::DoorKey, key);
            }
        }
    }
}

fn member(name: &str, value: &str) {
    for (_, kind) in FIELDS.iter().filter(|(field, _)| *field == name) {
        private(*kind, value);
    }
}

/// The kind of the first private text in a text.
pub(crate) fn found(text: &[u8]) -> Option<Private> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let known = known.as_ref()?;
    text.windows(LEAST_BYTES).enumerate().find_map(|(at, start)| {
        let texts = known.get(start)?;
        texts.iter().find(|(_, private)| text[at..].starts_with(private)).map(|(kind, _)| *kind)
    })
}

/// Where every line goes.
fn look(line: &[u8]) {
    if let Some(kind) = found(line) {
        let json: Value = serde_json::from_slice(line).unwrap_or_default();
        // Messages are literals; a field may be what leaks.
        let leak = format!("a line holds a {kind:?}: the line {}", json["message"]);
        let leak = if found(leak.as_bytes()).is_some() { format!("a line's message holds a {kind:?}") } else { leak };
        LEAKS.lock().unwrap_or_else(PoisonError::into_inner).push(leak.clone());
        panic!("{leak}");
    }
    if let Ok(json) = serde_json::from_slice(line) {
        SAID.with_borrow_mut(|said| said.push(json));
    }
}

/// The lines that this test has logged.
pub(crate) fn all() -> Vec<Value> {
    SAID.with_borrow(Clone::clone)
}

/// The lines that this test has logged with a message.
pub(crate) fn said(message: &str) -> Vec<Value> {
    all().into_iter().filter(|line| line["message"] == message).collect()
}

/// Fails the test that drops it where anything has leaked: a panic of a task that nobody waits for fails nothing.
#[derive(Debug, Default)]
pub(crate) struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let leaks = std::mem::take(&mut *LEAKS.lock().unwrap_or_else(PoisonError::into_inner));
        assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    }
}

#[test]
fn a_line_with_a_phone_in_it_is_seen() {
    begin();
    private(Private::Phone, "+48 500-100-234");
    private(Private::Comment, "say \"hello\"");
    for (line, kind) in [
        (r#"{"phone":"+48500100234"}"#, Some(Private::Phone)),
        (r#"{"note":"call 48500100234 now"}"#, Some(Private::Phone)),
        (r#"{"note":"say \"hello\""}"#, Some(Private::Comment)),
        (r#"{"note":"500 10"}"#, None),
        ("", None),
    ] {
        assert_eq!(found(line.as_bytes()), kind, "{line}");
    }
}

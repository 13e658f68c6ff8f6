//! From the bytes of one execution to something that is nearly right: seeds, bent at drawn places.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// The seeds of a target: the files of `corpus/NAME` in order of their names. What was found once lies there too, under
/// the name of its symptom.
pub(crate) fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{target}: no seeds");
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The bytes of one execution, drawn one after another; past their end all are zero.
pub(crate) struct Draw<'a>(&'a [u8]);

impl<'a> Draw<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `limit`, which is at least 1 and at most 65,536.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()])) % limit
    }

    /// One time in so many, and never once the bytes are at their end.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        !self.0.is_empty() && self.below(times) == times - 1
    }

    pub(crate) fn of<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len())]
    }

    /// What has not been drawn.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// What breaks readers: of JSON, of TOML, of forms, and of people.
const TOKENS: [&str; 44] = [
    "\"",
    "'",
    "\"\"\"",
    "{",
    "}",
    "[",
    "]",
    "[[",
    ":",
    ",",
    "=",
    "&",
    "%",
    "%00",
    "%ff",
    "+",
    "#",
    "\\",
    "\\u0000",
    "\\ud800",
    "\0",
    "\r\n",
    "\n",
    "\t",
    "\u{feff}",
    "\u{202e}",
    "\u{85}",
    "ё",
    "null",
    "true",
    "false",
    "-0",
    "1e999",
    "0x1f",
    "99999999999999999999999999999999",
    "0.0000000000000000000000000000000001",
    "NaN",
    "{status}",
    "{{sub1}}",
    "{lead.phone}",
    "{setting.api}",
    "status",
    "approved",
    "<html>",
];

/// One of the seeds, bent, or now and then the bytes as they are.
pub(crate) fn bent_seed(seeds: &[Vec<u8>], draw: &mut Draw<'_>) -> Vec<u8> {
    if draw.one_in(4) { draw.rest().to_vec() } else { bent(&seeds[draw.below(seeds.len())], draw) }
}

/// A text with up to five bends: bytes changed, cut out, doubled, moved or put in.
pub(crate) fn bent(seed: &[u8], draw: &mut Draw<'_>) -> Vec<u8> {
    let mut text = seed.to_vec();
    for _ in 0..draw.below(6) {
        let at = draw.below(text.len() + 1);
        let to = (at + 1 + draw.below(12)).min(text.len());
        let piece = text.get(at..to).unwrap_or_default().to_vec();
        match draw.below(7) {
            0 => text.truncate(at),
            1 => drop(text.drain(at..to.max(at))),
            2 => drop(text.splice(at..at, piece)),
            3 => {
                let elsewhere = draw.below(text.len() + 1);
                drop(text.splice(elsewhere..elsewhere, piece));
            }
            4 => {
                let byte = draw.byte();
                text.iter_mut().skip(at).take(1).for_each(|it| *it = byte);
            }
            _ => drop(text.splice(at..at, draw.of(&TOKENS).bytes())),
        }
    }
    text
}

/// A JSON value in which up to four members are something else.
pub(crate) fn bend_json(value: &mut Value, words: &[String], draw: &mut Draw<'_>) {
    for _ in 0..=draw.below(4) {
        let other = other_value(value, words, draw);
        *somewhere(value, draw) = other;
    }
}

fn somewhere<'v>(value: &'v mut Value, draw: &mut Draw<'_>) -> &'v mut Value {
    let members = match value {
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len(),
        _ => 0,
    };
    if members == 0 || draw.one_in(5) {
        return value;
    }
    let index = draw.below(members);
    let member = match value {
        Value::Array(list) => list.get_mut(index),
        Value::Object(map) => map.values_mut().nth(index),
        _ => None,
    };
    somewhere(member.unwrap(), draw)
}

fn other_value(whole: &Value, words: &[String], draw: &mut Draw<'_>) -> Value {
    match draw.below(16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(""),
        4 => json!(0),
        5 => json!(-1),
        6 => json!(1e300),
        7 => json!([]),
        8 => json!({}),
        9 => json!("9".repeat(300)),
        10 => json!([whole]),
        11 => json!({"0": whole}),
        12 => json!(draw.byte()),
        13 => json!(*draw.of(&TOKENS)),
        14 => json!("levitating in the stars beyond the sea"),
        _ if words.is_empty() => json!("approved"),
        _ => json!(draw.of(words)),
    }
}

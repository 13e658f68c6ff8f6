//! The bodies that bring leads.

use lead::{Country, Field, Intake, Lead, parse_form, parse_json};
use serde_json::{Map, Value, json};

use crate::mutation::{Draw, bent, bent_seed, seeds};

/// Stands in every value of a body. A message that holds it quotes what the customer wrote.
const MARK: &str = "Qx7Zj";
const MARKED_NUMBER: &str = "70717273747576";

#[test]
fn json_bodies() {
    let seeds = seeds("json");
    for seed in &seeds {
        read(seed);
    }
    bolero::check!()
        .with_iterations(4_000)
        .with_max_len(2_000)
        .for_each(|bytes| read(&bent_seed(&seeds, &mut Draw::new(bytes))));
}

#[test]
fn form_bodies() {
    let seeds = seeds("form");
    for seed in &seeds {
        read(seed);
    }
    bolero::check!()
        .with_iterations(4_000)
        .with_max_len(2_000)
        .for_each(|bytes| read(&bent_seed(&seeds, &mut Draw::new(bytes))));
}

#[test]
fn what_is_wrong_is_told_without_a_word_of_it() {
    bolero::check!().with_iterations(3_000).with_max_len(500).for_each(|bytes| {
        let mut draw = Draw::new(bytes);
        let members = members(&mut draw);
        let json = Value::Object(members.clone()).to_string();
        let form = form_of(&members);
        // A body that breaks off is told of as well.
        let cut = |text: &str, draw: &mut Draw<'_>| {
            let kept = if draw.one_in(3) { draw.below(text.len() + 1) } else { text.len() };
            text.as_bytes()[..kept].to_vec()
        };
        for read in [parse_json(&cut(&json, &mut draw)), parse_form(&cut(&form, &mut draw))] {
            let told = match read {
                Ok(intake) => format!("{intake:?} {}", wrong_with(&intake)),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!told.contains(MARK) && !told.contains(MARKED_NUMBER), "{told}");
        }
    });
}

#[test]
fn a_form_and_json_of_the_same_fields_are_the_same_lead() {
    bolero::check!().with_iterations(2_000).with_max_len(300).for_each(|bytes| {
        let mut draw = Draw::new(bytes);
        let mut members = Map::new();
        for (name, right) in [("offer", "tea"), ("name", "Jan Test"), ("phone", "500100200"), ("country", "PL")] {
            if !draw.one_in(8) {
                members.insert(name.to_owned(), right.into());
            }
        }
        for _ in 0..draw.below(6) {
            let field = draw.of(Field::ALL).name();
            let text = String::from_utf8_lossy(&bent(b"12.50 Tea", &mut draw)).into_owned();
            members.insert(field.to_owned(), text.into());
        }
        let form = parse_form(form_of(&members).as_bytes()).unwrap();
        let json = parse_json(Value::Object(members).to_string().as_bytes()).unwrap();
        assert_eq!(form.to_lead(Some(poland())), json.to_lead(Some(poland())));
    });
}

fn poland() -> Country {
    "PL".parse().unwrap()
}

/// What holds for every body.
fn read(body: &[u8]) {
    for intake in [parse_json(body), parse_form(body)].into_iter().flatten() {
        match intake.to_lead(Some(poland())) {
            Ok(lead) => {
                assert!(intake.offer().is_some());
                let stored = serde_json::to_string(&lead).unwrap();
                assert_eq!(serde_json::from_str::<Lead>(&stored).unwrap(), lead);
                let texts = Field::ALL.iter().filter_map(|field| lead.field(*field)).chain([lead.name.as_str()]);
                for text in texts {
                    assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
                }
                assert!(lead.phone.digits().bytes().all(|byte| byte.is_ascii_digit()));
            }
            Err(errors) => {
                assert!((1..=120).contains(&errors.len()), "{}", errors.len());
                assert!(errors.iter().all(|error| !error.message.is_empty() && error.field.chars().count() < 80));
            }
        }
    }
}

fn wrong_with(intake: &Intake) -> String {
    let errors = intake.to_lead(Some(poland())).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Members whose names are right or nearly, and whose values all hold the mark.
fn members(draw: &mut Draw<'_>) -> Map<String, Value> {
    let mut members = Map::new();
    let names: Vec<&str> = ["name", "phone", "country", "external_id", "test", "fone", "params"]
        .into_iter()
        .chain(Field::ALL.iter().map(|field| field.name()))
        .collect();
    for _ in 0..=draw.below(8) {
        let name = (*draw.of(&names)).to_owned();
        let junk = String::from_utf8_lossy(&bent(b"", draw)).into_owned();
        let text = if draw.one_in(2) { format!("{MARK}{junk}") } else { format!("{junk}{MARK}") };
        let value = match draw.below(6) {
            0 => json!({"flow": text}),
            1 => json!([text]),
            2 => serde_json::from_str(MARKED_NUMBER).unwrap(),
            3 => json!(MARK.repeat(400)),
            _ => json!(text),
        };
        members.insert(name, value);
    }
    members
}

fn form_of(members: &Map<String, Value>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in members {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        form.append_pair(name, &text);
    }
    form.finish()
}

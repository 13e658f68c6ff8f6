//! Configurations as people write them: what `check` says, and where.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    symptom: String,
    file: String,
    /// `line: part of the message` of each problem, in their order; none for a file that is right.
    #[serde(default)]
    told: Vec<String>,
    /// How many offers and clients a right file has.
    holds: Option<[usize; 2]>,
}

#[test]
fn configurations_as_people_write_them() {
    let File { case: cases } = toml::from_str(&super::text("config.toml")).unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let parsed = relay::config::parse("leadrelay.toml", &case.file, &BTreeMap::new());
        let told: Vec<String> = match &parsed {
            Ok(_) => Vec::new(),
            Err(error) => error.problems.iter().map(|it| format!("{}: {}", it.line, it.message)).collect(),
        };
        let fits = |(wanted, told): (&String, &String)| {
            let (line, part) = wanted.split_once(": ").unwrap();
            told.starts_with(&format!("{line}: ")) && told.contains(part)
        };
        if told.len() != case.told.len() || !case.told.iter().zip(&told).all(fits) {
            wrong.push(format!("{}: wanted {:#?}, told {told:#?}", case.symptom, case.told));
        }
        let held = parsed.ok().map(|parsed| [parsed.offers.len(), parsed.clients.len()]);
        if case.holds.is_some() && held != case.holds {
            wrong.push(format!("{}: wanted {:?}, held {held:?}", case.symptom, case.holds));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! `FORMAT.md` stays true: its worked example runs, and it names every key, value, filter and word there is.

use std::collections::BTreeMap;

use networks::case::Case;
use networks::{Network, Template};

const FORMAT: &str = include_str!("../../FORMAT.md");
const MANIFEST_SOURCE: &str = include_str!("../../src/manifest.rs");
const CASE_SOURCE: &str = include_str!("../../src/case.rs");

/// Each table of a manifest or case, by its type in the source, and the heading under which its keys stand.
const SECTIONS: [(&str, &str); 19] = [
    ("Manifest", "### Top of the file"),
    ("Declared", "### `[settings]` and `[params]`"),
    ("Supplement", "### `[supplements]`"),
    ("Submit", "### `[submit]`"),
    ("Proof", "### `proof`"),
    ("Before", "### `before`"),
    ("Call", "### `call`"),
    ("Sign", "### `sign`"),
    ("Reply", "### `[submit.reply]`"),
    ("Condition", "### A condition"),
    ("Poll", "### `[poll]`"),
    ("Rows", "### `[poll.rows]`"),
    ("Override", "### An override"),
    ("Case", "### Top of a case"),
    ("Given", "### `[given]`"),
    ("Sent", "### `[[sends]]`"),
    ("Received", "### `[[receives]]`"),
    ("Then", "### `[then]`"),
    ("Row", "### A row"),
];

/// The fenced blocks that name a file after their language, by that name.
fn files() -> BTreeMap<&'static str, String> {
    let mut files = BTreeMap::new();
    let mut lines = FORMAT.lines();
    while let Some(line) = lines.next() {
        if let Some((_, name)) = line.strip_prefix("```").and_then(|info| info.split_once(' ')) {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            files.insert(name, block.join("\n") + "\n");
        }
    }
    files
}

/// The text below a heading, up to the next heading.
fn section(heading: &str) -> &'static str {
    let (_, below) = FORMAT.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading `{heading}`"));
    below.split("\n#").next().unwrap_or_default()
}

/// Every structure that TOML is read into, with its keys.
fn structures(source: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for chunk in source.split("#[serde(deny_unknown_fields)]\npub struct ").skip(1) {
        let (name, body) = chunk.split_once(" {\n").unwrap();
        let fields = body.split("\n}").next().unwrap_or_default().lines();
        let keys = fields.filter_map(|line| Some(line.strip_prefix("    pub ")?.split_once(':')?.0.to_owned()));
        found.insert(name.to_owned(), keys.collect());
    }
    found
}

/// Every word of the enumerations that TOML is read into.
fn enumerated_words() -> Vec<String> {
    let mut words = Vec::new();
    for chunk in MANIFEST_SOURCE.split("#[serde(rename_all = \"").skip(1) {
        let (style, rest) = chunk.split_once('"').unwrap();
        let Some((_, body)) = rest.split_once("pub enum ").filter(|(before, _)| before.lines().count() <= 2) else {
            continue;
        };
        let variants = body.split("\n}").next().unwrap_or_default().lines();
        let variants = variants.filter_map(|line| line.strip_prefix("    ")?.strip_suffix(','));
        words.extend(variants.map(|variant| match style {
            "lowercase" => variant.to_lowercase(),
            "UPPERCASE" => variant.to_uppercase(),
            "kebab-case" => kebab(variant),
            other => panic!("teach this test the style {other}"),
        }));
    }
    words
}

fn kebab(variant: &str) -> String {
    let mut word = String::new();
    for c in variant.chars() {
        if c.is_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.extend(c.to_lowercase());
    }
    word
}

/// What a template that is wrong is told to choose from.
fn choices(template: &str, after: &str) -> Vec<String> {
    let message = Template::parse(template).unwrap_err().to_string();
    let (_, list) = message.split_once(after).unwrap_or_else(|| panic!("`{after}` in: {message}"));
    list.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_worked_example_runs() {
    let files = files();
    let manifest = &files["networks/newnet/network.toml"];
    let network = match Network::parse("network.toml", "newnet", manifest) {
        Ok(network) => network,
        Err(error) => panic!("{error}"),
    };
    let mut cases = 0;
    for (name, text) in files.iter().filter(|(name, _)| name.starts_with("networks/newnet/cases/")) {
        cases += 1;
        let case = Case::parse(name, text).unwrap_or_else(|error| panic!("{error}"));
        let differences: Vec<String> = case.run(&network).iter().map(ToString::to_string).collect();
        assert!(differences.is_empty(), "{name}: {}", differences.join("\n"));
    }
    assert_eq!(cases, 2);
    let configuration: toml::Table = toml::from_str(&files["leadrelay.toml"]).unwrap();
    assert_eq!(configuration["networks"].as_str(), Some("networks"));
    let account = configuration["accounts"]["newnet-main"].as_table().unwrap();
    assert_eq!(account["network"].as_str(), Some(network.slug()));
    assert!(network.account_keys().all(|key| account.contains_key(key.name)), "the account lacks a setting");
    let offer = configuration["offers"]["slim-tea-pl"].as_table().unwrap();
    assert!(network.offer_keys().all(|key| offer.contains_key(key.name)), "the offer lacks a parameter");
}

#[test]
fn every_key_stands_in_the_table_of_its_section_and_no_other_does() {
    let mut structures = structures(MANIFEST_SOURCE);
    structures.extend(self::structures(CASE_SOURCE));
    let known: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
    let unknown: Vec<&String> = structures.keys().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "give these a section in FORMAT.md and a line in SECTIONS: {unknown:?}");
    let mut wrong = Vec::new();
    for (name, heading) in SECTIONS {
        let rows = section(heading).lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        let documented: Vec<&str> = rows.map(|(key, _)| key).collect();
        let keys = structures.get(name).unwrap_or_else(|| panic!("no structure {name} in the sources"));
        assert!(!keys.is_empty(), "{name} without keys");
        wrong.extend(
            keys.iter()
                .filter(|key| !documented.contains(&key.as_str()))
                .map(|key| format!("{heading}: `{key}` is missing")),
        );
        wrong.extend(
            documented
                .iter()
                .filter(|key| !keys.iter().any(|known| known == *key))
                .map(|key| format!("{heading}: there is no `{key}`")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_word_of_a_choice_stands_in_the_format() {
    let words = enumerated_words();
    assert!(words.len() > 20, "only {words:?}");
    let is_named = |word: &String| FORMAT.contains(&format!("`\"{word}\"`"));
    let missing: Vec<&String> = words.iter().filter(|word| !is_named(word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_filter_scope_and_value_stands_in_the_format() {
    let templates = section("### Templates");
    let is_named = |name: &String| templates.contains(&format!("`{name}`"));
    let mut names = choices("{lead.name|nothing}", "the filters are ");
    let scopes = choices("{nothing}", "the scopes are ");
    assert!(names.len() >= 15 && scopes.len() >= 8, "{names:?} {scopes:?}");
    for scope in &scopes {
        match scope.as_str() {
            "setting" | "param" => names.push(format!("{scope}.…")),
            "and body in a signature" => names.push("body".to_owned()),
            scope => {
                let of_scope = choices(&format!("{{{scope}.nothing}}"), &format!("`{scope}` has "));
                names.extend(of_scope.iter().map(|name| format!("{scope}.{name}")));
            }
        }
    }
    let missing: Vec<&String> = names.iter().filter(|name| !is_named(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

//! Laws: what holds for every network of the catalogue, so that a new folder needs no test of its own.

use std::fs;
use std::path::{Path, PathBuf};

use networks::{Network, catalog};

mod calls;
mod seed;
mod words;

/// Asks a question of every network and shows all that answer it wrongly.
fn of_each(law: &str, breach: impl Fn(&Network) -> Vec<String>) {
    let wrong: Vec<String> = catalog::all()
        .flat_map(|network| breach(network).into_iter().map(|what| format!("{}: {what}", network.slug())))
        .collect();
    assert!(wrong.is_empty(), "{law}:\n{}", wrong.join("\n"));
}

fn folder(network: &Network) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog").join(network.slug())
}

fn manifest_text(network: &Network) -> String {
    fs::read_to_string(folder(network).join("network.toml")).unwrap()
}

#[test]
fn what_is_known_is_shown_by_cases() {
    of_each("too few cases", |network| {
        let files = fs::read_dir(folder(network).join("cases")).map(Iterator::count).unwrap_or_default();
        let wanted = if network.can_submit() { 4 } else { 1 };
        if files < wanted { vec![format!("{files} of at least {wanted}")] } else { Vec::new() }
    });
}

#[test]
fn a_manifest_is_short_and_speaks_to_people() {
    of_each("a manifest that is too long or says too little", |network| {
        let manifest = network.manifest();
        let mut wrong = Vec::new();
        let lines = manifest_text(network).lines().count();
        if lines > 60 {
            wrong.push(format!("{lines} lines, at most 60"));
        }
        if manifest.guide.trim().is_empty() {
            wrong.push("the guide is empty".to_owned());
        }
        if manifest.doubts.is_empty() || manifest.doubts.iter().any(|doubt| doubt.trim().is_empty()) {
            wrong.push("no doubts, or an empty one".to_owned());
        }
        wrong
    });
}

#[test]
fn confidence_is_claimed_for_known_calls_and_nothing_else() {
    of_each("a confidence without a call", |network| {
        let calls = usize::from(network.can_submit()) + usize::from(network.can_poll());
        let claims = manifest_text(network).matches("confidence =").count();
        if calls == claims { Vec::new() } else { vec![format!("{calls} calls are known, {claims} are vouched for")] }
    });
}

#[test]
fn the_engine_knows_no_network_by_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = Vec::new();
    for place in ["shared/networks/src", "shared/relay/src", "shared/orders/src", "functions"] {
        rust_files(&root.join(place), &mut sources);
    }
    assert!(sources.len() > 20, "the engine's sources were not found");
    let mut wrong = Vec::new();
    for file in sources {
        let text = fs::read_to_string(&file).unwrap();
        let engine = text.split("#[cfg(test)]").next().unwrap_or_default();
        for slug in catalog::slugs() {
            if engine.contains(&format!("\"{slug}\"")) {
                wrong.push(format!("{}: {slug}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "a network's name in engine code:\n{}", wrong.join("\n"));
}

/// Every `.rs` file below a folder, files and folders of tests left out.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_hooks_stay_few() {
    let manifest = include_str!("../bad/unknown-hook.toml");
    let message = Network::parse("network.toml", "newnet", manifest).unwrap_err().to_string();
    let (_, list) = message.split_once("the hooks are ").unwrap();
    let hooks: Vec<&str> = list.lines().next().unwrap_or_default().split(", ").collect();
    assert!(hooks.len() <= 8, "more than eight hooks: widen the vocabulary instead: {hooks:?}");
}

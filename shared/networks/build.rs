//! Lists the catalogue's folders, so that a new network is a new folder and nothing else; with the feature `cases`
//! the files of its cases as well.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script where things are by its environment")]
fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

fn main() -> io::Result<()> {
    let root = variable("CARGO_MANIFEST_DIR")?;
    let out = variable("OUT_DIR")?;
    let catalog = Path::new(&root).join("catalog");
    println!("cargo::rerun-if-changed=catalog");
    let mut slugs = Vec::new();
    for entry in fs::read_dir(&catalog)? {
        let entry = entry?;
        if entry.path().join("network.toml").is_file() {
            slugs.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    slugs.sort();
    if env::var_os("CARGO_FEATURE_CASES").is_some() {
        fs::write(Path::new(&out).join("cases.rs"), cases(&catalog, &slugs)?)?;
    }
    let mut list = format!("static CATALOG: [Entry; {}] = [\n", slugs.len());
    for slug in slugs {
        println!("cargo::rerun-if-changed=catalog/{slug}/network.toml");
        writeln!(
            list,
            "    Entry::new({slug:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/catalog/{slug}/network.toml\"))),"
        )
        .map_err(io::Error::other)?;
    }
    list.push_str("];\n");
    fs::write(Path::new(&out).join("catalog.rs"), list)
}

/// The source of a table of every case: slug to file stem and text, sorted by both.
fn cases(catalog: &Path, slugs: &[String]) -> io::Result<String> {
    let mut table = format!("static CASES: [(&str, &[(&str, &str)]); {}] = [\n", slugs.len());
    for slug in slugs {
        let mut stems = Vec::new();
        for entry in fs::read_dir(catalog.join(slug).join("cases"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            stems.extend(name.strip_suffix(".toml").map(str::to_owned));
        }
        stems.sort();
        writeln!(table, "    ({slug:?}, &[").map_err(io::Error::other)?;
        for stem in stems {
            let file = format!("/catalog/{slug}/cases/{stem}.toml");
            writeln!(table, "        ({stem:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {file:?}))),")
                .map_err(io::Error::other)?;
        }
        table.push_str("    ]),\n");
    }
    table.push_str("];\n");
    Ok(table)
}

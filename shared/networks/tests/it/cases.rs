//! Runs every case of the catalogue.

use std::fs;
use std::path::Path;

use networks::case::Case;
use networks::catalog;

#[test]
fn every_case_of_the_catalogue_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
    let mut failures = Vec::new();
    let mut run = 0;
    for network in catalog::all() {
        let mut files: Vec<_> = fs::read_dir(root.join(network.slug()).join("cases"))
            .unwrap_or_else(|error| panic!("{}: no cases: {error}", network.slug()))
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for file in files {
            let name = file.strip_prefix(&root).unwrap().display().to_string();
            let case = match Case::parse(&name, &fs::read_to_string(&file).unwrap()) {
                Ok(case) => case,
                Err(error) => {
                    failures.push(error.to_string());
                    continue;
                }
            };
            run += 1;
            failures.extend(case.run(network).into_iter().map(|difference| format!("{name}: {difference}")));
        }
    }
    assert!(run > 0, "the catalogue has no cases");
    assert!(failures.is_empty(), "{} of {run} cases:\n{}", failures.len(), failures.join("\n"));
}

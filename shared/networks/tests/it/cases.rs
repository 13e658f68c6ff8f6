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

#[test]
fn an_answer_of_a_case_travels_in_the_charset_its_content_type_names() {
    let cases = [
        ("", "ж", "ж".as_bytes()),
        ("content_type = 'text/html'", "ж", "ж".as_bytes()),
        ("content_type = 'text/html; charset=UTF-8'", "ж", "ж".as_bytes()),
        ("content_type = 'application/json;charset=\"windows-1251\"'", "ж", &[0xe6]),
        ("content_type = 'text/plain; charset=iso-8859-2'", "ż", &[0xbf]),
    ];
    for (content_type, body, sent) in cases {
        let text = format!("about = ''\n[given]\n[[receives]]\n{content_type}\nbody = '{body}'\n[then]\n");
        let reply = Case::parse("case.toml", &text).unwrap().receives.first().unwrap().reply();
        assert_eq!(reply.body, sent, "{content_type}");
        assert_eq!(reply.content_type.is_some(), !content_type.is_empty(), "{content_type}");
    }
}

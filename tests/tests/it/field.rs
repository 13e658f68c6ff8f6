//! Cases from the field: what senders, cabinets and networks really do, as data (`field/*.toml`), each run by the real
//! handlers on loopback with a table of its own. How a case is written stands at the head of `field/intake.toml`.

mod case;
mod config;
mod play;
mod want;

use std::fs;

use crate::cloudformation::root;

/// A file of cases. It is read where it is, so that a new case needs no compiling.
fn text(file: &str) -> String {
    fs::read_to_string(root().join("tests/tests/it/field").join(file)).unwrap()
}

/// Runs every case of a file, and tells all that do not hold at once.
async fn run(file: &str) {
    let cases = case::read(file, &text(file));
    let mut wrong = Vec::new();
    for case in &cases {
        let problems = play::play(case).await;
        wrong.extend(problems.iter().map(|problem| format!("{file}: {}\n    {problem}", case.title())));
    }
    assert!(wrong.is_empty(), "of {} cases some do not hold:\n{}", cases.len(), wrong.join("\n"));
}

#[tokio::test]
async fn leads_as_pages_and_programs_send_them() {
    run("intake.toml").await;
}

#[tokio::test]
async fn postbacks_as_cabinets_send_them() {
    run("door.toml").await;
}

#[tokio::test]
async fn statuses_as_networks_tell_them() {
    run("poll.toml").await;
}

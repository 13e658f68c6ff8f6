//! Every case of the catalogue, through the whole relay: a lead goes in at the front as an API Gateway event, and what
//! arrives at the network and what comes out of the front are the case's; likewise a run for each case of a status call.

mod given;
mod poll;
mod submit;
mod wire;

use std::fs;

use networks::case::Case;
use networks::{Network, catalog};

use crate::cloudformation::root;

/// A case of the catalogue.
struct Shown {
    name: String,
    network: &'static Network,
    case: Case,
}

fn cases(wanted: impl Fn(&Case) -> bool) -> Vec<Shown> {
    let catalogue = root().join("shared/networks/catalog");
    let mut shown = Vec::new();
    for network in catalog::all() {
        let files = fs::read_dir(catalogue.join(network.slug()).join("cases")).unwrap();
        let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.strip_prefix(&catalogue).unwrap().display().to_string();
            let case =
                Case::parse(&name, &fs::read_to_string(&file).unwrap()).unwrap_or_else(|error| panic!("{error}"));
            if wanted(&case) {
                shown.push(Shown { name, network, case });
            }
        }
    }
    assert!(!shown.is_empty());
    shown
}

/// What differs, each in a line. None: the case holds.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare<T: PartialEq<U> + std::fmt::Debug, U: std::fmt::Debug>(&mut self, what: &str, found: &T, expected: &U) {
        if found != expected {
            self.0.push(format!("{what}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }

    fn fail(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }
}

fn tell(ran: usize, failures: &[String]) {
    println!("{ran} cases");
    assert!(failures.is_empty(), "{} of {ran} cases:\n{}", failures.len(), failures.join("\n"));
}

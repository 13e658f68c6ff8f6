//! `leadrelay check`: a configuration, or a network's manifest and its cases.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use networks::case::{Case, Mismatch};
use networks::{ManifestError, Network, Problem};
use relay::config::Parsed;
use serde::Serialize;

use crate::args::CheckArgs;
use crate::config_file::{self, Unusable};
use crate::failure::Failure;
use crate::layout::count;
use crate::output;

/// Checks what the arguments name.
pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    match (&args.network, &args.file) {
        (Some(folder), _) => check_network(folder, args.json),
        (None, Some(file)) => check_configuration(file, args.json),
        (None, None) => Err(Failure::new("name a configuration, or a network's folder with --network")),
    }
}

/// A problem for machines.
#[derive(Serialize)]
struct ProblemObject<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
}

/// A checked configuration for machines. The counts are absent where it is wrong.
#[derive(Serialize)]
struct ConfigurationObject<'a> {
    ok: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    holds: Option<HoldsObject<'a>>,
    problems: Vec<ProblemObject<'a>>,
}

#[derive(Serialize)]
struct HoldsObject<'a> {
    accounts: usize,
    offers: usize,
    clients: usize,
    own_networks: usize,
    literal_secrets: &'a [String],
}

fn problems(error: &ManifestError) -> Vec<ProblemObject<'_>> {
    error.problems.iter().map(ProblemObject::of).collect()
}

impl<'a> ProblemObject<'a> {
    fn of(Problem { file, line, column, message, .. }: &'a Problem) -> Self {
        Self { file, line: *line, column: *column, message }
    }
}

fn check_configuration(file: &Path, as_json: bool) -> Result<(), Failure> {
    let parsed = match config_file::load(file) {
        Ok(parsed) => parsed,
        Err(unusable) => {
            if as_json && let Unusable::Wrong(_, error) = &unusable {
                output::json(&ConfigurationObject { ok: false, holds: None, problems: problems(error) })?;
            }
            return Err(unusable.into());
        }
    };
    if as_json {
        let holds = HoldsObject {
            accounts: parsed.accounts.len(),
            offers: parsed.offers.len(),
            clients: clients(&parsed),
            own_networks: parsed.own_networks.len(),
            literal_secrets: &parsed.literal_secrets,
        };
        return output::json(&ConfigurationObject { ok: true, holds: Some(holds), problems: Vec::new() });
    }
    output::line(format_args!("{} is right: {}", file.display(), holds(&parsed)));
    for place in &parsed.literal_secrets {
        output::note(format_args!(
            "warning: {place} holds the secret itself. `leadrelay push` refuses that: write \"env:NAME\" or \"ssm:/path\""
        ));
    }
    Ok(())
}

/// How many clients there are: one whose key is being changed is one.
fn clients(parsed: &Parsed) -> usize {
    parsed.clients.iter().map(|(_, client)| client.name.as_str()).collect::<BTreeSet<_>>().len()
}

/// `2 accounts, 1 offer, 1 client, 0 networks of its own`
fn holds(parsed: &Parsed) -> String {
    let counts = [(parsed.accounts.len(), "account"), (parsed.offers.len(), "offer"), (clients(parsed), "client")];
    let counted = counts.map(|(number, noun)| count(number, noun)).join(", ");
    match parsed.own_networks.len() {
        0 => counted,
        own => format!("{counted}, {} of its own", count(own, "network")),
    }
}

/// A checked network for machines.
#[derive(Serialize)]
struct NetworkObject<'a> {
    ok: bool,
    slug: Option<&'a str>,
    cases: usize,
    problems: Vec<ProblemObject<'a>>,
    differences: Vec<DifferenceObject<'a>>,
}

#[derive(Serialize)]
struct DifferenceObject<'a> {
    case: &'a str,
    about: &'a str,
    what: &'a str,
    expected: &'a str,
    found: &'a str,
}

/// A case that was run.
#[derive(Debug)]
struct Run {
    file: String,
    about: String,
    differences: Vec<Mismatch>,
}

/// What a folder's cases came to.
#[derive(Debug, Default)]
struct Runs {
    runs: Vec<Run>,
    /// Cases that are no cases.
    problems: Vec<Problem>,
}

fn check_network(folder: &Path, as_json: bool) -> Result<(), Failure> {
    let (slug, network) = match config_file::manifest(folder) {
        Ok((slug, _, network)) => (slug, network),
        Err(unusable) => {
            if as_json && let Unusable::Wrong(_, error) = &unusable {
                let problems = problems(error);
                output::json(&NetworkObject { ok: false, slug: None, cases: 0, problems, differences: Vec::new() })?;
            }
            return Err(unusable.into());
        }
    };
    let files = case_files(&folder.join("cases"))?;
    let Runs { runs, problems: wrong } = run_cases(&network, &files)?;
    let wrong = ManifestError { problems: wrong };
    let failed = runs.iter().filter(|run| !run.differences.is_empty()).count() + wrong.problems.len();
    if as_json {
        let differences = runs.iter().flat_map(Run::objects).collect();
        let object = NetworkObject {
            ok: failed == 0,
            slug: Some(&slug),
            cases: files.len(),
            problems: problems(&wrong),
            differences,
        };
        output::json(&object)?;
    } else if failed > 0 {
        let differing = runs.iter().filter(|run| !run.differences.is_empty()).map(Run::text);
        let broken = wrong.problems.iter().map(ToString::to_string);
        output::line(broken.chain(differing).collect::<Vec<_>>().join("\n\n"));
    }
    if failed > 0 {
        return Err(Failure::new(format!("{slug}: {failed} of {} do not hold", count(files.len(), "case"))));
    }
    if !as_json {
        output::line(format_args!("{} ({slug}) is right, and {} hold", network.name(), count(files.len(), "case")));
    }
    Ok(())
}

/// The cases of a folder, by name.
fn case_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let none = || {
        let shown = folder.display();
        let message = "there is no case there. Write at least one, NAME.toml: what is given, what is sent, what is received, \
                       and what becomes of it";
        Failure::new(format!(
            "the manifest is right, but it has to be shown that it does what is meant. {shown}: {message}"
        ))
    };
    let entries = fs::read_dir(folder).map_err(|_| none())?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension() == Some(OsStr::new("toml")));
    files.sort();
    if files.is_empty() { Err(none()) } else { Ok(files) }
}

fn run_cases(network: &Network, files: &[PathBuf]) -> Result<Runs, Failure> {
    let mut done = Runs::default();
    for file in files {
        let name = file.display().to_string();
        let text = fs::read_to_string(file).map_err(|error| Failure::new(format!("{name} cannot be read: {error}")))?;
        match Case::parse(&name, &text) {
            Ok(case) => {
                let differences = case.run(network);
                done.runs.push(Run { file: name, about: case.about, differences });
            }
            Err(error) => done.problems.extend(error.problems),
        }
    }
    Ok(done)
}

impl Run {
    fn text(&self) -> String {
        let differences = self.differences.iter().map(|difference| format!("  {difference}").replace('\n', "\n  "));
        format!("{}: {}\n{}", self.file, self.about, differences.collect::<Vec<_>>().join("\n"))
    }

    fn objects(&self) -> impl Iterator<Item = DifferenceObject<'_>> {
        self.differences.iter().map(|Mismatch { what, expected, found }| DifferenceObject {
            case: &self.file,
            about: &self.about,
            what,
            expected,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use networks::catalog;

    use super::*;

    const POSTBACK: &str =
        "about = \"The word is known.\"\ngiven.postback = \"&oid=01kb&status=Processing&stw=Processing\"\n";

    fn folder(cases: &[(&str, String)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in cases {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn runs(folder: &tempfile::TempDir) -> Runs {
        let network = catalog::find("inb-order").unwrap();
        run_cases(network, &case_files(folder.path()).unwrap()).unwrap()
    }

    #[test]
    fn a_case_that_holds_has_no_differences() {
        let done =
            runs(&folder(&[("a.toml", format!("{POSTBACK}then.news = {{ oid = \"01kb\", status = \"wait\" }}\n"))]));
        assert!(done.problems.is_empty() && done.runs.iter().all(|run| run.differences.is_empty()), "{done:?}");
    }

    #[test]
    fn a_difference_is_shown_below_its_case() {
        let done =
            runs(&folder(&[("a.toml", format!("{POSTBACK}then.news = {{ oid = \"01kb\", status = \"hold\" }}\n"))]));
        let text = done.runs[0].text();
        assert!(text.contains("a.toml: The word is known.\n  news\n    expected Row {"), "{text}");
        assert!(text.contains("\n    found    Row {"), "{text}");
    }

    #[test]
    fn a_file_that_is_no_case_is_a_problem_and_others_still_run() {
        let right = format!("{POSTBACK}then.news = {{ oid = \"01kb\", status = \"wait\" }}\n");
        let done = runs(&folder(&[("a.toml", "about = 1\n".to_owned()), ("b.toml", right)]));
        assert_eq!((done.problems.len(), done.runs.len()), (1, 1));
    }

    #[test]
    fn a_network_without_cases_is_not_shown_to_be_right() {
        let empty = folder(&[("README.md", String::new())]);
        for path in [empty.path().to_owned(), empty.path().join("nowhere")] {
            let message = case_files(&path).unwrap_err().to_string();
            assert!(message.contains("there is no case there"), "{message}");
        }
    }

    #[test]
    fn what_a_configuration_holds_is_counted() {
        assert_eq!(holds(&Parsed::default()), "0 accounts, 0 offers, 0 clients");
    }
}

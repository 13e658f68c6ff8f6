//! What is measured: how each is built, started and packed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::package::packed_size;
use crate::process::Program;
use crate::surroundings::{IDLE, LEADS, SECRET, Surroundings};
use crate::tools::Tools;

/// What a subject does with one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Answers.
    Nothing,
    /// Takes a lead, as the relay does.
    Lead,
    /// Takes a lead, as a peer does.
    PeerLead,
    /// Applies a postback that approves an order.
    Postback,
    /// Reads an order.
    Read,
    /// Runs with nothing due.
    Sweep,
}

/// One thing that is measured.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
    pub(crate) program: Program,
    /// What is uploaded, in bytes.
    pub(crate) package: u64,
}

/// The peers' names, which are also the names of their tables.
pub(crate) const RUST: &str = "rust-defaults";
pub(crate) const NODE: &str = "node-20";
pub(crate) const PYTHON: &str = "python-3.11";
/// The bare function.
pub(crate) const FLOOR: &str = "floor";
/// Ours.
pub(crate) const SUBMIT: &str = "submit-lead";
pub(crate) const POSTBACK: &str = "ingest-postback";
pub(crate) const OURS: [(&str, Work); 4] =
    [(SUBMIT, Work::Lead), (POSTBACK, Work::Postback), ("read-orders", Work::Read), ("poll-status", Work::Sweep)];

/// Where `sam build` leaves a function: under its name in the template.
fn sam_artifact(directory: &Path, name: &str) -> PathBuf {
    let capitalised = |word: &str| {
        let (first, rest) = word.split_at(usize::from(!word.is_empty()));
        first.to_ascii_uppercase() + rest
    };
    let words: String = name.split('-').map(capitalised).collect();
    directory.join(format!("{words}Function")).join("bootstrap")
}

/// The path of a peer's network call; the relay's comes from the network's manifest.
const NETWORK_PATH: &str = "/ext/add.json?id=17-bench-token";

/// Builds all subjects, but for the functions where `built` is a directory of them. Leads come before postbacks and
/// reads, which are about the orders they make.
pub(crate) fn all(tools: &Tools, surroundings: &Surroundings, built: Option<&Path>) -> Result<Vec<Subject>, Failure> {
    let place = Place { tools, surroundings };
    let mut subjects = Vec::new();
    let peers = tools.build_subjects()?;
    subjects.push(place.binary(FLOOR, Work::Nothing, &peers.join(FLOOR), Vec::new())?);
    let built = built.map(|path| path.canonicalize().map_err(Failure::of(path.display()))).transpose()?;
    if built.is_none() {
        tools.build_functions(OURS.map(|(name, _)| name).as_slice())?;
    }
    for (name, work) in OURS {
        let table = if work == Work::Sweep { IDLE } else { LEADS };
        let ca_file = surroundings.authority.ca_file.display().to_string();
        let own = [
            ("TABLE_NAME", table),
            ("LEADRELAY_SECRET", SECRET),
            ("LEADRELAY_CA_FILE", &ca_file),
            ("RUST_LOG", "info"),
        ];
        let path = match &built {
            Some(directory) => sam_artifact(directory, name),
            None => tools.release_directory().join(name),
        };
        subjects.push(place.binary(name, work, &path, owned(&own))?);
    }
    subjects.push(place.binary(RUST, Work::PeerLead, &peers.join(RUST), place.peer(RUST))?);
    subjects.extend(place.node()?);
    subjects.extend(place.python()?);
    Ok(subjects)
}

struct Place<'a> {
    tools: &'a Tools,
    surroundings: &'a Surroundings,
}

impl Place<'_> {
    fn binary(
        &self,
        name: &'static str,
        work: Work,
        path: &Path,
        environment: Vec<(String, String)>,
    ) -> Result<Subject, Failure> {
        let program = self.program(name, path.to_owned(), Vec::new(), environment)?;
        Ok(Subject { name, work, program, package: packed_size(path)? })
    }

    fn node(&self) -> Result<Option<Subject>, Failure> {
        let Some((node, bundle)) = self.tools.build_node()? else { return Ok(None) };
        let ca_file = self.surroundings.authority.ca_file.display().to_string();
        let mut environment = self.peer(NODE);
        environment.push(("NODE_EXTRA_CA_CERTS".to_owned(), ca_file));
        let program = self.program(NODE, node, vec![bundle.display().to_string()], environment)?;
        Ok(Some(Subject { name: NODE, work: Work::PeerLead, program, package: packed_size(&bundle)? }))
    }

    fn python(&self) -> Result<Option<Subject>, Failure> {
        let Some((python, packages)) = self.tools.build_python()? else { return Ok(None) };
        let bundle = self.surroundings.authority.bundle.display().to_string();
        let mut environment = self.peer(PYTHON);
        environment.extend(owned(&[
            ("AWS_CA_BUNDLE", &bundle),
            ("REQUESTS_CA_BUNDLE", &bundle),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("PYTHONPATH", &packages.display().to_string()),
        ]));
        let arguments = ["-m", "awslambdaric", "app.handler"].map(str::to_owned).to_vec();
        let program = self.program(PYTHON, python, arguments, environment)?;
        Ok(Some(Subject { name: PYTHON, work: Work::PeerLead, program, package: packed_size(&packages)? }))
    }

    /// What every peer is told. Rust's takes its roots from `SSL_CERT_FILE`, the system's among them.
    fn peer(&self, table: &str) -> Vec<(String, String)> {
        owned(&[
            ("TABLE_NAME", table),
            ("NETWORK_URL", &format!("{}{NETWORK_PATH}", self.surroundings.network)),
            ("SSL_CERT_FILE", &self.surroundings.authority.bundle.display().to_string()),
            ("SSL_CERT_DIR", &self.tools.empty_directory().display().to_string()),
        ])
    }

    fn program(
        &self,
        name: &str,
        path: PathBuf,
        arguments: Vec<String>,
        own: Vec<(String, String)>,
    ) -> Result<Program, Failure> {
        let mut environment = owned(&[
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "token"),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.surroundings.dynamodb),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ]);
        environment.extend(own);
        let log = self.tools.log_of(name);
        if log.exists() {
            fs::remove_file(&log).map_err(Failure::of(log.display()))?;
        }
        let directory = self.tools.empty_directory();
        Ok(Program { path, arguments, directory, environment, log })
    }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

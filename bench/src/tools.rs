//! The programs that build what is measured: cargo, npm, pip. All of it lands under `target/bench`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use relay::settings::variable;

use crate::failure::Failure;
use crate::output::note;

/// Where things lie and how they are built.
#[derive(Debug)]
pub(crate) struct Tools {
    root: PathBuf,
    target: PathBuf,
}

impl Tools {
    /// Makes `target/bench` and what is fixed in it.
    pub(crate) fn new() -> Result<Self, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = root.canonicalize().map_err(Failure::of(root.display()))?;
        let target = variable("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
        let tools = Self { root, target };
        for directory in [tools.directory(), tools.empty_directory(), tools.directory().join("log")] {
            fs::create_dir_all(&directory).map_err(Failure::of(directory.display()))?;
        }
        Ok(tools)
    }

    /// `target/bench`.
    pub(crate) fn directory(&self) -> PathBuf {
        self.target.join("bench")
    }

    /// A directory with nothing in it.
    pub(crate) fn empty_directory(&self) -> PathBuf {
        self.directory().join("empty")
    }

    /// Where a subject's standard error goes.
    pub(crate) fn log_of(&self, name: &str) -> PathBuf {
        self.directory().join("log").join(name)
    }

    /// Where cargo leaves what it builds for release.
    pub(crate) fn release_directory(&self) -> PathBuf {
        self.target.join("release")
    }

    /// Builds the functions as they are deployed.
    pub(crate) fn build_functions(&self, names: &[&str]) -> Result<(), Failure> {
        let mut cargo = cargo();
        cargo.current_dir(&self.root).args(["build", "--release", "--locked"]).arg("--target-dir").arg(&self.target);
        for name in names {
            cargo.args(["--package", name]);
        }
        run(&mut cargo, "the functions")
    }

    /// Builds the floor and the peer in Rust; returns the folder they lie in.
    pub(crate) fn build_subjects(&self) -> Result<PathBuf, Failure> {
        let target = self.directory().join("subjects");
        let mut cargo = cargo();
        cargo.current_dir(self.subject("")).args(["build", "--release", "--locked"]).arg("--target-dir").arg(&target);
        run(&mut cargo, "the floor and the peer in Rust")?;
        Ok(target.join("release"))
    }

    /// Bundles the peer in Node.js: the program `node` and the bundle. `None` where Node.js or npm is missing.
    pub(crate) fn build_node(&self) -> Result<Option<(PathBuf, PathBuf)>, Failure> {
        let Some(node) = printed("node", &["-p", "process.execPath"]) else {
            note("Node.js is missing: its peer is left out");
            return Ok(None);
        };
        if printed("npm", &["--version"]).is_none() {
            note("npm is missing: the peer in Node.js is left out");
            return Ok(None);
        }
        let directory = self.directory().join("node");
        fs::create_dir_all(&directory).map_err(Failure::of(directory.display()))?;
        for file in ["package.json", "index.js"] {
            copy(&self.subject("node").join(file), &directory.join(file))?;
        }
        let mut npm = Command::new("npm");
        npm.current_dir(&directory).args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
        run(&mut npm, "the SDK for Node.js")?;
        let bundle = directory.join("dist").join("index.js");
        let mut esbuild = Command::new(directory.join("node_modules/.bin/esbuild"));
        let arguments = ["index.js", "--bundle", "--minify", "--platform=node", "--target=node20", "--log-level=error"];
        esbuild.current_dir(&directory).args(arguments).arg(format!("--outfile={}", bundle.display()));
        run(&mut esbuild, "the bundle for Node.js")?;
        Ok(Some((PathBuf::from(node), bundle)))
    }

    /// Installs the peer in Python: the interpreter and the folder of packages. `None` where Python or pip is missing.
    pub(crate) fn build_python(&self) -> Result<Option<(PathBuf, PathBuf)>, Failure> {
        let Some(python) = printed("python3", &["-c", "import pip, sys; print(sys.executable)"]) else {
            note("Python or pip is missing: its peer is left out");
            return Ok(None);
        };
        let directory = self.directory().join("python");
        let wanted = self.subject("python").join("requirements.txt");
        let installed = directory.join("requirements.txt");
        let is_fresh = fs::read(&wanted).ok().is_some_and(|wanted| fs::read(&installed).ok() == Some(wanted));
        if !is_fresh {
            let mut pip = Command::new(&python);
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-user", "--upgrade"]);
            pip.arg("--requirement").arg(&wanted).arg("--target").arg(&directory).env("PIP_ROOT_USER_ACTION", "ignore");
            // pip tells of packages elsewhere on the machine that want other versions; these are not for them.
            pip.stderr(Stdio::null());
            run(&mut pip, "the SDK for Python")?;
            copy(&wanted, &installed)?;
        }
        copy(&self.subject("python").join("app.py"), &directory.join("app.py"))?;
        Ok(Some((PathBuf::from(python), directory)))
    }

    fn subject(&self, name: &str) -> PathBuf {
        self.root.join("bench").join("subjects").join(name)
    }
}

fn cargo() -> Command {
    Command::new(variable("CARGO").unwrap_or_else(|| "cargo".to_owned()))
}

fn run(command: &mut Command, what: &str) -> Result<(), Failure> {
    note(format_args!("building: {what}"));
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().map_err(Failure::of(what))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{what}: the build failed, {status}"))) }
}

/// What a program prints; `None` where it is missing or fails.
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(|_| ()).map_err(Failure::of(from.display()))
}

//! AWS's Runtime Interface Emulator: where it is found, how it is started, asked and ended.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use super::builds::target;
use crate::cloudformation::root;

/// How often a pair of ports may turn out to be taken by somebody else between choosing and using it.
const ATTEMPTS: usize = 5;

/// What came back from one invocation.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A response for API Gateway, its body read as JSON (`null` if it is none).
    Http { status: u16, body: Value },
    /// Anything else. A function that failed answers `{"errorType": …, "errorMessage": …}`.
    Plain(Value),
}

/// One emulator with one function in it. Both end with this value.
pub(crate) struct Emulator {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Emulator {
    /// Starts `bootstrap` in an environment that holds what Lambda gives, `environment`, and nothing of this machine's.
    pub(crate) async fn start(program: &Path, bootstrap: &Path, environment: &[(&str, &str)]) -> Self {
        for _ in 0..ATTEMPTS {
            let (port, api) = free_ports().await;
            let folder = tempfile::tempdir().unwrap();
            let log = File::create(folder.path().join("log")).unwrap();
            let mut command = Command::new(program);
            // Without these addresses it listens on every interface.
            command.args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{port}")]);
            command.args(["--runtime-api-address", &format!("127.0.0.1:{api}")]).arg(bootstrap);
            command.env_clear().current_dir(folder.path()).envs(lambda_environment()).envs(environment.iter().copied());
            command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
            let mut emulator = Self { process: command.spawn().unwrap(), port, folder };
            if emulator.listens().await {
                return emulator;
            }
        }
        panic!("{} did not start {ATTEMPTS} times", program.display())
    }

    /// Whether it came up: it says nowhere when it is ready, so the port is tried until it ends or takes a connection.
    async fn listens(&mut self) -> bool {
        let mut again = tokio::time::interval(Duration::from_millis(10));
        for _ in 0..1_000 {
            again.tick().await;
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return true;
            }
        }
        false
    }

    /// Sends one event and waits for the answer.
    pub(crate) async fn invoke(&self, event: &str) -> Answer {
        let url = format!("http://127.0.0.1:{}/2015-03-31/functions/function/invocations", self.port);
        let reply = client().post(url).timeout(Duration::from_mins(1)).body(event.to_owned()).send().await.unwrap();
        assert_eq!(reply.status().as_u16(), 200, "{}", self.log());
        let text = reply.text().await.unwrap();
        // "Task timed out" comes as plain text with HTTP 200.
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}\n{}", self.log()));
        match value["statusCode"].as_u64() {
            Some(status) => {
                let body = value["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
                Answer::Http { status: u16::try_from(status).unwrap(), body: body.unwrap_or_default() }
            }
            None => Answer::Plain(value),
        }
    }

    /// All that emulator and function have written so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join("log")).unwrap()).into_owned()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Asked to end, it ends its function too; killed, it would leave the function behind.
        let asked = kill_process(Pid::from_child(&self.process), Signal::TERM);
        if asked.is_err() {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}

/// The relay's own client, here for plain HTTP on loopback.
pub(crate) fn client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| relay::transport::http_client(None).unwrap()).clone()
}

/// What Lambda itself puts into a function's environment, as far as functions look at it.
fn lambda_environment() -> [(&'static str, &'static str); 7] {
    [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_SESSION_TOKEN", "test"),
        ("AWS_LAMBDA_FUNCTION_NAME", "function"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "29"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ]
}

async fn free_ports() -> (u16, u16) {
    let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let second = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (first.local_addr().unwrap().port(), second.local_addr().unwrap().port())
}

/// The emulator's program: it comes inside the Python package aws-sam-cli.
///
/// Looked for in `LEADRELAY_SAM_VENV` (and then nowhere else), in the environment that `.ci/run` makes, and in one that
/// this function makes itself. `None` if that can't be done.
#[expect(clippy::disallowed_methods, reason = "says where tools are on this machine; the relay never reads it")]
pub(crate) fn program() -> Option<PathBuf> {
    if let Ok(named) = std::env::var("LEADRELAY_SAM_VENV") {
        return Some(program_in(Path::new(&named)).unwrap_or_else(|| panic!("no aws-lambda-rie in {named}")));
    }
    let own = target().join("sam-venv");
    program_in(&target().join("ci-venv")).or_else(|| program_in(&own)).or_else(|| {
        let pins = fs::read_to_string(root().join(".ci/requirements.txt")).unwrap();
        let pin = pins.lines().find(|line| line.starts_with("aws-sam-cli==")).unwrap();
        let done = |command: &mut Command| command.stdin(Stdio::null()).status().is_ok_and(|status| status.success());
        let made = done(Command::new("python3").args(["-m", "venv"]).arg(&own))
            // Only the file inside is wanted: its dependencies would be 300 MB.
            && done(Command::new(own.join("bin/pip")).args(["install", "--quiet", "--no-deps", pin]));
        made.then(|| program_in(&own)).flatten()
    })
}

fn program_in(venv: &Path) -> Option<PathBuf> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let name = format!("site-packages/samcli/local/rapid/aws-lambda-rie-{architecture}");
    let pythons = fs::read_dir(venv.join("lib")).ok()?.flatten();
    pythons.map(|python| python.path().join(&name)).find(|path| path.exists())
}

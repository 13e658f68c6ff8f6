//! One process of a subject: the time it spends on processors, and its memory.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

use crate::failure::Failure;

/// How to start a subject.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: PathBuf,
    /// The whole environment, but for the address of the Runtime API.
    pub(crate) environment: Vec<(String, String)>,
    /// Where its standard error goes.
    pub(crate) log: PathBuf,
}

/// The clock of the time that all threads of a process, those that have ended included, spent on processors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuClock(ClockId);

impl CpuClock {
    fn of(process: &Child) -> Result<Self, Failure> {
        let id = i32::try_from(process.id()).map_err(Failure::of("a process id"))?;
        clock_getcpuclockid(Pid::from_raw(id)).map(Self).map_err(Failure::of("the clock of a process"))
    }

    /// The time until now.
    pub(crate) fn now(self) -> Result<Duration, Failure> {
        let time = self.0.now().map_err(Failure::of("a process ended by itself; see target/bench/log"))?;
        Ok(Duration::from(time))
    }

    /// The time once the process has come to rest: the end of a call is not the end of the work for it.
    pub(crate) fn at_rest(self) -> Result<Duration, Failure> {
        const PAUSE: Duration = Duration::from_micros(300);
        const LONGEST: Duration = Duration::from_millis(50);
        let started = Instant::now();
        let mut before = self.now()?;
        loop {
            std::thread::sleep(PAUSE);
            let now = self.now()?;
            if now == before || started.elapsed() > LONGEST {
                return Ok(now);
            }
            before = now;
        }
    }
}

/// A running process, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) cpu: CpuClock,
}

impl Process {
    /// Starts a program that is to ask for its work at `runtime_api` (host and port).
    pub(crate) fn start(program: &Program, runtime_api: &str) -> Result<Self, Failure> {
        let log = File::options().create(true).append(true).open(&program.log);
        let log = log.map_err(Failure::of(program.log.display()))?;
        let child = Command::new(&program.path)
            .args(&program.arguments)
            .current_dir(&program.directory)
            .env_clear()
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(Failure::of(program.path.display()))?;
        let cpu = CpuClock::of(&child)?;
        Ok(Self { child, cpu })
    }

    /// Memory that is resident now, in bytes.
    pub(crate) fn resident(&self) -> Result<u64, Failure> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).map_err(Failure::of(&path))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| Failure::new(format!("{path} tells no VmRSS")))
    }

    /// Kills it. One that has ended is no error.
    pub(crate) fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

//! A small Lambda Runtime API: hands events to one process, one at a time, and takes its answers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use relay::clock::{Clock, SystemClock};

use crate::failure::Failure;
use crate::process::{CpuClock, Process, Program};

/// How long a subject may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// One answered event.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    /// From the event sent to the answer read.
    pub(crate) wall: Duration,
    pub(crate) body: Vec<u8>,
}

/// A started process and what its start cost.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) invoker: Invoker,
    /// From the start of the process to its first request for an event.
    pub(crate) wall: Duration,
    /// The process's CPU time at that moment.
    pub(crate) cpu: Duration,
    /// The first event's answer. As on Lambda, the event waits for the process, not the process for the event.
    pub(crate) first: Answered,
    /// CPU time from then until the process rests again.
    pub(crate) first_cpu: Duration,
}

/// Sends events to one running process.
#[derive(Debug)]
pub(crate) struct Invoker {
    shared: Arc<Shared>,
    process: Process,
    address: String,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    cpu: Option<CpuClock>,
    first_poll: Option<(Instant, Duration)>,
    /// It has asked for an event and got none yet.
    idle: bool,
    waiting: Option<Vec<u8>>,
    sent: Option<Instant>,
    answered: Option<Answered>,
    failed: Option<String>,
    ended: bool,
}

impl Invoker {
    /// Starts a program and has it answer one event.
    pub(crate) fn start(program: &Program, event: Vec<u8>) -> Result<Started, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::of("the Runtime API's port"))?;
        let address = listener.local_addr().map_err(Failure::of("the Runtime API's port"))?.to_string();
        let shared = Arc::new(Shared::default());
        shared.lock().waiting = Some(event);
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        let begun = Instant::now();
        let process = Process::start(program, &address)?;
        shared.lock().cpu = Some(process.cpu);
        shared.changed.notify_all();
        let mut invoker = Self { shared, process, address };
        let first = invoker.answer()?;
        let after = invoker.cpu()?;
        let polled = invoker.shared.lock().first_poll;
        let (at, cpu) = polled.ok_or_else(|| Failure::new("it answered without asking"))?;
        Ok(Started { invoker, wall: at - begun, cpu, first, first_cpu: after.saturating_sub(cpu) })
    }

    /// Has the process answer one event.
    pub(crate) fn call(&mut self, event: Vec<u8>) -> Result<Answered, Failure> {
        self.shared.lock().waiting = Some(event);
        self.shared.changed.notify_all();
        self.answer()
    }

    /// The process's CPU time, once it rests.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        self.process.cpu.at_rest()
    }

    /// The process's resident memory in bytes.
    pub(crate) fn resident(&self) -> Result<u64, Failure> {
        self.process.resident()
    }

    /// Waits for the answer and for the process to ask for more.
    fn answer(&mut self) -> Result<Answered, Failure> {
        let begun = Instant::now();
        let mut state = self.shared.lock();
        loop {
            if let Some(failed) = state.failed.take() {
                return Err(Failure::new(failed));
            }
            if state.idle
                && let Some(answered) = state.answered.take()
            {
                return Ok(answered);
            }
            if begun.elapsed() > PATIENCE || self.process.has_ended() {
                return Err(Failure::new("no answer; see target/bench/log"));
            }
            let tick = Duration::from_millis(200);
            state = self.shared.changed.wait_timeout(state, tick).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Invoker {
    fn drop(&mut self) {
        // Before its Runtime API goes away, or it would complain of that.
        self.process.end();
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        // Wakes the accepting thread, which then ends.
        let _ = TcpStream::connect(&self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next event; `None` when the process is given up.
    fn next(&self) -> Option<Vec<u8>> {
        let at = Instant::now();
        let mut state = self.lock();
        while state.cpu.is_none() && !state.ended {
            state = self.wait(state);
        }
        if state.first_poll.is_none()
            && let Some(clock) = state.cpu
        {
            state.first_poll = clock.now().ok().map(|cpu| (at, cpu));
        }
        state.idle = true;
        self.changed.notify_all();
        while state.waiting.is_none() && !state.ended {
            state = self.wait(state);
        }
        let event = state.waiting.take().filter(|_| !state.ended);
        state.idle = false;
        state.sent = Some(Instant::now());
        event
    }

    fn answered(&self, at: Instant, path: &str, body: Vec<u8>) {
        let mut state = self.lock();
        if path.ends_with("/error") {
            state.failed = Some(format!("it reports an error: {}", String::from_utf8_lossy(&body)));
        }
        if let Some(sent) = state.sent.take() {
            state.answered = Some(Answered { wall: at - sent, body });
        }
        self.changed.notify_all();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().flatten() {
        if shared.lock().ended {
            return;
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // An end of the connection is the end of the process.
            let _ = serve(&shared, stream);
        });
    }
}

fn serve(shared: &Shared, stream: TcpStream) -> io::Result<()> {
    const TAKEN: &[u8] =
        b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"status\":\"OK\"}";
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some((line, body)) = read_request(&mut reader)? {
        let at = Instant::now();
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if method == "GET" {
            let Some(event) = shared.next() else { return Ok(()) };
            writer.write_all(&invocation(&event))?;
        } else {
            shared.answered(at, path, body);
            writer.write_all(TAKEN)?;
        }
    }
    Ok(())
}

/// The request's first line and its body; `None` at the end of the connection.
fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            reader.by_ref().take(size).read_to_end(&mut body)?;
            reader.read_line(&mut line)?;
            if size == 0 {
                break;
            }
        }
    } else {
        reader.by_ref().take(length).read_to_end(&mut body)?;
    }
    Ok(Some((first, body)))
}

fn invocation(event: &[u8]) -> Vec<u8> {
    const ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:bench";
    let deadline = SystemClock.now_ms() + 60_000;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
         lambda-runtime-deadline-ms: {deadline}\r\n\
         lambda-runtime-invoked-function-arn: {ARN}\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n\
         content-length: {}\r\n\r\n",
        event.len()
    );
    [head.as_bytes(), event].concat()
}

//! An affiliate network on loopback: records what comes in whole, and answers as a script says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::clock::TestClock;
use super::request::{Request, read_request};

/// What the network does with one request.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    how: How,
    status: u16,
    headers: String,
    body: Vec<u8>,
    /// So much time the clock moves on while it works.
    takes: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Answer,
    CloseUnread,
    CloseRead,
    ResetMidway,
    ResetRead,
    ResetAnswer,
    Hang,
    Slow,
    Drip,
    WrongLength,
}

impl Act {
    /// Answers.
    pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { how: How::Answer, status, headers: String::new(), body, takes: Duration::ZERO }
    }

    /// Answers with HTTP 200 and a JSON body.
    pub(crate) fn json(body: &Value) -> Self {
        Self::answer(200, body.to_string()).with_header("content-type", "application/json")
    }

    /// Hangs up before a byte is read.
    pub(crate) fn close_unread() -> Self {
        Self { how: How::CloseUnread, ..Self::answer(0, "") }
    }

    /// Reads the request and hangs up.
    pub(crate) fn close_read() -> Self {
        Self { how: How::CloseRead, ..Self::answer(0, "") }
    }

    /// Reads some bytes of the request and resets the connection.
    pub(crate) fn reset_midway() -> Self {
        Self { how: How::ResetMidway, ..Self::answer(0, "") }
    }

    /// Reads the request and resets the connection.
    pub(crate) fn reset_read() -> Self {
        Self { how: How::ResetRead, ..Self::answer(0, "") }
    }

    /// The same answer, in the middle of which the connection is reset.
    pub(crate) fn reset_within(self) -> Self {
        Self { how: How::ResetAnswer, ..self }
    }

    /// The same answer, byte by byte.
    pub(crate) fn dripping(self) -> Self {
        Self { how: How::Drip, ..self }
    }

    /// The same answer, but only once [`Network::release`] is called.
    pub(crate) fn hanging(self) -> Self {
        Self { how: How::Hang, ..self }
    }

    /// The same answer: its head and half its body at once, the rest once [`Network::release`] is called.
    pub(crate) fn slow(self) -> Self {
        Self { how: How::Slow, ..self }
    }

    /// The same answer, which promises a longer body than it has and hangs up.
    pub(crate) fn too_short(self) -> Self {
        Self { how: How::WrongLength, ..self }
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.extend([name, ": ", value, "\r\n"]);
        self
    }

    /// The same, while which so much time goes by on the relay's clock.
    pub(crate) fn taking(self, takes: Duration) -> Self {
        Self { takes, ..self }
    }

    fn head(&self, length: usize) -> String {
        format!("HTTP/1.1 {} Scripted\r\ncontent-length: {length}\r\n{}\r\n", self.status, self.headers)
    }
}

type Responder = Arc<dyn Fn(&Request) -> Act + Send + Sync>;
type Interruption = Box<dyn Fn() -> Option<Act> + Send + Sync>;

/// The running network. It ends with its runtime.
pub(crate) struct Network {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    script: Mutex<VecDeque<Act>>,
    responder: Mutex<Option<Responder>>,
    interruption: Mutex<Option<Interruption>>,
    seen: Mutex<Vec<Request>>,
    count: watch::Sender<usize>,
    released: Semaphore,
    clock: Arc<TestClock>,
}

impl Network {
    pub(crate) async fn start(clock: Arc<TestClock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            responder: Mutex::default(),
            interruption: Mutex::default(),
            seen: Mutex::default(),
            count: watch::Sender::new(0),
            released: Semaphore::new(0),
            clock,
        });
        let here = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&here);
                tokio::spawn(async move { shared.serve(stream).await });
            }
        });
        Self { port, shared }
    }

    /// What an account's `base_url` names.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Adds to the script; each request takes one act from it.
    pub(crate) fn script(&self, acts: impl IntoIterator<Item = Act>) {
        self.shared.script.lock().unwrap().extend(acts);
    }

    /// What is done when the script is at its end. Without this such a request is answered with HTTP 500.
    pub(crate) fn otherwise(&self, responder: impl Fn(&Request) -> Act + Send + Sync + 'static) {
        *self.shared.responder.lock().unwrap() = Some(Arc::new(responder));
    }

    /// Asked at the first byte of each request whether it is broken off before it is read: an [`Act::close_unread`] or
    /// [`Act::reset_midway`].
    pub(crate) fn broken_off_by(&self, interruption: impl Fn() -> Option<Act> + Send + Sync + 'static) {
        *self.shared.interruption.lock().unwrap() = Some(Box::new(interruption));
    }

    /// All requests since the last call of this.
    pub(crate) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.shared.seen.lock().unwrap())
    }

    /// How many requests have come in since the start.
    pub(crate) fn count(&self) -> usize {
        *self.shared.count.borrow()
    }

    /// Waits until so many requests have come in since the start.
    pub(crate) async fn arrived(&self, requests: usize) {
        self.shared.count.subscribe().wait_for(|count| *count >= requests).await.unwrap();
    }

    /// Lets one hanging or slow answer go.
    pub(crate) fn release(&self) {
        self.shared.released.add_permits(1);
    }
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) {
        // Otherwise the kernel keeps the second half of an answer for some 40 ms.
        let _ = stream.set_nodelay(true);
        loop {
            // A connection that stays open is asked for the next request only when it comes.
            if stream.peek(&mut [0]).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(act) = self.early() {
                if act.how == How::ResetMidway {
                    let _ = stream.read(&mut [0; 300]).await;
                    let _ = stream.set_zero_linger();
                }
                return;
            }
            let Some(request) = read_request(&mut stream).await else { return };
            let act = self.next_act(&request);
            self.seen.lock().unwrap().push(request);
            self.clock.advance(act.takes);
            self.count.send_modify(|count| *count += 1);
            if self.play(&act, &mut stream).await.is_none() {
                return;
            }
        }
    }

    fn early(&self) -> Option<Act> {
        let mut script = self.script.lock().unwrap();
        let is_early = |act: &mut Act| matches!(act.how, How::CloseUnread | How::ResetMidway);
        let scripted = script.pop_front_if(is_early);
        scripted.or_else(|| self.interruption.lock().unwrap().as_ref().and_then(|interruption| interruption()))
    }

    fn next_act(&self, request: &Request) -> Act {
        if let Some(act) = self.script.lock().unwrap().pop_front() {
            return act;
        }
        let responder = self.responder.lock().unwrap().clone();
        responder.map_or_else(|| Act::answer(500, "this request is in no script"), |responder| responder(request))
    }

    /// `None` where the connection ends.
    async fn play(&self, act: &Act, stream: &mut TcpStream) -> Option<()> {
        let halved = matches!(act.how, How::Slow | How::ResetAnswer);
        let (first, rest) = act.body.split_at(if halved { act.body.len() / 2 } else { act.body.len() });
        match act.how {
            How::CloseUnread | How::ResetMidway | How::CloseRead => return None,
            How::ResetRead => return stream.set_zero_linger().ok().and(None),
            How::Hang => self.released.acquire().await.ok()?.forget(),
            How::Drip => return drip(&[act.head(act.body.len()).as_bytes(), &act.body].concat(), stream).await,
            How::Answer | How::Slow | How::WrongLength | How::ResetAnswer => {}
        }
        let missing = if act.how == How::WrongLength { 10 } else { 0 };
        stream.write_all(act.head(act.body.len() + missing).as_bytes()).await.ok()?;
        stream.write_all(first).await.ok()?;
        if act.how == How::Slow {
            self.released.acquire().await.ok()?.forget();
            stream.write_all(rest).await.ok()?;
        }
        if act.how == How::ResetAnswer {
            // What is written is on its way; the rest never comes.
            tokio::task::yield_now().await;
            stream.set_zero_linger().ok()?;
            return None;
        }
        (act.how != How::WrongLength).then_some(())
    }
}

async fn drip(answer: &[u8], stream: &mut TcpStream) -> Option<()> {
    for byte in answer {
        stream.write_all(&[*byte]).await.ok()?;
        tokio::task::yield_now().await;
    }
    Some(())
}

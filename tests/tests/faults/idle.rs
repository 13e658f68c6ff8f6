//! Timeouts and pauses that take hardly any time: tokio's clock goes as always while anything is going on and jumps on
//! when all wait for it. Tokio's own way of doing so does not see what is on its way through a socket.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// How long the runtime must have slept at a stretch, and how often in a row, until nothing is on its way any more.
const TICK: Duration = Duration::from_millis(2);
const TICKS: u32 = 10;

/// So much time goes by at each tick from then on.
const STEP: Duration = Duration::from_secs(1);

/// Begins to move the clock of a runtime of one thread whose time is paused.
pub(crate) fn pass_time_when_idle() {
    let (tick, mut ticks) = mpsc::unbounded_channel();
    // As long as such a task runs, tokio leaves the clock alone.
    tokio::task::spawn_blocking(move || {
        while tick.send(()).is_ok() {
            std::thread::sleep(TICK);
        }
    });
    tokio::spawn(async move {
        let sleeps = || Handle::current().metrics().worker_park_count(0);
        let (mut before, mut idle) = (sleeps(), 0);
        while ticks.recv().await.is_some() {
            let now = sleeps();
            // One sleep, which this tick ended: nothing else has woken the runtime since the last tick.
            idle = if now == before + 1 { idle + 1 } else { 0 };
            before = now;
            tokio::time::advance(if idle >= TICKS { STEP } else { TICK }).await;
        }
    });
}

//! The status calls of a round: one batch or window each, within the network's limits.

use std::sync::atomic::Ordering;
use std::time::Duration;

use networks::manifest::Asks;
use networks::{PollFailure, PollInput, StatusReport};
use orders::StoreError;

use super::{Asked, End, Round, add};

/// Single ids that fail one after the other before the account is taken to be failing, not its ids.
const SINGLES: u64 = 3;

pub(super) enum Called {
    Rows(Vec<StatusReport>),
    /// The network or the account as a whole does not answer.
    Failing(End),
    /// This batch was refused; one of its ids may be to blame.
    Bad(String),
}

impl Round<'_> {
    /// Asks for a batch; one that fails is halved until the bad id is alone.
    pub(super) async fn ask_batch(&self, batch: &[Asked]) -> Result<End, StoreError> {
        let mut waiting = vec![batch];
        let mut lonely = 0;
        while let Some(batch) = waiting.pop() {
            if self.relay.clock.now_ms() >= self.run.stop_ms || !self.pace().await {
                return Ok(End::Stopped);
            }
            let message = match self.call(batch).await {
                Called::Rows(rows) => {
                    lonely = 0;
                    self.apply(batch, rows).await?;
                    continue;
                }
                Called::Failing(end) => return Ok(end),
                Called::Bad(message) => message,
            };
            if batch.len() > 1 {
                let (one, other) = batch.split_at(batch.len() / 2);
                waiting.extend([other, one]);
                continue;
            }
            add(&self.tally.failed, 1);
            lonely += 1;
            if lonely >= SINGLES {
                return Ok(End::Failing { message, pause_s: None });
            }
        }
        Ok(End::Done)
    }

    pub(super) async fn call(&self, batch: &[Asked]) -> Called {
        let ids: Vec<String> = batch.iter().filter_map(|asked| self.id_of(asked)).collect();
        if ids.is_empty() {
            return Called::Rows(Vec::new());
        }
        self.send(&ids, None).await
    }

    pub(super) async fn send(&self, ids: &[String], window: Option<(i64, i64)>) -> Called {
        let base_url = self.target.account.base_url.as_ref();
        let input = PollInput { settings: self.settings, ids, window, base_url };
        let request = match self.network.poll_request(&input) {
            Ok(request) => request,
            Err(error) => return Called::Failing(End::Failing { message: error.to_string(), pause_s: None }),
        };
        add(&self.tally.calls, 1);
        let reply = match self.relay.transport.send(&request).await {
            Ok(reply) => reply,
            Err(error) => return Called::Failing(End::Failing { message: error.to_string(), pause_s: None }),
        };
        match self.network.read_statuses(&reply) {
            Ok(rows) => {
                add(&self.tally.polled, ids.len());
                Called::Rows(rows)
            }
            // The network or the account as a whole: no id is to blame.
            Err(failure @ (PollFailure::RateLimited | PollFailure::Http(401 | 403 | 500..))) => {
                Called::Failing(End::Failing { message: failure.to_string(), pause_s: reply.retry_after_s })
            }
            Err(failure) => Called::Bad(failure.to_string()),
        }
    }

    pub(super) fn id_of(&self, asked: &Asked) -> Option<String> {
        match self.network.asks() {
            Some(Asks::Network) => asked.due.network_order_id.clone(),
            Some(Asks::Ours) => Some(asked.due.id.to_string()),
            _ => None,
        }
    }

    pub(super) fn limit(&self) -> Option<u32> {
        self.network.manifest().poll.as_ref().and_then(|poll| poll.per_minute).filter(|limit| *limit > 0)
    }

    /// Waits until the network's limit allows the next call; `false` where that is after the end of the run.
    pub(super) async fn pace(&self) -> bool {
        let Some(limit) = self.limit() else { return true };
        let now_ms = self.relay.clock.now_ms();
        let gap_ms = 60_000_u64.div_ceil(u64::from(limit));
        let turn_ms = self.next_call_ms.load(Ordering::Relaxed).max(now_ms);
        if turn_ms >= self.run.stop_ms {
            return false;
        }
        self.next_call_ms.store(turn_ms + gap_ms, Ordering::Relaxed);
        self.relay.clock.wait(Duration::from_millis(turn_ms - now_ms)).await;
        true
    }
}

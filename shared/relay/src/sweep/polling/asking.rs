//! The status calls of a round: one batch or window each, within the network's limits.

use std::sync::atomic::Ordering;

use networks::manifest::Asks;
use networks::{PollFailure, PollInput, StatusReport};
use orders::StoreError;

use super::{Asked, Class, End, Round, add};

/// Single ids that are refused one after the other before the round pauses.
const SINGLES: u64 = 3;

pub(super) enum Called {
    Rows(Vec<StatusReport>),
    /// The network or the account as a whole does not answer, or time is up.
    Ended(End),
    /// This batch was refused; one of its ids may be to blame.
    Bad(String),
}

impl Round<'_> {
    /// Asks for a batch; one that fails is halved until the bad id is alone.
    pub(super) async fn ask_batch(&self, class: &Class<'_>, batch: &[Asked]) -> Result<End, StoreError> {
        let mut waiting = vec![batch];
        while let Some(batch) = waiting.pop() {
            let message = match self.call(class, batch).await {
                Called::Rows(rows) => {
                    self.tally.lonely.store(0, Ordering::Relaxed);
                    self.apply(batch, rows).await?;
                    continue;
                }
                Called::Ended(end) => return Ok(end),
                Called::Bad(message) => message,
            };
            if batch.len() > 1 {
                let (one, other) = batch.split_at(batch.len() / 2);
                waiting.extend([other, one]);
                continue;
            }
            add(&self.tally.failed, 1);
            self.tally.failed_by(&message);
            if self.tally.lonely.fetch_add(1, Ordering::Relaxed) + 1 >= SINGLES {
                self.tally.lonely.store(0, Ordering::Relaxed);
                return Ok(End::Refusing { message });
            }
        }
        Ok(End::Done)
    }

    async fn call(&self, class: &Class<'_>, batch: &[Asked]) -> Called {
        let ids: Vec<String> = batch.iter().filter_map(|asked| self.id_of(asked)).collect();
        if ids.is_empty() {
            return Called::Rows(Vec::new());
        }
        self.send(class, &ids, None).await
    }

    pub(super) async fn send(&self, class: &Class<'_>, ids: &[String], window: Option<(i64, i64)>) -> Called {
        let Some(turn) = self.pacer.turn(&*self.relay.clock, class.stop_ms).await else {
            return Called::Ended(End::Stopped);
        };
        let base_url = self.target.account.base_url.as_ref();
        let input = PollInput { settings: &self.settings, ids, window, base_url };
        let request = match self.network.poll_request(&input) {
            Ok(request) => request,
            Err(error) => return Called::Ended(End::Failing { message: error.to_string(), pause_s: None }),
        };
        add(&self.tally.calls, 1);
        let sent = self.relay.transport.send(&request).await;
        drop(turn);
        let reply = match sent {
            Ok(reply) => reply,
            Err(error) => return Called::Ended(End::Failing { message: error.to_string(), pause_s: None }),
        };
        match self.network.read_statuses(&reply) {
            Ok(rows) => {
                add(&self.tally.polled, ids.len());
                Called::Rows(rows)
            }
            // The network or the account as a whole: no id is to blame.
            Err(failure @ (PollFailure::RateLimited | PollFailure::Http(401 | 403 | 500..))) => {
                Called::Ended(End::Failing { message: failure.to_string(), pause_s: reply.retry_after_s })
            }
            Err(failure) => Called::Bad(failure.to_string()),
        }
    }

    fn id_of(&self, asked: &Asked) -> Option<String> {
        match self.network.asks() {
            Some(Asks::Network) => asked.due.network_order_id.clone(),
            Some(Asks::Ours) => Some(asked.due.id.to_string()),
            _ => None,
        }
    }
}

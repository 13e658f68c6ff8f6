//! Handing one lead to its network: the calls, and what their ends mean.

use std::collections::BTreeMap;
use std::time::Duration;

use lead::{Backoff, Delivery, Lead, OrderId, Status};
use networks::manifest::Asks;
use networks::{HttpReply, HttpRequest, Network, RenderError, Settings, StatusReading, Submission, SubmitInput, Taken};
use orders::{Applied, DeliveryOutcome, DeliveryReport, News, Order, Recorded, Source};
use url::Url;

use crate::health::Sign;
use crate::relay::{NETWORK_TIMEOUT, Relay};
use crate::transport::SendError;

/// Pauses before a lead that was surely not taken is sent again. After the last it is undeliverable.
pub const RETRY_PAUSES: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];

const RETRIES: Backoff = Backoff::listed(&RETRY_PAUSES);

/// Until when whoever begins to send a lead now has it to itself, in seconds since 1970.
pub(crate) const fn lease_until_s(now_ms: u64) -> u64 {
    now_ms / 1000 + 3 * NETWORK_TIMEOUT.as_secs()
}

/// All that one hand-over needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HandOver<'a> {
    pub(crate) network: &'a Network,
    pub(crate) lead: &'a Lead,
    pub(crate) order_id: &'a OrderId,
    pub(crate) settings: &'a Settings,
    pub(crate) params: &'a BTreeMap<String, String>,
    pub(crate) base_url: Option<&'a Url>,
    /// How often sending was begun, this time included.
    pub(crate) tries: u32,
}

/// What became of a hand-over.
#[derive(Debug)]
pub(crate) struct HandedOver {
    pub(crate) outcome: DeliveryOutcome,
    pub(crate) note: Option<String>,
    /// A status word that came with the answer.
    pub(crate) status_word: Option<String>,
    /// What it tells of the network.
    pub(crate) sign: Sign,
}

impl<'a> HandOver<'a> {
    fn input(&self) -> SubmitInput<'a> {
        SubmitInput {
            lead: self.lead,
            order_id: self.order_id,
            settings: self.settings,
            params: self.params,
            base_url: self.base_url,
        }
    }

    /// Whether the requests can be made at all; asked before anything is stored. The request that hands the lead over
    /// comes back where it is known already: where no other one goes before it.
    pub(crate) fn check(&self) -> Result<Option<HttpRequest>, RenderError> {
        let input = self.input();
        let before = self.network.before_request(&input)?;
        let request = self.network.submit_request(&input, before.is_some().then_some("0"))?;
        Ok(before.is_none().then_some(request))
    }
}

impl Relay {
    /// Calls the network; `checked` is the request where [`HandOver::check`] has made it.
    pub(crate) async fn hand_over(&self, hand_over: &HandOver<'_>, checked: Option<HttpRequest>) -> HandedOver {
        let mut sign = Sign::Nothing;
        let submission = match self.call_network(hand_over, checked, &mut sign).await {
            Ok(submission) => submission,
            Err(CallError::Send(error @ (SendError::NotConnected(_) | SendError::Forbidden(_)))) => {
                Submission::NotTaken { message: error.to_string(), rest: None }
            }
            Err(CallError::Send(error @ SendError::AnswerLost(_))) => Submission::Unclear { seen: error.to_string() },
            // The request could be made when the lead was stored; the account or offer has changed since.
            Err(CallError::Render(error)) => Submission::NotTaken { message: error.to_string(), rest: None },
        };
        HandedOver { sign, ..self.read_end(hand_over, submission) }
    }

    async fn call_network(
        &self,
        hand_over: &HandOver<'_>,
        checked: Option<HttpRequest>,
        sign: &mut Sign,
    ) -> Result<Submission, CallError> {
        let HandOver { network, .. } = hand_over;
        if let Some(request) = checked {
            let reply = self.exchange(&request, sign).await?;
            return Ok(network.read_submission(&reply, None));
        }
        let input = hand_over.input();
        let mut answer = None;
        if let Some(before) = network.before_request(&input)? {
            // Nothing is handed over by this one: a lost answer is no doubt about the lead.
            let reply: HttpReply = match self.exchange(&before, sign).await {
                Ok(reply) => reply,
                Err(error) => return Ok(Submission::NotTaken { message: error.to_string(), rest: None }),
            };
            match network.read_before(&reply) {
                Ok(word) => answer = Some(word),
                Err(verdict) => return Ok(verdict),
            }
        }
        let request = network.submit_request(&input, answer.as_deref())?;
        let reply = self.exchange(&request, sign).await?;
        Ok(network.read_submission(&reply, answer.as_deref()))
    }

    async fn exchange(&self, request: &HttpRequest, sign: &mut Sign) -> Result<HttpReply, SendError> {
        let reply = self.transport.send(request).await;
        *sign = match &reply {
            Ok(reply) => Sign::of_status(reply.status),
            Err(SendError::Forbidden(_)) => Sign::Nothing,
            Err(SendError::NotConnected(_) | SendError::AnswerLost(_)) => Sign::Failed,
        };
        reply
    }

    fn read_end(&self, hand_over: &HandOver<'_>, submission: Submission) -> HandedOver {
        match submission {
            Submission::Delivered(Taken { network_order_id, duplicate, status_word, payout }) => {
                let pollable = match hand_over.network.asks() {
                    Some(Asks::Network) => network_order_id.is_some(),
                    Some(Asks::Ours | Asks::Window) => true,
                    None => false,
                };
                HandedOver {
                    outcome: DeliveryOutcome::Delivered {
                        network_order_id,
                        raw_status: status_word.clone(),
                        payout,
                        pollable,
                    },
                    note: duplicate.then(|| "the network marked it as a duplicate".to_owned()),
                    status_word,
                    sign: Sign::Nothing,
                }
            }
            Submission::Refused { cause, message } => HandedOver {
                outcome: DeliveryOutcome::Refused { message, reason: cause.reason() },
                note: None,
                status_word: None,
                sign: Sign::Nothing,
            },
            Submission::NotTaken { message, rest: _ } => self.not_taken(hand_over.tries, message),
            Submission::Unclear { seen } => {
                let lookup = matches!(hand_over.network.asks(), Some(Asks::Ours | Asks::Window));
                let outcome = DeliveryOutcome::Unknown { lookup };
                HandedOver { outcome, note: Some(seen), status_word: None, sign: Sign::Nothing }
            }
        }
    }

    /// Queued until the pause after this many tries is over; undeliverable after the last.
    pub(crate) fn not_taken(&self, tries: u32, why: String) -> HandedOver {
        let outcome = match RETRIES.spread(tries, self.clock.random()) {
            Some(pause) => DeliveryOutcome::Queued { next_attempt: self.after(pause) },
            None => DeliveryOutcome::Undeliverable,
        };
        HandedOver { outcome, note: Some(why), status_word: None, sign: Sign::Nothing }
    }

    /// Unix seconds after a pause.
    fn after(&self, pause: Duration) -> u64 {
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.clock.now_ms().saturating_add(pause_ms) / 1000
    }

    /// Writes what became of a hand-over and returns the order as it stands.
    ///
    /// From here on the lead may be at the network: a failure to write is told as `unknown`, never as not stored.
    pub(crate) async fn record(
        &self,
        mut order: Order,
        handed: HandedOver,
        network: Option<&Network>,
        source: Source,
    ) -> Order {
        let at_ms = self.clock.now_ms();
        let HandedOver { outcome, note, status_word, .. } = handed;
        let report = DeliveryReport { outcome, source, at_ms, note };
        apply_report(&mut order, &report);
        match self.store.record_delivery(&order.account, &order.id, &report).await {
            Ok(recorded) => {
                if let Recorded::Done(standing) | Recorded::Already(standing) | Recorded::Superseded(standing) =
                    recorded
                {
                    order.status = standing.status;
                    order.delivery = standing.delivery;
                    order.reason = standing.reason;
                    order.network_order_id = standing.network_order_id;
                }
            }
            Err(error) => {
                let (account, order_id) = (&order.account, &order.id);
                tracing::error!(%account, %order_id, %error, "the outcome of a delivery is not written");
                if !matches!(report.outcome, DeliveryOutcome::Delivered { .. } | DeliveryOutcome::Refused { .. }) {
                    order.delivery = Delivery::Unknown;
                }
            }
        }
        if let (Some(word), Some(network)) = (status_word, network) {
            self.apply_first_word(&mut order, network, &word, source).await;
        }
        order
    }

    /// A fresh order may already have a status of its own, such as trash.
    async fn apply_first_word(&self, order: &mut Order, network: &Network, word: &str, source: Source) {
        let StatusReading::Known { status, reason, raw } = network.reread(word) else { return };
        if status == Status::Wait {
            return;
        }
        let news = News { raw_status: Some(raw), reason, ..News::new(status, source, self.clock.now_ms()) };
        match self.store.apply_news(&order.account, &order.id, &news).await {
            Ok(Applied::Changed) => order.status = status,
            Ok(_) => {}
            Err(error) => {
                let (account, order_id) = (&order.account, &order.id);
                tracing::error!(%account, %order_id, %error, "the first status of an order is not written");
            }
        }
    }
}

/// What the answer to the caller needs of a report, before the table's word on it.
fn apply_report(order: &mut Order, report: &DeliveryReport) {
    order.delivery = report.outcome.delivery();
    order.updated = report.at_ms;
    match &report.outcome {
        DeliveryOutcome::Delivered { network_order_id, .. } => order.network_order_id.clone_from(network_order_id),
        DeliveryOutcome::Refused { message, reason } => {
            order.comment.clone_from(message);
            order.reason = *reason;
            order.status = Status::Cancel;
        }
        _ => {}
    }
}

enum CallError {
    Render(RenderError),
    Send(SendError),
}

impl From<RenderError> for CallError {
    fn from(error: RenderError) -> Self {
        Self::Render(error)
    }
}

impl From<SendError> for CallError {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

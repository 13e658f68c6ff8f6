//! Sends again what was surely not taken, and finds what a dead runner left behind.

use std::collections::BTreeMap;

use networks::Settings;
use orders::{
    Attempt, Bounds, DeliveryOutcome, DeliveryReport, Due, DueQuery, Order, Source, StoreError, Work, schema,
};

use super::daily::WHOLE;
use super::pacer::Pacer;
use super::{Run, RunError, Sums, Target, polling};
use crate::deliver::{HandOver, HandedOver, lease_until_s};
use crate::health::{Gate, Rests, Sign};
use crate::relay::Relay;
use crate::telemetry::Line;

/// A first call that is older than this is over, one way or the other: functions live 29 seconds.
pub(super) const STALLED_MS: u64 = 2 * 60 * 1000;

/// An order whose id is half as old as this when it is stored is known to the due index from the first moment on: by
/// then the look for dead runners, which sees each id once, may be past it.
pub(crate) const LOOK_BACK_MS: u64 = STALLED_MS;

/// Where the first look begins, and the farthest back that any begins: what is older is the daily audit's.
const FIRST_LOOK_MS: u64 = 60 * 60 * 1000;

/// The state that says up to which id the look for dead runners came, in milliseconds since 1970.
const LOOKED: &str = "stalled";

const PAGE: usize = 100;

/// The duty of sending again what waits of an account.
const DUTY: &str = "send";

/// For how long that duty is taken at a time, in seconds.
const HELD_S: u64 = 90;

/// Longer than one lead takes: two calls, and the table.
const ONE_LEAD_S: u64 = 45;

/// The settings and parameters that a lead is sent with, or why they cannot be had now.
type Ready = Result<(Settings, BTreeMap<String, String>), &'static str>;

impl Relay {
    /// Orders that were stored and never heard of again: their function died between the two writes, perhaps after the
    /// lead was sent. So they are in doubt, and never sent by themselves. Each order is looked at once: what a run has
    /// looked through, the next one does not read again.
    pub(super) async fn recover_stalled(&self, run: &Run) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let to_ms = now_ms.saturating_sub(STALLED_MS);
        let before = self.store.state(WHOLE, LOOKED).await?;
        let mark_ms: Option<u64> = before.as_deref().and_then(|text| text.parse().ok());
        let from_ms = mark_ms.unwrap_or_default().max(now_ms.saturating_sub(FIRST_LOOK_MS));
        if from_ms >= to_ms {
            return Ok(());
        }
        let bounds = Bounds { time_is_up: &|| self.clock.now_ms() >= run.stop_ms, ..Bounds::NONE };
        let looked = self.store.stalled(from_ms, to_ms, &bounds).await?;
        for order in &looked.found {
            // One that fails is found again by the daily audit; the others do not wait for it.
            if let Err(error) = self.put_in_doubt(order).await {
                tracing::error!(order_id = %order.id, %error, "a lead whose function died is not put in doubt");
            }
        }
        if looked.finished {
            // Where another run was faster, its mark stands.
            self.store.swap_state(WHOLE, LOOKED, before.as_deref(), Some(&to_ms.to_string())).await?;
        }
        Ok(())
    }

    pub(super) async fn put_in_doubt(&self, order: &Order) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let (account, order_id) = (&order.account, &order.id);
        tracing::warn!(%account, %order_id, "the function that sent this lead ended early; the lead is in doubt");
        let configured = self.config.account(&self.store, now_ms, account).await?;
        let network = match &configured {
            Some(configured) => self.config.network(&self.store, now_ms, configured).await?,
            None => None,
        };
        let asks = network.as_deref().and_then(networks::Network::asks);
        let lookup = matches!(asks, Some(networks::manifest::Asks::Ours | networks::manifest::Asks::Window));
        let report = DeliveryReport {
            note: Some("the call was cut off before its answer was written".to_owned()),
            ..DeliveryReport::new(DeliveryOutcome::Unknown { lookup }, Source::Run, now_ms)
        };
        self.store.record_delivery(account, order_id, &report).await.map(|_| ())
    }

    /// Sends what is due, one lead after the other and no faster than the network's limit, which only one run does at a
    /// time: what was held back while the account rested must not come all at once. Tells whether that was finished.
    pub(super) async fn send_again(&self, run: &Run, target: &Target, sums: &mut Sums) -> Result<bool, StoreError> {
        let mut resending = Resending { relay: self, run, target, pacer: None, until_s: 0, waits: false };
        let ended = resending.all(sums).await;
        if resending.until_s > 0 {
            self.store.give_back_duty(&target.name, DUTY, &run.id, "").await?;
        }
        let ended = ended?;
        // Leads that wait for the account say so in every run, whatever they wait for.
        let rests = match &ended {
            End::Rests(rests) => Some(rests.clone()),
            _ if resending.waits => self.rests(&target.name).await,
            _ => None,
        };
        if let Some(rests) = rests {
            sums.errors.push(RunError { account: target.name.clone(), error: rests.to_string() });
        }
        Ok(!matches!(ended, End::Stopped))
    }
}

/// How the sending of what is due ended.
enum End {
    /// Nothing is left, or another run is at it.
    Done,
    /// Time is up; the next run goes on.
    Stopped,
    /// The account is left alone; no try is counted.
    Rests(Rests),
}

/// What waits of one account, sent by one run.
struct Resending<'a> {
    relay: &'a Relay,
    run: &'a Run,
    target: &'a Target,
    /// There is one once the duty is taken.
    pacer: Option<Pacer>,
    /// The duty is this run's until then, in seconds since 1970; 0 where it never was.
    until_s: u64,
    /// Whether a lead waits for a later time.
    waits: bool,
}

impl Resending<'_> {
    async fn all(&mut self, sums: &mut Sums) -> Result<End, StoreError> {
        for part in 0..schema::parts_of(Work::Send) {
            let asked = DueQuery {
                work: Work::Send,
                account: self.target.name.clone(),
                part,
                from_ms: None,
                to_ms: None,
                page_size: PAGE,
            };
            let mut start = None;
            loop {
                let page = self.relay.store.due(&asked, start.as_ref()).await?;
                for due in &page.due {
                    if let Some(end) = self.one(due, sums).await? {
                        return Ok(end);
                    }
                }
                start = page.next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(End::Done)
    }

    /// Sends one lead if it is due. Tells where all others wait as well.
    async fn one(&mut self, due: &Due, sums: &mut Sums) -> Result<Option<End>, StoreError> {
        let (relay, clock) = (self.relay, &*self.relay.clock);
        let now_ms = clock.now_ms();
        if now_ms >= self.run.stop_ms {
            return Ok(Some(End::Stopped));
        }
        if due.next_attempt.is_some_and(|at| at > now_ms / 1000) {
            self.waits = true;
            return Ok(None);
        }
        if !self.is_mine(now_ms / 1000).await? {
            return Ok(Some(End::Done));
        }
        let limit = limit(self.target);
        let pacer = self.pacer.get_or_insert_with(|| Pacer::new(limit));
        let Some(_turn) = pacer.turn(clock, self.run.stop_ms).await else { return Ok(Some(End::Stopped)) };
        let gate = match relay.gate(&self.target.name).await {
            Gate::Closed(rests) => return Ok(Some(End::Rests(rests))),
            gate => gate,
        };
        if let Some(order) = relay.store.get(&due.id).await? {
            relay.try_again(self.target, order, gate, sums).await?;
        }
        Ok(None)
    }

    /// Whether this run has the duty for at least one lead more. It is taken for a short time again and again, so that
    /// the leads of a run that dies do not wait for its deadline.
    async fn is_mine(&mut self, now_s: u64) -> Result<bool, StoreError> {
        if now_s + ONE_LEAD_S <= self.until_s {
            return Ok(true);
        }
        let until_s = now_s + HELD_S;
        let store = &self.relay.store;
        let taken = store.take_duty(&self.target.name, DUTY, &self.run.id, now_s, until_s).await?;
        self.until_s = if taken.is_some() { until_s } else { 0 };
        Ok(taken.is_some())
    }
}

/// The calls a minute an account may make: its network's limit, which speaks of all calls, or its own where that is lower.
fn limit(target: &Target) -> Option<u32> {
    target.network.as_deref().and_then(|network| polling::limit(network, target))
}

impl Relay {
    async fn try_again(&self, target: &Target, order: Order, gate: Gate, sums: &mut Sums) -> Result<(), StoreError> {
        let network = order.network.clone();
        // Read before the attempt is claimed: once it is, a table that fails would leave a lead in doubt that was never sent.
        let ready = self.ready(target, &order).await?;
        let now_ms = self.clock.now_ms();
        let order = match self.store.claim_attempt(&order, now_ms, lease_until_s(now_ms)).await? {
            Attempt::Send(order) => *order,
            Attempt::LookUp(order) => return self.put_in_doubt(&order).await,
            Attempt::Lost => return Ok(()),
        };
        let handed = self.second_hand_over(target, &order, ready).await;
        let sign = handed.sign;
        self.doubt_credentials(&target.account, sign);
        sums.resent += 1;
        let order = self.record(order, handed, target.network.as_deref(), Source::Run).await;
        self.take_sign(&target.name, &network, gate, sign).await;
        Line::new("lead sent again")
            .with("network", order.network.clone())
            .with("account", order.account.clone())
            .with("order_id", order.id.to_string())
            .with("delivery", order.delivery.as_str())
            .with("tries", order.tries)
            .with(order.delivery.as_str(), 1)
            .with("queue_age_s", self.clock.now_ms().saturating_sub(order.created()) / 1000)
            .write(self.clock.now_ms());
        Ok(())
    }

    /// What sending an order wants beside the order, or why it cannot be had now.
    async fn ready(&self, target: &Target, order: &Order) -> Result<Ready, StoreError> {
        let offer = self.config.offer(&self.store, self.clock.now_ms(), &order.offer).await?;
        let Some(offer) = offer else { return Ok(Err("its offer or network is not configured")) };
        let settings = self.secrets.settings_of(&target.account).await.map_err(|error| {
            tracing::error!(account = target.name, %error, "a secret is missing");
            "a secret of its account cannot be had"
        });
        Ok(settings.map(|settings| {
            let mut params = offer.params.clone();
            params.extend(order.overrides.clone());
            (settings, params)
        }))
    }

    async fn second_hand_over(&self, target: &Target, order: &Order, ready: Ready) -> HandedOver {
        let Some(lead) = &order.lead else {
            let note = Some("the lead was erased".to_owned());
            let outcome = DeliveryOutcome::Undeliverable;
            return HandedOver { outcome, note, status_word: None, sign: Sign::Nothing };
        };
        // What is not configured just now may be put right before the last try.
        let not_now = |why: &str| self.not_taken(order.tries, why.to_owned());
        let Some(network) = &target.network else { return not_now("its offer or network is not configured") };
        let (settings, params) = match ready {
            Ok(ready) => ready,
            Err(why) => return not_now(why),
        };
        let hand_over = HandOver {
            network,
            lead,
            order_id: &order.id,
            settings: &settings,
            params: &params,
            base_url: target.account.base_url.as_ref(),
            tries: order.tries,
        };
        self.hand_over(&hand_over, None).await
    }
}

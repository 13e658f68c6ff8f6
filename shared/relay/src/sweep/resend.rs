//! Sends again what was surely not taken, and finds what a dead runner left behind.

use orders::{Attempt, DeliveryOutcome, DeliveryReport, DueQuery, Order, Source, StoreError, Work, schema};

use super::{Run, Sums, Target};
use crate::deliver::{HandOver, HandedOver, lease_until_s};
use crate::health::{Gate, Sign};
use crate::relay::Relay;
use crate::telemetry::Line;

/// A first call that is older than this is over, one way or the other: functions live 29 seconds.
pub(super) const STALLED_MS: u64 = 2 * 60 * 1000;

/// How far back dead runners are looked for at each run. A run that was late by less misses nothing.
pub(crate) const LOOK_BACK_MS: u64 = 60 * 60 * 1000;

const PAGE: usize = 100;

impl Relay {
    /// Orders that were stored and never heard of again: their function died between the two writes, perhaps after the
    /// lead was sent. So they are in doubt, and never sent by themselves.
    pub(super) async fn recover_stalled(&self, run: &Run) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let stalled =
            self.store.stalled(now_ms.saturating_sub(LOOK_BACK_MS), now_ms.saturating_sub(STALLED_MS)).await?;
        for order in stalled {
            if self.clock.now_ms() >= run.stop_ms {
                return Ok(());
            }
            self.put_in_doubt(&order).await?;
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
            ..DeliveryReport::new(DeliveryOutcome::Unknown { lookup }, Source::Poll, now_ms)
        };
        self.store.record_delivery(account, order_id, &report).await.map(|_| ())
    }

    /// Sends what is due. Tells whether that was finished.
    pub(super) async fn send_again(&self, run: &Run, target: &Target, sums: &mut Sums) -> Result<bool, StoreError> {
        for part in 0..schema::parts_of(Work::Send) {
            let asked = DueQuery {
                work: Work::Send,
                account: target.name.clone(),
                part,
                from_ms: None,
                to_ms: None,
                page_size: PAGE,
            };
            let mut start = None;
            loop {
                let page = self.store.due(&asked, start.as_ref()).await?;
                for due in &page.due {
                    let now_ms = self.clock.now_ms();
                    if now_ms >= run.stop_ms {
                        return Ok(false);
                    }
                    if due.next_attempt.is_some_and(|at| at > now_ms / 1000) {
                        continue;
                    }
                    let gate = self.gate(&target.name).await;
                    if matches!(gate, Gate::Closed(_)) {
                        // The network is left alone; no try is counted.
                        return Ok(true);
                    }
                    if let Some(order) = self.store.get(&due.id).await? {
                        self.try_again(target, order, gate, sums).await?;
                    }
                }
                start = page.next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(true)
    }

    async fn try_again(&self, target: &Target, order: Order, gate: Gate, sums: &mut Sums) -> Result<(), StoreError> {
        let network = order.network.clone();
        let now_ms = self.clock.now_ms();
        let order = match self.store.claim_attempt(&order, now_ms, lease_until_s(now_ms)).await? {
            Attempt::Send(order) => *order,
            Attempt::LookUp(order) => {
                self.take_sign(&target.name, &network, gate, Sign::Nothing).await;
                return self.put_in_doubt(&order).await;
            }
            Attempt::Lost => {
                self.take_sign(&target.name, &network, gate, Sign::Nothing).await;
                return Ok(());
            }
        };
        let handed = self.second_hand_over(target, &order).await?;
        self.take_sign(&target.name, &network, gate, handed.sign).await;
        sums.resent += 1;
        let order = self.record(order, handed, target.network.as_deref(), Source::Poll).await;
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

    async fn second_hand_over(&self, target: &Target, order: &Order) -> Result<HandedOver, StoreError> {
        let offer = self.config.offer(&self.store, self.clock.now_ms(), &order.offer).await?;
        let settings = self.secrets.settings_of(&target.account).await;
        let Some(lead) = &order.lead else {
            let note = Some("the lead was erased".to_owned());
            let outcome = DeliveryOutcome::Undeliverable;
            return Ok(HandedOver { outcome, note, status_word: None, sign: Sign::Nothing });
        };
        // What is not configured just now may be put right before the last try.
        let not_now = |why: &str| Ok(self.not_taken(order.tries, why.to_owned()));
        let (Some(network), Some(offer)) = (&target.network, offer) else {
            return not_now("its offer or network is not configured");
        };
        let Ok(settings) = settings else { return not_now("a secret of its account cannot be had") };
        let mut params = offer.params.clone();
        params.extend(order.overrides.clone());
        let hand_over = HandOver {
            network,
            lead,
            order_id: &order.id,
            settings: &settings,
            params: &params,
            base_url: target.account.base_url.as_ref(),
            tries: order.tries,
        };
        Ok(self.hand_over(&hand_over, None).await)
    }
}

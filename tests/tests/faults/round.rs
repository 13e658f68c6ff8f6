//! One round: leads come in and runs are made while things go wrong, then all goes well and what came of it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::chaos::{Chaos, Disturbance, Odds};
use crate::dice::Dice;
use crate::harness::{Event, KEY, Reply};
use crate::idle::pass_time_when_idle;
use crate::laws;
use crate::network::OFFERS;
use crate::world::World;

/// A lead of a round, and what was answered.
pub(crate) struct Lead {
    /// Its click id, by which its orders are found.
    pub(crate) click: String,
    pub(crate) has_key: bool,
    event: Event,
    /// The order ids that were answered.
    pub(crate) ids: BTreeSet<String>,
    /// Whether something went wrong while it was sent that may leave it in doubt.
    pub(crate) disturbed: bool,
}

impl Lead {
    fn new(number: u64, offers: &[&str], dice: &mut Dice) -> Self {
        let click = format!("click-{number}");
        // A customer comes again now and then.
        let customer = if dice.once_in(6) { dice.below(number + 1) } else { number };
        let body = json!({
            "offer": dice.pick(offers), "name": "Jan Test", "phone": format!("500100{}", 200 + customer),
            "ip": "203.0.113.80", "click_id": click, "test": dice.once_in(12),
        });
        let has_key = dice.once_in(2);
        let event = Event::post("/leads").key(KEY).json(&body);
        let event = if has_key { event.header("idempotency-key", &click) } else { event };
        Self { click, has_key, event, ids: BTreeSet::new(), disturbed: false }
    }

    fn answered(&mut self, reply: &Reply, disturbance: Disturbance) {
        match reply.status {
            200..=202 => drop(self.ids.insert(reply.text("order_id"))),
            503 => assert!(disturbance.store > 0, "{}: turned away for nothing: {reply:?}", self.click),
            other => panic!("{}: answered {other}: {reply:?}", self.click),
        }
        assert!(self.ids.len() < 2, "{}: one key, two orders: {:?}", self.click, self.ids);
    }
}

pub(crate) struct Round {
    pub(crate) world: World,
    pub(crate) leads: Vec<Lead>,
    /// Whether something went wrong in a run that may leave leads in doubt.
    pub(crate) runs_disturbed: bool,
    offers: Vec<&'static str>,
    dice: Dice,
}

/// Plays the round of a seed and returns its sums. The chaos keeps what happened should it fail.
pub(crate) fn play(dice: &mut Dice, chaos: &Arc<Chaos>, odds: Odds) -> laws::Ends {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let mut dice = dice.split();
    // One network or two: a run makes some fifty calls of the table for each that is polled.
    let (one, other) = (dice.pick(&OFFERS), dice.pick(&OFFERS));
    let offers = BTreeMap::from([one, other]);
    runtime.block_on(async {
        pass_time_when_idle();
        let world = World::new(Arc::clone(chaos), &offers.values().copied().collect::<Vec<_>>()).await;
        let mut round =
            Round { world, leads: Vec::new(), runs_disturbed: false, offers: offers.into_keys().collect(), dice };
        chaos.set(Some(odds));
        round.storm().await;
        chaos.set(None);
        chaos.tell("all goes well from here".to_owned());
        round.calm().await;
        laws::judge(&round).await
    })
}

impl Round {
    async fn storm(&mut self) {
        let leads = 15 + self.dice.below(26);
        let mut number = 0;
        while number < leads {
            match self.dice.below(20) {
                0..=8 => {
                    self.arrive(number, 1).await;
                    number += 1;
                }
                9 | 10 => {
                    let many = 2 + self.dice.below(3);
                    self.arrive(number, many).await;
                    number += many;
                }
                11..=13 => self.repeat().await,
                14 => self.world.restart(),
                15 | 16 => self.run().await,
                _ => self.wait(),
            }
        }
        if self.dice.once_in(4) {
            // Longer than the audit looks back in any case, shorter than a key is kept.
            self.world.advance(Duration::from_hours(31 * 24));
            for _ in 0..4 {
                self.repeat().await;
            }
        }
        for _ in 0..self.dice.below(4) {
            self.wait();
            self.run().await;
        }
    }

    /// New leads, all at one moment.
    async fn arrive(&mut self, number: u64, many: u64) {
        let first = self.leads.len();
        self.leads.extend((number..number + many).map(|number| Lead::new(number, &self.offers, &mut self.dice)));
        self.send((first..self.leads.len()).collect()).await;
    }

    /// A lead that came before comes again with the same key, perhaps twice at once.
    async fn repeat(&mut self) {
        let mut with_key = self.with_key();
        // Most of all one that has no answer yet: its key may stand for an order that was never stored.
        if self.dice.once_in(2) && with_key.iter().any(|lead| self.leads[*lead].ids.is_empty()) {
            with_key.retain(|lead| self.leads[*lead].ids.is_empty());
        }
        if !with_key.is_empty() {
            let lead = self.dice.pick(&with_key);
            let times = if self.dice.once_in(3) { 2 } else { 1 };
            self.send(vec![lead; times]).await;
        }
    }

    fn with_key(&self) -> Vec<usize> {
        (0..self.leads.len()).filter(|lead| self.leads[*lead].has_key).collect()
    }

    async fn send(&mut self, whose: Vec<usize>) {
        let clicks: Vec<&str> = whose.iter().map(|lead| self.leads[*lead].click.as_str()).collect();
        self.world.chaos.tell(format!("{clicks:?}"));
        let events = whose.iter().map(|lead| self.leads[*lead].event.clone()).collect();
        let (replies, disturbance) = self.world.send(events).await;
        for (lead, reply) in whose.into_iter().zip(replies) {
            let lead = &mut self.leads[lead];
            lead.disturbed |= disturbance.deaths + disturbance.store + disturbance.unread > 0;
            if let Some(reply) = reply {
                let id = if reply.status < 300 { reply.text("order_id") } else { String::new() };
                self.world.chaos.tell(format!("    {}: {} {id}", lead.click, reply.status));
                lead.answered(&reply, disturbance);
            }
        }
    }

    async fn run(&mut self) {
        let two = self.dice.once_in(4);
        let (disturbance, _) = self.world.run(two).await;
        self.runs_disturbed |= disturbance.deaths + disturbance.store + disturbance.unread > 0;
    }

    fn wait(&mut self) {
        let pauses = [1, 6, 6, 61, 180, 180, 600, 4200, 6 * 3600, 13 * 3600];
        self.world.advance(Duration::from_secs(self.dice.pick(&pauses)));
    }

    /// The faults have stopped: who was turned away comes again, and runs are made until every pause is over.
    async fn calm(&mut self) {
        self.world.networks.approve_all();
        for lead in self.with_key() {
            self.send(vec![lead]).await;
            assert_eq!(self.leads[lead].ids.len(), 1, "{}: its key does not work any more", self.leads[lead].click);
        }
        // Past a call that may still be running, the longest pause, and a midnight, after which there is something to look
        // up once more.
        for minutes in [3, 13 * 60, 25 * 60, 61] {
            self.world.advance(Duration::from_mins(minutes));
            let (disturbance, errors) = self.world.run(false).await;
            assert!(disturbance.store > 0 || errors.is_empty(), "{errors:?}");
            if minutes == 3 {
                let recent = self.world.audit(json!({"from": "55m"})).await;
                assert_eq!(recent.total.remainder, 0, "a call that died is found within minutes: {recent:?}");
            }
        }
    }
}

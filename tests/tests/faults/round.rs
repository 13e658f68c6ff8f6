//! One round: leads come in and runs are made while things go wrong, then all goes well and what came of it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::chaos::{Chaos, Disturbance, Odds};
use crate::contract::OFFERS;
use crate::dice::Dice;
use crate::harness::{Event, KEY, Reply};
use crate::idle::pass_time_when_idle;
use crate::laws;
use crate::network::Made;
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
    pub(crate) in_doubt: bool,
}

impl Lead {
    fn new(number: u64, offers: &[&str], dice: &mut Dice) -> Self {
        let click = format!("click-{number}");
        // A customer comes again now and then.
        let customer = if dice.once_in(6) { dice.below(number + 1) } else { number };
        let body = json!({
            "offer": dice.pick(offers), "name": "Jan Test", "phone": format!("500100{}", 200 + customer),
            "ip": "203.0.113.80", "user_agent": "Mozilla/5.0", "click_id": click, "test": dice.once_in(12),
        });
        let has_key = dice.once_in(2);
        let event = Event::post("/leads").key(KEY).json(&body);
        let event = if has_key { event.header("idempotency-key", &click) } else { event };
        Self { click, has_key, event, ids: BTreeSet::new(), in_doubt: false }
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
    pub(crate) runs_in_doubt: bool,
    /// Orders that a newer version wrote to.
    pub(crate) newer: BTreeSet<String>,
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
        // Most rounds are too small for slices, unless two orders are many.
        let many = if dice.once_in(2) { 2 } else { 500 };
        let world = World::new(Arc::clone(chaos), &offers.values().copied().collect::<Vec<_>>(), many).await;
        let mut round = Round {
            world,
            leads: Vec::new(),
            runs_in_doubt: false,
            newer: BTreeSet::new(),
            offers: offers.into_keys().collect(),
            dice,
        };
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
            match self.dice.below(26) {
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
                17..=19 => self.postback().await,
                20 | 21 => self.work_off().await,
                22 => self.write_newer().await,
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
            lead.in_doubt |= disturbance.leaves_doubt();
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
        self.runs_in_doubt |= disturbance.leaves_doubt();
    }

    async fn work_off(&mut self) {
        let disturbance = self.world.work_off().await;
        self.runs_in_doubt |= disturbance.leaves_doubt();
    }

    async fn write_newer(&mut self) {
        let known: Vec<&String> = self.leads.iter().flat_map(|lead| &lead.ids).collect();
        if !known.is_empty() {
            let order = self.dice.pick(&known).clone();
            self.world.written_by_newer(&order).await;
            self.newer.insert(order);
        }
    }

    /// News of an order that its network has: by our id, by theirs or by both, now and then through another account's
    /// door, which must change nothing.
    async fn postback(&mut self) {
        let all = self.world.networks.received();
        let accepted = all.iter().filter(|received| received.made == Made::Accepted);
        let told: Vec<_> = accepted.filter_map(|received| Some((received, received.told_by_postback()?))).collect();
        if told.is_empty() {
            return;
        }
        let (received, (account, theirs)) = self.dice.pick(&told);
        let ours = received.order();
        let whose = match self.dice.below(4) {
            0 => format!("eid={theirs}"),
            1 => format!("oid={ours}&eid={theirs}"),
            2 => format!("oid={theirs}&eid={ours}"),
            _ => format!("oid={ours}"),
        };
        let word =
            self.dice.pick(&["approved", "hold&sth=hold", "rejected", "trash", "in%20work", "Schrödinger", "{status}"]);
        let pay = self.dice.pick(&["", "&pay=12.50&cc=EUR", "&pay=twelve", "&pay=1,234"]);
        let stranger = self.dice.once_in(5).then(|| self.dice.pick(&self.offers)).filter(|other| *other != account);
        let comment = if stranger.is_some() { "&comment=stranger" } else { "" };
        let tail = format!("{whose}&status={word}{pay}{comment}");
        let (reply, disturbance) = self.world.postback(stranger.unwrap_or(account), &tail).await;
        let Some(reply) = reply else { return };
        let is_right = reply.status == 200 || (reply.status == 503 && disturbance.store > 0);
        assert!(is_right, "a postback with the right key: {reply:?}");
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
        self.approve_by_postback().await;
        // Past a call that may still be running, the longest pause, and a midnight, after which there is something to look
        // up once more.
        for minutes in [3, 13 * 60, 25 * 60, 61] {
            self.world.advance(Duration::from_mins(minutes));
            let (disturbance, errors) = self.world.run(false).await;
            while !self.world.queue.is_empty() {
                self.world.work_off().await;
            }
            assert!(disturbance.store > 0 || errors.is_empty(), "{errors:?}");
            if minutes == 3 {
                let recent = self.world.audit(json!({"from": "55m"})).await;
                assert_eq!(recent.total.remainder, 0, "a call that died is found within minutes: {recent:?}");
            }
        }
    }

    /// The networks that tell by postback tell of every order they have. They repeat until they are answered.
    async fn approve_by_postback(&mut self) {
        for received in self.world.networks.received() {
            if let (Made::Accepted, Some((account, _))) = (received.made, received.told_by_postback()) {
                let tail = format!("oid={}&status=approved", received.order());
                let (reply, _) = self.world.postback(account, &tail).await;
                assert_eq!(reply.unwrap().expect(200), json!({"status": "ok"}));
            }
        }
    }
}

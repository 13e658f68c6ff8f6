//! What holds after every round.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::network::{Made, Received};
use crate::round::{Lead, Round};

/// How many orders ended in each state.
pub(crate) type Ends = BTreeMap<String, u64>;

const STATES: [&str; 6] = ["delivered", "refused", "queued", "unknown", "undeliverable", "test"];

/// An order with all that is known of it.
struct Case<'a> {
    order: Value,
    lead: &'a Lead,
    /// What the networks received of it, oldest first.
    received: Vec<Received>,
    /// Whether a disturbance may have left it in doubt.
    disturbed: bool,
}

pub(crate) async fn judge(round: &Round) -> Ends {
    let listed = round.world.orders().await;
    let all = round.world.networks.received();
    let mut ends = Ends::new();
    for order in &listed {
        let id = order["order_id"].as_str().unwrap();
        let order = round.world.order(id).await;
        let lead = round.leads.iter().find(|lead| order["click_id"] == lead.click.as_str());
        let lead = lead.unwrap_or_else(|| panic!("nobody sent it: {order}"));
        let received = all.iter().filter(|received| received.is_of(id)).cloned().collect();
        let disturbed = lead.disturbed || round.runs_disturbed;
        let case = Case { order, lead, received, disturbed };
        case.judge();
        *ends.entry(case.delivery().to_owned()).or_default() += 1;
    }
    nothing_is_lost_or_doubled(round, &listed);
    it_adds_up(round, &ends, listed.len()).await;
    ends
}

fn nothing_is_lost_or_doubled(round: &Round, orders: &[Value]) {
    for lead in &round.leads {
        let of_lead = orders.iter().filter(|order| order["click_id"] == lead.click.as_str());
        let stored: Vec<&str> = of_lead.map(|order| order["order_id"].as_str().unwrap()).collect();
        assert!(stored.len() < 2, "{} has become several orders: {stored:?}", lead.click);
        assert!(!lead.has_key || stored.len() == 1, "{} is not stored", lead.click);
        let lost: Vec<&String> = lead.ids.iter().filter(|id| !stored.contains(&id.as_str())).collect();
        assert!(lost.is_empty(), "{} was accepted and is gone: {lost:?}", lead.click);
    }
}

async fn it_adds_up(round: &Round, ends: &Ends, orders: usize) {
    let audit = round.world.audit(json!({})).await;
    let total = audit.total;
    assert_eq!((total.remainder, audit.complete), (0, true), "{audit:?}");
    assert_eq!(total.received, u64::try_from(orders).unwrap(), "{audit:?}");
    let sums = [total.delivered, total.refused, total.queued, total.unknown, total.undeliverable, total.test];
    for (state, sum) in STATES.into_iter().zip(sums) {
        assert_eq!(ends.get(state).copied().unwrap_or_default(), sum, "{state}: {audit:?}");
    }
    assert_eq!(sums.iter().sum::<u64>(), total.received, "{audit:?}");
}

impl Case<'_> {
    fn delivery(&self) -> &str {
        self.order["delivery"].as_str().unwrap()
    }

    fn any(&self, is: impl Fn(&Received) -> bool) -> bool {
        self.received.iter().any(is)
    }

    fn holds(&self, holds: bool, law: &str) {
        assert!(holds, "{law}\n{}: {:#}\nreceived: {:#?}", self.lead.click, self.order, self.received);
    }

    fn judge(&self) {
        self.nothing_is_sent_twice();
        let accepted = self.any(|received| received.made == Made::Accepted);
        let refused = self.any(|received| received.made == Made::Refused);
        let not_clear = self.any(|received| !received.answered || !received.undisturbed);
        match self.delivery() {
            "delivered" => self.holds(accepted, "delivered means that the network has it"),
            "refused" => {
                self.holds(refused || !self.order["duplicate_of"].is_null(), "only the network's no is a refusal");
            }
            "unknown" => self.holds(not_clear || self.disturbed, "nothing is in doubt without a cause"),
            "undeliverable" => {
                let all_proved = self.received.iter().all(|received| received.made == Made::NotTaken);
                self.holds(all_proved, "what is given up never arrived");
            }
            "test" => self.holds(self.received.is_empty(), "a test reaches no network"),
            "queued" => self.holds(false, "nothing waits for ever"),
            other => panic!("{other} is no state: {}", self.order),
        }
        let surely = |made| self.any(|received| received.made == made && received.answered && received.undisturbed);
        if surely(Made::Accepted) {
            self.holds(self.delivery() == "delivered", "what the network clearly took is delivered");
        }
        if surely(Made::Refused) {
            self.holds(self.delivery() == "refused", "what the network clearly refused is refused");
        }
        self.status_is_told_by_the_network(accepted);
    }

    /// Only what a network proved not to have taken goes out again.
    fn nothing_is_sent_twice(&self) {
        let earlier = self.received.iter().rev().skip(1);
        let proved = earlier.clone().all(|received| received.made == Made::NotTaken && received.answered);
        self.holds(proved, "nothing is sent twice");
    }

    fn status_is_told_by_the_network(&self, accepted: bool) {
        let (account, status) = (self.order["account"].as_str().unwrap(), self.order["status"].as_str().unwrap());
        let is_polled = account != "codes";
        let expected = match self.delivery() {
            "refused" => "cancel",
            // In the end the call centre has approved all there is, and every network that can be asked was asked.
            "delivered" if is_polled => "approve",
            _ => "wait",
        };
        self.holds(status == expected, "a status is what the network said");
        // A network that can be asked by our id ends every doubt about what it has.
        self.holds(!(account == "ours" && accepted && self.delivery() != "delivered"), "what is looked up is found");
    }
}

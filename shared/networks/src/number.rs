//! Numbers for networks that take nothing but whole numbers as our id.

use lead::OrderId;
use sha1::{Digest, Sha1};

use crate::network::Network;
use crate::poll::{PollFailure, StatusReport};
use crate::reply::HttpReply;
use crate::template::{Name, Template};

/// How many bits every reader of JSON keeps of a whole number.
const BITS: u32 = 53;

/// The number of an order: made of its id alone, above zero and below 2^53, so that no reader of JSON rounds it.
///
/// It is a digest and cannot be turned back: who reads a number finds its order among those that were asked for.
#[must_use]
pub fn order_number(order_id: &OrderId) -> u64 {
    let digest = Sha1::digest(order_id.as_str().as_bytes());
    let whole = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    (whole >> (u64::BITS - BITS)).max(1)
}

/// Each id's number as text; `None` where one of them is no order id of ours.
pub(crate) fn numbers(ids: &[String]) -> Option<Vec<String>> {
    ids.iter().map(|id| Some(order_number(&id.parse().ok()?).to_string())).collect()
}

impl Network {
    /// What a status call names an order of ours by: its number where the contract asks by numbers, else its id.
    #[must_use]
    pub fn asked_as(&self, our_order_id: &str) -> String {
        let number = || Some(order_number(&our_order_id.parse().ok()?).to_string());
        self.asks_by_number().then(number).flatten().unwrap_or_else(|| our_order_id.to_owned())
    }

    /// [`Network::read_statuses`] of a call that asked for these ids: a number in a row becomes the id it was made of.
    /// A number that two of them share says of neither.
    ///
    /// # Errors
    /// [`PollFailure`], whenever the answer is not surely a list of statuses.
    pub fn read_statuses_of(&self, reply: &HttpReply, asked: &[String]) -> Result<Vec<StatusReport>, PollFailure> {
        let mut reports = self.read_statuses(reply)?;
        if self.asks_by_number() {
            let named: Vec<(String, &String)> = asked.iter().map(|id| (self.asked_as(id), id)).collect();
            for report in &mut reports {
                let Some(number) = &report.our_order_id else { continue };
                let mut fitting = named.iter().filter(|(other, _)| other == number).map(|(_, id)| *id);
                if let (Some(id), None) = (fitting.next(), fitting.next()) {
                    report.our_order_id = Some(id.clone());
                }
            }
        }
        Ok(reports)
    }

    fn asks_by_number(&self) -> bool {
        let templates = self.poll.iter().flat_map(|poll| poll.call.templates());
        templates.flat_map(Template::names).any(|name| *name == Name::BatchNumbers)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_number_is_the_same_each_time_whole_and_small_enough_for_every_reader() {
        let id: OrderId = "01kb2h8z40x0000000000000c1".parse().unwrap();
        assert_eq!(order_number(&id), order_number(&id.clone()));
        let numbers: BTreeSet<u64> =
            (0..20_000).map(|n| order_number(&OrderId::new(1_764_000_000_000, "+48500100200", n))).collect();
        assert_eq!(numbers.len(), 20_000, "two orders of one customer in one millisecond share a number");
        assert!(numbers.iter().all(|number| (1..1 << BITS).contains(number)));
    }

    #[test]
    fn what_is_no_order_id_has_no_number() {
        assert_eq!(numbers(&["880134".to_owned()]), None);
    }
}

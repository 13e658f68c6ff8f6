//! Which word of a network says a status: its dictionary read backwards.

use lead::Status;
use serde_json::Value;

use crate::manifest::{Condition, Scalar};
use crate::network::Network;
use crate::status::{Lists, StatusReading, dictionary, read};

use super::rows::{FakeOrder, statuses_answer};

/// What a network says of an order's status: a word, and what must stand beside it in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// The word or code.
    pub word: String,
    /// Pointers and values of a row that tell more than the word.
    pub(super) evidence: Vec<(String, Value)>,
}

impl Saying {
    /// A word by itself.
    #[must_use]
    pub fn of_word(word: impl Into<String>) -> Self {
        Self { word: word.into(), evidence: Vec::new() }
    }

    /// The first word that means a status: of the network's own table, else of the general dictionary, else a row
    /// told apart by more than its word. A word that tells a reason comes after those that do not. `None` where the
    /// network cannot say it.
    #[must_use]
    pub fn of_status(network: &Network, status: Status) -> Option<Self> {
        let mut with_reason = None;
        for saying in sayings(network) {
            match saying.meaning(network) {
                StatusReading::Known { status: found, reason, .. } if found == status => match reason {
                    None => return Some(saying),
                    Some(_) if with_reason.is_none() => with_reason = Some(saying),
                    Some(_) => {}
                },
                _ => {}
            }
        }
        with_reason
    }

    /// What the relay reads it as: in a row where the network is asked, else by the word alone.
    #[must_use]
    pub fn meaning(&self, network: &Network) -> StatusReading {
        let order = FakeOrder { our_id: Some("o".to_owned()), network_id: Some("n".to_owned()), saying: self.clone() };
        let row = || network.read_statuses(&statuses_answer(network, &[&order])?).ok()?.into_iter().next();
        row().map_or_else(|| read(&self.word, &Lists::default(), network.statuses()), |report| report.reading)
    }

    /// What a fresh order is called: the word its answer gave it where that means wait, else the first that does.
    #[must_use]
    pub fn of_fresh_order(network: &Network, given: Option<&str>) -> Self {
        let given = given
            .map(Self::of_word)
            .filter(|saying| matches!(saying.meaning(network), StatusReading::Known { status: Status::Wait, .. }));
        let waits = || Self::of_status(network, Status::Wait);
        given.or_else(waits).unwrap_or_else(|| Self::of_word(Status::Wait.as_str()))
    }
}

/// Everything a network may say, the likeliest first.
fn sayings(network: &Network) -> impl Iterator<Item = Saying> {
    words(network).into_iter().map(Saying::of_word).chain(overrides(network))
}

/// The words of a network's table as they are written, the canonical ones, and those of the dictionary.
pub(super) fn words(network: &Network) -> Vec<String> {
    let own = network.manifest().statuses.iter().map(|(word, _)| word.to_owned());
    let mut general: Vec<String> = dictionary().keys().cloned().collect();
    general.sort();
    let canonical = [Status::Wait, Status::Hold, Status::Approve, Status::Cancel, Status::Trash];
    let canonical = canonical.iter().map(|status| status.as_str().to_owned());
    own.chain(canonical).chain(general).collect()
}

fn overrides(network: &Network) -> impl Iterator<Item = Saying> {
    let rows = network.manifest().poll.as_ref().map(|poll| &poll.rows);
    // The word beside the evidence is any that the network has.
    let word = network.manifest().statuses.iter().next().map_or_else(|| "wait".to_owned(), |(word, _)| word.to_owned());
    rows.into_iter().flat_map(|rows| &rows.overrides).map(move |one| {
        let evidence = one.all.iter().filter_map(evidence).collect();
        Saying { word: word.clone(), evidence }
    })
}

fn evidence(condition: &Condition) -> Option<(String, Value)> {
    let Scalar(text) = condition.is.first()?;
    Some((condition.at.as_ref()?.get_ref().clone(), super::rows::like_a_number(text)))
}

//! Postbacks as a network would send them: a tail of its cabinet with the macros filled.

use lead::Status;

use crate::manifest::Postback;
use crate::network::Network;
use crate::postback::{DoorParams, read_postback};
use crate::status::{StatusReading, is_unfilled_macro};

use super::rows::{FakeOrder, PAYOUT};
use super::words::{Saying, words};

/// What a postback is to say.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// A canonical status, in whatever word.
    Status(Status),
    /// This word, whatever it means.
    Word(&'a str),
}

/// The parameters of the first postback of the network that says the news of an order, encoded, without the account's
/// `id`; `None` where the cabinet has none that can.
#[must_use]
pub fn postback_tail(network: &Network, order: &FakeOrder, news: News<'_>) -> Option<String> {
    network.manifest().postbacks.iter().find_map(|(_, postback)| {
        let pairs: Vec<(String, String)> = match postback {
            Postback::Tail(tail) => {
                form_urlencoded::parse(tail.trim_start_matches('&').as_bytes()).into_owned().collect()
            }
            Postback::Separate { params, .. } => params.iter().filter(|(name, _)| name != "id").cloned().collect(),
        };
        let written = pairs.iter().find(|(name, _)| name == "status").map(|(_, value)| value.as_str())?;
        let words: Vec<String> = match news {
            _ if !is_unfilled_macro(written) => vec![written.to_owned()],
            News::Word(word) => vec![word.to_owned()],
            News::Status(status) => {
                // First the word that tells no reason beside the status.
                let plain = Saying::of_status(network, status).map(|saying| saying.word);
                plain.into_iter().chain(words(network)).chain(listed(&pairs)).collect()
            }
        };
        words.iter().find_map(|word| filled(network, &pairs, order, word, news))
    })
}

/// The words of the lists that a tail carries.
fn listed(pairs: &[(String, String)]) -> impl Iterator<Item = String> {
    let lists = pairs.iter().filter(|(name, _)| matches!(name.as_str(), "sta" | "stc" | "stt" | "stw" | "sth"));
    lists.flat_map(|(_, words)| words.split(',').map(str::to_owned))
}

fn filled(
    network: &Network,
    pairs: &[(String, String)],
    order: &FakeOrder,
    word: &str,
    news: News<'_>,
) -> Option<String> {
    let mut params = DoorParams::default();
    let mut tail = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        let value = match name.as_str() {
            _ if !is_unfilled_macro(value) => value.as_str(),
            "oid" => order.our_id.as_deref()?,
            "eid" => order.network_id.as_deref()?,
            "status" => word,
            "pay" => PAYOUT.0,
            "cc" => PAYOUT.1,
            // A reason or a comment that the fake has none of.
            _ => continue,
        };
        params.add(name, value);
        tail.append_pair(name, value);
    }
    let report = read_postback(Some(network), &params).ok()?;
    let says_it = match (news, &report.reading) {
        (News::Word(wanted), reading) => reading.raw() == wanted,
        (News::Status(wanted), StatusReading::Known { status, .. }) => *status == wanted,
        (News::Status(_), StatusReading::Unmapped { .. }) => false,
    };
    says_it.then(|| tail.finish())
}

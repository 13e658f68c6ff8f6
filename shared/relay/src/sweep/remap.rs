//! Reads the words that orders keep through today's tables: what a better table, or a word that has a meaning now, would
//! change. Shown first, done when asked to.

use std::collections::HashSet;

use lead::{Reason, Status};
use networks::manifest::Postback;
use networks::status::fold;
use networks::{Network, StatusReading};
use orders::transition::allowed_from;
use orders::{Applied, Cursor, Event, Filter, Kind, News, Order, Source, StoreError};
use serde::{Deserialize, Serialize};

use super::MARGIN_MS;
use crate::relay::Relay;

const PAGE: usize = 200;

/// So many findings end a page.
const MOST: usize = 500;

/// What is to be read again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemapRequest {
    /// The account.
    pub account: String,
    /// Do it; otherwise it is only shown.
    #[serde(default)]
    pub apply: bool,
    /// Where an earlier answer ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What reading again finds, or has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemapAnswer {
    /// The account.
    pub account: String,
    /// Whether it was done, not only shown.
    pub applied: bool,
    /// Orders looked at.
    pub looked_at: u64,
    /// Orders that today's tables read otherwise, newest first.
    pub orders: Vec<Remapped>,
    /// There are more: ask again from here.
    pub next: Option<String>,
    /// Why it ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One order that today's tables read otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remapped {
    /// The order.
    pub order_id: String,
    /// Where it stands.
    pub from: Status,
    /// Where its words lead today.
    pub to: Status,
    /// The word that decides.
    pub word: String,
    /// Who brought it.
    pub source: Source,
    /// What becomes of it.
    pub outcome: Remap,
}

/// What becomes of an order that is read otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Remap {
    /// It would change.
    Change,
    /// It has changed.
    Changed,
    /// The rules do not follow: statuses do not go back that way.
    Ignored,
    /// It was otherwise when it was to be changed.
    Moved,
}

impl Relay {
    /// Reads an account's orders again, newest first, until the deadline (in milliseconds since 1970) comes near or
    /// enough is found; the answer tells where to go on.
    pub async fn remap(&self, request: &RemapRequest, deadline_ms: u64) -> RemapAnswer {
        let account = request.account.clone();
        let mut answer = RemapAnswer { account, applied: request.apply, ..RemapAnswer::default() };
        if let Err(error) = self.remap_into(request, deadline_ms.saturating_sub(MARGIN_MS), &mut answer).await {
            tracing::error!(account = request.account, %error, "words are not read again");
            answer.error = Some(error.to_string());
        }
        answer
    }

    async fn remap_into(
        &self,
        request: &RemapRequest,
        stop_ms: u64,
        answer: &mut RemapAnswer,
    ) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let account = self.config.account(&self.store, now_ms, &request.account).await?;
        let network = match &account {
            Some(account) => self.config.network(&self.store, now_ms, account).await?,
            None => None,
        };
        let Some(network) = network else {
            answer.error = Some(format!("there is no account `{}`, or its network is not known", request.account));
            return Ok(());
        };
        let listed = listed_words(&network);
        let mut cursor = match request.cursor.as_deref().map(str::parse::<Cursor>).transpose() {
            Ok(cursor) => cursor,
            Err(error) => {
                answer.error = Some(error.to_string());
                return Ok(());
            }
        };
        let filter = Filter { account: Some(request.account.clone()), ..Filter::default() };
        loop {
            let page = self.store.list(&filter, cursor.as_ref(), PAGE).await?;
            for order in &page.orders {
                answer.looked_at += 1;
                let Some(reread) = reread(order, &network, &listed) else { continue };
                let outcome = self.outcome(order, &reread, request.apply).await?;
                answer.orders.push(Remapped {
                    order_id: order.id.to_string(),
                    from: order.status,
                    to: reread.status,
                    word: reread.word,
                    source: reread.source,
                    outcome,
                });
            }
            cursor = page.next;
            answer.next = cursor.as_ref().map(ToString::to_string);
            if cursor.is_none() || answer.orders.len() >= MOST || self.clock.now_ms() >= stop_ms {
                return Ok(());
            }
        }
    }

    async fn outcome(&self, order: &Order, reread: &Reread, apply: bool) -> Result<Remap, StoreError> {
        if !allowed_from(reread.status).contains(&order.status) {
            return Ok(Remap::Ignored);
        }
        if !apply {
            return Ok(Remap::Change);
        }
        let news = News {
            raw_status: Some(reread.word.clone()),
            reason: reread.reason,
            note: Some("a word of before, read by today's tables".to_owned()),
            ..News::new(reread.status, Source::Operator, self.clock.now_ms())
        };
        let applied = self.store.apply_news(&order.account, &order.id, &news).await?;
        if applied != Applied::Changed {
            return Ok(Remap::Moved);
        }
        let (account, order_id, from, to) = (&order.account, &order.id, order.status, reread.status);
        tracing::info!(%account, %order_id, %from, %to, "a word is read otherwise today");
        Ok(Remap::Changed)
    }
}

/// Where an order's words lead today.
struct Reread {
    status: Status,
    reason: Option<Reason>,
    word: String,
    source: Source,
}

/// Goes through an order's history once more. `None` where it leads to where the order stands.
///
/// A word that a URL of the network lists itself (`sta=…`) is left as it was read: the URL outranks the tables. So is
/// a word that has no meaning any more.
fn reread(order: &Order, network: &Network, listed: &HashSet<String>) -> Option<Reread> {
    let mut status = Status::Wait;
    let mut last = None;
    for event in &order.history {
        let Some((told, reason)) = told_by(event, network, listed) else { continue };
        if told != status && !allowed_from(told).contains(&status) {
            continue;
        }
        status = told;
        last = event.raw_status.as_ref().map(|word| (word.clone(), event.source, reason));
    }
    let (word, source, reason) = last?;
    (status != order.status).then_some(Reread { status, reason, word, source })
}

/// The status an event tells today.
fn told_by(event: &Event, network: &Network, listed: &HashSet<String>) -> Option<(Status, Option<Reason>)> {
    let recorded = event.status.map(|status| (status, None));
    match event.kind {
        Kind::Status | Kind::Ignored | Kind::Payout | Kind::Unmapped => {}
        Kind::Refused => return Some((Status::Cancel, None)),
        _ => return None,
    }
    let Some(word) = &event.raw_status else { return recorded };
    if event.source == Source::Postback && listed.contains(&fold(word)) {
        return recorded;
    }
    match network.reread(word) {
        StatusReading::Known { status, reason, .. } => Some((status, reason)),
        StatusReading::Unmapped { .. } => recorded,
    }
}

/// The words that the network's own postback URLs list, folded.
fn listed_words(network: &Network) -> HashSet<String> {
    const LISTS: [&str; 5] = ["sta", "stc", "stt", "stw", "sth"];
    let mut words = HashSet::new();
    let mut take = |name: &str, list: &str| {
        if LISTS.contains(&name) {
            words.extend(list.split(',').map(fold).filter(|word| !word.is_empty()));
        }
    };
    for (_, postback) in network.manifest().postbacks.iter() {
        match postback {
            Postback::Tail(tail) => {
                form_urlencoded::parse(tail.as_bytes()).for_each(|(name, list)| take(&name, &list));
            }
            Postback::Separate { params, .. } => params.iter().for_each(|(name, list)| take(name, list)),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lead::{Lead, OrderId, Phone};
    use networks::catalog;
    use orders::NewOrder;

    use super::*;

    fn order(events: &[(Kind, Source, Option<Status>, &str)], status: Status) -> Order {
        let country = "PL".parse().unwrap();
        let phone = Phone::parse("+48500100200", country).unwrap();
        let new = NewOrder {
            id: OrderId::new(1_700_000_000_000, "", 1),
            account: "a".into(),
            offer: "o".into(),
            network: "kma".into(),
            client: "c".into(),
            lead: Lead { name: "Jan Test".into(), phone, country, fields: BTreeMap::new() },
            overrides: BTreeMap::new(),
            test: false,
            duplicate_of: None,
            expires: None,
        };
        let mut order = Order::from(new);
        order.status = status;
        for (kind, source, status, word) in events {
            let raw_status = Some((*word).to_owned()).filter(|word| !word.is_empty());
            order.history.push(Event { status: *status, raw_status, ..Event::new(1, *kind, *source) });
        }
        order
    }

    fn led(events: &[(Kind, Source, Option<Status>, &str)], stands: Status) -> Option<(Status, String)> {
        let network = catalog::find("kma").unwrap();
        let found = reread(&order(events, stands), network, &HashSet::from(["x".to_owned()]));
        found.map(|reread| (reread.status, reread.word))
    }

    #[test]
    fn a_word_that_has_a_meaning_now_leads_on() {
        use Kind::{Ignored, Status as Changed, Unmapped};
        use Source::{Operator, Poll, Postback};
        let to = |status, word: &str| Some((status, word.to_owned()));
        assert_eq!(led(&[(Unmapped, Poll, None, "A")], Status::Wait), to(Status::Approve, "A"));
        assert_eq!(led(&[(Unmapped, Postback, None, "approved")], Status::Wait), to(Status::Approve, "approved"));
        assert_eq!(led(&[(Unmapped, Poll, None, "zzz")], Status::Wait), None, "still without a meaning");
        // `D` was once read as a trash.
        assert_eq!(led(&[(Changed, Poll, Some(Status::Trash), "D")], Status::Trash), to(Status::Cancel, "D"));
        // What came after it stands.
        let later = [(Unmapped, Poll, None, "D"), (Changed, Poll, Some(Status::Approve), "A")];
        assert_eq!(led(&later, Status::Approve), None);
        // The rules hold on the way: nothing goes back to waiting.
        let back = [(Changed, Poll, Some(Status::Approve), "A"), (Ignored, Poll, Some(Status::Wait), "P")];
        assert_eq!(led(&back, Status::Approve), None);
        // What was done by this very way is not done again.
        let done = [(Unmapped, Poll, None, "A"), (Changed, Operator, Some(Status::Approve), "A")];
        assert_eq!(led(&done, Status::Approve), None);
        // What a person decided stands.
        let by_hand = [(Unmapped, Poll, None, "A"), (Changed, Operator, Some(Status::Trash), "")];
        assert_eq!(led(&by_hand, Status::Trash), None);
    }

    #[test]
    fn a_word_of_the_urls_own_lists_stays_as_it_was_read() {
        let listed = [(Kind::Status, Source::Postback, Some(Status::Hold), "X")];
        assert_eq!(led(&listed, Status::Hold), None);
        let network = catalog::find("inb-order").unwrap();
        assert!(listed_words(network).contains("processing"), "stw=Processing");
    }
}

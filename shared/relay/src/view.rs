//! Orders as callers see them.

use jiff::Timestamp;
use lead::{Delivery, Field, Lead, Reason, Status};
use orders::{Event, Kind, Order, Source};
use serde::Serialize;

/// The answer to an intake.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    /// Our id.
    pub order_id: String,
    /// Where the order stands.
    pub status: Status,
    /// What became of handing it over.
    pub delivery: Delivery,
    /// The offer.
    pub offer: String,
    /// The account.
    pub account: String,
    /// The network's slug.
    pub network: String,
    /// The network's id.
    pub network_order_id: Option<String>,
    /// The tracker's click id.
    pub click_id: Option<String>,
    /// The canonical reason's code.
    pub reason: Option<Reason>,
    /// The network's text.
    pub comment: Option<String>,
    /// The earlier order this one repeats.
    pub duplicate_of: Option<String>,
    /// The same request came before.
    pub replayed: bool,
}

impl Receipt {
    /// The receipt of an order.
    #[must_use]
    pub fn of(order: &Order, replayed: bool) -> Self {
        Self {
            order_id: order.id.to_string(),
            status: order.status,
            delivery: order.delivery,
            offer: order.offer.clone(),
            account: order.account.clone(),
            network: order.network.clone(),
            network_order_id: order.network_order_id.clone(),
            click_id: order.click_id.clone(),
            reason: order.reason,
            comment: order.comment.clone(),
            duplicate_of: order.duplicate_of.as_ref().map(ToString::to_string),
            replayed,
        }
    }
}

/// An order read back.
#[derive(Debug, Clone, Serialize)]
pub struct OrderView {
    /// What the intake answered, as it stands now.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// The network's own last word.
    pub raw_status: Option<String>,
    /// The payout, a decimal.
    pub payout: Option<String>,
    /// The payout's currency.
    pub currency: Option<String>,
    /// Postback and poll have decided differently, and not yet agreed.
    pub disputed: bool,
    /// How often the lead was sent.
    pub tries: u32,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
    /// The lead, for a secret key; `null` once it is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadView>,
    /// Every event in order.
    pub history: Vec<EventView>,
}

/// A lead read back, under the names it came with.
pub type LeadView = serde_json::Map<String, serde_json::Value>;

/// One event.
#[derive(Debug, Clone, Serialize)]
pub struct EventView {
    /// RFC 3339.
    pub at: String,
    /// What happened.
    pub kind: Kind,
    /// Who brought it.
    pub source: Source,
    /// The status it told.
    pub status: Option<Status>,
    /// The network's own word.
    pub raw_status: Option<String>,
    /// Anything else.
    pub note: Option<String>,
}

impl OrderView {
    /// The view of an order, with the lead for who may see it.
    #[must_use]
    pub fn of(order: &Order, with_lead: bool) -> Self {
        Self {
            receipt: Receipt::of(order, false),
            raw_status: order.raw_status.clone(),
            payout: order.payout.as_ref().map(|payout| payout.amount.to_string()),
            currency: order.payout.as_ref().and_then(|payout| payout.currency).map(|code| code.to_string()),
            disputed: order.disputed(),
            tries: order.tries,
            created_at: rfc3339(order.created()),
            updated_at: rfc3339(order.updated),
            lead: order.lead.as_ref().filter(|_| with_lead).map(lead_view),
            history: order.history.iter().map(EventView::of).collect(),
        }
    }
}

impl EventView {
    fn of(event: &Event) -> Self {
        Self {
            at: rfc3339(event.at_ms),
            kind: event.kind,
            source: event.source,
            status: event.status,
            raw_status: event.raw_status.clone(),
            note: event.note.clone(),
        }
    }
}

fn lead_view(lead: &Lead) -> LeadView {
    let mut view = LeadView::new();
    view.insert("name".to_owned(), lead.name.clone().into());
    view.insert("phone".to_owned(), lead.phone.e164().into());
    view.insert("phone_raw".to_owned(), lead.phone.raw().into());
    view.insert("country".to_owned(), lead.country.as_str().into());
    let fields = Field::ALL.iter().filter_map(|field| Some((field.name(), lead.field(*field)?)));
    view.extend(fields.map(|(name, text)| (name.to_owned(), text.into())));
    view
}

/// Milliseconds since 1970 as RFC 3339.
#[must_use]
pub fn rfc3339(unix_ms: u64) -> String {
    let ms = i64::try_from(unix_ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).map(|time| time.to_string()).unwrap_or_default()
}

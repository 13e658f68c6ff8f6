//! Reading back: one order, or pages of them.

use std::str::FromStr;
use std::sync::Arc;

use lead::{Delivery, OrderId, Status};
use orders::{Cursor, Filter, Order, Page, StoreError};
use serde::Serialize;

use crate::call::{Answer, Call};
use crate::config::{Client, Scope};
use crate::keys::hash_of_key;
use crate::relay::Relay;
use crate::view::OrderView;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;
const PARAMETERS: [&str; 8] =
    ["click_id", "network_order_id", "account", "phone", "status", "delivery", "limit", "cursor"];

#[derive(Serialize)]
struct Listing {
    orders: Vec<OrderView>,
    next: Option<String>,
}

type Refused = Answer;

mod parked;

impl Relay {
    /// Answers `GET /orders`, `GET /orders/parked` and `GET /orders/{order_id}`.
    pub async fn read(&self, call: &Call) -> Answer {
        self.read_checked(call).await.unwrap_or_else(|refused| refused)
    }

    /// Whether a key is an admin's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_admin(&self, key: &str) -> Result<bool, StoreError> {
        let client = self.config.client(&self.store, self.clock.now_ms(), &hash_of_key(key)).await?;
        Ok(client.is_some_and(|client| client.scopes.contains(&Scope::Admin)))
    }

    async fn read_checked(&self, call: &Call) -> Result<Answer, Refused> {
        let client = self.reader(call).await?;
        match call.path.trim_end_matches('/').strip_prefix("/orders") {
            Some("") => self.list(call, &client).await,
            Some("/parked") => self.list_parked(call, &client).await,
            Some(rest) => self.one(rest.trim_start_matches('/'), &client).await,
            None => Err(problem(404, "path", "there is nothing at this path")),
        }
    }

    /// The client that asks, which must be allowed to read.
    pub(crate) async fn reader(&self, call: &Call) -> Result<Arc<Client>, Refused> {
        let key = call.key().ok_or_else(|| problem(401, "key", "a key is wanted: Authorization: Bearer <key>"))?;
        let now_ms = self.clock.now_ms();
        let client = self.config.client(&self.store, now_ms, &hash_of_key(key)).await.map_err(|error| busy(&error))?;
        let client = client.ok_or_else(|| problem(401, "key", "the key is not known"))?;
        if client.publishable || !client.may(Scope::Read) {
            return Err(problem(403, "key", "this key may not read"));
        }
        Ok(client)
    }

    async fn one(&self, id: &str, client: &Client) -> Result<Answer, Refused> {
        let missing = || problem(404, "order", "there is no such order");
        let id: OrderId = id.parse().map_err(|_| missing())?;
        let order = self.store.get(&id).await.map_err(|error| busy(&error))?;
        let order = order.filter(|order| client.may_use(&order.offer)).ok_or_else(missing)?;
        Ok(Answer::json(200, &OrderView::of(&order, true)))
    }

    async fn list(&self, call: &Call, client: &Client) -> Result<Answer, Refused> {
        if let Some((unknown, _)) = call.query_pairs().find(|(name, _)| !PARAMETERS.contains(&name.as_str())) {
            let detail = format!("unknown parameter `{unknown}`; there are {}", PARAMETERS.join(", "));
            return Err(problem(400, "parameter", detail));
        }
        let limit = limit(call)?;
        let cursor: Option<Cursor> = parsed(call, "cursor")?;
        let cursor = cursor.as_ref();
        let filter = Filter {
            account: call.query_value("account"),
            status: parsed::<Status>(call, "status")?,
            delivery: parsed::<Delivery>(call, "delivery")?,
            phone: call.query_value("phone").map(|phone| phone_of(&phone)).transpose()?,
            ..Filter::default()
        };
        let page = if let Some(click) = call.query_value("click_id") {
            self.store.by_click(&click, cursor, limit).await
        } else if let Some(network_order_id) = call.query_value("network_order_id") {
            let detail = "network_order_id needs account: two networks may use the same number";
            let account = filter.account.as_ref().ok_or_else(|| problem(400, "parameter", detail))?;
            self.store.by_network_order(account, &network_order_id, cursor, limit).await
        } else {
            self.store.list(&filter, cursor, limit).await
        };
        let Page { orders, next } = page.map_err(|error| busy(&error))?;
        // An index knows nothing of the other parameters.
        let seen = |order: &&Order| client.may_use(&order.offer) && admits(&filter, order);
        let orders = orders.iter().filter(seen).map(|order| OrderView::of(order, true)).collect();
        Ok(Answer::json(200, &Listing { orders, next: next.map(|cursor| cursor.to_string()) }))
    }
}

fn admits(filter: &Filter, order: &Order) -> bool {
    let phone = order.lead.as_ref().map(|lead| lead.phone.e164());
    filter.account.as_ref().is_none_or(|account| *account == order.account)
        && filter.status.is_none_or(|status| status == order.status)
        && filter.delivery.is_none_or(|delivery| delivery == order.delivery)
        && filter.phone.as_deref().is_none_or(|wanted| phone == Some(wanted))
}

fn limit(call: &Call) -> Result<usize, Refused> {
    let Some(text) = call.query_value("limit") else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| problem(400, "parameter", format!("limit is 1 to {MAX_LIMIT}")))
}

/// E.164; a plus that a query turned into a space is put back.
fn phone_of(text: &str) -> Result<String, Refused> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_number = text.trim().trim_start_matches('+').len() == digits.len() && (4..=15).contains(&digits.len());
    let detail = "phone is a number in E.164, such as %2B48512345678";
    if is_number { Ok(format!("+{digits}")) } else { Err(problem(400, "parameter", detail)) }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(call: &Call, name: &str) -> Result<Option<T>, Refused> {
    let Some(text) = call.query_value(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|error| problem(400, "parameter", format!("{name}: {error}")))
}

fn problem(status: u16, kind: &'static str, detail: impl Into<String>) -> Refused {
    Answer::problem(status, kind, detail)
}

fn busy(error: &StoreError) -> Refused {
    tracing::error!(%error, "the table does not answer");
    problem(503, "busy", "the table does not answer; ask again")
}

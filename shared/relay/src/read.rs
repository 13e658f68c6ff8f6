//! Reading back: one order, or pages of them.

use std::sync::Arc;

use lead::OrderId;
use orders::{Order, Page, Skipped, StoreError};
use serde::Serialize;

use self::asked::{Asked, Named};

use crate::call::{Answer, Call};
use crate::config::{Client, Scope};
use crate::keys::hash_of_key;
use crate::relay::Relay;
use crate::view::OrderView;

#[derive(Serialize)]
struct Listing {
    orders: Vec<OrderView>,
    next: Option<String>,
    /// Ids of orders that are there and could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<String>,
}

type Refused = Answer;

mod asked;
mod page;
mod parked;

impl Relay {
    /// Answers `GET /orders`, `GET /orders/parked` and `GET /orders/{order_id}`.
    pub async fn read(&self, call: &Call) -> Answer {
        let answer = self.read_checked(call).await.unwrap_or_else(|refused| refused);
        // Whatever it says of a customer is for the asker alone, not for what stands between.
        answer.with_header("cache-control", "no-store")
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
        let client =
            self.config.client(&self.store, now_ms, &hash_of_key(key)).await.map_err(|error| failed(&error))?;
        let client = client.ok_or_else(|| problem(401, "key", "the key is not known"))?;
        if client.publishable || !client.may(Scope::Read) {
            return Err(problem(403, "key", "this key may not read"));
        }
        Ok(client)
    }

    async fn one(&self, id: &str, client: &Client) -> Result<Answer, Refused> {
        let missing = || problem(404, "order", "there is no such order");
        let id: OrderId = id.parse().map_err(|_| missing())?;
        let order = self.store.get(&id).await.map_err(|error| {
            tracing::error!(order_id = %id, %error, "an order cannot be read");
            failed(&error)
        })?;
        let order = order.filter(|order| client.may_use(&order.offer)).ok_or_else(missing)?;
        Ok(Answer::json(200, &OrderView::of(&order, true)))
    }

    async fn list(&self, call: &Call, client: &Client) -> Result<Answer, Refused> {
        let asked = Asked::read(call, self.clock.now_ms())?;
        let (cursor, limit, filter) = (asked.cursor.as_ref(), asked.limit, &asked.filter);
        let page = match &asked.named {
            Named::Click(click) => self.store.by_click(click, cursor, limit).await,
            Named::NetworkOrder { account, id } => self.store.by_network_order(account, id, cursor, limit).await,
            Named::None => self.store.list(filter, cursor, limit).await,
        };
        let Page { orders, unreadable, next } = page.map_err(|error| failed(&error))?;
        // An index knows nothing of the other parameters.
        let seen = |order: &&Order| client.may_use(&order.offer) && asked.admits(order);
        let (orders, cut) = page::that_fits(orders.iter().filter(seen), asked.history);
        let unreadable = named(&unreadable, client);
        let next = cut.or(next).map(|cursor| cursor.to_string());
        Ok(Answer::json(200, &Listing { orders, next, unreadable }))
    }
}

/// The ids of what could not be read, as far as the client may know of it.
fn named(unreadable: &[Skipped], client: &Client) -> Vec<String> {
    for Skipped { id, attribute, .. } in unreadable {
        tracing::error!(order_id = id, attribute, "an order cannot be read and is left out of a list");
    }
    let seen = unreadable.iter().filter(|skipped| client.may_use(skipped.offer.as_deref().unwrap_or("*")));
    seen.map(|skipped| skipped.id.clone()).collect()
}

fn problem(status: u16, kind: &'static str, detail: impl Into<String>) -> Refused {
    Answer::problem(status, kind, detail)
}

/// What the table did not do: for a moment only, or for good. What never passes is not said to be busy, so that nobody
/// asks for ever.
fn failed(error: &StoreError) -> Refused {
    tracing::error!(%error, "the table does not answer");
    match error {
        StoreError::Busy { .. } => problem(503, "busy", "the table does not answer; ask again"),
        StoreError::Unreadable { attribute, .. } => {
            let detail = format!("it is there, and this version of the relay cannot read its attribute `{attribute}`");
            problem(500, "unreadable", detail)
        }
        StoreError::Failed { .. } => {
            problem(500, "table", "the table refused the question; asking again will not help")
        }
    }
}

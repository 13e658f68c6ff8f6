//! The checks of an intake: who calls, what they sent, and whether it can be served. Nothing is stored before all hold.

use std::sync::Arc;

use lead::{Field, FieldError, Intake, Lead};
use networks::{Network, Settings};
use orders::StoreError;

use crate::call::{Answer, Call};
use crate::config::{Account, Client, NetworkRef, Offer, Scope};
use crate::keys::hash_of_key;
use crate::relay::Relay;

/// The largest body that is read, in bytes.
pub const BODY_BYTES: usize = 64 * 1024;

/// What stands between a request and a stored order: an answer that is no success.
pub(crate) type Refused = Answer;

pub(crate) fn refuse(status: u16, kind: &'static str, detail: impl Into<String>) -> Refused {
    Answer::problem(status, kind, detail)
}

pub(crate) fn busy(error: &StoreError) -> Refused {
    tracing::error!(%error, "the table does not answer");
    refuse(503, "busy", "nothing is stored; the request may be repeated")
}

/// How the caller proved who it is.
pub(crate) struct Caller {
    pub(crate) client: Arc<Client>,
    pub(crate) is_browser: bool,
    /// The origin a publishable key was used from.
    pub(crate) origin: Option<String>,
}

/// A lead on its way, with all it needs.
pub(crate) struct Checked {
    pub(crate) caller: Caller,
    pub(crate) offer_name: String,
    pub(crate) offer: Arc<Offer>,
    pub(crate) account: Arc<Account>,
    pub(crate) network: NetworkRef,
    pub(crate) settings: Settings,
    pub(crate) lead: Lead,
    pub(crate) intake: Intake,
}

impl Relay {
    pub(crate) async fn check(&self, call: &Call, mut intake: Intake, is_form: bool) -> Result<Checked, Refused> {
        let now = self.clock.now_ms();
        let field_key = intake.key().map(str::to_owned).or_else(|| call.query_value("key"));
        let (key, in_field) = match (call.key(), &field_key) {
            (Some(key), _) => (key, false),
            (None, Some(key)) if is_form => (key.as_str(), true),
            _ => return Err(refuse(401, "key", "a key is wanted: Authorization: Bearer <key>, or x-api-key")),
        };
        let Some(offer_name) = intake.offer().map(str::to_owned) else {
            // Without an offer there is no country to fall back to; everything else is told as well.
            let errors = intake.to_lead(None).err().unwrap_or_default();
            let known = self.config.client(&self.store, now, &hash_of_key(key)).await.map_err(|error| busy(&error))?;
            return Err(match known {
                Some(_) => Answer::unprocessable(errors),
                None => refuse(401, "key", "the key is not known"),
            });
        };
        let found = self.config.client_and_offer(&self.store, now, &hash_of_key(key), &offer_name).await;
        let (client, offer) = found.map_err(|error| busy(&error))?;
        let Some(client) = client else { return Err(refuse(401, "key", "the key is not known")) };
        let caller = caller(call, client, in_field, is_form)?;
        if !caller.client.may(Scope::Send) || !caller.client.may_use(&offer_name) {
            return Err(refuse(403, "key", format!("this key may not send to the offer `{offer_name}`")));
        }
        let Some(offer) = offer else {
            return Err(refuse(404, "offer", format!("there is no offer `{offer_name}`")));
        };
        if caller.is_browser {
            if let Some(ip) = &call.source_ip {
                intake.set_default(Field::Ip, ip);
            }
            if let Some(agent) = call.header("user-agent") {
                intake.set_default(Field::UserAgent, agent);
            }
        }
        self.check_lead(caller, offer_name, offer, intake).await
    }

    async fn check_lead(
        &self,
        caller: Caller,
        offer_name: String,
        offer: Arc<Offer>,
        intake: Intake,
    ) -> Result<Checked, Refused> {
        let now = self.clock.now_ms();
        let account = self.config.account(&self.store, now, &offer.account).await.map_err(|error| busy(&error))?;
        let not_set_up = |what: &str| {
            tracing::error!(offer = offer_name, account = offer.account, what, "an offer cannot be served");
            refuse(503, "set-up", format!("the offer `{offer_name}` is not set up: {what}"))
        };
        let account = account.ok_or_else(|| not_set_up("its account is not stored"))?;
        let network = self.config.network(&self.store, now, &account).await.map_err(|error| busy(&error))?;
        let network = network.ok_or_else(|| not_set_up("its network is not known"))?;
        if !network.can_submit() {
            return Err(not_set_up("the network's API is not known"));
        }
        // What was stored unchecked, or before the network's hosts were known, names no address to call.
        let fits = |key: &networks::AccountKey<'_>| {
            offer.params.get(key.name).is_none_or(|value| crate::config::unfit(key, value).is_none())
        };
        if let Some(key) = network.offer_keys().find(|key| !fits(key)) {
            return Err(not_set_up(&format!("its `{}` is not right", key.name)));
        }
        let lead = intake.to_lead(offer.country);
        let mut errors = lead.as_ref().err().cloned().unwrap_or_default();
        errors.extend(missing_fields(&network, &intake));
        if caller.client.publishable && !intake.params().is_empty() {
            let message = "only a secret key may override parameters".to_owned();
            errors.push(FieldError { field: "params".to_owned(), message });
        }
        let allowed: Vec<&str> = network.offer_keys().map(|key| key.name).collect();
        for name in intake.params().keys().filter(|name| !allowed.contains(&name.as_str())) {
            let message = format!("no parameter of {}; it has {}", network.name(), allowed.join(", "));
            errors.push(FieldError { field: format!("params.{name}"), message });
        }
        for key in network.offer_keys() {
            let unfit = intake.params().get(key.name).and_then(|value| crate::config::unfit(&key, value));
            errors.extend(unfit.map(|message| FieldError { field: format!("params.{}", key.name), message }));
        }
        if !errors.is_empty() {
            return Err(Answer::unprocessable(errors));
        }
        let Ok(lead) = lead else { return Err(Answer::unprocessable(errors)) };
        let settings = self.secrets.settings_of(&account).await.map_err(|error| {
            tracing::error!(account = offer.account, %error, "a secret is missing");
            refuse(503, "set-up", "the account's secrets cannot be had just now")
        })?;
        Ok(Checked { caller, offer_name, offer, account, network, settings, lead, intake })
    }
}

pub(crate) fn read_body(call: &Call) -> Result<(Intake, bool), Refused> {
    if call.body.len() > BODY_BYTES {
        return Err(refuse(413, "body", format!("a body has at most {BODY_BYTES} bytes")));
    }
    let (read, is_form) = match call.media_type().as_deref() {
        Some("application/json") => (lead::parse_json(&call.body), false),
        Some("application/x-www-form-urlencoded") => (lead::parse_form(&call.body), true),
        other => {
            let given = other.unwrap_or("none");
            let wanted = "application/json or application/x-www-form-urlencoded";
            return Err(refuse(415, "content-type", format!("Content-Type is {given}; {wanted} is wanted")));
        }
    };
    read.map(|intake| (intake, is_form)).map_err(|error| refuse(400, "body", error.to_string()))
}

fn caller(call: &Call, client: Arc<Client>, in_field: bool, is_form: bool) -> Result<Caller, Refused> {
    if in_field && !client.publishable {
        let detail = "a secret key never goes into a form: use a publishable key there";
        return Err(refuse(403, "key", detail));
    }
    let mut origin = None;
    if client.publishable {
        if !is_form {
            return Err(refuse(403, "key", "a publishable key can only send forms"));
        }
        let given = call.header("origin").map(str::to_owned).or_else(|| referer_origin(call));
        let allowed = given.filter(|given| client.origins.contains(given));
        origin = Some(allowed.ok_or_else(|| refuse(403, "origin", "this key may not be used from this origin"))?);
    }
    let wants_page = call.header("accept").is_some_and(|accept| accept.contains("text/html"));
    let is_browser = is_form && (client.publishable || wants_page);
    Ok(Caller { client, is_browser, origin })
}

fn referer_origin(call: &Call) -> Option<String> {
    let url = url::Url::parse(call.header("referer")?).ok()?;
    Some(url.origin().ascii_serialization())
}

/// Optional fields of a lead that this network's contract cannot do without.
fn missing_fields(network: &Network, intake: &Intake) -> Vec<FieldError> {
    let groups = network.required_fields();
    let missing = groups.iter().filter(|group| !group.iter().any(|field| intake.has(*field)));
    missing
        .filter_map(|group| {
            let names: Vec<&str> = group.iter().map(|field| field.name()).collect();
            let field = (*names.first()?).to_owned();
            let message = match names.as_slice() {
                [_] => format!("{} needs it", network.name()),
                many => format!("{} needs one of {}", network.name(), many.join(", ")),
            };
            Some(FieldError { field, message })
        })
        .collect()
}

//! A network as `--json` shows it.

use networks::manifest::{Asks, Confidence, Correlate, Method, OrderedMap, Postback, StatusesBy};
use networks::{AccountKey, Network};
use serde::Serialize;
use serde_json::{Map, Value};

/// One network of the catalogue, for machines.
#[derive(Serialize)]
pub(super) struct NetworkObject<'a> {
    slug: &'a str,
    name: &'a str,
    settings: Vec<SettingObject<'a>>,
    params: Vec<ParamObject<'a>>,
    postbacks: Vec<PostbackObject<'a>>,
    status_source: StatusesBy,
    submit: SubmitObject<'a>,
    poll: Option<PollObject<'a>>,
    correlate: Correlate,
}

#[derive(Serialize)]
struct SettingObject<'a> {
    name: &'a str,
    secret: bool,
    required: bool,
    title: &'a str,
}

#[derive(Serialize)]
struct ParamObject<'a> {
    name: &'a str,
    required: bool,
    title: &'a str,
}

/// A postback: with a tail, or for a cabinet without a URL field with a path and its parameters.
#[derive(Serialize)]
struct PostbackObject<'a> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<Map<String, Value>>,
}

/// The call that hands leads over; `unknown` has neither method nor URL.
#[derive(Serialize)]
struct SubmitObject<'a> {
    confidence: &'static str,
    method: Option<Method>,
    url: Option<&'a str>,
}

/// The call that asks for statuses.
#[derive(Serialize)]
struct PollObject<'a> {
    confidence: Confidence,
    method: Method,
    url: &'a str,
    asks: &'static str,
    batch: usize,
    per_minute: Option<u32>,
    window_days: Option<u32>,
}

impl<'a> NetworkObject<'a> {
    /// The object of a network.
    pub(super) fn of(network: &'a Network) -> Self {
        let manifest = network.manifest();
        // Supplements are no part of the set-up users know: the card tells of them.
        let known = |key: &AccountKey<'_>, declared: &OrderedMap<_>| declared.get(key.name).is_some();
        let settings = network.account_keys().filter(|key| known(key, &manifest.settings));
        let params = network.offer_keys().filter(|key| known(key, &manifest.params));
        let submit = manifest.submit.as_ref();
        Self {
            slug: network.slug(),
            name: network.name(),
            settings: settings
                .map(|AccountKey { name, title, secret, required, .. }| SettingObject { name, secret, required, title })
                .collect(),
            params: params
                .map(|AccountKey { name, title, required, .. }| ParamObject { name, required, title })
                .collect(),
            postbacks: manifest.postbacks.iter().map(PostbackObject::of).collect(),
            status_source: network.status_source(),
            submit: SubmitObject {
                confidence: super::submit_confidence(network),
                method: submit.map(|submit| submit.call.method),
                url: submit.map(|submit| submit.call.url.get_ref().as_str()),
            },
            poll: manifest.poll.as_ref().map(|poll| PollObject {
                confidence: poll.proof.confidence,
                method: poll.call.method,
                url: poll.call.url.get_ref(),
                asks: match poll.asks {
                    Asks::Network => "network",
                    Asks::Ours => "ours",
                    Asks::Window => "window",
                },
                batch: *poll.batch.get_ref(),
                per_minute: poll.per_minute,
                window_days: poll.window_days,
            }),
            correlate: network.correlate(),
        }
    }
}

impl<'a> PostbackObject<'a> {
    fn of((event, postback): (&'a str, &'a Postback)) -> Self {
        match postback {
            Postback::Tail(tail) => Self { event, tail: Some(tail), path: None, params: None },
            Postback::Separate { path, params } => {
                let params = params.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
                Self { event, tail: None, path: Some(path), params: Some(params) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use networks::catalog;
    use serde_json::json;

    use super::*;

    fn object(slug: &str) -> serde_json::Value {
        serde_json::to_value(NetworkObject::of(catalog::find(slug).unwrap())).unwrap()
    }

    #[test]
    fn a_network_is_told_whole() {
        assert_eq!(
            object("adcombo"),
            json!({
                "slug": "adcombo",
                "name": "AdCombo",
                "settings": [
                    {"name": "api", "secret": true, "required": true, "title": "token from the personal account"}
                ],
                "params": [{"name": "adcombo", "required": true, "title": "offer ID"}],
                "postbacks": [],
                "status_source": "poll",
                "submit": {
                    "confidence": "client-code",
                    "method": "GET",
                    "url": "https://api.adcombo.com/api/v2/order/create/"
                },
                "poll": {
                    "confidence": "client-code",
                    "method": "GET",
                    "url": "https://api.adcombo.com/api/v2/order/status",
                    "asks": "window",
                    "batch": 1,
                    "per_minute": null,
                    "window_days": 30
                },
                "correlate": "eid"
            })
        );
    }

    #[test]
    fn an_unknown_contract_has_no_url() {
        let object = object("inb-order");
        assert_eq!(object["submit"], json!({"confidence": "unknown", "method": null, "url": null}));
        assert_eq!(object["poll"], json!(null));
        let tail = "&oid={source_id}&status={event_name}&stw=Processing";
        assert_eq!(object["postbacks"], json!([{"event": "Global", "tail": tail}]));
    }

    #[test]
    fn a_cabinet_without_a_url_field_has_path_and_params() {
        let params = json!({"id": "{account}-{key}", "oid": "<Click ID>", "status": "accept", "comment": "<Comment>"});
        let expected = json!({"event": "Approve", "path": "/api/sale/status.json", "params": params});
        assert_eq!(object("affbay")["postbacks"][0], expected);
    }

    #[test]
    fn supplements_are_no_settings_and_no_params() {
        let object = object("hotpartner");
        for list in ["settings", "params"] {
            let names: Vec<&str> =
                object[list].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert!(!names.contains(&"email") && !names.contains(&"delivery_price"), "{names:?}");
        }
    }
}

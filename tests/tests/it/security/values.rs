//! Values that would break out of their place in a request.

use std::collections::BTreeMap;

use lead::{Field, Lead, OrderId};
use networks::{HttpRequest, Network, PollInput, Settings, SubmitInput, catalog};
use serde_json::Value;

use super::{bench, lead, nothing_happened};
use crate::harness::{Event, KEY};

const EVIL: [&str; 8] = [
    "a\r\nX-Evil: 1\r\n\r\nb",
    "a\nX-Evil: 1",
    "a\0b",
    "a&evil=1",
    "a\",\"evil\":\"1",
    "a=1;evil=1#evil",
    "../../evil?evil=1",
    "a\r\n--BOUNDARY\r\nContent-Disposition: form-data; name=\"evil\"\r\n\r\n1\r\n--BOUNDARY--",
];

/// The fields of a lead's frame are as closed as the others; `limits` has those.
#[tokio::test]
async fn what_frames_a_lead_takes_no_line_break() {
    let bench = bench().await;
    for evil in &EVIL[..3] {
        for field in ["offer", "country", "external_id", "test"] {
            let mut lead = lead();
            lead[field] = (*evil).into();
            let reply = bench.send_lead(&lead).await;
            // An offer of that name is not there, or is no name at all.
            assert!([404, 403, 422].contains(&reply.status), "{field}: {}", reply.status);
            assert!(!reply.json().to_string().contains("\\u0000"), "{field}");
        }
    }
    for evil in ["a\u{e9}b", &"k".repeat(300)] {
        bench.send(&Event::post("/leads").key(KEY).header("idempotency-key", evil).json(&lead())).await.problem(400);
    }
    nothing_happened(&bench).await;
}

/// Every network, every parameter, every setting and every field: the request has the shape it has with a plain value.
#[test]
fn no_value_breaks_out_of_its_place_in_any_networks_requests() {
    let mut seen = 0;
    for network in catalog::all() {
        let plain = requests(network, "value", None);
        for evil in EVIL {
            let evil = evil.replace("BOUNDARY", &boundary(&plain));
            for place in places(network) {
                for request in requests(network, &evil, Some(&place)) {
                    seen += 1;
                    let like = plain.iter().find(|one| one.0 == request.0).unwrap();
                    // A value that is no address has no host to put into a header: less is right, more is not.
                    let (like, other) = (shape(&like.1), shape(&request.1));
                    let is_like = other.len() <= like.len() && other.iter().all(|name| like.contains(name));
                    assert!(is_like, "{}: {place} = {evil:?} makes {other:?} of {like:?}", network.slug());
                }
            }
        }
    }
    assert!(seen > 5_000, "only {seen} requests");
}

/// The names of what a request is made of.
fn places(network: &Network) -> Vec<String> {
    let settings = network.account_keys().map(|key| format!("setting {}", key.name));
    let params = network.offer_keys().map(|key| format!("param {}", key.name));
    let fields = Field::ALL.iter().map(|field| format!("field {}", field.name()));
    settings.chain(params).chain(fields).chain(["before".to_owned(), "ids".to_owned()]).collect()
}

/// The requests that can be made at all where one place has a value, or, without a place, each has a plain one.
fn requests(network: &Network, value: &str, place: Option<&str>) -> Vec<(&'static str, HttpRequest)> {
    let of = |name: String| if place == Some(name.as_str()) { value } else { plain_of(&name) }.to_owned();
    let settings = network.account_keys().map(|key| (key.name, of(format!("setting {}", key.name))));
    let settings = Settings::from_pairs(settings);
    let params = network.offer_keys().map(|key| (key.name.to_owned(), of(format!("param {}", key.name))));
    let params: BTreeMap<String, String> = params.collect();
    let lead = stored_lead(&|field| of(format!("field {}", field.name())));
    let order_id: OrderId = "01kb2h8z40x0000000000000c1".parse().unwrap();
    let base = "https://api.network.example".parse().unwrap();
    let base_url = Some(&base);
    let input = SubmitInput { lead: &lead, order_id: &order_id, settings: &settings, params: &params, base_url };
    let ids = [of("ids".to_owned())];
    let poll = PollInput { settings: &settings, ids: &ids, window: Some((0, 86_400)), base_url };
    let made = [
        ("before", network.before_request(&input).ok().flatten()),
        ("submit", network.submit_request(&input, Some(&of("before".to_owned()))).ok()),
        ("poll", network.poll_request(&poll).ok()),
    ];
    made.into_iter().filter_map(|(call, request)| Some((call, request?))).collect()
}

fn plain_of(name: &str) -> &'static str {
    match name {
        "param leadrock" => "https://leadrock.com/URL-1",
        "field price" | "field quantity" => "2",
        "field ip" => "203.0.113.7",
        "field landing_url" | "field referer" => "https://shop.example/tea",
        _ => "value",
    }
}

/// A lead as if it had been stored before any check of its fields.
fn stored_lead(of: &dyn Fn(Field) -> String) -> Lead {
    let body = br#"{"offer": "tea", "name": "Jan Test", "phone": "+48500100200", "country": "PL"}"#;
    let lead = lead::parse_json(body).unwrap().to_lead(None).unwrap();
    Lead { fields: Field::ALL.iter().map(|field| (*field, of(*field))).collect(), ..lead }
}

fn boundary(requests: &[(&str, HttpRequest)]) -> String {
    let types = requests.iter().flat_map(|(_, request)| &request.headers).map(|(_, value)| value);
    types.filter_map(|value| value.split_once("boundary=")).map(|(_, it)| it.to_owned()).next().unwrap_or_default()
}

/// Where a request goes, and the names of all that it carries.
fn shape(request: &HttpRequest) -> Vec<String> {
    let text = String::from_utf8_lossy(&request.body);
    for (name, value) in &request.headers {
        assert!(!value.contains(['\r', '\n', '\0']), "{name}");
    }
    assert!(!request.url.as_str().contains(['\r', '\n', '\0']));
    let url = &request.url;
    let mut shape = vec![format!("{:?} {}", request.method, url.origin().ascii_serialization())];
    shape.extend(url.query_pairs().map(|(name, _)| name.into_owned()));
    shape.extend(request.headers.iter().map(|(name, _)| name.clone()));
    let content = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    match content.map(|(_, value)| value.as_str()) {
        Some(kind) if kind.starts_with("application/json") => {
            names(&serde_json::from_slice(&request.body).unwrap(), &mut shape);
        }
        Some(kind) if kind.starts_with("multipart/") => {
            let delimiter = format!("--{}", kind.split_once("boundary=").unwrap().1);
            let parts = text.split(&delimiter);
            let name = |part: &str| part.split("\r\n").nth(1).unwrap_or_default().to_owned();
            shape.extend(parts.skip(1).map(name));
        }
        _ => shape.extend(form_urlencoded::parse(&request.body).map(|(name, _)| name.into_owned())),
    }
    shape
}

fn names(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            found.push(name.clone());
            names(value, found);
        }),
        Value::Array(list) => list.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

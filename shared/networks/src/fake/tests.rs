//! What holds for the fake of every network of the catalogue.

use std::collections::BTreeMap;

use lead::{Lead, OrderId};
use serde_json::Value;
use url::Url;

use super::*;
use crate::case::{Case, built_in};
use crate::manifest::{Encoding, Method, Node};
use crate::{HttpReply, HttpRequest, Network, Settings, Submission, SubmitInput, catalog};

mod own;
mod said;

/// Everything a lead to a network is made of: its own accepted case, with the fake's settings and parameters.
struct Sender {
    network: &'static Network,
    lead: Lead,
    order: OrderId,
    settings: Settings,
    params: BTreeMap<String, String>,
    base: Url,
}

impl Sender {
    fn all() -> impl Iterator<Item = Self> {
        catalog::all().filter(|network| network.can_submit()).map(Self::to)
    }

    fn to(network: &'static Network) -> Self {
        let case = accepted(network);
        Self {
            network,
            lead: case.lead().unwrap().unwrap(),
            order: case.given.order.parse().unwrap(),
            settings: Settings::from_pairs(settings(network)),
            params: params(network),
            base: Url::parse("http://127.0.0.1:1").unwrap(),
        }
    }

    fn input(&self) -> SubmitInput<'_> {
        SubmitInput {
            lead: &self.lead,
            order_id: &self.order,
            settings: &self.settings,
            params: &self.params,
            base_url: Some(&self.base),
        }
    }

    fn before(&self) -> Option<HttpRequest> {
        self.network.before_request(&self.input()).unwrap()
    }

    fn submit(&self) -> HttpRequest {
        let answer = self.before().map(|_| "fake5b1c77e0");
        self.network.submit_request(&self.input(), answer).unwrap()
    }

    fn judge(&self, request: &HttpRequest) -> Verdict {
        judge_with(self.network, request, &self.settings)
    }

    /// The place of the phone: the name of its query parameter or field.
    fn phone_field(&self) -> String {
        fn find(fields: &crate::manifest::OrderedMap<toml::Spanned<Node>>, prefix: &str) -> Option<String> {
            fields.iter().find_map(|(name, node)| match node.get_ref() {
                Node::Text(text) if text.contains("{lead.phone") => Some(format!("{prefix}{name}")),
                Node::Group(inner) => find(inner, &format!("{prefix}{name}.")),
                _ => None,
            })
        }
        find(&self.network.manifest().submit.as_ref().unwrap().call.fields, "").unwrap()
    }
}

fn accepted(network: &Network) -> Case {
    let (_, text) = built_in(network.slug()).iter().find(|(name, _)| *name == "accepted").unwrap();
    Case::parse("accepted.toml", text).unwrap()
}

fn judge_with(network: &Network, request: &HttpRequest, settings: &Settings) -> Verdict {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let arrived = Arrived {
        method,
        path: request.url.path(),
        query: request.url.query().unwrap_or_default(),
        headers: &request.headers,
        body: &request.body,
    };
    judge(network, &arrived, settings)
}

/// The first of a network's fields of this name and all that belongs to it taken out of a request.
fn without(request: &HttpRequest, encoding: Encoding, field: &str) -> HttpRequest {
    let mut changed = request.clone();
    let keep = |pairs: Vec<(String, String)>| {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs.into_iter().filter(|(name, _)| name != field))
            .finish()
    };
    match encoding {
        Encoding::Query => {
            let query = keep(request.url.query_pairs().into_owned().collect());
            changed.url.set_query(Some(&query));
        }
        Encoding::Form => {
            changed.body = keep(form_urlencoded::parse(&request.body).into_owned().collect()).into_bytes();
        }
        Encoding::Multipart => {
            let text = String::from_utf8(request.body.clone()).unwrap();
            changed.body = text.replace(&format!("name=\"{field}\""), "name=\"\"").into_bytes();
        }
        Encoding::Json => {
            let mut json: Value = serde_json::from_slice(&request.body).unwrap();
            let mut place = json.as_object_mut().unwrap();
            if place.contains_key("dataSign") {
                place = place["data"].as_object_mut().unwrap();
            }
            let mut names: Vec<&str> = field.split('.').collect();
            let last = names.pop().unwrap();
            for name in names {
                place = place[name].as_object_mut().unwrap();
            }
            place.remove(last).unwrap();
            changed.body = json.to_string().into_bytes();
        }
    }
    changed
}

#[test]
fn what_the_engine_sends_is_what_the_fake_expects() {
    let mut wrong = Vec::new();
    for sender in Sender::all() {
        for (step, request) in [(Step::Before, sender.before()), (Step::Submit, Some(sender.submit()))] {
            let Some(request) = request else { continue };
            let verdict = sender.judge(&request);
            wrong.extend(verdict.violations.iter().map(|one| format!("{}: {one}", sender.network.slug())));
            assert_eq!(verdict.step, Some(step), "{}", sender.network.slug());
            assert!(verdict.unchecked.is_empty(), "{}: {:?}", sender.network.slug(), verdict.unchecked);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_of_the_catalogue_passes_its_own_contract() {
    let mut wrong = Vec::new();
    for network in catalog::all().filter(|network| network.can_submit()) {
        for (name, text) in built_in(network.slug()) {
            let case = Case::parse(name, text).unwrap();
            let (Ok(Some(lead)), None) = (case.lead(), &case.then.cannot_send) else { continue };
            let settings = Settings::from_pairs(case.given.settings.clone());
            let order: OrderId = case.given.order.parse().unwrap();
            let base = Url::parse("http://127.0.0.1:1").unwrap();
            let params = &case.given.params;
            let input =
                SubmitInput { lead: &lead, order_id: &order, settings: &settings, params, base_url: Some(&base) };
            let submit = network.submit_request(&input, Some("5b1c77e0")).unwrap();
            for request in network.before_request(&input).unwrap().into_iter().chain([submit]) {
                let verdict = judge_with(network, &request, &settings);
                wrong.extend(verdict.violations.iter().map(|one| format!("{} {name}: {one}", network.slug())));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_lead_without_its_phone_is_a_violation_that_names_the_field() {
    for sender in Sender::all() {
        let slug = sender.network.slug();
        let encoding = sender.network.manifest().submit.as_ref().unwrap().call.encoding;
        let field = sender.phone_field();
        let verdict = sender.judge(&without(&sender.submit(), encoding, &field));
        let named = verdict.violations.iter().any(|one| one.contains(&format!("`{field}` is missing")));
        assert!(named, "{slug}: {field}: {:?}", verdict.violations);
    }
}

#[test]
fn strange_names_are_named() {
    for sender in Sender::all() {
        let mut request = sender.submit();
        request.url.query_pairs_mut().append_pair("colour", "blue");
        request.headers.push(("X-Colour".to_owned(), "blue".to_owned()));
        let violations = sender.judge(&request).violations;
        assert_eq!(
            violations,
            ["header `x-colour` is not in the contract", "query `colour` is not in the contract"],
            "{}",
            sender.network.slug()
        );
    }
}

#[test]
fn a_wrong_setting_is_told_everywhere_without_its_value() {
    for sender in Sender::all() {
        let slug = sender.network.slug();
        if sender.network.used_names().iter().all(|name| !matches!(name, crate::Name::Setting(_))) {
            continue;
        }
        let others = settings(sender.network).into_iter().map(|(name, value)| {
            let other = if value.parse::<u32>().is_ok() { "777001".to_owned() } else { "other-0ther".to_owned() };
            (name, other)
        });
        let others = Settings::from_pairs(others);
        let verdict = judge_with(sender.network, &sender.submit(), &others);
        let uses_some = !verdict.violations.is_empty();
        let call = &sender.network.submit.as_ref().unwrap().call;
        let in_submit = call.hook.is_some()
            || call.templates().any(|template| template.names().any(|name| matches!(name, crate::Name::Setting(_))));
        assert_eq!(uses_some, in_submit, "{slug}: {:?}", verdict.violations);
        let told = verdict.violations.join(" ");
        assert!(!told.contains("fake-") && !told.contains("other-0ther"), "{slug}: {told}");
    }
}

#[test]
fn a_broken_signature_is_told() {
    let mut signed = 0;
    for sender in Sender::all() {
        let call = &sender.network.manifest().submit.as_ref().unwrap().call;
        let mut request = sender.submit();
        // The signature stays, what it is over changes: another, as good a phone.
        let swap = |text: &str| text.replace("00200", "00300");
        if call.sign.is_none() && call.hook.is_none() {
            continue;
        }
        signed += 1;
        request.body = swap(&String::from_utf8(request.body).unwrap()).into_bytes();
        let violations = sender.judge(&request).violations;
        assert_eq!(violations.len(), 1, "{}: {violations:?}", sender.network.slug());
        assert!(violations[0].contains("signature"), "{violations:?}");
    }
    assert!(signed >= 3);
}

#[test]
fn what_is_shown_holds_no_setting_and_no_whole_phone() {
    for sender in Sender::all() {
        let shown = format!("{:?}", sender.judge(&sender.submit()).fields);
        assert!(!shown.contains(sender.lead.phone.digits()), "{}: {shown}", sender.network.slug());
        assert!(!shown.contains("fake-api"), "{}: {shown}", sender.network.slug());
    }
}

#[test]
fn unknown_settings_are_left_unchecked_and_named() {
    for sender in Sender::all() {
        let verdict = judge_with(sender.network, &sender.submit(), &Settings::default());
        assert_eq!(verdict.violations, Vec::<String>::new(), "{}", sender.network.slug());
        let unchecked: Vec<&str> = verdict.unchecked.iter().map(String::as_str).collect();
        let submit = sender.network.manifest().submit.as_ref().unwrap();
        assert_eq!(unchecked.contains(&"the signature"), submit.call.sign.is_some(), "{unchecked:?}");
    }
}

#[test]
fn an_accepted_case_with_a_fresh_id_is_still_an_accepted_one_and_its_id_is_new() {
    for sender in Sender::all() {
        let (network, slug) = (sender.network, sender.network.slug());
        let case = accepted(network);
        let sample = case.receives.last().unwrap();
        let read = |number| {
            let body = with_fresh_id(network, &sample.body, number);
            match network.read_submission(&HttpReply::new(sample.status, body), None) {
                Submission::Delivered(taken) => taken.network_order_id,
                other => panic!("{slug}: {other:?}"),
            }
        };
        let (one, two) = (read(1_767_225_600_001), read(1_767_225_600_002));
        let Some(one) = one else { continue };
        assert_ne!(Some(&one), two.as_ref(), "{slug}");
        assert_ne!(Some(&one), case.then.network_order_id.as_ref(), "{slug}");
    }
}

#[test]
fn an_acceptance_can_be_made_of_most_contracts_alone() {
    let without: Vec<&str> = Sender::all()
        .filter(|sender| made_up_acceptance(sender.network, 7).is_none())
        .map(|sender| sender.network.slug())
        .collect();
    assert_eq!(without, [""; 0]);
}

#[test]
fn the_look_of_an_id_is_kept() {
    assert_eq!(fresh_word("6f1c0d0e-5a77-4d0f-9b4e-0d1f2a3b4c5d", 1), "6f1c0d0e-5a77-4d0f-9b4e-0d1f2a3b4c51");
    assert_eq!(fresh_word("Qm3xYz7K", 36 * 35), "Qm3xYzz0");
    assert_eq!(fresh_word("0F0E-44AB", 255), "0F0E-44FF");
    assert_eq!(fresh_word("90412", 1_767_225_600_001), "1767225600001");
}

//! A request held against the contract.

use std::collections::BTreeMap;

use percent_encoding::{percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::filter::Filter;
use crate::manifest::Method;
use crate::network::Network;
use crate::request::{SEGMENT, Settings};
use crate::template::{Name, Part, Placeholder};

use super::capture::{capture, may_be_absent, names, only_name, sole, written};
use super::contract::{Exchange, Expected, Path, What, exchanges};
use super::{Arrived, Step, Verdict, shape};

/// Headers that belong to HTTP, not to a contract.
const OF_HTTP: [&str; 9] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "user-agent",
];

/// Holds a request against the network's contract. Values of settings that are not among `settings` are not compared.
#[must_use]
pub fn judge(network: &Network, arrived: &Arrived<'_>, settings: &Settings) -> Verdict {
    let exchanges = exchanges(network);
    let fitting = exchanges.iter().filter(|exchange| method(exchange.method) == arrived.method);
    let verdicts = fitting.filter_map(|exchange| {
        let verdict = Checker::new(settings).check(exchange, arrived)?;
        Some((matches!(exchange.path, Path::Any), verdict))
    });
    // A call with a path of its own comes before one whose whole URL is a parameter.
    let nearest = verdicts.min_by_key(|(any_path, verdict)| (*any_path, verdict.violations.len()));
    nearest.map_or_else(|| no_such_call(network, &exchanges), |(_, verdict)| verdict)
}

const fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

fn no_such_call(network: &Network, exchanges: &[Exchange<'_>]) -> Verdict {
    let calls = exchanges.iter().map(|exchange| match &exchange.path {
        Path::Any => format!("{} to a path of the offer's own", method(exchange.method)),
        Path::Parts(parts) => format!("{} {}", method(exchange.method), written(parts)),
    });
    let calls = calls.collect::<Vec<_>>().join(", ");
    let violation = format!("{} has no call with this method and path; its calls are {calls}", network.name());
    Verdict { violations: vec![violation], ..Verdict::default() }
}

/// A place in a request, as it is called in a violation.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) place: &'static str,
    pub(super) name: &'a str,
}

impl At<'_> {
    pub(super) fn is(self, what: &str) -> String {
        if self.name.is_empty() {
            format!("the {} {what}", self.place)
        } else {
            format!("{} `{}` {what}", self.place, self.name)
        }
    }
}

pub(super) struct Checker<'a> {
    pub(super) settings: &'a Settings,
    pub(super) verdict: Verdict,
    params: BTreeMap<String, String>,
    pub(super) signature: Option<String>,
}

impl<'a> Checker<'a> {
    fn new(settings: &'a Settings) -> Self {
        Self { settings, verdict: Verdict::default(), params: BTreeMap::new(), signature: None }
    }

    /// `None` where the request goes to another path.
    fn check(mut self, exchange: &Exchange<'_>, arrived: &Arrived<'_>) -> Option<Verdict> {
        self.verdict.step = Some(exchange.step);
        if let Path::Parts(parts) = &exchange.path {
            self.path(parts, arrived.path)?;
        }
        self.headers(&exchange.headers, arrived.headers);
        let mut query = pairs(arrived.query.as_bytes());
        if matches!(exchange.path, Path::Any) {
            let own = own_query(&query, arrived.path);
            query.retain(|pair| !own.contains(pair));
        }
        self.flat("query", &exchange.query, &query);
        self.body(&exchange.body, arrived);
        if matches!(exchange.path, Path::Any) {
            self.own_path(arrived.path);
        }
        if let Some(sign) = exchange.sign {
            self.sign(sign, arrived.body);
        }
        if exchange.step == Step::Poll && self.verdict.ids.is_empty() && self.verdict.window.0.is_none() {
            self.violation("the call asks for no order and for no time".to_owned());
        }
        Some(self.verdict)
    }

    pub(super) fn violation(&mut self, what: String) {
        self.verdict.violations.push(what);
    }

    fn path(&mut self, parts: &[Part], path: &str) -> Option<()> {
        let known = |placeholder: &Placeholder| {
            let value = setting(self.settings, placeholder)?;
            Some(utf8_percent_encode(&value, SEGMENT).to_string())
        };
        let found = capture(parts, path, &known).or_else(|| capture(parts, path, &|_| None))?;
        for (placeholder, value) in found {
            // Commas between ids are sent as they are, those inside an id are escaped.
            let value = percent_decode_str(value).decode_utf8_lossy();
            self.value(At { place: "path", name: "" }, placeholder, &value);
        }
        Some(())
    }

    /// The path of a call whose whole URL is a parameter, where a field repeats that parameter.
    fn own_path(&mut self, path: &str) {
        let urls: Vec<Url> = self.params.values().filter_map(|value| Url::parse(value).ok()).collect();
        if !urls.is_empty() && urls.iter().all(|url| url.path() != path) {
            self.violation("the path is not that of the parameter which is the URL of this call".to_owned());
        }
    }

    fn headers(&mut self, expected: &[Expected<'_>], given: &[(String, String)]) {
        let is_known = |name: &str| expected.iter().any(|one| one.name.eq_ignore_ascii_case(name));
        let own = given.iter().filter(|(name, _)| {
            let of_http = OF_HTTP.iter().any(|other| other.eq_ignore_ascii_case(name));
            is_known(name) || !of_http
        });
        let own: Vec<(String, String)> = own.map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        self.pairs("header", expected, &own, str::to_lowercase);
    }

    pub(super) fn flat(&mut self, place: &'static str, expected: &[Expected<'_>], given: &[(String, String)]) {
        self.pairs(place, expected, given, str::to_owned);
    }

    fn pairs(
        &mut self,
        place: &'static str,
        expected: &[Expected<'_>],
        given: &[(String, String)],
        key: impl Fn(&str) -> String,
    ) {
        for one in expected {
            let at = At { place, name: &one.name };
            let wanted = key(&one.name);
            let values: Vec<&str> =
                given.iter().filter(|(name, _)| *name == wanted).map(|(_, value)| value.as_str()).collect();
            self.named(at, &one.what, &values);
        }
        let mut strange: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
        strange.retain(|name| !expected.iter().any(|one| key(&one.name) == *name));
        strange.dedup();
        for name in strange {
            self.violation(At { place, name }.is("is not in the contract"));
        }
    }

    fn named(&mut self, at: At<'_>, what: &What<'_>, values: &[&str]) {
        let repeats = matches!(what, What::Parts(parts) if is_each(parts));
        if values.len() > 1 && !repeats {
            self.violation(at.is("comes more than once"));
        }
        let Some(value) = values.first() else {
            let required = !matches!(what, What::Parts(parts) if may_be_absent(parts));
            if required {
                self.violation(at.is("is missing"));
            }
            return;
        };
        match what {
            What::Signature => self.signature = Some((*value).to_owned()),
            What::Constant(constant) if constant == value => self.show(at, value),
            What::Constant(constant) => self.violation(at.is(&format!("is not `{constant}`"))),
            What::Parts(_) if repeats => self.verdict.ids.extend(values.iter().map(|id| (*id).to_owned())),
            What::Parts(parts) => self.text(at, parts, value),
        }
    }

    pub(super) fn text(&mut self, at: At<'_>, parts: &[Part], text: &str) {
        let settings = self.settings;
        let known = |placeholder: &Placeholder| setting(settings, placeholder);
        let Some(found) = capture(parts, text, &known).or_else(|| capture(parts, text, &|_| None)) else {
            return self.violation(at.is(&format!("is not `{}`", written(parts))));
        };
        for (placeholder, value) in found {
            self.value(at, placeholder, value);
        }
        self.show(at, &shown(parts, text));
    }

    /// One value as a placeholder stands for it.
    fn value(&mut self, at: At<'_>, placeholder: &Placeholder, value: &str) {
        if let Some(complaint) = shape::wrong(placeholder, value) {
            let template = written(&[Part::Placeholder(placeholder.clone())]);
            return self.violation(at.is(&format!("is not `{template}`: it {complaint}")));
        }
        let plain = placeholder.filter.is_none();
        match only_name(placeholder) {
            Some(Name::Setting(name)) => match setting(self.settings, placeholder) {
                Some(known) if known == value => {}
                Some(_) => self.violation(at.is(&format!("is not the account's `{name}`"))),
                None => drop(self.verdict.unchecked.insert(format!("setting.{name}"))),
            },
            Some(Name::Param(name)) if plain => drop(self.params.insert(name.clone(), value.to_owned())),
            Some(Name::OrderId) if plain => self.verdict.our_order_id = Some(value.to_owned()),
            Some(Name::BeforeAnswer) => self.verdict.before_answer = Some(value.to_owned()),
            Some(Name::BatchIds) if placeholder.filter == Some(Filter::Comma) => {
                self.verdict.ids.extend(value.split(',').map(str::to_owned));
            }
            Some(Name::BatchIds) => self.verdict.ids.push(value.to_owned()),
            Some(Name::WindowFrom) => self.verdict.window.0 = shape::seconds(value),
            Some(Name::WindowTo) => self.verdict.window.1 = shape::seconds(value),
            _ => {}
        }
    }

    pub(super) fn show(&mut self, at: At<'_>, value: &str) {
        self.verdict.fields.push((at.name.to_owned(), value.to_owned()));
    }
}

/// The query of a URL that is a parameter, where a field of the same request repeats that parameter.
fn own_query(query: &[(String, String)], path: &str) -> Vec<(String, String)> {
    let urls = query.iter().filter_map(|(_, value)| Url::parse(value).ok()).filter(|url| url.path() == path);
    urls.flat_map(|url| pairs(url.query().unwrap_or_default().as_bytes())).collect()
}

/// The text that a known setting becomes.
fn setting(settings: &Settings, placeholder: &Placeholder) -> Option<String> {
    let Some(Name::Setting(name)) = only_name(placeholder) else { return None };
    let value = settings.get(name)?;
    match placeholder.filter {
        Some(filter) => filter.apply(value, None),
        None => Some(value.to_owned()),
    }
}

pub(super) fn is_each(parts: &[Part]) -> bool {
    sole(parts).is_some_and(|placeholder| placeholder.filter == Some(Filter::Each))
}

/// A value as it may be shown: no setting, and of a phone its ends alone.
fn shown(parts: &[Part], text: &str) -> String {
    if names(parts).any(|name| matches!(name, Name::Setting(_))) {
        return "(setting)".to_owned();
    }
    if !names(parts).any(|name| *name == Name::LeadPhone) {
        return text.to_owned();
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let mut seen = 0;
    let masked = text.chars().map(|c| {
        if !c.is_ascii_digit() {
            return c;
        }
        seen += 1;
        if seen > 3 && seen + 2 <= digits { '*' } else { c }
    });
    masked.collect()
}

pub(super) fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

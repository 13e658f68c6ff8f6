//! Checks a manifest: every template parses, names only what is known where it stands, and goes only where it may.

use std::collections::HashMap;
use std::ops::Range;

use toml::Spanned;

use super::{CheckedBefore, CheckedCall, CheckedNode, CheckedPoll, CheckedSign, CheckedSubmit, Network, SignPlace};
use crate::error::{ManifestError, Problem};
use crate::hook;
use crate::manifest::{Before, Call, Declared, Encoding, Kind, Manifest, Node, OrderedMap, Owner, Poll, Sign, Submit};
use crate::status::{Meaning, fold};
use crate::template::{Name, Template};

/// What a template may name, by where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Submit,
    Before,
    Poll,
    Sign,
}

pub(super) struct Checker<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) problems: Vec<Problem>,
}

impl Checker<'_> {
    pub(super) fn check(mut self, slug: &str, manifest: Manifest) -> Result<Network, ManifestError> {
        if *manifest.format.get_ref() != 1 {
            self.problem(manifest.format.span(), "this relay reads `format = 1`");
        }
        if manifest.slug.get_ref() != slug {
            self.problem(manifest.slug.span(), format!("the slug must be the folder's name, `{slug}`"));
        }
        let submit = manifest.submit.as_ref().and_then(|submit| self.submit(&manifest, submit));
        let poll = manifest.poll.as_ref().and_then(|poll| self.poll(&manifest, poll));
        let statuses = self.statuses(&manifest);
        if self.problems.is_empty() {
            Ok(Network { manifest, submit, poll, statuses })
        } else {
            Err(ManifestError { problems: self.problems })
        }
    }

    fn statuses(&mut self, manifest: &Manifest) -> HashMap<String, Meaning> {
        let mut read: HashMap<String, (&str, Meaning)> = HashMap::new();
        for (word, written) in manifest.statuses.iter() {
            let Some(meaning) = self.meaning(written) else { continue };
            if let Some((other, before)) = read.insert(fold(word), (word, meaning))
                && before != meaning
            {
                let message = format!("`{word}` is read the same as `{other}`, which has another status");
                self.problem(written.span(), message);
            }
        }
        read.into_iter().map(|(word, (_, meaning))| (word, meaning)).collect()
    }

    fn submit(&mut self, manifest: &Manifest, submit: &Submit) -> Option<CheckedSubmit> {
        self.date(&submit.proof.checked);
        for condition in submit.reply.conditions() {
            self.pointer(condition.at.as_ref());
        }
        let before = match &submit.before {
            Some(before) => Some(self.before(manifest, before)?),
            None => None,
        };
        let call = self.call(manifest, &submit.call, Place::Submit)?;
        let uses_answer = call.templates().any(|template| template.names().any(|name| *name == Name::BeforeAnswer));
        match &submit.before {
            Some(before) if !uses_answer => {
                let message = "nothing uses `{before.answer}`: use it in the call, or take `before` out";
                self.problem(before.url.span(), message);
            }
            None if uses_answer => {
                let message = "`{before.answer}` needs a `before` in [submit]: the request that goes first";
                self.problem(submit.call.url.span(), message);
            }
            _ => {}
        }
        Some(CheckedSubmit { before, call })
    }

    fn before(&mut self, manifest: &Manifest, before: &Before) -> Option<CheckedBefore> {
        let url = self.url(manifest, &before.url, Place::Before)?;
        let headers = self.templates(manifest, &before.headers, Place::Before)?;
        Some(CheckedBefore { url, headers })
    }

    fn poll(&mut self, manifest: &Manifest, poll: &Poll) -> Option<CheckedPoll> {
        self.date(&poll.proof.checked);
        let rows = &poll.rows;
        for condition in rows.failed.iter().chain(rows.overrides.iter().flat_map(|one| &one.all)) {
            self.pointer(condition.at.as_ref());
        }
        if *poll.batch.get_ref() == 0 {
            self.problem(poll.batch.span(), "a batch holds at least one id");
        }
        let overrides = rows.overrides.iter().filter_map(|one| self.meaning(&one.status)).collect();
        let call = self.call(manifest, &poll.call, Place::Poll)?;
        Some(CheckedPoll { call, overrides })
    }

    fn call(&mut self, manifest: &Manifest, call: &Call, place: Place) -> Option<CheckedCall> {
        let url = self.url(manifest, &call.url, place);
        let headers = self.templates(manifest, &call.headers, place);
        let query = self.templates(manifest, &call.query, place);
        let fields = self.nodes(manifest, &call.fields, place, call.encoding);
        let sign = match &call.sign {
            Some(sign) => Some(self.sign(manifest, sign, call.encoding)?),
            None => None,
        };
        let hook = match &call.hook {
            Some(name) => {
                let found = hook::find(name.get_ref());
                if found.is_none() {
                    let message =
                        format!("`{}` is no hook; the hooks are {}", name.get_ref(), hook::names().join(", "));
                    self.problem(name.span(), message);
                }
                found
            }
            None => None,
        };
        Some(CheckedCall {
            method: call.method,
            url: url?,
            encoding: call.encoding,
            headers: headers?,
            query: query?,
            fields: fields?,
            sign,
            hook,
        })
    }

    fn sign(&mut self, manifest: &Manifest, sign: &Sign, encoding: Encoding) -> Option<CheckedSign> {
        let over = self.template(manifest, sign.over.get_ref(), &sign.over.span(), Place::Sign)?;
        let into = match sign.into.get_ref().split_once(':') {
            Some(("query", name)) => SignPlace::Query(name.to_owned()),
            Some(("header", name)) => SignPlace::Header(name.to_owned()),
            Some(("field", name)) if encoding == Encoding::Form => SignPlace::Field(name.to_owned()),
            _ => {
                self.problem(sign.into.span(), "write `query:NAME`, `header:NAME`, or in a form `field:NAME`");
                return None;
            }
        };
        Some(CheckedSign { over, digest: sign.digest, into })
    }

    fn url(&mut self, manifest: &Manifest, url: &Spanned<String>, place: Place) -> Option<Template> {
        let text = url.get_ref();
        let template = self.template(manifest, text, &url.span(), place)?;
        let is_param_url = matches!(template.sole_placeholder().map(|p| p.alternatives.as_slice()),
            Some([crate::template::Alternative::Value(Name::Param(name))])
                if manifest.params.get(name).is_some_and(|param| param.kind == Kind::Url && !param.hosts.is_empty()));
        let fits = if manifest.needs_base_url {
            text.starts_with('/')
        } else {
            let host = text.strip_prefix("https://").and_then(|rest| rest.split('/').next());
            host.is_some_and(|host| host.contains('.') && !host.contains(['{', '?', '@', ':', ' ']))
        };
        if !fits && !is_param_url {
            let message = if manifest.needs_base_url {
                "with `needs_base_url` a URL is a path such as `/api/leads`"
            } else if text.starts_with('/') {
                "a path needs `needs_base_url = true` at the top; without it write `https://`, a literal host and a path"
            } else {
                "write `https://`, a literal host and a path; only a parameter of `kind = \"url\"` with `hosts` may stand for a URL"
            };
            self.problem(url.span(), message);
            return None;
        }
        Some(template)
    }

    fn templates(
        &mut self,
        manifest: &Manifest,
        map: &OrderedMap<Spanned<String>>,
        place: Place,
    ) -> Option<Vec<(String, Template)>> {
        let checked: Vec<Option<(String, Template)>> = map
            .iter()
            .map(|(name, text)| {
                let template = self.template(manifest, text.get_ref(), &text.span(), place)?;
                Some((name.to_owned(), template))
            })
            .collect();
        checked.into_iter().collect()
    }

    fn nodes(
        &mut self,
        manifest: &Manifest,
        map: &OrderedMap<Spanned<Node>>,
        place: Place,
        encoding: Encoding,
    ) -> Option<Vec<(String, CheckedNode)>> {
        let checked: Vec<Option<(String, CheckedNode)>> = map
            .iter()
            .map(|(name, node)| {
                let checked = match node.get_ref() {
                    Node::Text(text) => CheckedNode::Template(self.template(manifest, text, &node.span(), place)?),
                    Node::Integer(number) => CheckedNode::Integer(*number),
                    Node::Boolean(boolean) => CheckedNode::Boolean(*boolean),
                    Node::Group(_) if encoding != Encoding::Json => {
                        self.problem(node.span(), "a group of fields needs `encoding = \"json\"`; in a form write the name whole, such as \"order[name]\"");
                        return None;
                    }
                    Node::Group(fields) => CheckedNode::Group(self.nodes(manifest, fields, place, encoding)?),
                };
                Some((name.to_owned(), checked))
            })
            .collect();
        checked.into_iter().collect()
    }

    fn template(&mut self, manifest: &Manifest, text: &str, span: &Range<usize>, place: Place) -> Option<Template> {
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(error) => {
                self.problem(span.clone(), error.to_string());
                return None;
            }
        };
        for name in template.names() {
            if let Some(message) = misplaced(manifest, name, place) {
                self.problem(span.clone(), message);
                return None;
            }
        }
        Some(template)
    }

    fn meaning(&mut self, written: &Spanned<String>) -> Option<Meaning> {
        match Meaning::parse(written.get_ref()) {
            Ok(meaning) => Some(meaning),
            Err(message) => {
                self.problem(written.span(), message);
                None
            }
        }
    }

    fn pointer(&mut self, pointer: Option<&Spanned<String>>) {
        if let Some(pointer) = pointer
            && !pointer.get_ref().is_empty()
            && !pointer.get_ref().starts_with('/')
        {
            self.problem(pointer.span(), "a JSON pointer starts with `/`, such as `/data/id`");
        }
    }

    fn date(&mut self, date: &Spanned<String>) {
        if date.get_ref().parse::<jiff::civil::Date>().is_err() {
            self.problem(date.span(), "write the day as YYYY-MM-DD");
        }
    }

    fn problem(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem::at(self.file, self.text, span, message));
    }
}

/// Why a value may not stand at a place; `None` where it may.
fn misplaced(manifest: &Manifest, name: &Name, place: Place) -> Option<String> {
    let declared = |owner: Owner, own: &OrderedMap<Declared>, name: &str| {
        own.get(name).is_some() || manifest.supplements.get(name).is_some_and(|supplement| supplement.of == owner)
    };
    let written = name.written();
    match name {
        Name::Setting(setting) if !declared(Owner::Account, &manifest.settings, setting) => {
            let known: Vec<&str> = manifest.settings.iter().map(|(name, _)| name).collect();
            Some(format!("`{written}` is not declared; [settings] has {}", list(&known)))
        }
        Name::Param(param) if !declared(Owner::Offer, &manifest.params, param) => {
            let known: Vec<&str> = manifest.params.iter().map(|(name, _)| name).collect();
            Some(format!("`{written}` is not declared; [params] has {}", list(&known)))
        }
        Name::Setting(_) => None,
        Name::Param(_) | Name::LeadName | Name::LeadPhone | Name::LeadCountry | Name::Lead(_) => {
            (place == Place::Poll).then(|| format!("`{written}` is not known when statuses are asked for"))
        }
        Name::OrderId | Name::OrderCreated => {
            (place == Place::Poll).then(|| format!("`{written}` is one order's; a status call has `batch.ids`"))
        }
        Name::BeforeAnswer => {
            (place != Place::Submit).then(|| format!("`{written}` is known to the submit's own fields only"))
        }
        Name::BatchIds | Name::WindowFrom | Name::WindowTo => {
            (place != Place::Poll).then(|| format!("`{written}` is known to a status call only"))
        }
        Name::Body => (place != Place::Sign).then(|| format!("`{written}` is known to a signature only")),
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

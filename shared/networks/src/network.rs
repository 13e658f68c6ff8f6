//! A network: a manifest that has been checked, its templates parsed.

use std::collections::HashMap;

use lead::Field;

use crate::error::{ManifestError, Problem};
use crate::hook::Hook;
use crate::manifest::{Correlate, Declared, Encoding, Kind, Manifest, Owner, StatusesBy};
use crate::status::Meaning;
use crate::template::{Name, Template};

mod check;

use check::Checker;

/// A checked network, ready to make requests and read answers.
#[derive(Debug)]
pub struct Network {
    pub(crate) manifest: Manifest,
    pub(crate) submit: Option<CheckedSubmit>,
    pub(crate) poll: Option<CheckedPoll>,
    pub(crate) statuses: HashMap<String, Meaning>,
}

#[derive(Debug)]
pub(crate) struct CheckedSubmit {
    pub(crate) before: Option<CheckedBefore>,
    pub(crate) call: CheckedCall,
}

#[derive(Debug)]
pub(crate) struct CheckedBefore {
    pub(crate) url: Template,
    pub(crate) headers: Vec<(String, Template)>,
}

#[derive(Debug)]
pub(crate) struct CheckedPoll {
    pub(crate) call: CheckedCall,
    pub(crate) overrides: Vec<Meaning>,
}

#[derive(Debug)]
pub(crate) struct CheckedCall {
    pub(crate) method: crate::manifest::Method,
    pub(crate) url: Template,
    pub(crate) encoding: Encoding,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) query: Vec<(String, Template)>,
    pub(crate) fields: Vec<(String, CheckedNode)>,
    pub(crate) sign: Option<CheckedSign>,
    pub(crate) hook: Option<&'static dyn Hook>,
}

#[derive(Debug)]
pub(crate) enum CheckedNode {
    Template(Template),
    Integer(i64),
    Boolean(bool),
    Group(Vec<(String, CheckedNode)>),
}

#[derive(Debug)]
pub(crate) struct CheckedSign {
    pub(crate) over: Template,
    pub(crate) digest: crate::manifest::Digest,
    pub(crate) into: SignPlace,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignPlace {
    Query(String),
    Field(String),
    Header(String),
}

impl Network {
    /// Parses and checks a manifest.
    ///
    /// `file` is named in messages. `slug` is what the manifest must call itself, its folder's name.
    ///
    /// # Errors
    /// Every problem found, each with its place; a text that is no TOML of this shape has one.
    pub fn parse(file: &str, slug: &str, text: &str) -> Result<Self, ManifestError> {
        let manifest: Manifest = toml::from_str(text)
            .map_err(|error| ManifestError { problems: vec![Problem::of_toml(file, text, &error)] })?;
        Checker { file, text, problems: Vec::new() }.check(slug, manifest)
    }

    /// The network's id.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.manifest.slug.get_ref()
    }

    /// The network's name as people write it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// The manifest as written.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether leads can be sent: the contract of the submit call is known.
    #[must_use]
    pub const fn can_submit(&self) -> bool {
        self.submit.is_some()
    }

    /// Whether the network can be asked for statuses.
    #[must_use]
    pub const fn can_poll(&self) -> bool {
        self.poll.is_some()
    }

    /// Whose order id joins a status to its order.
    #[must_use]
    pub const fn correlate(&self) -> Correlate {
        self.manifest.correlate
    }

    /// How statuses come back: by the set-up users know, and by what calls are known.
    #[must_use]
    pub const fn status_source(&self) -> StatusesBy {
        self.manifest.statuses_by
    }

    /// The network's own words.
    #[must_use]
    pub const fn statuses(&self) -> &HashMap<String, Meaning> {
        &self.statuses
    }

    /// What an account must and may be configured with: settings and the account's supplements.
    pub fn account_keys(&self) -> impl Iterator<Item = AccountKey<'_>> {
        let supplements = self.supplements(Owner::Account);
        self.manifest.settings.iter().map(|(name, declared)| AccountKey::of(name, declared)).chain(supplements)
    }

    /// What an offer must and may be configured with: parameters and the offer's supplements.
    pub fn offer_keys(&self) -> impl Iterator<Item = AccountKey<'_>> {
        let supplements = self.supplements(Owner::Offer);
        self.manifest.params.iter().map(|(name, declared)| AccountKey::of(name, declared)).chain(supplements)
    }

    fn supplements(&self, owner: Owner) -> impl Iterator<Item = AccountKey<'_>> {
        self.manifest.supplements.iter().filter(move |(_, supplement)| supplement.of == owner).map(
            |(name, supplement)| AccountKey {
                name,
                title: &supplement.title,
                secret: supplement.secret,
                required: supplement.required,
                kind: Kind::Text,
                hosts: &[],
            },
        )
    }

    /// The settings and parameters that any of the network's calls uses.
    #[must_use]
    pub fn used_names(&self) -> Vec<Name> {
        let submit = self.submit.iter().flat_map(|submit| {
            let before = submit.before.iter().flat_map(|before| {
                std::iter::once(&before.url).chain(before.headers.iter().map(|(_, template)| template))
            });
            submit.call.templates().chain(before)
        });
        let poll = self.poll.iter().flat_map(|poll| poll.call.templates());
        let calls = self.submit.iter().map(|submit| &submit.call).chain(self.poll.iter().map(|poll| &poll.call));
        let hooks = calls.filter_map(|call| call.hook).flat_map(<dyn Hook>::settings);
        let by_hooks = hooks.map(|name| Name::Setting((*name).to_owned()));
        let by_templates = submit.chain(poll).flat_map(Template::names).cloned();
        let mut names: Vec<Name> =
            by_templates.chain(by_hooks).filter(|name| matches!(name, Name::Setting(_) | Name::Param(_))).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The optional fields of a lead without which this network cannot be sent a lead at all. Of several that can
    /// stand in for each other the list holds each group.
    #[must_use]
    pub fn required_fields(&self) -> Vec<Vec<Field>> {
        let Some(submit) = &self.submit else { return Vec::new() };
        let mut groups: Vec<Vec<Field>> = Vec::new();
        let before = submit.before.iter().flat_map(|before| before.headers.iter().map(|(_, template)| template));
        for template in submit.call.templates().chain(before) {
            for placeholder in template.placeholders() {
                let fields: Option<Vec<Field>> = placeholder
                    .required_names()
                    .iter()
                    .map(|alternative| match alternative {
                        crate::template::Alternative::Value(Name::Lead(field)) => Some(*field),
                        _ => None,
                    })
                    .collect();
                if let Some(fields) = fields.filter(|fields| !fields.is_empty())
                    && !groups.contains(&fields)
                {
                    groups.push(fields);
                }
            }
        }
        groups
    }
}

/// One key an account or offer is configured with.
#[derive(Debug, Clone, Copy)]
pub struct AccountKey<'a> {
    /// The key in the configuration.
    pub name: &'a str,
    /// What it is, for people.
    pub title: &'a str,
    /// It must never be shown.
    pub secret: bool,
    /// It must be there.
    pub required: bool,
    /// What kind of text it must be.
    pub kind: Kind,
    /// The hosts a URL or host may name; empty: any public host.
    pub hosts: &'a [String],
}

impl<'a> AccountKey<'a> {
    fn of(name: &'a str, declared: &'a Declared) -> Self {
        Self {
            name,
            title: &declared.title,
            secret: declared.secret,
            required: declared.required,
            kind: declared.kind,
            hosts: &declared.hosts,
        }
    }
}

impl CheckedCall {
    /// Every template of the request.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let mut found = vec![&self.url];
        found.extend(self.headers.iter().chain(&self.query).map(|(_, template)| template));
        for (_, node) in &self.fields {
            node.collect(&mut found);
        }
        found.extend(self.sign.iter().map(|sign| &sign.over));
        found.into_iter()
    }
}

impl CheckedNode {
    fn collect<'a>(&'a self, found: &mut Vec<&'a Template>) {
        match self {
            Self::Template(template) => found.push(template),
            Self::Group(fields) => fields.iter().for_each(|(_, node)| node.collect(found)),
            Self::Integer(_) | Self::Boolean(_) => {}
        }
    }
}

//! Templates: `text {scope.name|filter} text`, the only thing a manifest can compute.
//!
//! A placeholder names one value of a closed scope, or several separated by ` or `, the first that is there
//! counting; a quoted text is always there: `{lead.language or lead.country}`, `{param.leadaim or '1'}`.
//! `?` after a name makes it optional: a field whose optional value is absent is left out of the request.
//! At most one filter follows a bar. There are no conditions, loops or nested placeholders.

use lead::Field;

use crate::filter::Filter;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Placeholder(Placeholder),
}

/// One `{…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) filter: Option<Filter>,
    /// Absent is fine: leave the field out.
    pub(crate) optional: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alternative {
    Value(Name),
    Text(String),
}

/// A value a template may use, by its full name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// `lead.name`
    LeadName,
    /// `lead.phone`: E.164 with its plus.
    LeadPhone,
    /// `lead.country`: ISO alpha-2, upper case.
    LeadCountry,
    /// `lead.…`: an optional field of the lead.
    Lead(Field),
    /// `order.id`: our id.
    OrderId,
    /// `order.created`: when the lead came, in unix seconds.
    OrderCreated,
    /// `setting.…`: a setting of the account.
    Setting(String),
    /// `param.…`: a parameter of the offer.
    Param(String),
    /// `before.answer`: the body of the request made first.
    BeforeAnswer,
    /// `batch.ids`: the ids a status call asks for.
    BatchIds,
    /// `window.from`, in unix seconds.
    WindowFrom,
    /// `window.to`, in unix seconds.
    WindowTo,
    /// `body`: the encoded body, in a signature.
    Body,
}

/// Why a template could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner.
    #[error("a `{{` without its `}}`")]
    Unclosed,
    /// A `}` outside a placeholder, or a `{` inside one.
    #[error("a `{0}` out of place")]
    StrayBrace(char),
    /// Nothing between the braces.
    #[error("an empty placeholder; write a name such as `{{lead.phone}}`")]
    Empty,
    /// A scope that does not exist.
    #[error(
        "`{0}` is no value; the scopes are lead, order, setting, param, before, batch, window, and body in a signature"
    )]
    UnknownScope(String),
    /// A name that does not exist in its scope.
    #[error("`{scope}.{name}` is no value; `{scope}` has {allowed}")]
    UnknownName {
        /// The scope.
        scope: String,
        /// The name looked for.
        name: String,
        /// The names there are.
        allowed: String,
    },
    /// A filter that does not exist.
    #[error("`{given}` is no filter; the filters are {allowed}")]
    UnknownFilter {
        /// What was written.
        given: String,
        /// The filters there are.
        allowed: String,
    },
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// A [`TemplateError`] that names what was wrong and what is allowed.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, at) = rest.split_at(open);
            let Some(inside) = at.strip_prefix('{') else { return Err(TemplateError::StrayBrace('}')) };
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let (body, after) = inside.split_once('}').ok_or(TemplateError::Unclosed)?;
            parts.push(Part::Placeholder(Placeholder::parse(body)?));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The single placeholder, where the template is nothing else.
    pub(crate) fn sole_placeholder(&self) -> Option<&Placeholder> {
        match self.parts.as_slice() {
            [Part::Placeholder(placeholder)] => Some(placeholder),
            _ => None,
        }
    }

    /// Every value the template names.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.placeholders().flat_map(|placeholder| &placeholder.alternatives).filter_map(
            |alternative| match alternative {
                Alternative::Value(name) => Some(name),
                Alternative::Text(_) => None,
            },
        )
    }

    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(placeholder) => Some(placeholder),
            Part::Text(_) => None,
        })
    }
}

impl Placeholder {
    fn parse(body: &str) -> Result<Self, TemplateError> {
        if body.contains('{') {
            return Err(TemplateError::StrayBrace('{'));
        }
        let (names, filter) = match body.split_once('|') {
            Some((names, filter)) => (names, Some(Filter::parse(filter.trim())?)),
            None => (body, None),
        };
        let mut optional = false;
        let mut alternatives = Vec::new();
        for written in names.split(" or ") {
            let written = written.trim();
            if written.is_empty() {
                return Err(TemplateError::Empty);
            }
            if let Some(text) = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
                alternatives.push(Alternative::Text(text.to_owned()));
                continue;
            }
            let name = written.strip_suffix('?').unwrap_or(written);
            optional |= name.len() < written.len();
            alternatives.push(Alternative::Value(Name::parse(name)?));
        }
        Ok(Self { alternatives, filter, optional })
    }

    /// The values that must be there, as far as the request alone decides: none for an optional placeholder
    /// and none where a constant text stands in.
    pub(crate) fn required_names(&self) -> &[Alternative] {
        let has_text = self.alternatives.iter().any(|alternative| matches!(alternative, Alternative::Text(_)));
        if self.optional || has_text { &[] } else { &self.alternatives }
    }
}

const SCOPES: [&str; 7] = ["lead", "order", "setting", "param", "before", "batch", "window"];

impl Name {
    fn parse(written: &str) -> Result<Self, TemplateError> {
        if written == "body" {
            return Ok(Self::Body);
        }
        let unknown_scope = || TemplateError::UnknownScope(written.to_owned());
        let (scope, name) = written.split_once('.').ok_or_else(unknown_scope)?;
        if !SCOPES.contains(&scope) {
            return Err(unknown_scope());
        }
        let known = match (scope, name) {
            ("lead", "name") => Some(Self::LeadName),
            ("lead", "phone") => Some(Self::LeadPhone),
            ("lead", "country") => Some(Self::LeadCountry),
            ("lead", _) => Field::from_name(name).map(Self::Lead),
            ("order", "id") => Some(Self::OrderId),
            ("order", "created") => Some(Self::OrderCreated),
            ("setting", _) if !name.is_empty() => Some(Self::Setting(name.to_owned())),
            ("param", _) if !name.is_empty() => Some(Self::Param(name.to_owned())),
            ("before", "answer") => Some(Self::BeforeAnswer),
            ("batch", "ids") => Some(Self::BatchIds),
            ("window", "from") => Some(Self::WindowFrom),
            ("window", "to") => Some(Self::WindowTo),
            _ => None,
        };
        known.ok_or_else(|| TemplateError::UnknownName {
            scope: scope.to_owned(),
            name: name.to_owned(),
            allowed: Self::names_of(scope),
        })
    }

    fn names_of(scope: &str) -> String {
        match scope {
            "lead" => ["name", "phone", "country"]
                .into_iter()
                .chain(Field::ALL.iter().map(|field| field.name()))
                .collect::<Vec<_>>()
                .join(", "),
            "order" => "id, created".to_owned(),
            "before" => "answer".to_owned(),
            "batch" => "ids".to_owned(),
            "window" => "from, to".to_owned(),
            _ => "the names the manifest declares".to_owned(),
        }
    }

    /// The name as a manifest writes it.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::LeadName => "lead.name".to_owned(),
            Self::LeadPhone => "lead.phone".to_owned(),
            Self::LeadCountry => "lead.country".to_owned(),
            Self::Lead(field) => format!("lead.{}", field.name()),
            Self::OrderId => "order.id".to_owned(),
            Self::OrderCreated => "order.created".to_owned(),
            Self::Setting(name) => format!("setting.{name}"),
            Self::Param(name) => format!("param.{name}"),
            Self::BeforeAnswer => "before.answer".to_owned(),
            Self::BatchIds => "batch.ids".to_owned(),
            Self::WindowFrom => "window.from".to_owned(),
            Self::WindowTo => "window.to".to_owned(),
            Self::Body => "body".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Template::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_template_is_text_and_placeholders() {
        let template = Template::parse("Bearer {setting.api}!").unwrap();
        assert_eq!(template.parts().len(), 3);
        assert_eq!(template.names().collect::<Vec<_>>(), [&Name::Setting("api".into())]);
    }

    #[test]
    fn alternatives_optional_marks_and_filters_are_read() {
        let template = Template::parse("{lead.referer or lead.landing_url?|host}").unwrap();
        let placeholder = template.sole_placeholder().unwrap();
        assert_eq!(placeholder.alternatives.len(), 2);
        assert!(placeholder.optional);
        assert_eq!(placeholder.filter, Some(Filter::Host));
        let constant = Template::parse("{param.leadaim or '1'}").unwrap();
        assert!(constant.sole_placeholder().unwrap().required_names().is_empty());
    }

    #[test]
    fn wrong_templates_say_what_would_be_right() {
        assert_eq!(error("{lead.phone"), "a `{` without its `}`");
        assert_eq!(error("a}b"), "a `}` out of place");
        assert_eq!(error("{}"), "an empty placeholder; write a name such as `{lead.phone}`");
        assert!(error("{lead.fone}").starts_with("`lead.fone` is no value; `lead` has name, phone, country, email"));
        assert!(error("{phone}").contains("the scopes are lead, order"));
        assert!(error("{lead.phone|shout}").contains("the filters are digits"));
    }
}

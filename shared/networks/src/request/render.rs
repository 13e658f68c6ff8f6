//! From a template and its values to a text, a number, a list, or nothing.

use std::collections::BTreeMap;

use lead::{Lead, OrderId};

use super::{RenderError, Settings};
use crate::filter::Filter;
use crate::template::{Alternative, Name, Part, Placeholder, Template};

/// The values of one request's templates.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) lead: Option<&'a Lead>,
    pub(crate) order_id: Option<&'a OrderId>,
    pub(crate) settings: Option<&'a Settings>,
    pub(crate) params: Option<&'a BTreeMap<String, String>>,
    pub(crate) before_answer: Option<&'a str>,
    pub(crate) ids: &'a [String],
    /// Unix seconds.
    pub(crate) window: Option<(i64, i64)>,
    pub(crate) body: Option<&'a str>,
}

impl Values<'_> {
    fn get(&self, name: &Name) -> Option<String> {
        let found = match name {
            Name::LeadName => self.lead?.name.clone(),
            Name::LeadPhone => self.lead?.phone.e164().to_owned(),
            Name::LeadCountry => self.lead?.country.as_str().to_owned(),
            Name::Lead(field) => self.lead?.field(*field)?.to_owned(),
            Name::OrderId => self.order_id?.as_str().to_owned(),
            Name::OrderCreated => (self.order_id?.unix_ms() / 1000).to_string(),
            Name::Setting(name) => self.settings?.get(name)?.to_owned(),
            Name::Param(name) => self.params?.get(name)?.clone(),
            Name::BeforeAnswer => self.before_answer?.to_owned(),
            Name::BatchIds => self.ids.join(","),
            Name::WindowFrom => self.window?.0.to_string(),
            Name::WindowTo => self.window?.1.to_string(),
            Name::Body => self.body?.to_owned(),
        };
        (!found.is_empty() || *name == Name::Body).then_some(found)
    }
}

/// What a template became.
pub(super) enum Rendered {
    Absent,
    Text(String),
    Number(serde_json::Number),
    Many(Vec<String>),
}

pub(super) fn render(template: &Template, values: &Values<'_>) -> Result<Rendered, RenderError> {
    if let Some(placeholder) = template.sole_placeholder() {
        if placeholder.filter == Some(Filter::Each) {
            return Ok(Rendered::Many(values.ids.to_vec()));
        }
        let Some(text) = render_placeholder(placeholder, values)? else { return Ok(Rendered::Absent) };
        if placeholder.filter == Some(Filter::Number) {
            let number = serde_json::from_str::<serde_json::Number>(&text);
            return number.map(Rendered::Number).map_err(|_| unfit(placeholder, "a number"));
        }
        return Ok(Rendered::Text(text));
    }
    let mut text = String::new();
    for part in template.parts() {
        match part {
            Part::Text(constant) => text.push_str(constant),
            Part::Placeholder(placeholder) => match render_placeholder(placeholder, values)? {
                Some(value) => text.push_str(&value),
                None => return Ok(Rendered::Absent),
            },
        }
    }
    Ok(Rendered::Text(text))
}

/// The text of a placeholder; `None` where it is optional and absent.
pub(super) fn render_placeholder(
    placeholder: &Placeholder,
    values: &Values<'_>,
) -> Result<Option<String>, RenderError> {
    let phone = values.lead.map(|lead| &lead.phone);
    for alternative in &placeholder.alternatives {
        let (found, is_phone) = match alternative {
            Alternative::Text(text) => (Some(text.clone()), false),
            Alternative::Value(name) => (values.get(name), *name == Name::LeadPhone),
        };
        let Some(found) = found else { continue };
        let filtered = match placeholder.filter {
            Some(filter) => filter.apply(&found, phone.filter(|_| is_phone)),
            None => Some(found),
        };
        if filtered.is_some() {
            return Ok(filtered);
        }
        if !placeholder.optional && placeholder.filter != Some(Filter::RestWords) {
            return Err(unfit(placeholder, &format!("{:?}", placeholder.filter)));
        }
    }
    if placeholder.optional || placeholder.filter == Some(Filter::RestWords) {
        return Ok(None);
    }
    Err(RenderError::Missing { name: names(placeholder) })
}

fn unfit(placeholder: &Placeholder, filter: &str) -> RenderError {
    RenderError::Unfit { name: names(placeholder), filter: filter.to_owned() }
}

pub(super) fn names(placeholder: &Placeholder) -> String {
    let written = placeholder.alternatives.iter().filter_map(|alternative| match alternative {
        Alternative::Value(name) => Some(name.written()),
        Alternative::Text(_) => None,
    });
    written.collect::<Vec<_>>().join(" or ")
}

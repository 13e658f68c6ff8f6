//! From a checked call and its values to one HTTP request.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use lead::{Lead, OrderId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use url::Url;

use crate::filter::Filter;
use crate::manifest::{Digest, Encoding, Method};
use crate::network::{CheckedCall, CheckedNode, CheckedSign, SignPlace};
use crate::template::{Alternative, Name, Part, Placeholder, Template};

/// One HTTP request, complete to the byte. Its `Debug` shows method and host only: the rest holds keys and
/// personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// GET or POST.
    pub method: Method,
    /// The whole URL with its query.
    pub url: Url,
    /// Headers in order, `Content-Type` among them where there is a body.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// The same request sent to another server: scheme, host and port of `base` replace those of the URL, and a path
    /// of `base` goes before the URL's.
    #[must_use]
    pub fn rebased(mut self, base: &Url) -> Self {
        let mut url = base.clone();
        let path = format!("{}{}", base.path().trim_end_matches('/'), self.url.path());
        url.set_path(&path);
        url.set_query(self.url.query());
        url.set_fragment(None);
        self.url = url;
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

/// The settings of an account. All are treated as secrets.
#[derive(Clone, Default)]
pub struct Settings(BTreeMap<String, SecretString>);

impl Settings {
    /// Settings of name and value pairs.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), SecretString::from(value.into()))).collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(ExposeSecret::expose_secret).filter(|value| !value.is_empty())
    }

    pub(crate) fn require(&self, name: &str) -> Result<&str, RenderError> {
        self.get(name).ok_or_else(|| RenderError::Missing { name: Name::Setting(name.to_owned()).written() })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why a request could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A value the contract needs is not there.
    #[error("{name} is missing")]
    Missing {
        /// Its name in the manifest, such as `lead.ip`.
        name: String,
    },
    /// A value is there and cannot be sent in the form the contract wants.
    #[error("{name} cannot be sent as {filter}")]
    Unfit {
        /// Its name in the manifest.
        name: String,
        /// What it should have become.
        filter: String,
    },
    /// A value that must not go into a header or URL: a line break or another control character.
    #[error("a control character in a header or URL")]
    ControlCharacter,
    /// The parts do not make a URL.
    #[error("the URL cannot be made of its parts")]
    BadUrl,
    /// The account must name its own host.
    #[error("the account needs a base_url: this network has no host of its own in the catalogue")]
    NoBaseUrl,
    /// The network's contract has no such call.
    #[error("no such call is known of this network")]
    NoContract,
}

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
enum Rendered {
    Absent,
    Text(String),
    Number(serde_json::Number),
    Many(Vec<String>),
}

fn render(template: &Template, values: &Values<'_>) -> Result<Rendered, RenderError> {
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
fn render_placeholder(placeholder: &Placeholder, values: &Values<'_>) -> Result<Option<String>, RenderError> {
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

fn names(placeholder: &Placeholder) -> String {
    let written = placeholder.alternatives.iter().filter_map(|alternative| match alternative {
        Alternative::Value(name) => Some(name.written()),
        Alternative::Text(_) => None,
    });
    written.collect::<Vec<_>>().join(" or ")
}

/// Everything but letters, digits and `-_.` is escaped, as PHP's `urlencode` does; the space becomes `+` after.
const PHP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b' ');

/// A value inside a URL's path.
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Encodes pairs as PHP's `http_build_query` does.
fn form(pairs: &[(String, String)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, PHP).to_string().replace(' ', "+");
    pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

/// Makes the request of a call.
pub(crate) fn build(call: &CheckedCall, values: &Values<'_>, base: Option<&Url>) -> Result<HttpRequest, RenderError> {
    let mut headers = render_headers(&call.headers, values)?;
    let mut query = pairs(&call.query, values)?;
    let (content_type, mut body) = match call.encoding {
        Encoding::Json => (Some("application/json".to_owned()), json_body(call, values)?.into_bytes()),
        Encoding::Query => {
            query.extend(flat_fields(&call.fields, values)?);
            (None, Vec::new())
        }
        Encoding::Form => {
            let fields = flat_fields(&call.fields, values)?;
            (Some("application/x-www-form-urlencoded".to_owned()), form(&fields).into_bytes())
        }
        Encoding::Multipart => {
            let (boundary, body) = multipart(&flat_fields(&call.fields, values)?);
            (Some(format!("multipart/form-data; boundary={boundary}")), body)
        }
    };
    if let Some(sign) = &call.sign {
        let signature = signature(sign, values, &body)?;
        match &sign.into {
            SignPlace::Query(name) => query.push((name.clone(), signature)),
            SignPlace::Header(name) => headers.push((name.clone(), signature)),
            SignPlace::Field(name) => {
                let separator = if body.is_empty() { "" } else { "&" };
                body.extend_from_slice(format!("{separator}{}", form(&[(name.clone(), signature)])).as_bytes());
            }
        }
    }
    headers.extend(content_type.map(|value| ("Content-Type".to_owned(), value)));
    let url = render_url(&call.url, values, base)?;
    Ok(HttpRequest { method: call.method, url: with_query(url, &query), headers, body })
}

/// Makes the request that goes first: the submit's fields, as far as they do not use its answer, in the query.
pub(crate) fn build_before(
    url: &Template,
    headers: &[(String, Template)],
    call: &CheckedCall,
    values: &Values<'_>,
    base: Option<&Url>,
) -> Result<HttpRequest, RenderError> {
    let headers = render_headers(headers, values)?;
    let mut query = Vec::new();
    for (name, node) in &call.fields {
        let uses_answer = matches!(node, CheckedNode::Template(template)
            if template.names().any(|name| *name == Name::BeforeAnswer));
        if !uses_answer {
            flat_field(name, node, values, &mut query)?;
        }
    }
    let url = render_url(url, values, base)?;
    Ok(HttpRequest { method: Method::Get, url: with_query(url, &query), headers, body: Vec::new() })
}

fn with_query(mut url: Url, pairs: &[(String, String)]) -> Url {
    if !pairs.is_empty() {
        let added = form(pairs);
        let query = match url.query() {
            Some(before) if !before.is_empty() => format!("{before}&{added}"),
            _ => added,
        };
        url.set_query(Some(&query));
    }
    url
}

fn render_url(template: &Template, values: &Values<'_>, base: Option<&Url>) -> Result<Url, RenderError> {
    let mut text = String::new();
    let is_whole = template.sole_placeholder().is_some();
    for part in template.parts() {
        match part {
            Part::Text(constant) => text.push_str(constant),
            Part::Placeholder(placeholder) => {
                let value = render_placeholder(placeholder, values)?;
                let value = value.ok_or_else(|| RenderError::Missing { name: names(placeholder) })?;
                if value.chars().any(char::is_control) {
                    return Err(RenderError::ControlCharacter);
                }
                if is_whole {
                    text.push_str(&value);
                } else if placeholder.filter == Some(Filter::Comma) {
                    let ids = values.ids.iter().map(|id| utf8_percent_encode(id, SEGMENT).to_string());
                    text.push_str(&ids.collect::<Vec<_>>().join(","));
                } else {
                    text.extend(utf8_percent_encode(&value, SEGMENT));
                }
            }
        }
    }
    match base {
        // The caller moves the request to the base; here it only makes the path a URL.
        Some(base) if text.starts_with('/') => {
            let mut host = base.clone();
            host.set_path("/");
            host.set_query(None);
            host.join(&text).map_err(|_| RenderError::BadUrl)
        }
        None if text.starts_with('/') => Err(RenderError::NoBaseUrl),
        _ => Url::parse(&text).map_err(|_| RenderError::BadUrl),
    }
}

fn render_headers(headers: &[(String, Template)], values: &Values<'_>) -> Result<Vec<(String, String)>, RenderError> {
    let headers = pairs(headers, values)?;
    if headers.iter().any(|(_, value)| value.chars().any(char::is_control)) {
        return Err(RenderError::ControlCharacter);
    }
    Ok(headers)
}

fn pairs(templates: &[(String, Template)], values: &Values<'_>) -> Result<Vec<(String, String)>, RenderError> {
    let mut pairs = Vec::new();
    for (name, template) in templates {
        push_rendered(name, render(template, values)?, &mut pairs);
    }
    Ok(pairs)
}

fn push_rendered(name: &str, rendered: Rendered, pairs: &mut Vec<(String, String)>) {
    match rendered {
        Rendered::Absent => {}
        Rendered::Text(text) => pairs.push((name.to_owned(), text)),
        Rendered::Number(number) => pairs.push((name.to_owned(), number.to_string())),
        Rendered::Many(texts) => pairs.extend(texts.into_iter().map(|text| (name.to_owned(), text))),
    }
}

fn flat_fields(fields: &[(String, CheckedNode)], values: &Values<'_>) -> Result<Vec<(String, String)>, RenderError> {
    let mut pairs = Vec::new();
    for (name, node) in fields {
        flat_field(name, node, values, &mut pairs)?;
    }
    Ok(pairs)
}

fn flat_field(
    name: &str,
    node: &CheckedNode,
    values: &Values<'_>,
    pairs: &mut Vec<(String, String)>,
) -> Result<(), RenderError> {
    match node {
        CheckedNode::Template(template) => push_rendered(name, render(template, values)?, pairs),
        CheckedNode::Integer(number) => pairs.push((name.to_owned(), number.to_string())),
        CheckedNode::Boolean(boolean) => pairs.push((name.to_owned(), boolean.to_string())),
        // Groups are refused outside JSON when the manifest is checked.
        CheckedNode::Group(_) => {}
    }
    Ok(())
}

fn json_body(call: &CheckedCall, values: &Values<'_>) -> Result<String, RenderError> {
    let fields = json_object(&call.fields, values)?;
    let no_settings = Settings::default();
    let body = match call.hook {
        Some(hook) => hook.body(fields, values.settings.unwrap_or(&no_settings))?,
        None => Value::Object(fields),
    };
    Ok(body.to_string())
}

fn json_object(fields: &[(String, CheckedNode)], values: &Values<'_>) -> Result<Map<String, Value>, RenderError> {
    let mut object = Map::new();
    for (name, node) in fields {
        let value = match node {
            CheckedNode::Integer(number) => Value::from(*number),
            CheckedNode::Boolean(boolean) => Value::from(*boolean),
            CheckedNode::Group(fields) => {
                let inner = json_object(fields, values)?;
                if inner.is_empty() {
                    continue;
                }
                Value::Object(inner)
            }
            CheckedNode::Template(template) => match render(template, values)? {
                Rendered::Absent => continue,
                Rendered::Text(text) => Value::String(text),
                Rendered::Number(number) => Value::Number(number),
                Rendered::Many(texts) => Value::from(texts),
            },
        };
        object.insert(name.clone(), value);
    }
    Ok(object)
}

fn multipart(fields: &[(String, String)]) -> (String, Vec<u8>) {
    // Derived from the content: the same lead makes the same bytes, and the boundary cannot occur in a field.
    let mut digest = Sha256::new();
    for (name, value) in fields {
        digest.update(name);
        digest.update([0]);
        digest.update(value);
        digest.update([0]);
    }
    let boundary = format!("leadrelay-{}", hex::encode(digest.finalize()));
    let mut body = String::new();
    for (name, value) in fields {
        let name = name.replace('"', "%22").replace(['\r', '\n'], "");
        // Writing to a text cannot fail.
        let _ = write!(body, "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    let _ = write!(body, "--{boundary}--\r\n");
    (boundary, body.into_bytes())
}

/// The digest of a request, given its encoded body.
pub(crate) fn signature(sign: &CheckedSign, values: &Values<'_>, body: &[u8]) -> Result<String, RenderError> {
    let body = String::from_utf8_lossy(body);
    let values = Values { body: Some(&body), ..*values };
    let Rendered::Text(over) = render(&sign.over, &values)? else {
        return Err(RenderError::Missing { name: "the signed text".to_owned() });
    };
    Ok(match sign.digest {
        Digest::Sha1 => hex::encode(Sha1::digest(over.as_bytes())),
        Digest::Sha256 => hex::encode(Sha256::digest(over.as_bytes())),
    })
}

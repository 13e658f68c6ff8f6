//! The request of a call: its fields in the encoding the contract wants, and its signature.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use url::Url;

use super::render::{Rendered, Values, names, render, render_placeholder};
use super::{HttpRequest, RenderError, Settings};
use crate::filter::Filter;
use crate::manifest::{Digest, Encoding, Method};
use crate::network::{CheckedCall, CheckedNode, CheckedSign, SignPlace};
use crate::template::{Name, Part, Template};

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

//! A request as a case shows it, compared with what came over the wire.

use networks::case::Sent;
use networks::manifest::{Encoding, Method};

use super::Differences;
use crate::harness::Request;

/// Headers that every HTTP client sends by itself.
const USUAL: [&str; 5] = ["host", "accept", "user-agent", "content-type", "content-length"];

/// `query` stands in for the case's own, where a test could not arrange it to the letter.
pub(super) fn compare(
    sent: &Sent,
    query: &[String],
    encoding: Encoding,
    came: &Request,
    differences: &mut Differences,
) {
    let method = match sent.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    differences.compare("method", &came.method, &method);
    let path = sent.url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
    differences.compare("path", &came.path, &path);
    differences.compare("query", &decoded(came.query.as_bytes()), &query.to_vec());
    compare_headers(sent, came, differences);
    compare_body(sent, encoding, came, differences);
}

fn compare_headers(sent: &Sent, came: &Request, differences: &mut Differences) {
    let named: Vec<(String, &str)> = sent
        .headers
        .iter()
        .map(|header| header.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    for (name, value) in &named {
        let found: Vec<&str> =
            came.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
        differences.compare(&format!("header {name}"), &found, &[*value]);
    }
    for (name, value) in &came.headers {
        if !named.iter().any(|(other, _)| other == name) && !USUAL.contains(&name.as_str()) {
            differences.fail(format!("an unasked header {name}: {value}"));
        }
    }
    if !named.iter().any(|(name, _)| name == "user-agent") {
        let agent = came.header("user-agent").unwrap_or_default();
        // A customer's browser is never made up.
        differences.compare("the relay's own name", &agent.starts_with("leadrelay/"), &true);
    }
}

fn compare_body(sent: &Sent, encoding: Encoding, came: &Request, differences: &mut Differences) {
    let text = String::from_utf8_lossy(&came.body).into_owned();
    let kind = came.header("content-type");
    if let Some(body) = &sent.body {
        differences.compare("content type", &kind, &Some("application/json"));
        differences.compare("body", &text, body);
    } else if sent.fields.is_empty() {
        differences.compare("body", &text, &"");
        differences.compare("content type", &kind, &None::<&str>);
    } else if encoding == Encoding::Multipart {
        let boundary = kind.and_then(|kind| kind.strip_prefix("multipart/form-data; boundary=")).unwrap_or("none");
        differences.compare("body", &text, &multipart(&sent.fields, boundary));
    } else {
        differences.compare("content type", &kind, &Some("application/x-www-form-urlencoded"));
        differences.compare("body", &text, &form(&sent.fields));
    }
}

pub(super) fn decoded(encoded: &[u8]) -> Vec<String> {
    form_urlencoded::parse(encoded).map(|(name, value)| format!("{name}={value}")).collect()
}

/// A form to the byte, as PHP writes one.
fn form(fields: &[String]) -> String {
    let encoded = fields.iter().map(|field| {
        let (name, value) = field.split_once('=').unwrap();
        format!("{}={}", php(name), php(value))
    });
    encoded.collect::<Vec<_>>().join("&")
}

fn php(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'-' | b'_' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => encoded.push(char::from(byte)),
            _ => encoded.extend(['%', digit(byte / 16), digit(byte % 16)]),
        }
    }
    encoded
}

fn digit(number: u8) -> char {
    char::from_digit(number.into(), 16).unwrap().to_ascii_uppercase()
}

fn multipart(fields: &[String], boundary: &str) -> String {
    let parts = fields.iter().map(|field| {
        let (name, value) = field.split_once('=').unwrap();
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    parts.chain([format!("--{boundary}--\r\n")]).collect()
}

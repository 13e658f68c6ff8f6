//! HTTP as the flows see it: a call in, an answer out, whichever gateway stands in front.

use std::net::IpAddr;

use http::HeaderMap;
use serde::Serialize;

/// A call as it came. Its `Debug` shows method and path only.
#[derive(Clone)]
pub struct Call {
    /// GET, POST, OPTIONS.
    pub method: http::Method,
    /// The path.
    pub path: String,
    /// The raw query, without its question mark.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Who called.
    pub source_ip: Option<String>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

impl Call {
    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type of the body, lower case, without parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// The decoded pairs of the query.
    pub fn query_pairs(&self) -> impl Iterator<Item = (String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()))
    }

    /// The first value of a query parameter.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<String> {
        self.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// The key in `Authorization: Bearer …` or `x-api-key`.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        key_of(&self.headers)
    }
}

impl Call {
    /// The same call as a relay behind so many trusted proxies of one's own sees it: each proxy adds who called it to
    /// `X-Forwarded-For`, and the gateway the last of them. What is no address there leaves the gateway's word.
    #[must_use]
    pub fn behind(mut self, proxies: usize) -> Self {
        if proxies > 0 {
            let lists = self.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
            let mut hops: Vec<Option<String>> = lists.flat_map(|list| list.split(',')).map(address).collect();
            if hops.last() != Some(&self.source_ip) {
                hops.push(self.source_ip.clone());
            }
            // Where fewer are named than trusted, the first is as far as anybody saw.
            let at = hops.len().saturating_sub(proxies + 1);
            self.source_ip = hops.into_iter().nth(at).flatten().or(self.source_ip);
        }
        self
    }
}

/// An address as it is written in headers and events, without port, brackets and zone.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let text = text.trim().trim_matches('"');
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        // Only a version 4 address has one colon.
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or_default(),
        None => text,
    };
    let bare = bare.split('%').next().unwrap_or_default();
    bare.parse::<IpAddr>().ok().map(|ip| ip.to_canonical().to_string())
}

/// The key in `Authorization: Bearer …` or `x-api-key`.
#[must_use]
pub fn key_of(headers: &HeaderMap) -> Option<&str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    bearer.or_else(|| header("x-api-key").map(str::trim)).filter(|key| !key.is_empty())
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// Header name and value.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: serde_json::to_string(body).unwrap_or_default(),
        }
    }

    /// The answer to `GET /healthz`.
    #[must_use]
    pub fn healthy() -> Self {
        Self::json(200, &serde_json::json!({"status": "ok"}))
    }

    /// The answer where no route leads.
    #[must_use]
    pub fn nothing_here() -> Self {
        Self::problem(404, "path", "there is nothing at this path")
    }

    /// An `application/problem+json` (RFC 9457).
    #[must_use]
    pub fn problem(status: u16, kind: &'static str, detail: impl Into<String>) -> Self {
        Problem { kind, detail: detail.into(), errors: Vec::new() }.answer(status)
    }

    /// A 422 that names every field.
    #[must_use]
    pub fn unprocessable(errors: Vec<lead::FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.field, only.message),
            many => format!("{} fields are wrong", many.len()),
        };
        Problem { kind: "invalid-lead", detail, errors }.answer(422)
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

struct Problem {
    kind: &'static str,
    detail: String,
    errors: Vec<lead::FieldError>,
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [lead::FieldError],
}

impl Problem {
    fn answer(&self, status: u16) -> Answer {
        let title = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or("Error");
        let body = ProblemBody {
            r#type: format!("urn:leadrelay:problem:{}", self.kind),
            title,
            status,
            detail: &self.detail,
            errors: &self.errors,
        };
        let mut answer = Answer::json(status, &body);
        answer.headers = vec![("content-type", "application/problem+json".to_owned())];
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_out_of_what_stands_around_it() {
        for (written, read) in [
            ("192.0.2.1", Some("192.0.2.1")),
            (" 192.0.2.1:32554", Some("192.0.2.1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:DB8::1]", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(address(written).as_deref(), read, "{written}");
        }
    }

    #[test]
    fn trusted_proxies_point_to_the_caller_in_front_of_them() {
        for (proxies, forwarded, seen) in [
            (0, "198.51.100.9, 192.0.2.1", "192.0.2.1"),
            (1, "198.51.100.9, 192.0.2.1", "198.51.100.9"),
            (1, "203.0.113.5, 198.51.100.9:80, 192.0.2.1:1", "198.51.100.9"),
            // A gateway that does not add who called it.
            (1, "198.51.100.9", "198.51.100.9"),
            (2, "198.51.100.9, 192.0.2.7, 192.0.2.1", "198.51.100.9"),
            (9, "198.51.100.9, 192.0.2.1", "198.51.100.9"),
            (1, "unknown, 192.0.2.1", "192.0.2.1"),
            (1, "", "192.0.2.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", http::HeaderValue::from_static(forwarded));
            let call = Call {
                method: http::Method::POST,
                path: "/leads".to_owned(),
                query: String::new(),
                headers,
                body: Vec::new(),
                source_ip: Some("192.0.2.1".to_owned()),
            };
            assert_eq!(call.behind(proxies).source_ip.as_deref(), Some(seen), "{proxies} {forwarded}");
        }
    }
}

//! HTTP as the flows see it: a call in, an answer out, whichever gateway stands in front.

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

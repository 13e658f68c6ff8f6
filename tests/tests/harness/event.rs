//! Events as API Gateway makes them, and the answers of the handlers.

use lambda_http::{Body, Request, Response, request};
use serde_json::{Map, Value, json};

use super::watch::{self, Private};

/// An API Gateway event in the making (HTTP API, payload version 2.0).
#[derive(Clone)]
pub(crate) struct Event {
    method: &'static str,
    path: String,
    query: String,
    headers: Map<String, Value>,
    body: Option<Vec<u8>>,
}

impl Event {
    fn new(method: &'static str, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        watch::begin();
        watch::query(query.as_bytes());
        let event = Self { method, path: path.to_owned(), query: query.to_owned(), headers: Map::new(), body: None };
        event.header("host", "relay.example")
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        watch::private(Private::ClientKey, key);
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        watch::body(media_type, &body);
        self.body = Some(body);
        self.header("content-type", media_type)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// A form as a program posts it.
    pub(crate) fn form(self, pairs: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    /// The headers of a person's browser on a landing page.
    pub(crate) fn by_browser(self, origin: &str) -> Self {
        self.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("origin", origin)
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64)")
    }

    /// The event as a handler gets it.
    pub(crate) fn request(&self) -> Request {
        let is_json = self.headers.get("content-type").is_some_and(|it| it == "application/json");
        let (body, encoded) = match &self.body {
            None => (Value::Null, false),
            Some(bytes) if is_json => (String::from_utf8(bytes.clone()).unwrap().into(), false),
            // API Gateway encodes every other body, forms among them.
            Some(bytes) => (aws_smithy_types::base64::encode(bytes).into(), true),
        };
        let route = format!("{} {}", self.method, self.path);
        let event = json!({
            "version": "2.0", "routeKey": route, "rawPath": self.path, "rawQueryString": self.query,
            "headers": self.headers,
            "requestContext": {
                "accountId": "123456789012", "apiId": "a1b2c3d4e5", "domainName": "relay.example", "domainPrefix": "relay",
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.80",
                    "userAgent": "event",
                },
                "requestId": "JKJaXmPLEwIEAA0=", "routeKey": route, "stage": "$default",
                "time": "01/Nov/2025:00:00:00 +0000", "timeEpoch": 1_761_955_200_000_u64,
            },
            "body": body, "isBase64Encoded": encoded,
        });
        request::from_str(&event.to_string()).unwrap()
    }
}

/// What a handler answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: http::HeaderMap,
    text: String,
}

impl Reply {
    pub(crate) fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let text = match body {
            Body::Empty => String::new(),
            Body::Text(text) => text,
            other => panic!("no text: {other:?}"),
        };
        let status = parts.status.as_u16();
        // Who is refused is told what would be right, not what they sent.
        if status >= 400 {
            assert_eq!(watch::found(text.as_bytes()), None, "in an answer of HTTP {status}");
        }
        Self { status, headers: parts.headers, text }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The text at a member of the body.
    pub(crate) fn text(&self, member: &str) -> String {
        let json = self.json();
        json[member].as_str().unwrap_or_else(|| panic!("no text {member} in {json}")).to_owned()
    }

    /// Checks the status and returns the body.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// Checks that this is a problem by RFC 9457 and returns it.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        let problem = self.expect(status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {problem}");
        }
        assert_eq!(problem.get("errors").is_some(), status == 422, "{problem}");
        problem
    }
}

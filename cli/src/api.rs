//! The HTTP client of a relay, for the commands that talk to one.

use std::net::IpAddr;
use std::time::Duration;

use relay::settings::{LEADRELAY_CA_FILE, variable};
use relay::transport::http_client;
use reqwest::header::HeaderValue;
use reqwest::{Method, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::args::Remote;
use crate::failure::Failure;
use crate::layout::clean;
use crate::output;

/// How long an answer may take. A function has 29 seconds behind its gateway.
const TIMEOUT: Duration = Duration::from_secs(35);
/// How long a scheduled run may take: as long as a function can.
pub(crate) const RUN_TIMEOUT: Duration = Duration::from_mins(15);
/// How much of an answer that is no problem document is shown, in characters.
const SHOWN_CHARS: usize = 200;

/// A relay to talk to, as a client. Its key is never shown.
pub(crate) struct Api {
    client: reqwest::Client,
    base: Url,
    key: Option<HeaderValue>,
}

/// What a relay answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status code.
    pub(crate) status: u16,
    body: Vec<u8>,
}

/// `application/problem+json`, and the `message` of a gateway in front of the relay.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProblemBody {
    title: Option<String>,
    detail: Option<String>,
    message: Option<String>,
    errors: Vec<FieldProblem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldProblem {
    field: String,
    message: String,
}

impl Api {
    /// A client of the relay that the arguments name. Connects to nothing yet.
    pub(crate) fn new(remote: &Remote) -> Result<Self, Failure> {
        let base = base(&remote.url)?;
        let client = http_client(variable(LEADRELAY_CA_FILE).filter(|file| !file.is_empty()).as_deref())
            .map_err(|error| Failure::new(error.to_string()))?;
        let key = match remote.key.as_deref().map(str::trim).filter(|key| !key.is_empty()) {
            Some(key) => {
                let wrong = |_| Failure::new("the key of --key or LEADRELAY_KEY holds characters that no key has");
                let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(wrong)?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        if key.is_some() && base.scheme() == "http" && !is_loopback(&base) {
            output::note(format_args!("warning: the key travels to {} without TLS", base.authority()));
        }
        Ok(Self { client, base, key })
    }

    /// Reads what is at a path, whose parts are encoded.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let answer = self.send(self.client.request(Method::GET, url), TIMEOUT).await?;
        self.accepted(&answer)?.json()
    }

    /// Reads what is at a path, whatever it answers. The key stays here: this is how others knock.
    pub(crate) async fn look(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, Failure> {
        let mut url = self.url(path);
        url.query_pairs_mut().extend_pairs(query);
        self.answer(self.client.request(Method::GET, url), TIMEOUT).await
    }

    /// Posts JSON to a path. The answer is not looked into: [`Api::accepted`] does.
    pub(crate) async fn post(
        &self,
        path: &[&str],
        body: &Value,
        headers: &[(&str, &str)],
        timeout: Option<Duration>,
    ) -> Result<Answer, Failure> {
        let mut request = self.client.request(Method::POST, self.url(path)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.to_string()), timeout.unwrap_or(TIMEOUT)).await
    }

    /// The same answer, if the relay did what it was asked.
    pub(crate) fn accepted<'a>(&self, answer: &'a Answer) -> Result<&'a Answer, Failure> {
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let problem = serde_json::from_slice::<ProblemBody>(&answer.body).ok();
        Err(Failure::new(refused(answer, problem, &self.base, self.key.is_some())))
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    async fn send(&self, mut request: RequestBuilder, timeout: Duration) -> Result<Answer, Failure> {
        if let Some(key) = &self.key {
            request = request.header("authorization", key);
        }
        self.answer(request, timeout).await
    }

    async fn answer(&self, request: RequestBuilder, timeout: Duration) -> Result<Answer, Failure> {
        let response = request.timeout(timeout).send().await.map_err(|error| self.unanswered(&error))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| self.unanswered(&error))?;
        Ok(Answer { status, body: body.to_vec() })
    }

    /// The error's own text is not shown: it may quote the request.
    fn unanswered(&self, error: &reqwest::Error) -> Failure {
        let base = shown(&self.base);
        if error.is_builder() {
            return Failure::new("the request cannot be made: a header holds characters that no header has");
        }
        if !error.is_connect() {
            let what = if error.is_timeout() { "did not answer in time" } else { "broke the connection off" };
            return Failure::new(format!("the relay at {base} {what}; what it was asked for may still have been done"));
        }
        let mut innermost: &dyn std::error::Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        let reason = clean(&innermost.to_string());
        // The system's number says nothing to people.
        let reason = reason.split(" (os error").next().unwrap_or_default();
        let advice = if is_loopback(&self.base) {
            "`leadrelay dev` starts a relay on this machine; --url or LEADRELAY_URL names another one"
        } else {
            "is --url (or LEADRELAY_URL) right?"
        };
        Failure::new(format!("nobody answers at {base} ({reason}): {advice}"))
    }
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        let wrong = |_| Failure::new(format!("HTTP {}, but no JSON: is there a relay at this address?", self.status));
        serde_json::from_slice(&self.body).map_err(wrong)
    }
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn base(written: &str) -> Result<Url, Failure> {
    let url = Url::parse(written).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let mut url = url.ok_or_else(|| {
        Failure::new(format!("--url {}: write it whole, such as http://127.0.0.1:3000", clean(written)))
    })?;
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// A relay's address without what a URL may hide.
fn shown(base: &Url) -> String {
    let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = base.path().trim_end_matches('/');
    format!("{}://{}{port}{path}", base.scheme(), base.host_str().unwrap_or_default())
}

/// What a refusal says, for people: the detail, each field's error on its line, and what to do about a key.
fn refused(answer: &Answer, problem: Option<ProblemBody>, base: &Url, has_key: bool) -> String {
    let status = answer.status;
    let problem = problem.unwrap_or_default();
    let first = if let Some(detail) = problem.detail.or(problem.message).or(problem.title) {
        format!("{} (HTTP {status})", clean(&detail))
    } else {
        let body = String::from_utf8_lossy(&answer.body);
        let body: String = clean(body.trim()).chars().take(SHOWN_CHARS).collect();
        format!("{} answers HTTP {status}: {body}", shown(base)).trim_end_matches([':', ' ']).to_owned()
    };
    let fields = problem.errors.iter().map(|error| format!("  {}: {}", clean(&error.field), clean(&error.message)));
    let text = std::iter::once(first).chain(fields).collect::<Vec<_>>().join("\n");
    let advice = match (status, has_key) {
        (401, false) => "a client's key is wanted: --key or LEADRELAY_KEY; `leadrelay dev` prints one to try",
        (401, true) => "the relay does not know the key of --key or LEADRELAY_KEY",
        (403, _) => "another client's key may be wanted: --key or LEADRELAY_KEY",
        _ => return text,
    };
    format!("{text}\n{advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a-key-nobody-may-see";

    fn remote(url: &str, key: Option<&str>) -> Remote {
        Remote { url: url.to_owned(), key: key.map(str::to_owned) }
    }

    fn refusal(status: u16, body: &str, key: Option<&str>) -> String {
        let api = Api::new(&remote("http://127.0.0.1:3000", key)).unwrap();
        let answer = Answer { status, body: body.as_bytes().to_vec() };
        api.accepted(&answer).unwrap_err().to_string()
    }

    #[test]
    fn each_wrong_field_has_its_line() {
        let body = r#"{"type": "urn:x", "title": "Unprocessable Entity", "status": 422, "detail": "2 fields are wrong",
            "errors": [{"field": "phone", "message": "too short"}, {"field": "name", "message": "is missing"}]}"#;
        assert_eq!(refusal(422, body, None), "2 fields are wrong (HTTP 422)\n  phone: too short\n  name: is missing");
    }

    #[test]
    fn a_refused_key_is_told_of_and_not_shown() {
        let body = r#"{"detail": "the key is not known"}"#;
        let without = refusal(401, body, None);
        assert_eq!(
            without,
            "the key is not known (HTTP 401)\na client's key is wanted: --key or LEADRELAY_KEY; `leadrelay dev` prints one \
             to try"
        );
        for status in [401, 403] {
            let with = refusal(status, body, Some(KEY));
            assert!(with.contains("--key or LEADRELAY_KEY") && !with.contains(KEY), "{with}");
        }
    }

    #[test]
    fn what_is_no_relay_is_quoted() {
        assert_eq!(
            refusal(502, "<b>Bad\nGateway</b>", None),
            "http://127.0.0.1:3000 answers HTTP 502: <b>Bad Gateway</b>"
        );
        assert_eq!(refusal(404, r#"{"message": "Not Found"}"#, None), "Not Found (HTTP 404)");
        assert_eq!(refusal(503, "", None), "http://127.0.0.1:3000 answers HTTP 503");
    }

    #[test]
    fn a_path_goes_below_the_address() {
        let api = Api::new(&remote("https://relay.example/prod/?x=1", None)).unwrap();
        assert_eq!(api.url(&["orders", "a/b"]).as_str(), "https://relay.example/prod/orders/a%2Fb");
        for wrong in ["relay.example", "ftp://relay.example", ""] {
            assert!(Api::new(&remote(wrong, None)).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn an_address_where_nobody_listens_is_named() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let api = Api::new(&remote(&format!("http://{address}"), Some(KEY))).unwrap();
        let message = api.get(&["orders"], &[]).await.unwrap_err().to_string();
        assert!(message.starts_with(&format!("nobody answers at http://{address} (")), "{message}");
        assert!(message.contains("`leadrelay dev` starts a relay") && !message.contains(KEY), "{message}");
    }
}

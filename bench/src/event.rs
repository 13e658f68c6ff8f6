//! The events that are sent, each a new one, and what a right answer is.

use std::collections::VecDeque;

use relay::keys::DoorKeys;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::subject::Work;
use crate::surroundings::{ACCOUNT, KEY, OFFER, SECRET};

/// Makes events and reads answers. A postback is about an order that a lead made before, so leads come first.
#[derive(Debug)]
pub(crate) struct Events {
    count: u64,
    door: String,
    waiting: VecDeque<String>,
    last: String,
}

impl Default for Events {
    fn default() -> Self {
        let door = DoorKeys::new(SECRET.to_owned().into()).key_of(ACCOUNT);
        Self { count: 0, door: format!("{ACCOUNT}-{door}"), waiting: VecDeque::new(), last: String::new() }
    }
}

impl Events {
    /// The next event for a kind of work.
    pub(crate) fn next(&mut self, work: Work) -> Result<Vec<u8>, Failure> {
        self.count += 1;
        let event = match work {
            Work::Nothing | Work::Lead | Work::PeerLead => self.lead(),
            Work::Postback => {
                let order = self.waiting.pop_front().ok_or_else(|| Failure::new("no order waits for a postback"))?;
                let query = format!("id={}&oid={order}&status=approve&pay=12.50&cc=USD", self.door);
                http_event("GET", "/api/sale/status.json", &query, None)
            }
            Work::Read => http_event("GET", &format!("/orders/{}", self.last), "", None),
            Work::Sweep => json!({
                "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
                "source": "aws.scheduler", "account": "123456789012", "time": "2026-01-15T10:21:00Z",
                "region": "eu-central-1", "resources": [], "detail": {}
            }),
        };
        Ok(event.to_string().into_bytes())
    }

    fn lead(&self) -> Value {
        let number = 100_000 + self.count % 900_000;
        let lead = json!({
            "offer": OFFER, "phone": format!("+48500{number}"), "name": "Anna Przykładowa", "country": "PL",
            "email": "anna@landing.example", "ip": "203.0.113.77", "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "referer": "https://landing.example/", "click_id": format!("click-{}", self.count), "sub1": "campaign-7",
            "price": "139.00", "currency": "PLN", "quantity": 1
        });
        http_event("POST", "/leads", "", Some(lead.to_string()))
    }

    /// Holds an answer to what its work should have done.
    pub(crate) fn check(&mut self, work: Work, answer: &[u8]) -> Result<(), Failure> {
        let wrong = || Failure::new(format!("a wrong answer: {}", String::from_utf8_lossy(answer)));
        let answer: Value = serde_json::from_slice(answer).map_err(|_| wrong())?;
        let body =
            || answer.get("body").and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let is_delivered = |body: &Value| body.get("delivery").is_some_and(|word| word == "delivered");
        let right = match work {
            Work::Nothing => answer.get("statusCode").is_some_and(|code| code == 200),
            Work::PeerLead => body().as_ref().is_some_and(is_delivered),
            Work::Lead => {
                let body = body().unwrap_or_default();
                if let Some(order) = body.get("order_id").and_then(Value::as_str) {
                    self.waiting.push_back(order.to_owned());
                    order.clone_into(&mut self.last);
                }
                is_delivered(&body)
            }
            Work::Postback => body().is_some_and(|body| body == json!({"status": "ok"})),
            Work::Read => body().is_some_and(|body| body.get("order_id").is_some_and(|id| *id == self.last)),
            Work::Sweep => answer.get("errors") == Some(&json!([])) && answer.get("accounts") == Some(&json!(1)),
        };
        if right { Ok(()) } else { Err(wrong()) }
    }
}

/// An event of API Gateway, payload format 2.0.
fn http_event(method: &str, path: &str, query: &str, body: Option<String>) -> Value {
    let mut event = json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": query,
        "headers": {
            "accept": "*/*", "authorization": format!("Bearer {KEY}"), "content-type": "application/json",
            "host": "relay.example", "user-agent": "landing/1.0",
            "x-amzn-trace-id": "Root=1-6968bfaa-000000000000000000000001", "x-forwarded-for": "203.0.113.24",
            "x-forwarded-port": "443", "x-forwarded-proto": "https"
        },
        "requestContext": {
            "accountId": "123456789012", "apiId": "a1b2c3d4e5", "domainName": "relay.example", "domainPrefix": "relay",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.24",
                "userAgent": "landing/1.0"
            },
            "requestId": "JKJaXmPLEwIEAA01=", "routeKey": format!("{method} {path}"), "stage": "$default",
            "time": "15/Jan/2026:10:21:30 +0000", "timeEpoch": 1_768_472_490_000_u64
        },
        "isBase64Encoded": false
    });
    if let (Value::Object(event), Some(body)) = (&mut event, body) {
        event.insert("body".to_owned(), Value::String(body));
    }
    event
}

//! A table that turns calls away for a while: tried again within the call, and otherwise nothing is half done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orders::Store;
use relay::Relay;
use relay::clock::Clock;
use relay::config;
use relay::secrets::Secrets;
use relay::settings::Settings;
use relay::transport::{Transport, http_client};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Act, Event, KEY, Network, Reply, START_MS, TestClock, sweep};

const CONFIG: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[offers.tea]
account = "main"
country = "PL"
drcash = "f10w"
duplicates = { days = 30, action = "refuse" }

[clients.tester]
key = "key-of-tester-0123456789"
scope = "admin"
"#;

/// How many calls of each operation (`PutItem`) are still turned away.
type Throttled = Arc<Mutex<BTreeMap<String, usize>>>;

/// A relay whose table stands behind a door that turns calls away.
struct Behind {
    relay: Arc<Relay>,
    store: Store,
    clock: Arc<TestClock>,
    network: Network,
    throttled: Throttled,
}

async fn behind() -> Behind {
    let throttled = Throttled::default();
    let engine = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let engine_port = engine.local_addr().unwrap().port();
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(async move {
        let _ = dynoxide::server::serve_with_shutdown(engine, database, std::future::pending()).await;
    });
    let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", front.local_addr().unwrap());
    let refusing = Arc::clone(&throttled);
    tokio::spawn(async move {
        while let Ok((stream, _)) = front.accept().await {
            tokio::spawn(serve(stream, engine_port, Arc::clone(&refusing)));
        }
    });
    let read = |name: &str| {
        let value = match name {
            "TABLE_NAME" => "leads",
            "LEADRELAY_SECRET" => "a-secret-of-tests-0123456789abcdef",
            "AWS_REGION" => "eu-west-1",
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
            "AWS_ENDPOINT_URL_DYNAMODB" => url.as_str(),
            _ => return None,
        };
        Some(value.to_owned())
    };
    let settings = Settings::read(read).unwrap();
    let http = http_client(None).unwrap();
    let client = relay::dynamodb(&settings, http.clone());
    orders::schema::create_table(&client, "leads").await.unwrap();
    let store = Store::new(client, "leads");
    let clock = Arc::new(TestClock::at(START_MS));
    let network = Network::start(Arc::clone(&clock)).await;
    network.otherwise(|_| Act::json(&json!({"uuid": "u-1"})));
    let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
    let transport = Transport::new(http, std::time::Duration::from_secs(10));
    let relay = Arc::new(Relay::with_parts(&settings, store.clone(), transport, Secrets::new(None), time));
    let parsed = config::parse("test.toml", &CONFIG.replace("NETWORK", &network.url()), &BTreeMap::new()).unwrap();
    for (name, text) in parsed.documents(|key| Ok(key.to_owned())).unwrap() {
        store.put_config(&name, &text).await.unwrap();
    }
    Behind { relay, store, clock, network, throttled }
}

/// One request a connection.
async fn serve(mut stream: TcpStream, engine_port: u16, throttled: Throttled) {
    let request = message(&mut stream).await;
    let target =
        request.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("x-amz-target: ").map(str::to_owned));
    let operation = target.as_deref().and_then(|target| target.rsplit('.').next()).unwrap_or_default().to_owned();
    let turned_away = throttled.lock().unwrap().iter_mut().any(|(name, left)| {
        let now = name.to_ascii_lowercase() == operation && *left > 0;
        *left -= usize::from(now);
        now
    });
    let answer = if turned_away {
        let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Rate exceeded"}"#;
        let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\n";
        format!("{head}content-length: {}\r\n\r\n{body}", body.len())
    } else {
        let mut engine = TcpStream::connect(("127.0.0.1", engine_port)).await.unwrap();
        engine.write_all(request.as_bytes()).await.unwrap();
        message(&mut engine).await.replacen("\r\n", "\r\nconnection: close\r\n", 1)
    };
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// One HTTP message with a length.
async fn message(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

impl Behind {
    fn throttle(&self, operation: &str, calls: usize) {
        self.throttled.lock().unwrap().insert(operation.to_owned(), calls);
    }

    fn relent(&self) {
        self.throttled.lock().unwrap().clear();
    }

    async fn send(&self, key: &str) -> Reply {
        let lead = json!({"offer": "tea", "name": "Jan Test", "phone": "500 100 200"});
        let event = Event::post("/leads").key(KEY).header("idempotency-key", key).json(&lead);
        let Ok(response) = submit_lead::handle(&self.relay, event.request()).await;
        Reply::of(response)
    }

    async fn received(&self) -> u64 {
        let tally = self.store.tally(0, u64::from(u32::MAX) * 1000, 0).await.unwrap();
        tally.accounts.values().map(|counts| counts.received).sum()
    }
}

#[tokio::test]
async fn a_table_that_turns_calls_away_a_few_times_is_asked_again() {
    let behind = behind().await;
    for operation in ["BatchGetItem", "PutItem", "TransactWriteItems", "UpdateItem", "GetItem"] {
        behind.throttle(operation, 2);
    }
    let receipt = behind.send("one").await.expect(201);
    assert_eq!(receipt["delivery"], "delivered");
    assert_eq!((behind.received().await, behind.network.take().len()), (1, 1));
}

#[tokio::test]
async fn a_lead_that_cannot_be_stored_is_not_taken_and_may_come_again() {
    for operation in ["BatchGetItem", "PutItem", "TransactWriteItems"] {
        let behind = behind().await;
        behind.throttle(operation, 1000);
        behind.send("one").await.problem(503);
        assert_eq!((behind.received().await, behind.network.take().len()), (0, 0), "{operation}");
        behind.relent();
        let receipt = behind.send("one").await.expect(201);
        // Neither the key nor the customer is held by what was not stored.
        assert_eq!(
            (&receipt["delivery"], &receipt["duplicate_of"]),
            (&json!("delivered"), &Value::Null),
            "{operation}"
        );
        assert_eq!((behind.received().await, behind.network.take().len()), (1, 1), "{operation}");
    }
}

#[tokio::test]
async fn an_outcome_that_cannot_be_written_leaves_a_lead_in_doubt_and_never_sends_it_twice() {
    let behind = behind().await;
    behind.throttle("UpdateItem", 1000);
    let receipt = behind.send("one").await.expect(201);
    assert_eq!(receipt["delivery"], "delivered", "the network has answered");
    behind.relent();
    behind.clock.advance(std::time::Duration::from_mins(5));
    sweep(&behind.relay, &behind.clock, json!({}), std::time::Duration::from_mins(5)).await;
    let tally = behind.store.tally(0, u64::from(u32::MAX) * 1000, u64::MAX).await.unwrap();
    assert_eq!((tally.accounts["main"].unknown, tally.unattended.len()), (1, 0));
    assert_eq!(behind.network.take().len(), 1);
}

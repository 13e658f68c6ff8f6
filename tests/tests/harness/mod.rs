//! The whole relay on loopback: its functions' real handlers over an embedded DynamoDB, a network that plays a script,
//! and a clock that tests move.

mod clock;
mod event;
mod front;
mod network;
mod request;
pub(crate) mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lambda_runtime::{Context, LambdaEvent};
use lead::OrderId;
use orders::{Meter, Order, Store};
use poll_status::Outcome;
use relay::Relay;
use relay::clock::Clock;
use relay::config;
use relay::queue::Queue;
use relay::secrets::Secrets;
use relay::settings::{RelaySecret, Settings};
use relay::sweep::Sums;
use relay::transport::{Transport, http_client, network_client};
use serde_json::{Value, json};

pub(crate) use clock::{START_MS, TestClock};
pub(crate) use event::{Event, Reply};
pub(crate) use front::{Fate, front};
pub(crate) use network::{Act, Network};
pub(crate) use request::Request;

/// The relay's secret.
pub(crate) const SECRET: &str = "a-secret-of-tests-0123456789abcdef";

/// The key of the client `tester` in [`Bench::configure`]'s files.
pub(crate) const KEY: &str = "key-of-tester-0123456789";

/// How long a run may take unless a test says otherwise.
const RUN: Duration = Duration::from_mins(5);

/// How long the relay waits for a network. Tests in which it waits in vain take as long.
const NETWORK_TIMEOUT: Duration = Duration::from_millis(250);

/// A loopback address at which nobody listens.
pub(crate) const NOBODY: &str = "http://127.0.0.1:1";

/// Two accounts of one network, and an offer of each: `tea` of `main`, `watch` of `other`.
pub(crate) const TWO_ACCOUNTS: &str = r#"
[accounts.main]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[accounts.other]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[offers.tea]
account = "main"
country = "PL"
drcash = "f10w"

[offers.watch]
account = "other"
country = "PL"
drcash = "f10w"
"#;

/// One relay with all it needs, and a table of its own.
pub(crate) struct Bench {
    pub(crate) relay: Arc<Relay>,
    pub(crate) store: Store,
    pub(crate) meter: Arc<Meter>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) network: Network,
    _watch: watch::Guard,
}

impl Bench {
    /// A bench without a configuration.
    pub(crate) async fn new() -> Self {
        Self::with_timeout(Duration::from_secs(10)).await
    }

    /// A bench whose relay does not wait long for a network.
    pub(crate) async fn impatient() -> Self {
        Self::with_timeout(NETWORK_TIMEOUT).await
    }

    async fn with_timeout(timeout: Duration) -> Self {
        Self::at(engine(), timeout).await
    }

    /// A bench whose table stands behind a front; `decide` is asked for the fate of each call by its operation.
    pub(crate) async fn behind(decide: impl Fn(&str) -> Fate + Send + Sync + 'static) -> Self {
        let front = front(engine(), decide).await;
        Self::at(&front, Duration::from_secs(10)).await
    }

    /// A bench that reaches its table at an endpoint.
    async fn at(endpoint: &str, timeout: Duration) -> Self {
        static TABLES: AtomicU32 = AtomicU32::new(0);
        let table = format!("flows-{}", TABLES.fetch_add(1, Ordering::Relaxed));
        let maker = relay::dynamodb(&settings(&table, engine()), http_client(None).unwrap());
        orders::schema::create_table(&maker, &table).await.unwrap();
        let settings = settings(&table, endpoint);
        let client = relay::dynamodb(&settings, http_client(None).unwrap());
        Self::over(&settings, Store::new(client, table), timeout).await
    }

    /// A bench whose table is not there: every call of it fails at once.
    pub(crate) async fn without_table() -> Self {
        let settings = settings("nowhere", engine());
        let client = relay::dynamodb(&settings, http_client(None).unwrap());
        Self::over(&settings, Store::new(client, "nowhere"), NETWORK_TIMEOUT).await
    }

    async fn over(settings: &Settings, store: Store, timeout: Duration) -> Self {
        watch::begin();
        let meter = Arc::new(Meter::default());
        let store = store.with_meter(Arc::clone(&meter));
        let clock = Arc::new(TestClock::at(START_MS));
        let network = Network::start(Arc::clone(&clock)).await;
        let transport = Transport::new(network_client(None).unwrap(), timeout);
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let relay = Relay::with_parts(settings, store.clone(), transport, Secrets::new(None), time);
        Self { relay: Arc::new(relay), store, meter, clock, network, _watch: watch::Guard }
    }

    /// A bench with a configuration; see [`Bench::configure`].
    pub(crate) async fn configured(toml: &str) -> Self {
        let bench = Self::new().await;
        bench.configure(toml).await;
        bench
    }

    /// Checks and stores a configuration as `leadrelay push` does. `NETWORK` stands for the loopback network's URL, and
    /// a client `tester` that may do everything is added.
    pub(crate) async fn configure(&self, toml: &str) {
        configure(&self.store, toml, &self.network.url()).await;
    }

    /// Stores configuration documents as they are.
    pub(crate) async fn put(&self, documents: &BTreeMap<String, String>) {
        put(&self.store, documents).await;
    }

    /// A second process over the same table: nothing in its memory is the first one's.
    pub(crate) fn second_relay(&self) -> Arc<Relay> {
        self.relay_with_secret(SECRET)
    }

    /// The same, with another secret.
    pub(crate) fn relay_with_secret(&self, secret: &str) -> Arc<Relay> {
        let mut settings = settings("second", engine());
        settings.secret = RelaySecret::Value(secret.to_owned());
        let transport = Transport::new(network_client(None).unwrap(), Duration::from_secs(10));
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&self.clock);
        Arc::new(Relay::with_parts(&settings, self.store.clone(), transport, Secrets::new(None), time))
    }

    /// The same, for which 50 orders in one part are many; it hands slices of polling work to the queue at an address.
    pub(crate) fn slicing_relay(&self, queue: Option<&Network>) -> Arc<Relay> {
        let mut settings = settings("slicing", engine());
        settings.queue_url = queue.map(|queue| format!("{}/123456789012/slices", queue.url()));
        let client = http_client(None).unwrap();
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&self.clock);
        let queue = Queue::new(&settings, client.clone(), Arc::clone(&time));
        let transport = Transport::new(client, Duration::from_secs(10));
        let relay = Relay::with_parts(&settings, self.store.clone(), transport, Secrets::new(None), time);
        Arc::new(relay.with_queue(queue).with_poll_page(50))
    }

    pub(crate) async fn send(&self, event: &Event) -> Reply {
        let Ok(response) = submit_lead::handle(&self.relay, event.request()).await;
        Reply::of(response)
    }

    /// Sends a lead as JSON with the tester's key.
    pub(crate) async fn send_lead(&self, lead: &Value) -> Reply {
        self.send(&Event::post("/leads").key(KEY).json(lead)).await
    }

    pub(crate) async fn knock(&self, event: &Event) -> Reply {
        let Ok(response) = ingest_postback::handle(&self.relay, event.request()).await;
        Reply::of(response)
    }

    /// The `id` parameter of an account's door.
    pub(crate) async fn door_id(&self, account: &str) -> String {
        let key = self.relay.door_keys().await.unwrap().key_of(account);
        watch::private(watch::Private::DoorKey, &key);
        format!("{account}-{key}")
    }

    /// A postback by GET with the account's right key; `tail` is what follows.
    pub(crate) async fn postback(&self, account: &str, tail: &str) -> Reply {
        let id = self.door_id(account).await;
        self.knock(&Event::get(&format!("/api/sale/status.json?id={id}&{tail}"))).await
    }

    /// Reads with the tester's key.
    pub(crate) async fn read(&self, path: &str) -> Reply {
        self.read_as(&Event::get(path).key(KEY)).await
    }

    pub(crate) async fn read_as(&self, event: &Event) -> Reply {
        let Ok(response) = read_orders::handle(&self.relay, event.request()).await;
        Reply::of(response)
    }

    /// An order as `GET /orders/{order_id}` tells it.
    pub(crate) async fn order(&self, id: &str) -> Value {
        self.read(&format!("/orders/{id}")).await.expect(200)
    }

    /// An order as it is stored.
    pub(crate) async fn stored(&self, id: &str) -> Order {
        let id: OrderId = id.parse().unwrap();
        self.store.get(&id).await.unwrap().unwrap()
    }

    /// One scheduled run of everything that is due.
    pub(crate) async fn sweep(&self) -> Sums {
        self.sweep_for(json!({"source": "aws.scheduler", "detail-type": "Scheduled Event"}), RUN).await
    }

    /// One run that asks for every open order.
    pub(crate) async fn sweep_all(&self) -> Sums {
        self.sweep_for(json!({"all": true}), RUN).await
    }

    /// One run of a payload, with so much time until its deadline.
    pub(crate) async fn sweep_for(&self, payload: Value, time: Duration) -> Sums {
        sweep(&self.relay, &self.clock, payload, time).await
    }
}

/// Stores a configuration in a table; see [`Bench::configure`].
pub(crate) async fn configure(store: &Store, toml: &str, network: &str) {
    let toml = toml.replace("NETWORK", network);
    let toml = format!("{toml}\n[clients.tester]\nkey = \"{KEY}\"\nscope = \"admin\"\n");
    let parsed = config::parse("test.toml", &toml, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"));
    watch_configuration(&parsed);
    put(store, &parsed.documents(|key| Ok(key.to_owned())).unwrap()).await;
}

async fn put(store: &Store, documents: &BTreeMap<String, String>) {
    for (name, text) in documents {
        store.put_config(name, text).await.unwrap();
    }
}

/// One run of a relay, with so much time until its deadline.
pub(crate) async fn sweep(relay: &Relay, clock: &TestClock, payload: Value, time: Duration) -> Sums {
    let mut context = Context::default();
    context.deadline = clock.now_ms() + u64::try_from(time.as_millis()).unwrap();
    match poll_status::handle(relay, LambdaEvent::new(payload, context)).await {
        Ok(Outcome::Run(sums)) => sums,
        Ok(other) => panic!("no run: {other:?}"),
    }
}

/// The kinds of an order's events, oldest first.
pub(crate) fn kinds(order: &Value) -> Vec<String> {
    let history = order["history"].as_array().unwrap();
    history.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

/// The secrets that stand in a configuration itself.
fn watch_configuration(parsed: &config::Parsed) {
    for account in parsed.accounts.values() {
        let network = networks::catalog::find(&account.network);
        let secret = network.iter().flat_map(|network| network.account_keys()).filter(|key| key.secret);
        for value in secret.filter_map(|key| account.settings.get(key.name)) {
            watch::private(watch::Private::NetworkSecret, value);
        }
    }
    for (key, _) in &parsed.clients {
        watch::private(watch::Private::ClientKey, key);
    }
}

/// The settings of a relay whose table is at an endpoint.
pub(crate) fn settings(table: &str, endpoint: &str) -> Settings {
    let read = |name: &str| {
        let value = match name {
            "TABLE_NAME" => table,
            "LEADRELAY_SECRET" => SECRET,
            "AWS_REGION" => "eu-west-1",
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
            "AWS_ENDPOINT_URL_DYNAMODB" => endpoint,
            _ => return None,
        };
        Some(value.to_owned())
    };
    Settings::read(read).unwrap()
}

/// The embedded engine's address: one engine for all tests, on a thread and runtime of its own.
fn engine() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (url, engine) = new_engine().await;
                tell.send(url).unwrap();
                engine.await;
            });
        });
        told.recv().unwrap()
    })
}

/// An embedded engine of its own: its address, and what serves it for as long as it is polled.
pub(crate) async fn new_engine() -> (String, impl Future<Output = ()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    (url, async { dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()).await.unwrap() })
}

/// A whole lead at an offer.
pub(crate) fn lead_at(offer: &str) -> Value {
    json!({"offer": offer, "name": "Jan Test", "phone": "500 100 200"})
}

/// What the network of [`TWO_ACCOUNTS`] says of a lead it takes.
pub(crate) fn accepted() -> Act {
    Act::json(&json!({"uuid": "u-1"}))
}

//! A relay in a round: its table behind a front, its networks, and its calls, which may die.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use orders::Store;
use relay::Relay;
use relay::clock::Clock;
use relay::secrets::Secrets;
use relay::settings::Settings;
use relay::sweep::Sums;
use relay::transport::{Transport, http_client, network_client_over};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::chaos::{Chaos, Death, Disturbance};
use crate::harness::{Event, KEY, Reply, START_MS, TestClock, configure, front, new_engine, settings, sweep};
use crate::network::{Names, Networks};

/// How long a network may take, as it is deployed.
const TIMEOUT: Duration = relay::NETWORK_TIMEOUT;

/// No call of a table or network gives up before so much time.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a run may take.
const RUN: Duration = Duration::from_mins(5);

/// Calls of the table that a lead and a run make, some more or less.
const CALLS_OF_LEAD: u64 = 7;
const CALLS_OF_RUN: u64 = 80;

pub(crate) struct World {
    pub(crate) chaos: Arc<Chaos>,
    pub(crate) networks: Networks,
    clock: Arc<TestClock>,
    settings: Settings,
    relay: Arc<Relay>,
}

/// What one step was, to be held against what came of it.
struct Step {
    received: usize,
    began: Instant,
}

impl World {
    pub(crate) async fn new(chaos: Arc<Chaos>, offers: &[&str]) -> Self {
        let (engine, serving) = new_engine().await;
        tokio::spawn(serving);
        let fates = Arc::clone(&chaos);
        let settings = settings("leads", &front(&engine, move |operation| fates.fate(operation)).await);
        let clock = Arc::new(TestClock::at(START_MS));
        let networks = Networks::start(&chaos, Arc::clone(&clock)).await;
        let store = store(&settings);
        orders::schema::create_table(&relay::dynamodb(&settings, http_client(None).unwrap()), "leads").await.unwrap();
        configure(&store, &offers.concat(), &networks.url()).await;
        let relay = process(&settings, &chaos, &clock);
        Self { chaos, networks, clock, settings, relay }
    }

    /// A new process over the same table: nothing in its memory is the old one's.
    pub(crate) fn restart(&mut self) {
        self.relay = self.second();
    }

    fn second(&self) -> Arc<Relay> {
        process(&self.settings, &self.chaos, &self.clock)
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.chaos.tell(format!("{by:?} go by"));
        self.clock.advance(by);
    }

    fn begin(&self, what: String) -> Step {
        self.chaos.begin(what);
        Step { received: self.networks.received().len(), began: Instant::now() }
    }

    /// What disturbed a step. That somebody gave up waiting is a disturbance whatever the reason.
    fn end(&mut self, step: &Step) -> Disturbance {
        let mut disturbance = self.chaos.disturbance();
        let took = step.began.elapsed();
        if took >= PATIENCE {
            disturbance.store += 1;
            self.chaos.tell(format!("    it took {took:?}"));
        }
        if disturbance.store + disturbance.deaths > 0 {
            self.networks.disturbed_from(step.received);
        }
        if disturbance.deaths > 0 {
            self.restart();
        }
        disturbance
    }

    /// Sends leads, all at one moment. Their answers, `None` for a function that died, and what disturbed them.
    pub(crate) async fn send(&mut self, leads: Vec<Event>) -> (Vec<Option<Reply>>, Disturbance) {
        let alone = leads.len() == 1;
        let step = self.begin(format!("{} sent", leads.len()));
        let calls: Vec<_> = leads
            .into_iter()
            .map(|lead| {
                let (relay, chaos) = (Arc::clone(&self.relay), Arc::clone(&self.chaos));
                let death = chaos.doom(CALLS_OF_LEAD, alone);
                tokio::spawn(async move {
                    let call = async { Reply::of(submit_lead::handle(&relay, lead.request()).await.unwrap()) };
                    chaos.mortal(death, call).await
                })
            })
            .collect();
        let mut replies = Vec::new();
        for call in calls {
            replies.push(call.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
        }
        (replies, self.end(&step))
    }

    /// One scheduled run, or two at one moment by two processes. What disturbed them, and what went wrong in them.
    pub(crate) async fn run(&mut self, two: bool) -> (Disturbance, Vec<String>) {
        let step = self.begin(format!("run, two: {two}"));
        let scheduled = || json!({"source": "aws.scheduler", "detail-type": "Scheduled Event"});
        let other = two.then(|| self.second());
        let death = self.chaos.doom(CALLS_OF_RUN, !two);
        let of_other = self.chaos.doom(CALLS_OF_RUN, false).filter(|_| two);
        let (one, other) = tokio::join!(self.sweep(&self.relay, death, scheduled()), async {
            match &other {
                Some(other) => self.sweep(other, of_other, scheduled()).await,
                None => None,
            }
        });
        let sums: Vec<Sums> = [one, other].into_iter().flatten().collect();
        self.chaos.tell(format!("    {sums:?}"));
        let errors = sums.iter().flat_map(|sums| &sums.errors).map(|error| format!("{error:?}")).collect();
        (self.end(&step), errors)
    }

    async fn sweep(&self, relay: &Relay, death: Option<Death>, payload: Value) -> Option<Sums> {
        self.chaos.mortal(death, sweep(relay, &self.clock, payload, RUN)).await
    }

    pub(crate) async fn audit(&self, of: Value) -> relay::sweep::AuditAnswer {
        let sums = sweep(&self.relay, &self.clock, json!({"audit": of}), RUN).await;
        assert_eq!(sums.errors, []);
        *sums.audit.unwrap()
    }

    /// All orders, as `GET /orders` tells them.
    pub(crate) async fn orders(&self) -> Vec<Value> {
        let mut orders = Vec::new();
        let mut cursor = String::new();
        loop {
            let event = Event::get(&format!("/orders?limit=200{cursor}")).key(KEY);
            let page = Reply::of(read_orders::handle(&self.relay, event.request()).await.unwrap()).expect(200);
            orders.extend(page["orders"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return orders,
            }
        }
    }

    /// An order with its history.
    pub(crate) async fn order(&self, id: &str) -> Value {
        let event = Event::get(&format!("/orders/{id}")).key(KEY);
        Reply::of(read_orders::handle(&self.relay, event.request()).await.unwrap()).expect(200)
    }
}

fn process(settings: &Settings, chaos: &Arc<Chaos>, clock: &Arc<TestClock>) -> Arc<Relay> {
    let client = network_client_over(None, Arc::new(Names(Arc::clone(chaos)))).unwrap();
    let time: Arc<dyn Clock> = Arc::<TestClock>::clone(clock);
    let transport = Transport::new(client, TIMEOUT);
    Arc::new(Relay::with_parts(settings, store(settings), transport, Secrets::new(None), time))
}

/// A store over the client as it is deployed, but for its pauses. How often it may ask again is counted for each process,
/// not for all rounds together: a round is the same whichever went before.
fn store(settings: &Settings) -> Store {
    let client = relay::dynamodb(settings, http_client(None).unwrap());
    let partition = RetryPartition::custom("round").token_bucket(TokenBucket::new(500)).build();
    let retries = RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(1));
    let config = client.config().to_builder().retry_partition(partition).retry_config(retries).build();
    Store::new(aws_sdk_dynamodb::Client::from_conf(config), "leads")
}

//! A relay in a round: its table behind a front, its networks, and its calls, which may die.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Context, LambdaEvent};
use lead::OrderId;
use orders::Store;
use orders::schema::shard_key;
use poll_status::Outcome;
use relay::Relay;
use relay::clock::Clock;
use relay::keys::DoorKeys;
use relay::operate::TaskAnswer;
use relay::queue::Queue;
use relay::secrets::Secrets;
use relay::settings::Settings;
use relay::sweep::{RunError, Sums};
use relay::transport::{Transport, http_client, network_client_over};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::chaos::{Chaos, Death, Disturbance};
use crate::harness::{
    Event, KEY, Reply, SECRET, START_MS, TestClock, configure, front, new_engine, settings, task, watch,
};
use crate::network::{Names, Networks};
use crate::queue::Queued;

/// How long a network may take, as it is deployed.
const TIMEOUT: Duration = relay::NETWORK_TIMEOUT;

/// No call of a table or network gives up before so much time.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a run may take.
const RUN: Duration = Duration::from_mins(5);

/// Calls of the table that a lead and a run make, some more or less.
const CALLS_OF_LEAD: u64 = 7;
const CALLS_OF_RUN: u64 = 80;
const CALLS_OF_POSTBACK: u64 = 3;

/// A name that no version of the relay has given to anything.
const NEWER: &str = "of-a-newer-version";

pub(crate) struct World {
    pub(crate) chaos: Arc<Chaos>,
    pub(crate) networks: Networks,
    pub(crate) queue: Queued,
    /// The table itself, past its front.
    table: aws_sdk_dynamodb::Client,
    clock: Arc<TestClock>,
    settings: Settings,
    relay: Arc<Relay>,
    /// Orders in one part of the due index from which on polling is cut into slices.
    many: usize,
}

/// What one step was, to be held against what came of it.
struct Step {
    received: usize,
    began: Instant,
}

impl World {
    pub(crate) async fn new(chaos: Arc<Chaos>, offers: &[&str], many: usize) -> Self {
        let (engine, serving) = new_engine().await;
        tokio::spawn(serving);
        let fates = Arc::clone(&chaos);
        let table = relay::dynamodb(&settings("leads", &engine), http_client(None).unwrap());
        let mut settings = settings("leads", &front(&engine, move |operation| fates.fate(operation)).await);
        let clock = Arc::new(TestClock::at(START_MS));
        let queue = Queued::start(&chaos, Arc::clone(&clock)).await;
        settings.queue_url = Some(queue.url());
        let networks = Networks::start(&chaos, Arc::clone(&clock)).await;
        let store = store(&settings);
        orders::schema::create_table(&relay::dynamodb(&settings, http_client(None).unwrap()), "leads").await.unwrap();
        configure(&store, &offers.concat(), &networks.url()).await;
        let relay = process(&settings, &chaos, &clock, many);
        Self { chaos, networks, queue, table, clock, settings, relay, many }
    }

    /// A new process over the same table: nothing in its memory is the old one's.
    pub(crate) fn restart(&mut self) {
        self.relay = self.second();
    }

    fn second(&self) -> Arc<Relay> {
        process(&self.settings, &self.chaos, &self.clock, self.many)
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
        match self.chaos.mortal(death, task(relay, &self.clock, payload, RUN)).await? {
            Ok(TaskAnswer::Run(sums)) => Some(sums),
            Ok(other) => panic!("no run: {other:?}"),
            // Not even the accounts could be read.
            Err(failure) => {
                let error = RunError { account: String::new(), error: failure.to_string() };
                Some(Sums { errors: vec![error], ..Sums::default() })
            }
        }
    }

    /// Calls the door of an account as its network would. The answer, `None` where the function died.
    pub(crate) async fn postback(&mut self, account: &str, tail: &str) -> (Option<Reply>, Disturbance) {
        let step = self.begin(format!("postback to {account}: {tail}"));
        let key = DoorKeys::new(SECRET.to_owned().into()).key_of(account);
        watch::private(watch::Private::DoorKey, &key);
        let event = Event::get(&format!("/api/sale/status.json?id={account}-{key}&{tail}"));
        let death = self.chaos.doom(CALLS_OF_POSTBACK, true);
        let call = async { Reply::of(ingest_postback::handle(&self.relay, event.request()).await.unwrap()) };
        let reply = self.chaos.mortal(death, call).await;
        (reply, self.end(&step))
    }

    /// Hands the function what waits in the queue. What it does not finish comes again.
    pub(crate) async fn work_off(&mut self) -> Disturbance {
        let messages = self.queue.receive();
        let step = self.begin(format!("{} messages of the queue", messages.len()));
        let death = self.chaos.doom(CALLS_OF_RUN, true);
        let mut context = Context::default();
        context.deadline = self.clock.now_ms() + u64::try_from(RUN.as_millis()).unwrap();
        let records: Vec<Value> = messages
            .iter()
            .enumerate()
            .map(|(number, body)| json!({"messageId": number.to_string(), "body": body, "eventSource": "aws:sqs"}))
            .collect();
        let event = LambdaEvent::new(json!({ "Records": records }), context);
        let done = self.chaos.mortal(death, poll_status::handle(&self.relay, event)).await;
        let again = match done.map(Result::unwrap) {
            Some(Outcome::Slices(failures)) => {
                failures.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
            }
            Some(other) => panic!("not the failures of a batch: {other:?}"),
            None => (0..messages.len()).map(|number| number.to_string()).collect::<Vec<_>>(),
        };
        let number = |id: &String| id.parse::<usize>().unwrap();
        self.queue.put_back(again.iter().map(|id| messages[number(id)].clone()));
        self.end(&step)
    }

    /// A newer version of the relay, which is being deployed beside this one, writes to an order what this one does not
    /// know: an attribute, and an event. Nothing happens where the order is not stored.
    pub(crate) async fn written_by_newer(&self, id: &str) {
        let order: OrderId = id.parse().unwrap();
        let event = [("t", AttributeValue::N(self.clock.now_ms().to_string())), ("k", text(NEWER)), ("s", text(NEWER))];
        let event = event.map(|(name, value)| (name.to_owned(), value)).into();
        let update = self.table.update_item().table_name("leads").key("pk", text(&shard_key(order.shard())));
        let update = update.key("sk", text(id)).condition_expression("attribute_exists(pk)");
        let update = update
            .update_expression("SET #newer = :newer, h = list_append(h, :events)")
            .expression_attribute_names("#newer", NEWER)
            .expression_attribute_values(":newer", text("kept"))
            .expression_attribute_values(":events", AttributeValue::L(vec![AttributeValue::M(event)]));
        let _ = update.send().await;
    }

    /// Whether an order that a newer version wrote to still has all of it.
    pub(crate) async fn keeps_newer(&self, id: &str) -> bool {
        let order: OrderId = id.parse().unwrap();
        let get = self.table.get_item().table_name("leads").key("pk", text(&shard_key(order.shard())));
        let item = get.key("sk", text(id)).send().await.unwrap().item.unwrap();
        let is_newer = |event: &AttributeValue| event.as_m().unwrap()["k"] == text(NEWER);
        item.get(NEWER) == Some(&text("kept")) && item["h"].as_l().unwrap().iter().any(is_newer)
    }

    pub(crate) async fn audit(&self, of: Value) -> relay::sweep::AuditAnswer {
        match task(&self.relay, &self.clock, json!({"audit": of}), RUN).await {
            Ok(TaskAnswer::Audit(answer)) => *answer,
            other => panic!("no audit: {other:?}"),
        }
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

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn process(settings: &Settings, chaos: &Arc<Chaos>, clock: &Arc<TestClock>, many: usize) -> Arc<Relay> {
    let client = network_client_over(None, Arc::new(Names(Arc::clone(chaos)))).unwrap();
    let time: Arc<dyn Clock> = Arc::<TestClock>::clone(clock);
    let transport = Transport::new(client, TIMEOUT);
    let queue = Queue::new(settings, http_client(None).unwrap(), Arc::clone(&time));
    let relay = Relay::with_parts(settings, store(settings), transport, Secrets::new(None), time);
    Arc::new(relay.with_queue(queue).with_poll_page(many))
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

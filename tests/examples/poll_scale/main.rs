//! How long, how dear and how large one full polling round is: `cargo run --release -p flows --example poll_scale -- 100000`.
//!
//! So many open orders lie in an embedded table, in ten accounts of ten real networks' shapes; a fake of all of them
//! answers each call after 200 ms. The table and the networks live in a process of their own, and orders are made by
//! another one, so that the memory told is the poller's.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

mod dictated;
mod fill;
mod memory;
mod shape;
mod world;

use std::error::Error;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orders::Meter;
use relay::Relay;
use relay::clock::{Clock, SystemClock};
use relay::secrets::Secrets;
use relay::sweep::{RunRequest, Sums};
use relay::transport::{Transport, http_client};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

type Failure = Box<dyn Error + Send + Sync>;

/// One function run.
const RUN: Duration = Duration::from_mins(15);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["world", orders, now_ms] => world::serve(orders.parse()?, now_ms.parse()?).await,
        ["fill", table, network, orders, now_ms] => fill::fill(table, network, orders.parse()?, now_ms.parse()?).await,
        ["written", table] => fill::written(table).await,
        [orders] => measure(orders.parse()?).await,
        _ => Err("tell the number of orders, such as 100000".into()),
    }
}

async fn measure(orders: u64) -> Result<(), Failure> {
    relay::telemetry::log_plain(Some(relay::settings::variable("RUST_LOG").as_deref().unwrap_or("warn")));
    let now_ms = SystemClock.now_ms();
    let (orders_text, now_text) = (orders.to_string(), now_ms.to_string());
    let mut world = child(&["world", &orders_text, &now_text])?;
    let address = told(&mut world).await?;
    let (table, network) = address.split_once(' ').ok_or("the world tells two addresses")?;
    let mut fill = child(&["fill", table, network, &orders_text, &now_text])?;
    told(&mut fill).await?;
    if !fill.wait().await?.success() {
        return Err("the table is not filled".into());
    }

    let settings = shape::settings(table)?;
    let meter = Arc::new(Meter::default());
    let client = relay::dynamodb(&settings, http_client(None)?);
    let store = orders::Store::new(client, shape::TABLE).with_meter(Arc::clone(&meter));
    let transport = Transport::new(http_client(None)?, Duration::from_secs(12));
    let relay = Relay::with_parts(&settings, store, transport, Secrets::new(None), Arc::new(SystemClock));
    // What is compiled and read once, the first connections among them, is no matter of the number of orders.
    let nothing = RunRequest { accounts: Some(Vec::new()), ..RunRequest::default() };
    relay.sweep(&nothing, deadline()).await;
    let _ = meter.take();

    let dictated = dictated::calls(orders, now_ms)?;
    let before = memory::now()?;
    println!("{orders} open orders in {} accounts; calls that the batch sizes dictate: {dictated}", shape::SLUGS.len());
    let first = round("first round", &relay, &meter).await;
    let second = round("second round, nothing has changed", &relay, &meter).await;
    let peak = memory::peak()?;
    println!("  memory: {} MB before, {} MB at the peak", before / 1024, peak / 1024);
    let mut written = child(&["written", table])?;
    let written = told(&mut written).await?;
    println!("  orders written to since they were stored: {written}; changed: {}", first.changed + second.changed);
    world.kill().await?;
    Ok(())
}

async fn round(name: &str, relay: &Relay, meter: &Meter) -> Sums {
    let began = Instant::now();
    let all = RunRequest { all: true, ..RunRequest::default() };
    let sums = relay.sweep(&all, deadline()).await;
    let (seconds, units) = (began.elapsed().as_secs_f64(), meter.take());
    println!("{name}: {seconds:.1} s");
    println!(
        "  polled {}, calls {}, changed {}, accounts left {}, errors {}",
        sums.polled,
        sums.calls,
        sums.changed,
        sums.remaining,
        sums.errors.len()
    );
    for error in &sums.errors {
        println!("  {}: {}", error.account, error.error);
    }
    println!("  units: {:.1} read, {:.1} written", units.read, units.write);
    sums
}

fn deadline() -> u64 {
    SystemClock.now_ms() + u64::try_from(RUN.as_millis()).unwrap_or(u64::MAX)
}

fn child(args: &[&str]) -> Result<Child, Failure> {
    let child = Command::new(std::env::current_exe()?).args(args).stdout(Stdio::piped()).kill_on_drop(true).spawn();
    Ok(child?)
}

/// The first line that a child prints.
async fn told(child: &mut Child) -> Result<String, Failure> {
    let out = child.stdout.take().ok_or("a child without an output")?;
    let line = BufReader::new(out).lines().next_line().await?;
    line.ok_or_else(|| "a child has ended without a word".into())
}

//! Attacks: keys that are nearly right, addresses that must not be called, values that break out of their place, and
//! floods. Each ends in a clear answer, and nothing goes where it must not.

mod addresses;
mod floods;
mod keys;
mod rotation;
mod values;

use serde_json::{Value, json};

use crate::harness::{Bench, TWO_ACCOUNTS, accepted, lead_at};

/// Two accounts, each with its offer, whose network takes everything.
async fn bench() -> Bench {
    let bench = Bench::configured(TWO_ACCOUNTS).await;
    bench.network.otherwise(|_| accepted());
    bench
}

fn lead() -> Value {
    lead_at("tea")
}

/// Neither was a network called nor an order stored.
async fn nothing_happened(bench: &Bench) {
    assert_eq!(bench.network.take(), []);
    assert_eq!(bench.read("/orders").await.expect(200)["orders"], json!([]));
}

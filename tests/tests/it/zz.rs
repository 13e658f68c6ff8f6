use crate::harness::Bench;
use std::time::Instant;
#[tokio::test]
async fn timing() {
    let t = Instant::now();
    for _ in 0..20 { std::hint::black_box(relay::transport::http_client(None).unwrap()); }
    println!("clients {:?}", t.elapsed() / 20);
    let t = Instant::now();
    for _ in 0..20 { std::hint::black_box(Bench::new().await); }
    println!("bench {:?}", t.elapsed() / 20);
    let b = Bench::new().await;
    let t = Instant::now();
    for _ in 0..20 { b.store.put_config("x", "y").await.unwrap(); }
    println!("put {:?}", t.elapsed() / 20);
    let t = Instant::now();
    for _ in 0..20 { b.read("/orders").await; }
    println!("list {:?}", t.elapsed() / 20);
    let t = Instant::now();
    for _ in 0..20 { b.read("/orders/x").await; }
    println!("read {:?}", t.elapsed() / 20);
}

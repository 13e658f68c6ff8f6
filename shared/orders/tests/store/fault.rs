//! What no emulator does: throttling, lost answers, half-answered batches. A small server in front plays them.

use std::sync::{Arc, Mutex};

use orders::{Inserted, Recorded, Store, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::engine::{client, embedded_url};
use crate::given::{ACCOUNT, START, delivery, id, order, read};

/// What the server does with one request.
#[derive(Clone)]
enum Act {
    /// Answers with this status and body.
    Answer(u16, String),
    /// Hands it on, and hangs up instead of passing the answer back.
    LoseAnswer,
    /// Hands it on, and passes the answer back.
    Pass,
}

/// A server that acts as the script says, then passes everything; and the bodies it saw.
struct Front {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

async fn front(script: Vec<Act>) -> Front {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let bodies = Arc::clone(&seen);
    tokio::spawn(async move {
        let mut script = script.into_iter();
        // One request a connection.
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = message(&mut stream).await;
            bodies.lock().unwrap().push(request.split_once("\r\n\r\n").unwrap().1.to_owned());
            match script.next().unwrap_or(Act::Pass) {
                Act::Answer(status, body) => answer(&mut stream, status, &body).await,
                Act::LoseAnswer => drop(hand_on(&request).await),
                Act::Pass => stream.write_all(hand_on(&request).await.as_bytes()).await.unwrap(),
            }
        }
    });
    Front { url, seen }
}

async fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\n");
    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
}

async fn hand_on(request: &str) -> String {
    let mut engine = TcpStream::connect(embedded_url().trim_start_matches("http://")).await.unwrap();
    engine.write_all(request.as_bytes()).await.unwrap();
    message(&mut engine).await.replacen("\r\n", "\r\nconnection: close\r\n", 1)
}

/// One HTTP message with a length.
async fn message(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return text;
        }
    }
}

fn refusal(code: &str) -> Act {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
    Act::Answer(400, format!(r#"{{"__type":"{kind}","message":"secret +48500100200"}}"#))
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

/// A store on a fresh table of the engine, reached through the front. The client tries each call so often.
async fn behind(script: Vec<Act>, attempts: u32, table: &str) -> (Store, Front) {
    let table = format!("{table}-{}", std::process::id());
    orders::schema::create_table(&client(embedded_url(), 1), &table).await.unwrap();
    let front = front(script).await;
    (Store::new(client(&front.url, attempts), table), front)
}

#[test]
fn throttling_and_server_errors_are_busy() {
    run(async {
        let codes = [
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "RequestLimitExceeded",
            "InternalServerError",
        ];
        let script = codes.map(refusal).into_iter().chain([Act::Answer(500, String::new()), Act::LoseAnswer]).collect();
        let (store, _front) = behind(script, 1, "busy").await;
        for _ in 0..6 {
            let error = store.insert(&order(id(START, 1))).await.unwrap_err();
            assert!(error.is_busy(), "{error:?}");
        }
    });
}

#[test]
fn other_refusals_have_failed_and_quote_nothing() {
    run(async {
        let script =
            ["ValidationException", "ResourceNotFoundException", "AccessDeniedException"].map(refusal).to_vec();
        let (store, _front) = behind(script, 1, "failed").await;
        for code in ["ValidationException", "ResourceNotFoundException", "AccessDeniedException"] {
            let error = store.get(&id(START, 1)).await.unwrap_err();
            assert_eq!(error, StoreError::Failed { operation: "get", code: code.into() });
            assert!(!format!("{error:?} {error}").contains("500100200"));
        }
    });
}

#[test]
fn a_lost_answer_is_not_written_twice() {
    run(async {
        let (store, _front) = behind(vec![Act::LoseAnswer, Act::Pass, Act::LoseAnswer, Act::Pass], 3, "lost").await;
        let new = order(id(START, 1));
        let inserted = store.insert(&new).await.unwrap();
        assert!(matches!(inserted, Inserted::Exists(_)), "it is stored, and a run will find it: {inserted:?}");
        let recorded = store.record_delivery(ACCOUNT, &new.id, &delivery("812001", START + 400)).await.unwrap();
        assert!(matches!(recorded, Recorded::Already(_)), "{recorded:?}");
        assert_eq!(read(&store, &new.id).await.history.len(), 2);
    });
}

#[test]
fn unprocessed_keys_are_asked_for_again() {
    run(async {
        let table = format!("unprocessed-{}", std::process::id());
        let document = |name: &str| format!(r#"{{"pk":{{"S":"config"}},"sk":{{"S":"{name}"}},"d":{{"S":"{{}}"}}}}"#);
        let key = r#"{"pk":{"S":"config"},"sk":{"S":"offer#b"}}"#;
        let half = format!(
            r#"{{"Responses":{{"{table}":[{}]}},"UnprocessedKeys":{{"{table}":{{"Keys":[{key}]}}}}}}"#,
            document("offer#a")
        );
        let rest = format!(r#"{{"Responses":{{"{table}":[{}]}},"UnprocessedKeys":{{}}}}"#, document("offer#b"));
        let (store, front) =
            behind(vec![Act::Answer(200, half.clone()), Act::Answer(200, rest)], 1, "unprocessed").await;
        let got = store.get_config(&["offer#a", "offer#b", "offer#c"]).await.unwrap();
        assert_eq!(got, [Some("{}".to_owned()), Some("{}".to_owned()), None]);
        let seen = front.seen.lock().unwrap().clone();
        assert!(seen.len() == 2 && !seen[1].contains("offer#a") && seen[1].contains("offer#b"), "{seen:?}");

        let (store, _front) = behind(vec![Act::Answer(200, half); 20], 1, "unprocessed").await;
        assert!(store.get_config(&["offer#a", "offer#b"]).await.unwrap_err().is_busy());
    });
}

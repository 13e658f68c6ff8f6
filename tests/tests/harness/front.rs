//! A server before the table that does what no emulator does: it turns calls away, loses answers, is late.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one call of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out and answered.
    Pass,
    /// It is carried out twice, as by a client that asks again; the second answer is passed on.
    Twice,
    /// It is turned away with an HTTP status and an error of this name.
    Refuse(u16, &'static str),
    /// The connection is reset, and nothing is carried out.
    Reset,
    /// Nothing is carried out or answered, and the connection stays open.
    Hang,
    /// It is carried out, and the connection is reset instead of an answer.
    LoseAnswer,
    /// It is carried out, and the connection is reset in the middle of the answer.
    CutAnswer,
    /// The connection is reset, and it is carried out after so many other calls.
    Late(usize),
}

/// Calls that are still to be carried out: after so many others, and the request.
type Late = Mutex<Vec<(usize, Vec<u8>)>>;

type Decide = Arc<dyn Fn(&str) -> Fate + Send + Sync>;

/// Starts a front before the engine at a URL, and returns its own. `decide` is told the operation (`PutItem`) of each
/// call. It ends with its runtime.
pub(crate) async fn front(engine: &str, decide: impl Fn(&str) -> Fate + Send + Sync + 'static) -> String {
    let engine: Arc<str> = engine.trim_start_matches("http://").into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (decide, late): (Decide, Arc<Late>) = (Arc::new(decide), Arc::default());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&engine), Arc::clone(&decide), Arc::clone(&late)));
        }
    });
    url
}

/// One request a connection.
async fn serve(mut stream: TcpStream, engine: Arc<str>, decide: Decide, late: Arc<Late>) {
    // A connection that is closed before an answer was written is reset.
    let _ = stream.set_zero_linger();
    let Some(request) = message(&mut stream).await else { return };
    let operation = operation(&request);
    for due in due(&late) {
        hand_on(&engine, &due).await;
    }
    match decide(&operation) {
        Fate::Pass => answer(stream, &hand_on(&engine, &request).await).await,
        Fate::Twice => {
            hand_on(&engine, &request).await;
            answer(stream, &hand_on(&engine, &request).await).await;
        }
        Fate::Refuse(status, code) => answer(stream, &refusal(status, code)).await,
        Fate::Reset => {}
        Fate::Hang => {
            let _ = stream.read(&mut [0]).await;
        }
        Fate::LoseAnswer => drop(hand_on(&engine, &request).await),
        Fate::CutAnswer => {
            let whole = hand_on(&engine, &request).await;
            let _ = stream.write_all(&whole[..whole.len() / 2]).await;
        }
        Fate::Late(after) => late.lock().unwrap().push((after, request)),
    }
}

/// The late calls whose time has come.
fn due(late: &Late) -> Vec<Vec<u8>> {
    let mut late = late.lock().unwrap();
    late.iter_mut().for_each(|(after, _)| *after = after.saturating_sub(1));
    late.extract_if(.., |(after, _)| *after == 0).map(|(_, request)| request).collect()
}

/// From a header such as `x-amz-target: DynamoDB_20120810.PutItem`.
fn operation(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    let target = text.lines().find(|line| line.to_ascii_lowercase().starts_with("x-amz-target:"));
    target.and_then(|target| target.rsplit('.').next()).unwrap_or_default().trim().to_owned()
}

fn refusal(status: u16, code: &str) -> Vec<u8> {
    let reasons = match code {
        "TransactionCanceledException" => r#","CancellationReasons":[{"Code":"TransactionConflict"},{"Code":"None"}]"#,
        _ => "",
    };
    let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"of a test"{reasons}}}"#);
    let head = format!("HTTP/1.1 {status} Refused\r\ncontent-type: application/x-amz-json-1.0\r\n");
    format!("{head}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn hand_on(engine: &str, request: &[u8]) -> Vec<u8> {
    let mut engine = TcpStream::connect(engine).await.unwrap();
    engine.write_all(request).await.unwrap();
    let answer = message(&mut engine).await.unwrap();
    let first = answer.windows(2).position(|window| window == b"\r\n").unwrap_or_default();
    [&answer[..first], b"\r\nconnection: close", &answer[first..]].concat()
}

/// Answers and ends the connection in order.
async fn answer(mut stream: TcpStream, answer: &[u8]) {
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
    // Until the other side has read it all.
    while stream.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
}

/// One whole HTTP message with a length.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            if bytes.len() >= end + 4 + length.map_or(0, |length| length.trim().parse().unwrap()) {
                return Some(bytes);
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

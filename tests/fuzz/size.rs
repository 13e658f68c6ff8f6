//! Bodies as large and as deep as they may be: read in a time that grows with them and no faster.

use std::time::{Duration, Instant};

use lead::{parse_form, parse_json};
use networks::{HttpReply, catalog};
use relay::BODY_BYTES;
use relay::transport::REPLY_BYTES;

/// For one reader and one body, unoptimised and on a busy machine. A reader whose time grows with the square of its
/// body takes minutes.
const LIMIT: Duration = Duration::from_secs(5);

/// Bodies of so many bytes, each a strain of its own.
fn strains(bytes: usize) -> Vec<String> {
    let repeated = |piece: &str| piece.repeat(bytes / piece.len() - 1);
    let list = |piece: &str| format!("[{}null]", repeated(piece));
    let numbered = |piece: &str, separator: &str| {
        let pieces = (0..bytes / (piece.len() + 6)).map(|number| piece.replace('#', &number.to_string()));
        pieces.collect::<Vec<_>>().join(separator)
    };
    vec![
        repeated("["),
        format!("{}{}", "[".repeat(bytes / 2), "]".repeat(bytes / 2)),
        repeated("{\"data\":"),
        format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100)),
        list("1,"),
        list("{\"id\":1,\"status\":\"new\"},"),
        list("[[]],"),
        format!("{{\"message\":\"{}\"}}", repeated("\\u0041")),
        format!("{{\"error\":[{}\"\"]}}", repeated("\"a\",")),
        format!("{{\"id\":{}}}", repeated("9")),
        format!("{{\"id\":0.{}1}}", repeated("0")),
        format!("{{{}}}", numbered("\"k#\":1", ",")),
        format!("{{{}\"name\":1}}", repeated("\"name\":1,")),
        numbered("k#=1", "&"),
        repeated("name=a&"),
        repeated("params[a]=1&"),
        numbered("params[p#]=1", "&"),
        repeated("%41"),
        repeated("\u{0}"),
    ]
}

#[test]
fn answers_at_their_limit_are_read_in_time() {
    for body in strains(REPLY_BYTES) {
        for network in catalog::all() {
            let start = Instant::now();
            let reply = HttpReply::new(200, body.clone());
            let _ = (network.read_submission(&reply, None), network.read_statuses(&reply), network.read_before(&reply));
            assert!(start.elapsed() < LIMIT, "{}: {:?} for {:.40}", network.slug(), start.elapsed(), body);
        }
    }
}

#[test]
fn bodies_at_their_limit_are_read_in_time() {
    for body in strains(BODY_BYTES) {
        let start = Instant::now();
        for intake in [parse_json(body.as_bytes()), parse_form(body.as_bytes())].into_iter().flatten() {
            assert!(intake.to_lead(None).is_err());
        }
        assert!(start.elapsed() < LIMIT, "{:?} for {:.40}", start.elapsed(), body);
    }
}

//! Laws of answers: what proves nothing to any network, whatever its contract.

use std::fs;

use networks::case::Case;
use networks::{HttpReply, Network, PollFailure, Rest, Submission};

use super::{folder, of_each};

const PAGE: &str = "<!doctype html><html><title>Maintenance</title><body>{\"id\":1,\"status\":\"ok\"}</body></html>";

/// Answers of HTTP 2xx that have no sign of any contract.
const SAYING_NOTHING: [(u16, &str); 18] = [
    (200, ""),
    (200, " \r\n"),
    (200, PAGE),
    (200, "<?xml version=\"1.0\"?><id>1</id>"),
    (200, "{}"),
    (200, "[]"),
    (200, "[{}]"),
    (200, "null"),
    (200, "true"),
    (200, "\"ok\""),
    (200, "ok"),
    (200, "Warning: mysqli_connect() failed"),
    (200, r#"{"message":"back soon","retry":true}"#),
    (200, r#"{"status":"maintenance","title":"back soon"}"#),
    (200, r#"{"result":"queued","type":"about:blank"}"#),
    (201, ""),
    (202, "{}"),
    (204, ""),
];

/// Answers of HTTP 2xx that speak of an error.
const SPEAKING_OF_AN_ERROR: [&str; 8] = [
    r#"{"error":"try later"}"#,
    r#"{"errors":["try later"]}"#,
    r#"{"error":{"message":"try later"}}"#,
    r#"{"success":false}"#,
    r#"{"status":"error"}"#,
    r#"{"ok":false,"error_code":503,"description":"x"}"#,
    r#"{"result":"error","message":"try later"}"#,
    r#"{"code":500,"message":"Internal error"}"#,
];

const CODES: [u16; 34] = [
    300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 422, 423, 425, 429,
    500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 530,
];

/// Bodies that say nothing of a lead.
const BARE: [&str; 6] = ["", PAGE, "{}", "[]", "null", r#"{"message":"back soon"}"#];

fn verdict(network: &Network, status: u16, body: &str) -> Submission {
    network.read_submission(&HttpReply::new(status, body), Some("5b1c77e0a94f4"))
}

fn with_contract(network: &Network) -> bool {
    network.can_submit()
}

/// Whether the contract says what a code alone means.
fn code_has_a_meaning(network: &Network, status: u16) -> bool {
    let Some(submit) = &network.manifest().submit else { return false };
    let mut conditions = submit.reply.duplicate.iter().chain(&submit.reply.bad_phone).chain(&submit.reply.refused);
    conditions.any(|condition| {
        condition.means.is_some() && condition.http.get_ref().iter().any(|code| code.0 == status.to_string())
    })
}

/// The answers of the network's own cases that are a delivery.
fn acceptances(network: &Network) -> Vec<String> {
    let files = fs::read_dir(folder(network).join("cases")).unwrap().map(|entry| entry.unwrap().path());
    let cases = files.map(|file| Case::parse("case", &fs::read_to_string(file).unwrap()).unwrap());
    let delivered = cases.filter(|case| case.then.delivery.as_deref() == Some("delivered"));
    delivered.filter_map(|case| case.receives.last().map(|received| received.body.clone())).collect()
}

#[test]
fn what_has_no_sign_of_the_contract_proves_nothing() {
    of_each("an answer without a word of the contract that counts", |network| {
        let said = SAYING_NOTHING.into_iter().filter(|_| with_contract(network));
        said.filter_map(|(status, body)| match verdict(network, status, body) {
            Submission::Unclear { .. } => None,
            other => Some(format!("HTTP {status} `{body}` is {other:?}")),
        })
        .collect()
    });
}

#[test]
fn an_error_is_never_a_delivery() {
    of_each("an error that counts as taken", |network| {
        let mut wrong = Vec::new();
        for status in [200, 201, 202] {
            for body in SPEAKING_OF_AN_ERROR {
                if let Submission::Delivered(taken) = verdict(network, status, body) {
                    wrong.push(format!("HTTP {status} `{body}` is {taken:?}"));
                }
            }
        }
        wrong
    });
}

#[test]
fn a_bare_code_refuses_nothing_and_delivers_nothing() {
    of_each("a code that decides by itself", |network| {
        let mut wrong = Vec::new();
        for status in CODES.into_iter().filter(|_| with_contract(network)) {
            for body in BARE {
                let is_right = match (verdict(network, status, body), Rest::of_code(status)) {
                    (Submission::Refused { .. }, _) => code_has_a_meaning(network, status) && body != PAGE,
                    (Submission::NotTaken { rest, .. }, wanted) => wanted.is_some() && rest == wanted,
                    (Submission::Unclear { .. }, wanted) => wanted.is_none(),
                    (Submission::Delivered(_), _) => false,
                };
                if !is_right {
                    wrong.push(format!("HTTP {status} `{body}` is {:?}", verdict(network, status, body)));
                }
            }
        }
        wrong
    });
}

#[test]
fn a_success_counts_with_2xx_alone_and_without_an_error_beside_it() {
    of_each("a success that counts where it cannot", |network| {
        let mut wrong = Vec::new();
        for body in acceptances(network) {
            for status in CODES {
                if let Submission::Delivered(_) = verdict(network, status, &body) {
                    wrong.push(format!("HTTP {status} `{body}`"));
                }
            }
            let beside = network.manifest().submit.as_ref().is_some_and(|submit| submit.reply.error_beside_success);
            if let Some(members) = body.trim_start_matches('\u{feff}').strip_prefix('{').filter(|_| !beside) {
                let body = format!(r#"{{"error_message":"no such flow",{members}"#);
                if let Submission::Delivered(_) = verdict(network, 200, &body) {
                    wrong.push(body);
                }
            }
        }
        wrong
    });
}

#[test]
fn a_redirect_is_no_answer_to_a_lead() {
    of_each("a redirect that counts", |network| {
        let bodies = acceptances(network).into_iter().chain([PAGE.to_owned(), String::new()]);
        let answers = bodies.flat_map(|body| [301, 302, 303, 307, 308].map(|status| (status, body.clone())));
        let verdicts = answers.map(|(status, body)| verdict(network, status, &body));
        verdicts.filter(|verdict| !matches!(verdict, Submission::Unclear { .. })).map(|v| format!("{v:?}")).collect()
    });
}

#[test]
fn too_many_calls_is_not_taken_whatever_it_says() {
    of_each("HTTP 429 that is something else", |network| {
        let bodies = SPEAKING_OF_AN_ERROR.into_iter().chain(BARE).filter(|_| with_contract(network));
        let verdicts = bodies.map(|body| verdict(network, 429, body));
        verdicts
            .filter(|verdict| !matches!(verdict, Submission::NotTaken { rest: Some(Rest::Limit), .. }))
            .map(|verdict| format!("{verdict:?}"))
            .collect()
    });
}

/// Answers to a status call in which there are no rows, though some look like it.
const NO_ROWS: [&str; 17] = [
    "",
    PAGE,
    "ok",
    "null",
    "7",
    "\"ok\"",
    r#"{"error":"bad token"}"#,
    r#"{"status":"error","msg":"bad token"}"#,
    r#"{"error":"bad token","data":[],"leads":[],"response":[],"result":[],"objects":[],"statuses":[]}"#,
    r#"{"errors":{"token":{"text":"bad"}}}"#,
    r#"{"message":"Unauthenticated."}"#,
    r#"{"data":"bad token","leads":"x","response":"x","result":"x","objects":"x","statuses":"x"}"#,
    r#"{"data":{"error":"bad token"},"response":{"error":"x"},"result":{"error":"x"},"leads":{"error":"x"}}"#,
    r#"["bad token"]"#,
    r#"[{"error":"bad token"}]"#,
    r"[[]]",
    r#"{"success":false,"message":"bad token"}"#,
];

#[test]
fn an_answer_without_rows_is_a_failed_call_and_no_empty_list() {
    of_each("a failed status call that is read as a list", |network| {
        let bodies = NO_ROWS.into_iter().filter(|_| network.can_poll());
        let read = bodies.filter_map(|body| match network.read_statuses(&HttpReply::new(200, body)) {
            Err(PollFailure::Unreadable | PollFailure::Refused(_)) => None,
            other => Some(format!("`{body}` is {other:?}")),
        });
        read.collect()
    });
}

#[test]
fn an_empty_list_of_the_contract_stays_empty() {
    of_each("an empty list that is a failed call", |network| {
        let Some(poll) = &network.manifest().poll else { return Vec::new() };
        if poll.rows.single {
            return Vec::new();
        }
        let places = if poll.rows.at.0.is_empty() { vec![String::new()] } else { poll.rows.at.0.clone() };
        let bodies = places.iter().map(|place| {
            let members: Vec<&str> = place.split('/').skip(1).collect();
            members.iter().rev().fold("[]".to_owned(), |inner, member| format!(r#"{{"{member}":{inner}}}"#))
        });
        let read = bodies.map(|body| (network.read_statuses(&HttpReply::new(200, body.clone())), body));
        read.filter(|(read, _)| *read != Ok(Vec::new())).map(|(read, body)| format!("`{body}` is {read:?}")).collect()
    });
}

#[test]
fn a_status_call_that_is_not_let_in_is_a_matter_of_the_account_whatever_its_body_says() {
    of_each("a code of the account that is read as an answer", |network| {
        let told = NO_ROWS.into_iter().filter(|_| network.can_poll()).flat_map(|body| {
            [401, 403, 500, 503].map(|code| (code, body, network.read_statuses(&HttpReply::new(code, body))))
        });
        told.filter(|(code, _, read)| *read != Err(PollFailure::Http(*code)))
            .map(|(code, body, read)| format!("HTTP {code} with `{body}` is {read:?}"))
            .collect()
    });
}

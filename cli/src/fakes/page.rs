//! A page that lists the fakes.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Html;

use super::server::Fakes;

const HEAD: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>Fake networks</title>
<style>body{font:15px/1.5 sans-serif;margin:2rem;max-width:60rem}table{border-collapse:collapse;width:100%}
td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #ddd}pre{background:#f4f4f4;padding:.6rem}</style>
<h1>Fake networks</h1>"#;

const HOW: &str = r#"<p>What a fake answers next, and what becomes of an order:</p>
<pre>curl --json '{"case": "refused"}' THIS/control/SLUG
curl --json '{"fault": "lost-answer", "times": 2}' THIS/control/SLUG
curl --json '{"fault": "500", "call": "poll", "times": 0}' THIS/control/SLUG
curl --json '{"status": "approve"}' THIS/control/SLUG/orders/ORDER
curl --json '{"status": "approve", "postback": true, "door": "http://127.0.0.1:3000/api/sale/status.json?id=ACCOUNT-KEY"}' \
  THIS/control/SLUG/orders/ORDER</pre>
<p>Faults: refuse, reset, 500 (nothing is taken), timeout, lost-answer, broken-json (the lead is taken).
A case is any file of the network's cases that has an answer.</p>"#;

/// `GET /`.
pub(super) async fn show(State(fakes): State<Arc<Fakes>>, headers: HeaderMap) -> Html<String> {
    let mut page = HEAD.to_owned();
    page.push_str("<table><tr><th>network<th>leads<th>violations<th>answers a lead with</tr>");
    for fake in fakes.all() {
        let (leads, violations, next) = fake.counts();
        let (name, slug) = (escaped(fake.network.name()), escaped(fake.network.slug()));
        let next = escaped(&next);
        // Writing to a text cannot fail.
        let _ = write!(
            page,
            "<tr><td><a href=\"/control/{slug}\">{name}</a> <code>/{slug}</code><td>{leads}<td>{violations}<td>{next}</tr>"
        );
    }
    page.push_str("</table>");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    page.push_str(&HOW.replace("THIS", &escaped(&format!("http://{host}"))));
    Html(page)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

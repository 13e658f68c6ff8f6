//! Status words as the door meets them: each row of `status_cases.csv` through `read_postback`.
//!
//! Columns: a network's slug or `*` for the general dictionary alone; the URL's own lists (`stt=reject`, and
//! `reason=7` where the URL tells it); the word as it stands in the URL; the status or `unmapped`; the reason, empty
//! for none; and where the row comes from.

use std::path::Path;

use lead::Reason;
use networks::{DoorParams, StatusReading, catalog, read_postback};

const COLUMNS: [&str; 7] = ["id", "network", "override", "raw", "expect", "reason", "basis"];

#[test]
fn every_status_case_is_read_as_it_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/status_cases.csv");
    let mut table = csv::Reader::from_path(file).unwrap();
    assert_eq!(table.headers().unwrap(), COLUMNS.as_slice());
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in table.records() {
        let row = row.unwrap();
        rows += 1;
        let [id, network, lists, raw, expect, reason, _] = [0, 1, 2, 3, 4, 5, 6].map(|column| &row[column]);
        let of_network = catalog::find(network);
        if of_network.is_none() && network != "*" {
            wrong.push(format!("{id}: the catalogue has no network `{network}`"));
            continue;
        }
        let mut params = DoorParams::default();
        let query = format!("oid=01kb2h8z40x0000000000000c1&status={raw}&{lists}");
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            params.add(&name, &value);
        }
        let report = read_postback(of_network, &params).unwrap();
        let status = match &report.reading {
            StatusReading::Known { status, .. } => status.to_string(),
            StatusReading::Unmapped { .. } => "unmapped".to_owned(),
        };
        let told = report.reason.map(Reason::code).map(|code| code.to_string()).unwrap_or_default();
        if (status.as_str(), told.as_str()) != (expect, reason) {
            wrong.push(format!("{id}: `{raw}` with `{lists}` is {expect} {reason}, was read as {status} {told}"));
        }
    }
    assert!(rows >= 85, "only {rows} rows");
    assert!(wrong.is_empty(), "{} of {rows} rows:\n{}", wrong.len(), wrong.join("\n"));
}

//! What the fakes say of statuses: rows and postbacks of every network of the catalogue.

use lead::Status;
use url::Url;

use super::judge_with;
use crate::fake::{FakeOrder, News, Saying, Step, postback_tail, settings, statuses_answer};
use crate::manifest::Asks;
use crate::{PollInput, Settings, StatusReading, catalog};

#[test]
fn every_poll_the_engine_sends_is_expected_and_its_answer_reads_as_the_status_that_was_set() {
    for network in catalog::all().filter(|network| network.can_submit() && network.can_poll()) {
        let slug = network.slug();
        let known = Settings::from_pairs(settings(network));
        let base = Url::parse("http://127.0.0.1:1").unwrap();
        let ids = ["01kb2h8z40x0000000000000c1".to_owned()];
        let by_time = network.asks() == Some(Asks::Window);
        let ids = if by_time { &ids[..0] } else { &ids[..] };
        let window = by_time.then_some((1_700_000_000, 1_700_086_400));
        let request =
            network.poll_request(&PollInput { settings: &known, ids, window, base_url: Some(&base) }).unwrap();
        let verdict = judge_with(network, &request, &known);
        assert_eq!(verdict.violations, Vec::<String>::new(), "{slug}");
        assert_eq!(verdict.step, Some(Step::Poll), "{slug}");
        assert_eq!(verdict.ids, ids, "{slug}");
        assert_eq!(verdict.window, (window.map(|w| w.0), window.map(|w| w.1)), "{slug}");
        for status in [Status::Wait, Status::Approve, Status::Cancel, Status::Trash] {
            let saying = Saying::of_status(network, status).unwrap_or_else(|| panic!("{slug} cannot say {status}"));
            let order = FakeOrder {
                our_id: Some("01kb2h8z40x0000000000000c1".to_owned()),
                network_id: Some("80123".to_owned()),
                saying,
            };
            let rows = network.read_statuses(&statuses_answer(network, &[&order]).unwrap()).unwrap();
            assert_eq!(rows.len(), 1, "{slug}");
            assert!(
                matches!(rows[0].reading, StatusReading::Known { status: found, .. } if found == status),
                "{slug}: {status}: {:?}",
                rows[0]
            );
        }
    }
}

#[test]
fn every_network_with_postbacks_can_tell_an_approval_and_a_refusal() {
    for network in catalog::all().filter(|network| !network.manifest().postbacks.is_empty()) {
        let order = FakeOrder {
            our_id: Some("01kb2h8z40x0000000000000c1".to_owned()),
            network_id: Some("80123".to_owned()),
            saying: Saying::of_word("new"),
        };
        for status in [Status::Approve, Status::Cancel] {
            let tail = postback_tail(network, &order, News::Status(status));
            let tail = tail.unwrap_or_else(|| panic!("{}: no postback says {status}", network.slug()));
            let named = tail.contains("oid=01kb2h8z40x0000000000000c1") || tail.contains("eid=80123");
            assert!(named && !tail.contains("id=%7Baccount"), "{}: {tail}", network.slug());
            assert!(!tail.contains("double"), "{}: a reason nobody asked for: {tail}", network.slug());
        }
    }
}

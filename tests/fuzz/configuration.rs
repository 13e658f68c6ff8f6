//! Configuration files.

use std::collections::BTreeMap;

use relay::config::{self, Account, Client, Offer, Parsed};

use crate::mutation::{Draw, bent_seed, seeds};

/// Every key and setting of the seeds that is written out.
const SECRET: &str = "s3cret-of-main-0123456789";

#[test]
fn configurations() {
    let seeds = seeds("configuration");
    for seed in &seeds {
        let text = String::from_utf8(seed.clone()).unwrap();
        if let Err(error) = config::parse("leadrelay.toml", &text, &BTreeMap::new()) {
            panic!("{error}");
        }
    }
    bolero::check!()
        .with_iterations(2_500)
        .with_max_len(1_500)
        .for_each(|bytes| check(&bent_seed(&seeds, &mut Draw::new(bytes))));
}

fn check(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    match config::parse("leadrelay.toml", &text, &BTreeMap::new()) {
        Ok(parsed) => check_parsed(&parsed),
        Err(error) => {
            assert!(!error.problems.is_empty());
            for problem in &error.problems {
                assert!(problem.line >= 1 && problem.line <= text.lines().count() + 1, "{problem}");
                assert!(problem.column >= 1 && !problem.message.is_empty(), "{problem}");
            }
            if in_their_places(&text) {
                assert!(!error.to_string().contains(SECRET), "{error}");
            }
        }
    }
}

/// Whether every secret still stands behind a key for secrets. What is written in another place is no secret to anyone
/// who reads the file.
fn in_their_places(text: &str) -> bool {
    let lines = text.lines().filter(|line| line.contains(SECRET));
    lines.into_iter().all(|line| ["api = ", "key = ", "secret = "].iter().any(|key| line.starts_with(key)))
}

/// What is stored reads back as what was checked.
fn check_parsed(parsed: &Parsed) {
    let Ok(documents) = parsed.documents(|key| Ok(key.to_owned())) else { return };
    for (name, account) in &parsed.accounts {
        assert_eq!(&serde_json::from_str::<Account>(&documents[&config::account_document(name)]).unwrap(), account);
        if let Some(url) = &account.base_url {
            let host = url.host_str().unwrap();
            assert!(
                url.scheme() == "https" || ["127.", "[::1]", "localhost"].iter().any(|it| host.starts_with(it)),
                "{url}"
            );
        }
    }
    for (name, offer) in &parsed.offers {
        assert_eq!(&serde_json::from_str::<Offer>(&documents[&config::offer_document(name)]).unwrap(), offer);
        assert!(parsed.accounts.contains_key(&offer.account));
    }
    let clients = documents.iter().filter(|(name, _)| name.starts_with("client#"));
    let clients: Vec<Client> = clients.map(|(_, text)| serde_json::from_str(text).unwrap()).collect();
    assert!(parsed.clients.iter().all(|(_, client)| clients.contains(client)));
    assert!(clients.iter().all(|client| !client.publishable || !client.may_use("anything")));
}

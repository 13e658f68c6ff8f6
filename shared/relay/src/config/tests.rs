//! A configuration that is right, and what is said of those that are not.

use std::collections::BTreeMap;
use std::sync::Arc;

use networks::Network;

use super::*;

const RIGHT: &str = r#"
[accounts.adcombo-main]
network = "adcombo"
api = "env:ADCOMBO_API"

[accounts.m1]
network = "m1shop"
user = 4041
api = "ssm:/leadrelay/m1/api"
base_url = "http://127.0.0.1:9901"

[offers.slim-tea-pl]
account = "adcombo-main"
country = "pl"
adcombo = 22456
thanks_url = "https://shop.example/thanks"

[offers.watch]
account = "m1"
m1 = "17"

[clients.site-a]
key = "env:SITE_A_KEY"

[clients.page]
key = "pk-0123456789abcdef"
publishable = true
offers = ["watch"]
origins = ["https://shop.example"]
"#;

fn problems(text: &str) -> Vec<String> {
    match parse("leadrelay.toml", text, &BTreeMap::new()) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let shown =
                |problem: &networks::Problem| format!("{}:{}: {}", problem.line, problem.column, problem.message);
            error.problems.iter().map(shown).collect()
        }
    }
}

#[test]
fn a_right_configuration_is_read_whole() {
    let parsed = parse("leadrelay.toml", RIGHT, &BTreeMap::new()).unwrap();
    assert_eq!(parsed.accounts["m1"].settings["user"], "4041");
    assert_eq!(parsed.accounts["m1"].base_url.as_ref().map(Url::as_str), Some("http://127.0.0.1:9901/"));
    let tea = &parsed.offers["slim-tea-pl"];
    assert_eq!(tea.params["adcombo"], "22456");
    assert_eq!(tea.country.map(|country| country.to_string()).as_deref(), Some("PL"));
    assert_eq!(parsed.literal_secrets, ["clients.page.key"]);
    let (_, page) = &parsed.clients[1];
    assert!(page.may(Scope::Send) && !page.may(Scope::Read));
    assert!(page.may_use("watch") && !page.may_use("slim-tea-pl"));
    let (_, site) = &parsed.clients[0];
    assert!(site.may(Scope::Send) && site.may(Scope::Read) && !site.may(Scope::Admin) && site.may_use("anything"));
}

#[test]
fn documents_hold_hashes_of_keys_and_never_the_keys() {
    let parsed = parse("leadrelay.toml", RIGHT, &BTreeMap::new()).unwrap();
    let documents = parsed.documents(|reference| Ok(format!("key of {reference}"))).unwrap();
    assert_eq!(documents.len(), 6);
    assert!(documents.contains_key(&client_document(&crate::keys::hash_of_key("key of env:SITE_A_KEY"))));
    assert!(!documents.values().any(|document| document.contains("key of") || document.contains("pk-0123")));
    let account: Account = serde_json::from_str(&documents["account#m1"]).unwrap();
    assert_eq!(account, parsed.accounts["m1"]);
}

#[test]
fn two_clients_with_one_key_are_refused() {
    let parsed = parse("leadrelay.toml", RIGHT, &BTreeMap::new()).unwrap();
    let error = parsed.documents(|_| Ok("the same".to_owned())).unwrap_err();
    assert_eq!(error, "clients.page.key: another client has the same key");
}

#[test]
fn a_missing_setting_and_a_missing_parameter_are_named_with_what_they_are() {
    let found = problems("[accounts.a]\nnetwork = \"adcombo\"\n\n[offers.o]\naccount = \"a\"\n");
    assert_eq!(
        found,
        [
            "1:11: accounts.a: `api` is missing: token from the personal account (network adcombo)",
            "4:9: offers.o: `adcombo` is missing: offer ID (network adcombo)",
        ]
    );
}

#[test]
fn wrong_names_suggest_the_right_ones() {
    let found = problems(
        "[account.a]\n[accounts.b]\nnetwork = \"adcomb\"\n[accounts.c]\nnetwork = \"adcombo\"\napi = \"env:A\"\napy = 1\n[offers.o]\naccount = \"d\"\n[clients.k]\nkey = \"env:K\"\noffers = [\"p\"]\n",
    );
    assert_eq!(found.len(), 5, "{found:#?}");
    assert_eq!(found[0], "1:2: unknown key `account`, expected one of `accounts`, `offers`, `clients`, `networks`");
    assert_eq!(found[1], "3:11: `adcomb` is no network (did you mean `adcombo`?); `leadrelay networks` lists them");
    assert_eq!(
        found[2],
        "7:1: unknown key `apy` (did you mean `api`?); network adcombo has `network`, `base_url`, `poll`, `calls_per_minute`, `api`"
    );
    assert_eq!(found[3], "9:11: there is no account `d`");
    assert_eq!(found[4], "12:10: there is no offer `p`");
}

#[test]
fn an_offer_of_a_network_without_a_known_contract_is_refused_once() {
    let found = problems(
        "[accounts.a]\nnetwork = \"apileads\"\nuser = \"1\"\napi = \"env:A\"\n\n[offers.o]\naccount = \"a\"\napl = \"5\"\n",
    );
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("7:11: leads cannot be sent to ApiLeads: its API is not published."), "{found:?}");
    assert!(found[0].contains("networks = \"DIR\""), "{found:?}");
}

#[test]
fn base_urls_are_https_or_loopback() {
    let with =
        |url: &str| problems(&format!("[accounts.a]\nnetwork = \"adcombo\"\napi = \"env:A\"\nbase_url = \"{url}\"\n"));
    for right in ["https://api.example", "http://127.0.0.1:9", "http://localhost:80", "http://[::1]:7"] {
        assert_eq!(with(right), Vec::<String>::new(), "{right}");
    }
    for wrong in ["http://api.example", "https://10.0.0.1", "https://169.254.169.254", "http://192.168.0.1"] {
        let message = "a base_url is https, or http for a loopback address only, and never a private address";
        assert_eq!(with(wrong), [format!("4:12: {message}")], "{wrong}");
    }
    assert_eq!(
        with("api.example"),
        ["4:12: `api.example` is no URL; write it whole, such as https://example.com/path"]
    );
}

#[test]
fn a_network_without_a_host_of_its_own_wants_a_base_url() {
    let found = problems("[accounts.a]\nnetwork = \"hotpartner\"\napi = \"env:A\"\nemail = \"me@shop.example\"\n");
    let message = "base_url is missing: no host of this network is known; ask its manager for the API's address";
    assert_eq!(found, [format!("1:11: accounts.a: {message}")]);
}

#[test]
fn a_parameter_that_names_a_host_may_only_name_its_own() {
    let with = |url: &str| {
        problems(&format!(
            "[accounts.a]\nnetwork = \"leadrock\"\nkey = \"env:K\"\nsecret = \"env:S\"\n[offers.o]\naccount = \"a\"\nleadrock = \"{url}\"\n"
        ))
    };
    assert_eq!(with("https://leadrock.com/URL-AAAAA-BBBBB"), Vec::<String>::new());
    assert_eq!(with("https://evil.example/URL-AAAAA"), ["7:12: `leadrock` may only name leadrock.com"]);
    assert_eq!(with("https://leadrock.com.evil.example/x"), ["7:12: `leadrock` may only name leadrock.com"]);
    for wrong in
        ["http://leadrock.com/x", "https://me:pw@leadrock.com/x", "https://leadrock.com:8443/x", "leadrock.com"]
    {
        assert!(with(wrong)[0].starts_with("7:12: `leadrock` is a whole https URL"), "{wrong}");
    }
}

#[test]
fn a_publishable_key_names_its_offers_and_origins() {
    let found = problems("[clients.page]\nkey = \"pk-0123456789abcdef\"\npublishable = true\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("1:10: clients.page: a publishable key stands in public pages"), "{found:?}");
    let found = problems("[clients.page]\nkey = \"short\"\nscope = \"root\"\n");
    assert_eq!(found[0], "2:7: a key has at least 16 characters; `leadrelay key` makes one");
    assert!(found[1].starts_with("3:9: `root` is no scope: send, read or admin"), "{found:?}");
}

#[test]
fn a_client_has_two_keys_while_they_are_changed() {
    let with = |previous: &str| {
        format!("[clients.page]\nkey = \"env:NEW\"\nprevious_key = \"{previous}\"\nscope = \"read\"\n")
    };
    let parsed = parse("leadrelay.toml", &with("key-of-before-0123"), &BTreeMap::new()).unwrap();
    assert_eq!(parsed.literal_secrets, ["clients.page.previous_key"]);
    let [(old, one), (new, other)] = parsed.clients.as_slice() else { panic!("{:?}", parsed.clients.len()) };
    assert_eq!((old.as_str(), new.as_str(), one), ("key-of-before-0123", "env:NEW", other));
    assert_eq!(problems(&with("env:NEW")), ["3:16: `previous_key` is the key from before, and `key` another one"]);
    assert_eq!(problems(&with("short")), ["3:16: a key has at least 16 characters; `leadrelay key` makes one"]);
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    assert_eq!(problems("[accounts\n").len(), 1);
    let found = problems("accounts = 1\n[offers.Tea]\n");
    assert_eq!(found[0], "1:12: `accounts` is a table: write [accounts.NAME] and its keys below");
    assert_eq!(found[1], "2:9: `Tea` is no name: a name has 1 to 64 of a-z, 0-9, `-` and `_`");
}

#[test]
fn a_users_own_network_is_checked_like_any_other() {
    let text = include_str!("../../../networks/tests/bad/http-url.toml").replace("http://", "https://");
    let network = Network::parse("network.toml", "newnet", &text).unwrap();
    let own = BTreeMap::from([("newnet".to_owned(), (text, Arc::new(network)))]);
    let config = "[accounts.a]\nnetwork = \"newnet\"\napi = \"env:A\"\n[offers.o]\naccount = \"a\"\nnewnet = \"5\"\n";
    let parsed = parse("leadrelay.toml", config, &own).unwrap();
    assert!(parsed.accounts["a"].own_network);
    assert!(parsed.documents(|_| Ok(String::new())).unwrap().contains_key("network#newnet"));
}

#[test]
fn an_account_may_be_asked_for_in_its_own_rhythm() {
    let with = |more: &str| format!("[accounts.a]\nnetwork = \"kma\"\napi = \"env:A\"\n{more}\n");
    let right = with("poll = { hours = \"2m\", months = \"never\" }\ncalls_per_minute = 30");
    let parsed = parse("leadrelay.toml", &right, &BTreeMap::new()).unwrap();
    let account = &parsed.accounts["a"];
    assert_eq!(account.poll.hours, Some(Every::Seconds(120)));
    assert_eq!((account.poll.days, account.poll.months), (None, Some(Every::Never)));
    assert_eq!(account.calls_per_minute, Some(30));
    let documents = parsed.documents(|_| Ok(String::new())).unwrap();
    assert_eq!(serde_json::from_str::<Account>(&documents["account#a"]).unwrap(), *account);
    // Documents of before read on.
    let before: Account = serde_json::from_str(r#"{"network":"kma","settings":{}}"#).unwrap();
    assert!(before.poll.is_usual() && before.calls_per_minute.is_none());

    let table = with("[accounts.a.poll]\nweeks = \"12h\"");
    assert_eq!(parse("x", &table, &BTreeMap::new()).unwrap().accounts["a"].poll.weeks, Some(Every::Seconds(43_200)));
}

#[test]
fn a_rhythm_that_is_none_is_told_with_its_place() {
    let with = |more: &str| problems(&format!("[accounts.a]\nnetwork = \"kma\"\napi = \"env:A\"\n{more}\n"));
    let times = "write a time such as \"90s\", \"5m\", \"6h\" or \"1d\", or \"never\"";
    assert_eq!(with("poll = { hours = \"soon\" }"), [format!("4:18: `hours` = \"soon\": {times}")]);
    assert_eq!(with("poll = { hours = 5 }"), ["4:18: `hours` is a text: write it in quotes"]);
    assert_eq!(
        with("poll = { day = \"1h\" }"),
        ["4:10: unknown key `day` (did you mean `days`?); `poll` has `hours`, `days`, `weeks`, `months`"]
    );
    let table = "4:8: `poll` is a table: write poll = { hours = \"5m\", months = \"never\" }";
    assert_eq!(with("poll = \"5m\""), [table]);
    for wrong in ["0", "-1", "\"30\"", "1.5"] {
        let message = "4:20: `calls_per_minute` is a whole number, at least 1, without quotes";
        assert_eq!(with(&format!("calls_per_minute = {wrong}")), [message], "{wrong}");
    }
    assert_eq!(with("calls_per_minute = 101"), ["4:20: `calls_per_minute` can only be lowered: KMA allows 100"]);
}

#[test]
fn duplicates_are_looked_for_where_an_offer_says_so() {
    let with = |value: &str| RIGHT.replace("country = \"pl\"", &format!("country = \"pl\"\nduplicates = {value}"));
    let offer =
        |value: &str| parse("leadrelay.toml", &with(value), &BTreeMap::new()).unwrap().offers["slim-tea-pl"].duplicates;
    let of = |days, action| Some(Duplicates { days, action });
    assert_eq!(offer("{ days = 30, action = \"refuse\" }"), of(30, OnDuplicate::Refuse));
    assert_eq!(offer("{ action = \"flag\", days = 1 }"), of(1, OnDuplicate::Flag));
    assert_eq!(parse("leadrelay.toml", RIGHT, &BTreeMap::new()).unwrap().offers["watch"].duplicates, None);
    for (wrong, message) in [
        (
            "30",
            "15:14: `duplicates` is { days = 30, action = \"refuse\" } or, to send and mark them, action = \"flag\"",
        ),
        (
            "{ days = 30 }",
            "15:14: `duplicates` is { days = 30, action = \"refuse\" } or, to send and mark them, action = \"flag\"",
        ),
        ("{ days = 0, action = \"flag\" }", "15:23: `days` is a whole number from 1 to 365"),
        ("{ days = 30, action = \"drop\" }", "15:36: `action` is \"refuse\" or \"flag\""),
        (
            "{ days = 30, action = \"flag\", dais = 1 }",
            "15:44: unknown key `dais` (did you mean `days`?); `duplicates` has `days`, `action`",
        ),
    ] {
        assert_eq!(problems(&with(wrong)), [message]);
    }
}

use super::*;

fn drafted(mut draft: Draft, values: &[(&str, Written)]) -> Intake {
    for (name, value) in values {
        draft.take(name, *value);
    }
    draft.finish()
}

fn errors(intake: &Intake) -> Vec<String> {
    intake.errors.iter().map(ToString::to_string).collect()
}

#[test]
fn an_unknown_name_costs_nothing_and_is_told_with_the_one_that_was_perhaps_meant() {
    for (name, told) in [
        ("fone", "fone (phone?)"),
        ("Email", "Email (email?)"),
        ("utm-source", "utm-source (utm_source?)"),
        ("clickid", "clickid (click_id?)"),
        ("externalId", "externalId (external_id?)"),
        ("form_id", "form_id"),
        ("created_at", "created_at"),
        ("submit", "submit"),
        ("csrf_token", "csrf_token"),
        ("xyzzy", "xyzzy"),
    ] {
        for draft in [Draft::of_json(), Draft::of_form()] {
            let intake = drafted(draft, &[(name, Written::Other), (name, Written::Garbage)]);
            assert_eq!((intake.ignored(), errors(&intake).len()), (vec![told.to_owned()], 0));
        }
    }
}

#[test]
fn a_name_that_is_there_was_not_meant_by_another_one() {
    let intake = drafted(Draft::of_json(), &[("fone", Written::Null), ("phone", Written::Text("500100200"))]);
    assert_eq!(intake.ignored(), ["fone"]);
}

#[test]
fn a_key_is_taken_from_a_form_only() {
    let values = [("key", Written::Text("k"))];
    assert_eq!(drafted(Draft::of_form(), &values).key(), Some("k"));
    let intake = drafted(Draft::of_json(), &values);
    assert_eq!((intake.key(), intake.ignored()), (None, vec!["key".to_owned()]));
}

#[test]
fn a_name_given_again_is_one_with_it_where_both_mean_the_same() {
    let text = Written::Text;
    for (name, one, other) in [
        ("sub1", text("a"), text("a")),
        ("sub1", text(""), text("a")),
        ("sub1", text("a"), Written::Null),
        ("name", text("Jan"), text(" Jan\u{200b}")),
        ("country", text("pl"), text("PL")),
        ("country", text("UK"), text("GB")),
        ("country", text("XX"), text("GB")),
        ("test", Written::Bool(true), text("on")),
        ("price", text("12,50"), text("12.50")),
        ("price", text("call us"), text("12.50")),
        ("ip", text("203.0.113.7"), text("203.0.113.7:80")),
        ("offer", text("tea"), text("tea ")),
    ] {
        for values in [[(name, one), (name, other)], [(name, other), (name, one)]] {
            assert_eq!(errors(&drafted(Draft::of_form(), &values)), [""; 0], "{values:?}");
        }
    }
    for (name, one, other) in [
        ("sub1", text("a"), text("b")),
        ("name", text("Jan"), text("Ewa")),
        ("country", text("PL"), text("RO")),
        ("test", text("1"), text("0")),
        ("price", text("12"), text("13")),
        ("offer", text("tea"), text("watch")),
        ("key", text("k1"), text("k2")),
    ] {
        let intake = drafted(Draft::of_form(), &[(name, one), (name, other), (name, other)]);
        assert_eq!(errors(&intake), [format!("{name}: {TWICE}")]);
    }
}

#[test]
fn what_was_done_is_told_once_and_not_of_a_field_that_is_there() {
    let intake = drafted(Draft::of_form(), &[("ip", Written::Text("unknown")), ("ip", Written::Text("unknown"))]);
    assert_eq!(intake.noted(), [Noted { field: "ip", did: Did::LeftOut }]);
    let intake = drafted(Draft::of_form(), &[("ip", Written::Text("unknown")), ("ip", Written::Text("192.0.2.1"))]);
    assert_eq!(intake.noted(), []);
}

#[test]
fn test_is_read_in_every_spelling_and_never_guessed() {
    let is_test = |value| {
        let intake = drafted(Draft::of_json(), &[("test", value)]);
        intake.errors.is_empty().then_some(intake.is_test())
    };
    assert_eq!(is_test(Written::Bool(true)), Some(true));
    assert_eq!(is_test(Written::Null), Some(false));
    assert_eq!(is_test(Written::Other), None);
    for (text, test) in
        [("1", true), ("TRUE", true), ("on", true), ("yes", true), ("0", false), ("", false), ("off", false)]
    {
        assert_eq!(is_test(Written::Text(text)), Some(test), "{text}");
    }
    assert_eq!(is_test(Written::Text("perhaps")), None);
}

#[test]
fn params_are_few_and_short() {
    let mut draft = Draft::of_json();
    draft.take_param("flow", Written::Text(" 12 "));
    draft.take_param("fast", Written::Bool(true));
    draft.take_param("none", Written::Null);
    draft.take_param("long", Written::Text(&"x".repeat(501)));
    draft.take_param("", Written::Text("x"));
    draft.take_param("list", Written::Other);
    draft.take_param("flow", Written::Text("12"));
    draft.take_param("flow", Written::Text("13"));
    let intake = draft.finish();
    assert_eq!(intake.params.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(), ["fast=true", "flow=12"]);
    assert_eq!(
        intake.errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(),
        ["params.long", "params.", "params.list", "params.flow"]
    );
}

#[test]
fn the_21st_param_is_refused_once() {
    let mut draft = Draft::of_form();
    for index in 0..25 {
        draft.take_param(&format!("p{index}"), Written::Text("x"));
    }
    let intake = draft.finish();
    assert_eq!(intake.params.len(), 20);
    assert_eq!(intake.errors, [FieldError::new("params", "at most 20 parameters are allowed")]);
}

#[test]
fn a_body_of_mistakes_is_not_answered_in_full() {
    let names: Vec<String> = (0..500).map(|number| format!("{number}{}", "x".repeat(5000))).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), Written::Null)).collect();
    let told = drafted(Draft::of_json(), &many).ignored();
    assert_eq!(told.len(), MOST_IGNORED);
    assert!(told.iter().all(|name| name.chars().count() < 80));
    let mut draft = Draft::of_json();
    for name in &names {
        draft.take_param(name, Written::Null);
    }
    assert_eq!(draft.finish().errors.len(), MOST_ERRORS);
}

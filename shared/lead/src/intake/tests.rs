use proptest::prelude::*;

use super::*;

fn country(code: &str) -> Country {
    code.parse().unwrap()
}

fn errors(body: &str, offer_country: Option<Country>) -> Vec<String> {
    let intake = parse_json(body.as_bytes()).unwrap();
    intake.to_lead(offer_country).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_offers_country_stands_in_and_the_leads_own_comes_first() {
    let intake = parse_json(br#"{"offer": "o", "name": "Jan", "phone": "500100200"}"#).unwrap();
    assert_eq!(intake.to_lead(Some(country("PL"))).unwrap().country.as_str(), "PL");
    let intake = parse_json(br#"{"offer": "o", "name": "Ion", "phone": "0712345678", "country": "ro"}"#).unwrap();
    let lead = intake.to_lead(Some(country("PL"))).unwrap();
    assert_eq!((lead.country.as_str(), lead.phone.e164()), ("RO", "+40712345678"));
}

#[test]
fn all_that_is_wrong_or_missing_is_told_at_once() {
    assert_eq!(
        errors(r#"{"offer": "o", "test": "perhaps", "phone": "12", "nam": "Jan"}"#, Some(country("PL"))),
        [
            "test: true (1, on, yes) is wanted for a test, false (0, off, no) otherwise",
            "name: the customer's name is wanted; `nam` is no field",
            "phone: a phone number of PL such as +48 512 345 678 is wanted; this one is too short",
        ]
    );
    assert_eq!(
        errors("{}", None),
        [
            "offer: the name of a configured offer is wanted",
            "name: the customer's name is wanted",
            "phone: the customer's phone number is wanted",
        ]
    );
    assert_eq!(
        errors(r#"{"offer": "o", "name": "Jan", "phone": "500100200"}"#, None),
        ["country: the offer has no country, so the lead's is wanted: two letters such as PL"]
    );
}

#[test]
fn a_wrong_country_is_told_once_and_the_phone_is_not_blamed_for_it() {
    assert_eq!(
        errors(r#"{"offer": "o", "name": "Jan", "phone": "500100200", "country": "Poland"}"#, Some(country("RO"))),
        ["country: an ISO 3166-1 country code of two letters such as PL is wanted"]
    );
}

#[test]
fn defaults_fill_gaps_only_and_only_with_what_fits() {
    let mut intake = parse_form(b"offer=o&name=Jan&phone=500100200&user_agent=Own").unwrap();
    intake.set_default(Field::UserAgent, "Other");
    intake.set_default(Field::Ip, "192.0.2.7");
    intake.set_default(Field::Email, "bad");
    assert!(intake.has(Field::Ip) && !intake.has(Field::Email));
    let lead = intake.to_lead(Some(country("PL"))).unwrap();
    assert_eq!(lead.field(Field::UserAgent), Some("Own"));
    assert_eq!(lead.field(Field::Ip), Some("192.0.2.7"));
}

#[test]
fn the_same_lead_has_one_identity_however_it_is_written() {
    let identity = |intake: Intake| {
        let lead = intake.to_lead(Some(country("PL"))).unwrap();
        intake.identity_of(intake.offer().unwrap(), &lead, intake.params(), intake.is_test())
    };
    let json = |body: &str| identity(parse_json(body.as_bytes()).unwrap());
    let one = json(r#"{"offer":"o","name":"Jan","phone":"500100200","city":"Łódź","params":{"flow":7}}"#);
    for same in [
        r#"{"phone":"+48 500-100-200", "name": " Jan", "city": "\u0141ód\u017a", "offer": "o", "params": {"flow": "7"}}"#,
        r#"{"offer":"o","name":"Jan","phone":"500100200","city":"Łódź","params":{"flow":7},"x":1,"test":false,"zip":null}"#,
    ] {
        assert_eq!(json(same), one, "{same}");
    }
    let mut form =
        parse_form("offer=o&name=Jan&phone=500100200&city=%C5%81%C3%B3d%C5%BA&params[flow]=7".as_bytes()).unwrap();
    form.set_default(Field::Ip, "192.0.2.1");
    assert_eq!(identity(form), one);
    for other in [
        r#"{"offer":"o","name":"Ann","phone":"500100200","city":"Łódź","params":{"flow":7}}"#,
        r#"{"offer":"p","name":"Jan","phone":"500100200","city":"Łódź","params":{"flow":7}}"#,
        r#"{"offer":"o","name":"Jan","phone":"500100201","city":"Łódź","params":{"flow":7}}"#,
        r#"{"offer":"o","name":"Jan","phone":"500100200","params":{"flow":7}}"#,
        r#"{"offer":"o","name":"Jan","phone":"500100200","city":"Łódź","params":{"flow":8}}"#,
        r#"{"offer":"o","name":"Jan","phone":"500100200","city":"Łódź","params":{"flow":7},"test":true}"#,
    ] {
        assert_ne!(json(other), one, "{other}");
    }
}

#[test]
fn a_phone_given_twice_is_one_where_the_country_says_so() {
    let read = |phones: [&str; 2]| {
        let [one, other] = phones;
        let body = format!("offer=o&name=Jan&phone={one}&phone={other}");
        parse_form(body.as_bytes()).unwrap().to_lead(Some(country("PL"))).map(|lead| lead.phone.e164().to_owned())
    };
    for same in [["500100200", "%2B48+500+100+200"], ["", "500100200"], ["500100200", "500100200"]] {
        assert_eq!(read(same).unwrap(), "+48500100200", "{same:?}");
    }
    for other in [["500100200", "500100201"], ["500100200", "12"]] {
        assert_eq!(read(other).unwrap_err().len(), 1, "{other:?}");
    }
}

#[test]
fn a_country_of_nobody_counts_as_not_given() {
    let intake = parse_form(b"offer=o&name=Jan&phone=500100200&country=T1").unwrap();
    assert_eq!(intake.to_lead(Some(country("PL"))).unwrap().country.as_str(), "PL");
    assert_eq!(intake.noted(), [Noted { field: "country", did: Did::LeftOut }]);
    assert_eq!(intake.to_lead(None).unwrap_err()[0].field, "country");
}

#[test]
fn debug_shows_no_personal_data_and_no_key() {
    let intake =
        parse_form(b"offer=o&name=Jan&phone=500100200&email=jan@example.com&key=k1&external_id=x1&params[flow]=f1")
            .unwrap();
    let shown = format!("{intake:?} {:?}", intake.to_lead(Some(country("PL"))).unwrap());
    for hidden in ["Jan", "500100200", "example.com", "k1", "x1", "f1"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    assert!(shown.contains("Email"), "{shown}");
}

fn json_like() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("offer".to_owned()),
        Just("params".to_owned()),
        Just("test".to_owned()),
        Just("phone".to_owned()),
        Just("country".to_owned()),
        prop::sample::select(Field::ALL).prop_map(|field| field.name().to_owned()),
        "[a-z_]{0,12}",
    ];
    let value = prop_oneof![
        "\\PC{0,20}".prop_map(|text| serde_json::Value::from(text).to_string()),
        "-?[0-9]{1,30}(\\.[0-9]{1,5})?",
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("[[1]]".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        "\\{(\"a\": [0-9])?\\}",
    ];
    prop::collection::vec((name, value), 0..6).prop_map(|members| {
        let members: Vec<_> = members.into_iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        format!("{{{}}}", members.join(", "))
    })
}

fn never_panics(body: &[u8]) {
    for intake in [parse_json(body), parse_form(body)].into_iter().flatten() {
        match intake.to_lead(Some(country("PL"))) {
            Ok(lead) => {
                let stored = serde_json::to_string(&lead).unwrap();
                assert_eq!(serde_json::from_str::<Lead>(&stored).unwrap(), lead);
            }
            Err(errors) => assert!(!errors.is_empty()),
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        never_panics(&body);
    }

    #[test]
    fn no_json_makes_it_panic(body in json_like()) {
        never_panics(body.as_bytes());
    }

    #[test]
    fn no_form_makes_it_panic(body in "([a-z_0-9]{0,8}(\\[[a-z]{0,3}\\]?)?=?[%a-f0-9+]{0,8}&?){0,6}") {
        never_panics(body.as_bytes());
    }

    #[test]
    fn a_lead_reads_back_from_storage(
        name in "[A-Za-z\u{c0}-\u{24f}\u{410}-\u{44f}]([A-Za-z\u{c0}-\u{24f} '-]{0,40}[A-Za-z\u{410}-\u{44f}])?",
        phone in "(\\+48|0048|) ?5(0|1)[0-9] ?[0-9]{3}-?[0-9]{3}",
        texts in prop::collection::btree_map(prop::sample::select(Field::ALL), "[A-Za-z0-9]{1,3}", 0..10),
    ) {
        let mut body = serde_json::Map::new();
        body.insert("offer".to_owned(), "o".into());
        body.insert("name".to_owned(), name.clone().into());
        body.insert("phone".to_owned(), phone.into());
        body.extend(texts.into_iter().map(|(field, text)| (field.name().to_owned(), text.into())));
        let intake = parse_json(serde_json::Value::from(body).to_string().as_bytes()).unwrap();
        if let Ok(lead) = intake.to_lead(Some(country("PL"))) {
            prop_assert_eq!(&lead.name, &name);
            let stored = serde_json::to_string(&lead).unwrap();
            prop_assert_eq!(serde_json::from_str::<Lead>(&stored).unwrap(), lead);
        }
    }
}

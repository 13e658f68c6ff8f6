use proptest::prelude::*;

use super::*;

fn parse(raw: &str, country: &str) -> Result<Phone, PhoneError> {
    Phone::parse(raw, country.parse().unwrap())
}

#[test]
fn a_number_of_its_country_is_read_however_it_is_written() {
    for (country, raw, e164) in [
        ("PL", "500 100 200", "+48500100200"),
        ("PL", "+48 500-100-200", "+48500100200"),
        ("PL", "0048500100200", "+48500100200"),
        ("PL", "48500100200", "+48500100200"),
        ("PL", "\u{202a}+48 500 100 200\u{202c}", "+48500100200"),
        ("RO", "0712 345 678", "+40712345678"),
        ("KZ", "8 (701) 123-45-67", "+77011234567"),
        ("KZ", "77011234567", "+77011234567"),
        ("RU", "8 (912) 345-67-89", "+79123456789"),
        ("IT", "02 1234567", "+39021234567"),
        ("IT", "3912345678", "+393912345678"),
        ("US", "(202) 555-0123", "+12025550123"),
        ("CA", "+1 416.555.0123", "+14165550123"),
        ("DE", "+49 (0)151 23456789", "+4915123456789"),
        ("DE", "0151/23456789", "+4915123456789"),
        ("DE", "4915123456789", "+4915123456789"),
        ("ID", "62812345678", "+62812345678"),
        ("IN", "098765 43210", "+919876543210"),
        ("TR", "5321234567", "+905321234567"),
        ("XK", "+383 43 201 234", "+38343201234"),
        ("SJ", "+47 79 12 34 56", "+4779123456"),
        ("EG", "\u{660}\u{661}\u{660}\u{660}\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}", "+201001234567"),
    ] {
        let phone = parse(raw, country).unwrap_or_else(|error| panic!("{country} {raw}: {error}"));
        assert_eq!((phone.e164(), phone.raw()), (e164, raw));
    }
}

#[test]
fn a_number_that_does_not_fit_its_country_is_refused_with_the_reason() {
    use PhoneProblem::{Characters, NoPlan, OtherCountry, TooLong, TooShort, Unassigned};
    let country = |code: &str| Some(code.parse().unwrap());
    for (code, raw, problem) in [
        ("PL", "", TooShort),
        ("PL", "()", TooShort),
        ("PL", "123", TooShort),
        ("US", "555-0123", TooShort),
        ("PL", "500100200500", TooLong),
        ("PL", "500100200 / 600200300 / 700300400 / 800400500", TooLong),
        ("PL", "111111111", Unassigned),
        ("IN", "1111111111", Unassigned),
        ("PL", "+40 712 345 678", OtherCountry(country("RO"))),
        ("PL", "+40 700 000 001", OtherCountry(country("RO"))),
        ("PL", "0040712345678", OtherCountry(country("RO"))),
        ("RU", "+7 701 123 45 67", OtherCountry(country("KZ"))),
        ("KZ", "+7 912 345 67 89", OtherCountry(country("RU"))),
        ("US", "+1 416 555 0123", OtherCountry(country("CA"))),
        ("CA", "202 555 0123", OtherCountry(country("US"))),
        ("RS", "+383 43 201 234", OtherCountry(country("XK"))),
        ("PL", "+999 500 100 200", OtherCountry(None)),
        ("PL", "5O0 1OO 2OO", Characters),
        ("PL", "500 100 200 ext. 5 or 7", Characters),
        ("PL", "500 100 200+48", Characters),
        ("PL", "5\u{bd}0 100 200", Characters),
        ("AQ", "+672 1 12345", NoPlan),
    ] {
        assert_eq!(parse(raw, code).unwrap_err().problem, problem, "{code} {raw}");
    }
}

#[test]
fn messages_tell_what_would_be_right() {
    let message = |raw, country| parse(raw, country).unwrap_err().to_string();
    assert_eq!(
        message("+40 712 345 678", "PL"),
        "a phone number of PL such as +48 512 345 678 is wanted; this one is a number of RO"
    );
    assert_eq!(message("12", "IT"), "a phone number of IT such as +39 312 345 6789 is wanted; this one is too short");
    assert_eq!(message("12", "AQ"), "no phone numbers of AQ are known; give the country the number belongs to");
}

#[test]
fn the_forms_networks_ask_for_are_derived() {
    let phone = parse("+39 06 1234 5678", "IT").unwrap();
    assert_eq!((phone.digits(), phone.national().as_str()), ("390612345678", "0612345678"));
    let phone = parse("0151 23456789", "DE").unwrap();
    assert_eq!((phone.digits(), phone.national().as_str()), ("4915123456789", "15123456789"));
}

#[test]
fn it_is_stored_short_and_shown_never() {
    let phone = parse("+48500100200", "PL").unwrap();
    assert_eq!(serde_json::to_string(&phone).unwrap(), r#"{"e":"+48500100200"}"#);
    let phone = parse("500 100 200", "PL").unwrap();
    assert_eq!(serde_json::to_string(&phone).unwrap(), r#"{"r":"500 100 200","e":"+48500100200"}"#);
    assert_eq!(format!("{phone:?}"), "Phone(…)");
}

#[test]
fn every_country_with_a_plan_takes_its_own_example() {
    for code in iso_country::data::all() {
        let country: Country = code.alpha2.parse().unwrap();
        let Some((region, plan)) = plans::of_country(country) else { continue };
        let Some(example) = example(region, plan) else { continue };
        let phone = Phone::parse(&example, country).unwrap_or_else(|error| panic!("{error}"));
        let again = Phone::parse(phone.e164(), country).unwrap();
        assert_eq!(again.e164(), phone.e164());
    }
}

proptest! {
    #[test]
    fn the_plan_of_a_calling_code_reads_as_all_plans_together(
        raw in "(\\+|00|011|8)?[0-9 ]{1,16}",
        index in 0..249_usize,
    ) {
        let country: Country = iso_country::data::all()[index].alpha2.parse().unwrap();
        let Some((region, plan)) = plans::of_country(country) else { return Ok(()) };
        let (own, together) = (read(&raw, region, plan), read(&raw, region, plans::all().unwrap()));
        match own {
            Err(PhoneProblem::OtherCountry(None)) => prop_assert!(together.is_err()),
            own => prop_assert_eq!(own, together),
        }
    }

    #[test]
    fn nothing_makes_it_panic_and_what_it_takes_reads_back(raw in "[+0-9(). a-z-]{0,30}|\\PC{0,30}", index in 0..249_usize) {
        let country: Country = iso_country::data::all()[index].alpha2.parse().unwrap();
        match Phone::parse(&raw, country) {
            Ok(phone) => {
                let again = Phone::parse(phone.e164(), country).unwrap();
                prop_assert_eq!(again.e164(), phone.e164());
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

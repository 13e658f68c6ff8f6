use super::*;

/// What is kept of a text, and what is told of it.
fn kept(field: Field, text: &str) -> (Option<String>, Option<Did>) {
    let Reading { text, did, .. } = read(field, Written::Text(text));
    (text, did)
}

fn untouched(field: Field, text: &str) {
    assert_eq!(kept(field, text), (Some(text.to_owned()), None), "{field:?} {text:?}");
}

/// Each text with what is kept of it; `None` where it is left out.
fn table(field: Field, rows: &[(&str, Option<&str>)]) {
    for (text, wanted) in rows {
        let did = if wanted.is_some() { Did::Repaired } else { Did::LeftOut };
        assert_eq!(kept(field, text), (wanted.map(str::to_owned), Some(did)), "{field:?} {text:?}");
    }
}

#[test]
fn white_space_alone_is_nothing_and_nothing_is_told() {
    for field in Field::ALL {
        for text in ["", " ", "\n\t", "\u{a0}"] {
            assert_eq!(kept(*field, text), (None, None), "{field:?}");
        }
        assert_eq!(read(*field, Written::Null), Reading::default());
    }
    assert_eq!(kept(Field::City, " \u{141}\u{f3}d\u{17a}\n"), (Some("\u{141}\u{f3}d\u{17a}".to_owned()), None));
}

#[test]
fn every_long_text_is_cut_where_a_character_ends_or_left_out() {
    for field in Field::ALL {
        let long = format!("https://shop.example/{}", "\u{17c}".repeat(field.max_chars()));
        let (text, did) = kept(*field, &long);
        match did {
            Some(Did::Cut) => {
                let text = text.unwrap();
                assert!(text.chars().count() == field.max_chars() && long.starts_with(&text), "{field:?}");
            }
            did => assert_eq!((text, did), (None, Some(Did::LeftOut)), "{field:?}"),
        }
    }
    assert_eq!(kept(Field::UserAgent, &format!("Mozilla/5.0 {}", "x".repeat(1500))).1, Some(Did::Cut));
    let landing = kept(Field::LandingUrl, &format!("https://l.example/?u={}", "x".repeat(2500)));
    assert_eq!((landing.0.unwrap().len(), landing.1), (2000, Some(Did::Cut)));
}

#[test]
fn what_is_no_text_is_left_out() {
    for field in Field::ALL {
        for value in [Written::Garbage, Written::Other] {
            assert_eq!(read(*field, value), Reading::left_out(), "{field:?}");
        }
    }
    assert_eq!(read(Field::City, Written::Bool(true)), Reading::left_out());
    assert_eq!(read(Field::Consent, Written::Bool(true)).text.as_deref(), Some("true"));
}

#[test]
fn what_a_tracker_sent_is_untouched() {
    for field in [Field::ClickId, Field::Sub1, Field::Sub5, Field::UtmTerm, Field::Fbclid, Field::Wbraid] {
        untouched(field, " a+b%20 \u{200b}");
        table(field, &[("a\0b\r\nc", Some("ab c"))]);
    }
}

#[test]
fn line_breaks_are_spaces_and_told_but_in_free_text() {
    assert_eq!(kept(Field::Comment, "call\r\nafter\n\t6"), (Some("call after  6".to_owned()), None));
    assert_eq!(kept(Field::Address, "Main St 1\rTown\0"), (Some("Main St 1 Town".to_owned()), None));
    table(Field::City, &[("New\nYork", Some("New York")), ("\u{200b}", None), ("York\u{1b}", Some("York"))]);
}

#[test]
fn an_ip_is_the_first_address_of_a_list_without_port_or_brackets() {
    untouched(Field::Ip, "192.0.2.7");
    untouched(Field::Ip, "2001:db8::1");
    assert_eq!(kept(Field::Ip, "2001:DB8:0:0::0001"), (Some("2001:db8::1".to_owned()), None));
    assert_eq!(kept(Field::Ip, "::ffff:192.0.2.7"), (Some("192.0.2.7".to_owned()), None));
    table(
        Field::Ip,
        &[
            ("203.0.113.7, 10.0.0.1", Some("203.0.113.7")),
            (", 203.0.113.7", Some("203.0.113.7")),
            ("203.0.113.7 10.0.0.1", Some("203.0.113.7")),
            ("203.0.113.7:51234", Some("203.0.113.7")),
            ("203.0.113.7:99999999", Some("203.0.113.7")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("2001:db8::1%eth0", Some("2001:db8::1")),
            ("\"203.0.113.7\"", Some("203.0.113.7")),
            ("for=\"[2001:db8::1]:443\";proto=https", Some("2001:db8::1")),
            ("unknown", None),
            ("unknown, 10.0.0.1", None),
            ("localhost", None),
            ("192.0.2", None),
            ("192.0.2.256", None),
            ("010.0.0.1", None),
            ("-", None),
            ("null", None),
        ],
    );
}

#[test]
fn an_email_is_an_address_and_what_is_around_it_goes() {
    untouched(Field::Email, "jan.k+1@mail.example.com");
    table(
        Field::Email,
        &[
            ("mailto:jan@mail.example", Some("jan@mail.example")),
            ("Jan <jan@mail.example>", Some("jan@mail.example")),
            ("<jan@mail.example>", Some("jan@mail.example")),
            ("jan@mail.example.", Some("jan@mail.example")),
            ("jan@mail.example;", Some("jan@mail.example")),
            ("\u{feff}jan@mail.example", Some("jan@mail.example")),
            ("jan", None),
            ("jan@", None),
            ("@mail.example", None),
            ("jan@localhost", None),
            ("j@[192.0.2.1]", None),
            ("a@b.example, d@e.example", None),
            ("><", None),
        ],
    );
}

#[test]
fn a_landing_page_is_on_the_web_and_a_referer_is_any_text() {
    untouched(Field::LandingUrl, "https://shop.example/tea?x=1#form");
    for text in ["shop.example", "/tea", "javascript:alert(1)", "ftp://shop.example/", "https://", "data:,x"] {
        table(Field::LandingUrl, &[(text, None)]);
    }
    untouched(Field::Referer, "android-app://com.example.app");
}

#[test]
fn a_language_is_the_first_of_what_a_browser_accepts() {
    untouched(Field::Language, "pl-PL");
    table(Field::Language, &[("pl-PL,pl;q=0.9,en;q=0.8", Some("pl-PL")), ("*;,", Some("*"))]);
}

#[test]
fn numbers_are_exact_and_kept_as_written() {
    for text in ["1", "2.5", "12.10", "0.001"] {
        untouched(Field::Quantity, text);
        untouched(Field::Price, text);
    }
    untouched(Field::Price, "0.00");
    for field in [Field::Quantity, Field::Price] {
        table(field, &[("007", Some("7")), ("012.50", Some("12.50")), ("00.5", Some("0.5"))]);
        for text in ["-1", "1e2", "NaN", "0x1", "one", "1.2.3", "call us", "12 or 15"] {
            table(field, &[(text, None)]);
        }
    }
    table(Field::Quantity, &[("0", None), ("0.0", None)]);
}

#[test]
fn money_is_read_as_shops_write_it() {
    table(
        Field::Price,
        &[("139,00", Some("139.00")), ("139 zł", Some("139")), ("1 299.00", Some("1299.00")), ("1,234", None)],
    );
    let priced = read(Field::Price, Written::Text("139 zł"));
    assert_eq!(priced.currency.map(CurrencyCode::as_str), Some("PLN"));
    for text in ["PLN", "pln", " Pln "] {
        assert_eq!(kept(Field::Currency, text), (Some("PLN".to_owned()), None));
    }
    table(Field::Currency, &[("zzz", None), ("RUR", Some("RUB")), ("€", Some("EUR"))]);
}

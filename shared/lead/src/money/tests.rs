use super::*;

fn read(text: &str) -> Result<(String, Option<&'static str>), MoneyError> {
    text.parse::<Written>().map(|money| (money.amount.to_string(), money.currency().map(CurrencyCode::as_str)))
}

#[test]
fn amounts_are_read_as_people_and_networks_write_them() {
    for (text, amount) in [
        ("7", "7"),
        (" 12.50 ", "12.50"),
        ("12,50", "12.50"),
        ("12,5", "12.5"),
        ("139,00", "139.00"),
        ("0", "0"),
        ("-0", "0"),
        ("+5", "5"),
        (".5", "0.5"),
        (",5", "0.5"),
        ("5.", "5"),
        ("007", "7"),
        // One point is a decimal's, as programs write it.
        ("12.500", "12.500"),
        ("1.234", "1.234"),
        // No thousands: there is only one way to read them.
        ("0,500", "0.500"),
        ("1234,567", "1234.567"),
        ("1,2345", "1.2345"),
        ("1 299.00", "1299.00"),
        ("1 299,00", "1299.00"),
        ("1\u{a0}299,00", "1299.00"),
        ("1\u{202f}299", "1299"),
        ("12 345 678", "12345678"),
        ("1,250.00", "1250.00"),
        ("1.250,00", "1250.00"),
        ("1,250,000", "1250000"),
        ("1.250.000", "1250000"),
        ("1.250.000,5", "1250000.5"),
        ("1'299.00", "1299.00"),
        ("1\u{2019}299", "1299"),
        ("1 299,500", "1299.500"),
        ("1,25,000.00", "125000.00"),
        ("139,-", "139"),
        ("139.-", "139"),
        ("999999999999999.99", "999999999999999.99"),
    ] {
        assert_eq!(read(text), Ok((amount.to_owned(), None)), "{text}");
    }
}

#[test]
fn a_comma_and_three_digits_are_read_in_no_way() {
    for text in ["1,234", "12,500", "139,000", "$1,234", "1,234 USD"] {
        assert_eq!(read(text), Err(MoneyError::Ambiguous), "{text}");
    }
}

#[test]
fn what_is_no_amount_is_not_read() {
    for text in [
        "",
        " ",
        "abc",
        "much",
        "NaN",
        "inf",
        "{payout}",
        "{payout1}",
        "1e5",
        "0x10",
        "--1",
        "5-",
        "(5)",
        "1.2.3",
        "1,2,3",
        "1,23,45",
        "1 2",
        "1  299",
        "0 500",
        "1 299'000",
        "1,250 000",
        "1.250.00",
        "10-20",
        "5%",
        "3 of 4",
        "12.50 a piece",
        "12\n50",
        "\u{661}\u{662}",
        "1000000000000000",
        "99999999999999999999999999999999",
        "0.12345678901234567890123456789",
    ] {
        assert_eq!(read(text), Err(MoneyError::NotANumber), "{text}");
    }
    for text in ["-1", "-0.01", "\u{2212}3", "-$5", "$-5", "-12,50 EUR", "- 5"] {
        assert_eq!(read(text), Err(MoneyError::Negative), "{text}");
    }
}

#[test]
fn a_currency_beside_the_amount_is_read() {
    for (text, amount, currency) in [
        ("$12.50", "12.50", Some("USD")),
        ("12.50 USD", "12.50", Some("USD")),
        ("12.50usd", "12.50", Some("USD")),
        ("USD 5", "5", Some("USD")),
        ("USD: 5", "5", Some("USD")),
        ("USD5", "5", Some("USD")),
        ("US $5", "5", Some("USD")),
        ("$5 USD", "5", Some("USD")),
        ("$5 CAD", "5", Some("CAD")),
        ("R$ 1.250,00", "1250.00", Some("BRL")),
        ("12,50 €", "12.50", Some("EUR")),
        ("€12,50", "12.50", Some("EUR")),
        ("139 zł", "139", Some("PLN")),
        ("139,- Kč", "139", Some("CZK")),
        ("1 299 ₽", "1299", Some("RUB")),
        ("1\u{a0}299 руб.", "1299", Some("RUB")),
        ("350 RUR", "350", Some("RUB")),
        ("350 грн", "350", Some("UAH")),
        ("₴350", "350", Some("UAH")),
        ("₹1,25,000", "125000", Some("INR")),
        ("+$5", "5", Some("USD")),
        ("$.50", "0.50", Some("USD")),
        ("Rs.500", "500", None),
        // Of several countries, of none, or two that contradict each other.
        ("100 kr", "100", None),
        ("¥100", "100", None),
        ("100 lei", "100", None),
        ("12.50 USDT", "12.50", None),
        ("0.5 BTC", "0.5", None),
        ("€5 USD", "5", None),
        ("5 XXX", "5", None),
    ] {
        assert_eq!(read(text), Ok((amount.to_owned(), currency)), "{text}");
    }
}

#[test]
fn a_payout_has_the_currency_that_stands_beside_it_or_is_named_apart() {
    for (text, named, currency) in [
        ("12.50", None, None),
        ("12.50", Some(""), None),
        ("12.50", Some("eur"), Some("EUR")),
        ("12.50", Some("€"), Some("EUR")),
        ("12.50", Some("USDT"), None),
        ("$12.50", None, Some("USD")),
        ("$12.50", Some("usd"), Some("USD")),
        ("$12.50", Some("CAD"), Some("CAD")),
        ("100 kr", Some("SEK"), Some("SEK")),
        ("100 kr", Some("EUR"), None),
        ("12.50 USD", Some("zzz"), Some("USD")),
        ("12.50 USD", Some("EUR"), None),
        ("12.50 USDT", Some("USD"), None),
    ] {
        let payout = text.parse::<Written>().unwrap().payout(named);
        assert_eq!(payout.currency.map(CurrencyCode::as_str), currency, "{text} {named:?}");
    }
}

#[test]
fn currencies_are_codes_in_either_case_signs_and_old_codes() {
    for (text, code) in
        [("eur", "EUR"), (" USD ", "USD"), ("RUR", "RUB"), ("€", "EUR"), ("$", "USD"), ("zł", "PLN"), ("rmb", "CNY")]
    {
        assert_eq!(text.parse::<CurrencyCode>().map(CurrencyCode::as_str), Ok(code), "{text}");
    }
    for text in ["", "zzz", "USDT", "XXX", "XTS", "kr", "¥", "5", "HRK2"] {
        assert_eq!(text.parse::<CurrencyCode>(), Err(MoneyError::NotACurrency), "{text}");
    }
}

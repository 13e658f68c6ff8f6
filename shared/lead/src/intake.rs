//! From a request's body to a checked lead. All that is wrong with it is told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{Country, Field, Lead, Phone};

mod draft;
mod error;
mod form;
mod json;
mod names;
mod rules;

pub use error::{BodyError, FieldError};
pub use form::parse_form;
pub use json::parse_json;

/// A request to take a lead, as it was read from a body: each field checked by itself.
///
/// What was found wrong is kept inside and told by [`Intake::to_lead`], together with what only the offer can
/// show. Until that has succeeded nothing here may be acted on, except to find the client and the offer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Intake {
    offer: Option<String>,
    external_id: Option<String>,
    key: Option<String>,
    test: bool,
    params: BTreeMap<String, String>,
    name: Option<String>,
    phone: Option<String>,
    country: Option<Country>,
    fields: BTreeMap<Field, String>,
    errors: Vec<FieldError>,
}

impl Intake {
    /// The offer's name. Without one [`Intake::to_lead`] fails; it then tells what else is wrong.
    #[must_use]
    pub fn offer(&self) -> Option<&str> {
        self.offer.as_deref()
    }

    /// The sender's own id of this lead, which serves as an idempotency key.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    /// The publishable key of a form's field `key`; never set by JSON. Not checked against anything.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Whether this is a test lead, which never reaches a network.
    #[must_use]
    pub const fn is_test(&self) -> bool {
        self.test
    }

    /// Overrides of the offer's parameters, for a client with a secret key.
    #[must_use]
    pub const fn params(&self) -> &BTreeMap<String, String> {
        &self.params
    }

    /// Whether an optional field is there, be it right or wrong.
    #[must_use]
    pub fn has(&self, field: Field) -> bool {
        self.fields.contains_key(&field) || self.errors.iter().any(|error| error.field == field.name())
    }

    /// Sets a field that the body left out, such as the caller's address for a form post from a browser.
    ///
    /// A text that breaks the field's rules is left out: the customer did not write it and can't mend it.
    pub fn set_default(&mut self, field: Field, text: &str) {
        if !self.fields.contains_key(&field)
            && let Ok(Some(text)) = rules::optional(field, text)
        {
            self.fields.insert(field, text);
        }
    }

    /// The checked lead. `offer_country` stands in for a country the body left out.
    ///
    /// # Errors
    /// All that is wrong, in the order of the body and then what is missing. Never empty.
    pub fn to_lead(&self, offer_country: Option<Country>) -> Result<Lead, Vec<FieldError>> {
        let mut errors = self.errors.clone();
        let wrong: BTreeSet<&str> = self.errors.iter().map(|error| error.field.as_str()).collect();
        let mut missing = |field: &str, message: &str| {
            if !wrong.contains(field) {
                errors.push(FieldError::new(field, message));
            }
        };
        let country = self.country.or(offer_country);
        if self.offer.is_none() {
            missing("offer", "the name of a configured offer is wanted");
        }
        if self.name.is_none() {
            missing("name", "the customer's name is wanted");
        }
        if self.phone.is_none() {
            missing("phone", "the customer's phone number is wanted");
        }
        // An offer that is not named may well have a country.
        if country.is_none() && self.offer.is_some() {
            missing("country", "the offer has no country, so the lead's is wanted: two letters such as PL");
        }
        let phone = match (&self.phone, country) {
            // Against the offer's country a right number could look wrong.
            (Some(phone), Some(country)) if !wrong.contains("country") => match Phone::parse(phone, country) {
                Ok(phone) => Some(phone),
                Err(error) => {
                    errors.push(FieldError::new("phone", error.to_string()));
                    None
                }
            },
            _ => None,
        };
        match (&self.name, phone, country) {
            (Some(name), Some(phone), Some(country)) if errors.is_empty() => {
                Ok(Lead { name: name.clone(), phone, country, fields: self.fields.clone() })
            }
            _ => Err(errors),
        }
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake")
            .field("offer", &self.offer)
            .field("test", &self.test)
            .field("country", &self.country)
            .field("params", &self.params.keys().collect::<Vec<_>>())
            .field("fields", &self.fields.keys().collect::<Vec<_>>())
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
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
            errors(r#"{"offer": "o", "email": "jan", "quantity": 0, "phone": "12"}"#, Some(country("PL"))),
            [
                "email: an e-mail address such as name@example.com is wanted",
                "quantity: a decimal number above zero such as 1 is wanted, in digits with at most one point",
                "name: the customer's name is wanted",
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
        intake.set_default(Field::Referer, "bad\u{0}");
        assert!(intake.has(Field::Ip) && !intake.has(Field::Referer));
        let lead = intake.to_lead(Some(country("PL"))).unwrap();
        assert_eq!(lead.field(Field::UserAgent), Some("Own"));
        assert_eq!(lead.field(Field::Ip), Some("192.0.2.7"));
        assert_eq!(lead.field(Field::Referer), None);
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
            name in "[\\p{L}][\\p{L} '-]{0,40}[\\p{L}]",
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
}

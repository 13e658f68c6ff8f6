//! From a request's body to a checked lead. All that is wrong with it is told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{Country, CurrencyCode, Field, Lead, Phone};

mod body;
mod context;
mod decode;
mod draft;
mod error;
mod form;
mod json;
mod multipart;
mod names;
mod notes;
mod rules;

pub use body::parse;
pub use error::{BodyError, FieldError};
pub use form::parse_form;
pub use json::parse_json;
pub use notes::{Did, Noted};

/// A request to take a lead, as it was read from a body: each field checked by itself.
///
/// What was found wrong is kept inside and told by [`Intake::to_lead`], together with what only the offer can
/// show. Until that has succeeded nothing here may be acted on, except to find the client and the offer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Intake {
    offer: Option<String>,
    external_id: Option<String>,
    key: Option<String>,
    test: Option<bool>,
    params: BTreeMap<String, String>,
    name: Option<String>,
    /// As often as it was given.
    phones: Vec<String>,
    country: Option<Country>,
    fields: BTreeMap<Field, String>,
    /// Fields that the caller stands for and the body left out.
    assumed: BTreeSet<Field>,
    /// The currency that stood beside the price.
    price_currency: Option<CurrencyCode>,
    noted: Vec<Noted>,
    ignored: Vec<Ignored>,
    errors: Vec<FieldError>,
    is_form: bool,
}

/// A name that nobody reads, and the known one it is most like.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ignored {
    name: String,
    meant: Option<&'static str>,
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
    pub fn is_test(&self) -> bool {
        self.test == Some(true)
    }

    /// Whether it came as a form, of either kind.
    #[must_use]
    pub const fn is_form(&self) -> bool {
        self.is_form
    }

    /// Overrides of the offer's parameters, for a client with a secret key.
    #[must_use]
    pub const fn params(&self) -> &BTreeMap<String, String> {
        &self.params
    }

    /// Whether an optional field is there.
    #[must_use]
    pub fn has(&self, field: Field) -> bool {
        self.fields.contains_key(&field)
    }

    /// Takes a field out that cannot be sent.
    pub fn leave_out(&mut self, field: Field) {
        if self.fields.remove(&field).is_some() {
            self.noted.push(Noted { field: field.name(), did: Did::LeftOut });
        }
    }

    /// What was done to fields so that they would not cost the lead. A field that is there was not left out, whatever it
    /// held besides.
    #[must_use]
    pub fn noted(&self) -> Vec<Noted> {
        let is_there = |noted: &Noted| match Field::from_name(noted.field) {
            Some(field) => self.has(field),
            None => self.country.is_some(),
        };
        let told = self.noted.iter().filter(|noted| noted.did != Did::LeftOut || !is_there(noted));
        told.cloned().collect()
    }

    /// The names in the body that nobody reads, each as it is or with the name that was perhaps meant: `fone (phone?)`.
    #[must_use]
    pub fn ignored(&self) -> Vec<String> {
        let told = self.ignored.iter().map(|ignored| match ignored.meant.filter(|meant| !self.gave(meant)) {
            Some(meant) => format!("{} ({meant}?)", ignored.name),
            None => ignored.name.clone(),
        });
        told.collect()
    }

    fn gave(&self, name: &str) -> bool {
        match name {
            "offer" => self.offer.is_some(),
            "name" => self.name.is_some(),
            "phone" => !self.phones.is_empty(),
            "country" => self.country.is_some(),
            "external_id" => self.external_id.is_some(),
            "test" => self.test.is_some(),
            "params" => !self.params.is_empty(),
            name => Field::from_name(name).is_some_and(|field| self.has(field)),
        }
    }

    /// Sets a field that the body left out, such as the caller's address for a form post from a browser.
    ///
    /// A text that cannot be read is left out: the customer did not write it and can't mend it.
    pub fn set_default(&mut self, field: Field, text: &str) {
        if !self.has(field)
            && let Some(text) = context::read(field, draft::Written::Text(text)).text
        {
            self.fields.insert(field, text);
            self.assumed.insert(field);
        }
    }

    /// What makes two leads the same, as a text: the order of members, spaces, encoding and the raw spelling of the phone
    /// do not count, nor what the caller stands for, which may call from another address the next time.
    #[must_use]
    pub fn identity_of(&self, offer: &str, lead: &Lead, params: &BTreeMap<String, String>, test: bool) -> String {
        let fields: BTreeMap<&str, &str> = lead
            .fields
            .iter()
            .filter(|(field, _)| !self.assumed.contains(field))
            .map(|(field, text)| (field.name(), text.as_str()))
            .collect();
        let identity = (offer, test, params, &lead.name, lead.phone.e164(), lead.country, fields);
        serde_json::to_string(&identity).unwrap_or_default()
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
                let meant = self.ignored.iter().find(|ignored| ignored.meant == Some(field));
                let perhaps = meant.map(|ignored| format!("; `{}` is no field", ignored.name)).unwrap_or_default();
                errors.push(FieldError::new(field, format!("{message}{perhaps}")));
            }
        };
        let country = self.country.or(offer_country);
        if self.offer.is_none() {
            missing("offer", "the name of a configured offer is wanted");
        }
        if self.name.is_none() {
            missing("name", "the customer's name is wanted");
        }
        if self.phones.is_empty() {
            missing("phone", "the customer's phone number is wanted");
        }
        // An offer that is not named may well have a country.
        if country.is_none() && self.offer.is_some() {
            missing("country", "the offer has no country, so the lead's is wanted: two letters such as PL");
        }
        let phone = match country {
            // Against the offer's country a right number could look wrong.
            Some(country) if !wrong.contains("country") && !self.phones.is_empty() => match self.phone_of(country) {
                Ok(phone) => Some(phone),
                Err(message) => {
                    errors.push(FieldError::new("phone", message));
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

    /// The number that all the phones given are.
    fn phone_of(&self, country: Country) -> Result<Phone, String> {
        let mut read: Option<Phone> = None;
        for given in &self.phones {
            let phone = Phone::parse(given, country).map_err(|error| error.to_string())?;
            match &read {
                Some(there) if there.e164() != phone.e164() => {
                    return Err("given more than once, with different values; one is wanted".to_owned());
                }
                Some(_) => {}
                None => read = Some(phone),
            }
        }
        read.ok_or_else(|| "the customer's phone number is wanted".to_owned())
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
            .field("noted", &self.noted)
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

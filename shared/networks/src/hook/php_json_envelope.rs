//! `php-json-envelope`: wraps the fields as `{"token", "data", "dataSign"}`, signed over PHP's JSON.
//!
//! The signature is the lower-case hex SHA-1 of what PHP's `json_encode` makes of `[key, data]`: no spaces, `/`
//! written `\/`, every character outside ASCII written `\uXXXX` in lower-case hex, keys in sending order. The token
//! is the setting `api`, the signing key the setting `key`. Source: a network's own PHP library (client code).

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};

use super::Hook;
use crate::request::{RenderError, Settings};

#[derive(Debug)]
pub(super) struct PhpJsonEnvelope;

impl Hook for PhpJsonEnvelope {
    fn name(&self) -> &'static str {
        "php-json-envelope"
    }

    fn settings(&self) -> &'static [&'static str] {
        &["api", "key"]
    }

    fn body(&self, fields: Map<String, Value>, settings: &Settings) -> Result<Value, RenderError> {
        let token = settings.require("api")?;
        let key = settings.require("key")?;
        let data = Value::Object(fields);
        let signed = php_json(&json!([key, data]));
        let signature = hex::encode(Sha1::digest(signed.as_bytes()));
        Ok(json!({ "token": token, "data": data, "dataSign": signature }))
    }

    #[cfg(feature = "cases")]
    fn fields<'a>(&self, body: &'a Value) -> Option<&'a Map<String, Value>> {
        body.get("data")?.as_object()
    }
}

/// JSON as PHP's `json_encode` writes it without flags.
fn php_json(value: &Value) -> String {
    let plain = value.to_string();
    let mut php = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '/' => php.push_str("\\/"),
            c if c.is_ascii() => php.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a text cannot fail.
                    let _ = write!(php, "\\u{unit:04x}");
                }
            }
        }
    }
    php
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_over_php_json() {
        let fields = json!({
            "fio": "Анна Demo", "phone": "+40700000001", "pbid": "ord-000777", "country": "ro",
            "product_id": "5150", "traffic_flow_id": "812", "promo_language": "rum", "pay_action": "confirmed",
            "special_price": null, "ip": "198.51.100.7", "useragent": "UA/1.0 (x)",
        });
        let settings = Settings::from_pairs([("api", "t0ken"), ("key", "S3cr3tDemoKey")]);
        let body = PhpJsonEnvelope.body(fields.as_object().unwrap().clone(), &settings).unwrap();
        assert_eq!(body["dataSign"], "65a82d68de652cca6289e00c44092b009fcd88c1");
        assert_eq!(body["token"], "t0ken");
        assert_eq!(body["data"], fields);
    }

    #[test]
    fn characters_beyond_the_first_plane_become_surrogate_pairs() {
        assert_eq!(php_json(&json!("é/😀")), "\"\\u00e9\\/\\ud83d\\ude00\"");
    }
}

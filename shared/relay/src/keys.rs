//! Keys: hashes of clients' keys and the derived keys of accounts' postback doors.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The hash under which a client's key is stored: hex SHA-256.
///
/// Keys are made of random bytes (`leadrelay key`), so a fast hash is enough: there is nothing to guess.
#[must_use]
pub fn hash_of_key(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// A new random key: 256 bits in hex.
#[must_use]
pub fn random_key() -> String {
    // A random UUID has six fixed bits: 244 random bits are hashed into 256.
    let random = [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat();
    hex::encode(Sha256::digest(random))
}

/// The relay's secret, from which the keys of all doors are derived.
#[derive(Debug, Clone)]
pub struct DoorKeys {
    secret: SecretString,
}

/// Characters of a door's key: 128 bits in hex.
const DOOR_KEY_CHARS: usize = 32;

impl DoorKeys {
    /// Keys derived from `secret`.
    #[must_use]
    pub const fn new(secret: SecretString) -> Self {
        Self { secret }
    }

    /// The key of an account's postback door.
    #[must_use]
    pub fn key_of(&self, account: &str) -> String {
        let mut key = hex::encode(self.mac(account));
        key.truncate(DOOR_KEY_CHARS);
        key
    }

    /// The account that an `id` parameter (`{account}-{key}`) proves to be, or `None`.
    ///
    /// The key is compared in constant time, and just as much is computed for an account that does not exist.
    #[must_use]
    pub fn account_of<'a>(&self, id: &'a str) -> Option<&'a str> {
        let (account, given) = id.rsplit_once('-')?;
        let right: bool = self.key_of(account).as_bytes().ct_eq(given.as_bytes()).into();
        (right && !account.is_empty()).then_some(account)
    }

    fn mac(&self, account: &str) -> Vec<u8> {
        // HMAC takes a key of any length; the error type only exists for other algorithms.
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(self.secret.expose_secret().as_bytes()) else {
            return Vec::new();
        };
        mac.update(b"door:");
        mac.update(account.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> DoorKeys {
        DoorKeys::new(SecretString::from("a relay's secret"))
    }

    #[test]
    fn an_id_proves_its_account_and_no_other() {
        let id = format!("adcombo-main-{}", keys().key_of("adcombo-main"));
        assert_eq!(keys().account_of(&id), Some("adcombo-main"));
        for wrong in [
            "adcombo-main-",
            "adcombo-main",
            "",
            "-",
            &format!("other-{}", keys().key_of("adcombo-main")),
            &format!("adcombo-main-{}", &keys().key_of("adcombo-main")[..31]),
            &format!("-{}", keys().key_of("adcombo-main")),
        ] {
            assert_eq!(keys().account_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_differ_by_account_and_by_secret() {
        let other = DoorKeys::new(SecretString::from("another secret"));
        assert_ne!(keys().key_of("a"), keys().key_of("b"));
        assert_ne!(keys().key_of("a"), other.key_of("a"));
        assert_eq!(keys().key_of("a").len(), 32);
    }
}

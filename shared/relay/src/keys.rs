//! Keys: hashes of clients' keys and the derived keys of accounts' postback doors.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

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

/// The relay's secret, from which the keys of all doors are derived; while it is changed, the one before it as well.
#[derive(Debug, Clone)]
pub struct DoorKeys {
    current: SecretString,
    previous: Vec<SecretString>,
}

/// Characters of a door's key: 128 bits in hex.
const DOOR_KEY_CHARS: usize = 32;

impl DoorKeys {
    /// Keys derived from `secret`. One of several lines is several secrets: keys are made with the first, and those
    /// made with the others still open the doors.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        let lines = secret.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty());
        let mut secrets = lines.map(SecretString::from);
        match (secrets.next(), secrets.next()) {
            (Some(current), Some(previous)) => {
                Self { current, previous: std::iter::once(previous).chain(secrets).collect() }
            }
            // To the letter as it is: a line break at its end has always been a part of it.
            _ => Self { current: secret, previous: Vec::new() },
        }
    }

    /// The key of an account's postback door.
    #[must_use]
    pub fn key_of(&self, account: &str) -> String {
        key_by(&self.current, account)
    }

    /// The account that an `id` parameter (`{account}-{key}`) proves to be, or `None`.
    ///
    /// The key is compared in constant time, and just as much is computed for an account that does not exist.
    #[must_use]
    pub fn account_of<'a>(&self, id: &'a str) -> Option<&'a str> {
        let (account, given) = id.rsplit_once('-')?;
        let secrets = std::iter::once(&self.current).chain(&self.previous);
        // All are compared, whichever fits.
        let right = secrets
            .fold(Choice::from(0), |right, secret| right | key_by(secret, account).as_bytes().ct_eq(given.as_bytes()));
        (bool::from(right) && !account.is_empty()).then_some(account)
    }
}

fn key_by(secret: &SecretString, account: &str) -> String {
    let mut key = hex::encode(mac(secret, account));
    key.truncate(DOOR_KEY_CHARS);
    key
}

fn mac(secret: &SecretString, account: &str) -> Vec<u8> {
    // HMAC takes a key of any length; the error type only exists for other algorithms.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return Vec::new();
    };
    mac.update(b"door:");
    mac.update(account.as_bytes());
    mac.finalize().into_bytes().to_vec()
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
    fn two_secrets_open_the_doors_and_the_first_makes_the_keys() {
        let both = DoorKeys::new(SecretString::from("another secret\n a relay's secret \n"));
        let new = DoorKeys::new(SecretString::from("another secret"));
        assert_eq!(both.key_of("a"), new.key_of("a"));
        for keys in [&keys(), &new] {
            assert_eq!(both.account_of(&format!("a-{}", keys.key_of("a"))), Some("a"));
        }
        let third = DoorKeys::new(SecretString::from("a third"));
        assert_eq!(both.account_of(&format!("a-{}", third.key_of("a"))), None);
        assert_eq!(new.account_of(&format!("a-{}", keys().key_of("a"))), None);
        // One line is one secret, whatever ends it.
        let with_break = DoorKeys::new(SecretString::from("a relay's secret\n"));
        assert_ne!(with_break.key_of("a"), keys().key_of("a"));
        assert_eq!(with_break.account_of(&format!("a-{}", keys().key_of("a"))), None);
        assert!(!format!("{both:?}").contains("secret\""));
    }

    #[test]
    fn keys_differ_by_account_and_by_secret() {
        let other = DoorKeys::new(SecretString::from("another secret"));
        assert_ne!(keys().key_of("a"), keys().key_of("b"));
        assert_ne!(keys().key_of("a"), other.key_of("a"));
        assert_eq!(keys().key_of("a").len(), 32);
    }
}

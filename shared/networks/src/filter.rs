//! Filters: the closed list of ways a value may be rewritten on its way into a request.

use jiff::Timestamp;
use lead::Phone;
use sha1::{Digest, Sha1};

use crate::template::TemplateError;

/// What `|filter` does to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    /// A phone as digits with its country code, without the plus.
    Digits,
    /// A phone's digits without the country code.
    National,
    /// Lower case.
    Lower,
    /// A country as three letters (ISO 3166-1 alpha-3).
    Alpha3,
    /// The first word of a name.
    FirstWord,
    /// All words of a name but the first; absent where there is only one.
    RestWords,
    /// The host of a URL.
    Host,
    /// Scheme and host of a URL.
    Origin,
    /// In a JSON body: a number instead of a text.
    Number,
    /// Unix seconds as `YYYY-MM-DD hh:mm:ss`, UTC.
    Datetime,
    /// A list joined with commas.
    Comma,
    /// A list as one field repeated.
    Each,
    /// The only id of a batch of one.
    One,
    /// Lower-case hex SHA-1.
    Sha1,
    /// The first characters only, as many as given.
    Max(usize),
}

const NAMED: [(&str, Filter); 14] = [
    ("digits", Filter::Digits),
    ("national", Filter::National),
    ("lower", Filter::Lower),
    ("alpha3", Filter::Alpha3),
    ("first_word", Filter::FirstWord),
    ("rest_words", Filter::RestWords),
    ("host", Filter::Host),
    ("origin", Filter::Origin),
    ("number", Filter::Number),
    ("datetime", Filter::Datetime),
    ("comma", Filter::Comma),
    ("each", Filter::Each),
    ("one", Filter::One),
    ("sha1", Filter::Sha1),
];

impl Filter {
    pub(crate) fn parse(written: &str) -> Result<Self, TemplateError> {
        let sized = written.strip_prefix("max(").and_then(|rest| rest.strip_suffix(')')).and_then(|n| n.parse().ok());
        if let Some(length) = sized {
            return Ok(Self::Max(length));
        }
        NAMED.iter().find(|(name, _)| *name == written).map(|(_, filter)| *filter).ok_or_else(|| {
            let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).chain(["max(N)"]).collect();
            TemplateError::UnknownFilter { given: written.to_owned(), allowed: names.join(", ") }
        })
    }

    /// The filter as a manifest writes it.
    #[cfg(feature = "cases")]
    pub(crate) fn written(self) -> String {
        let named = NAMED.iter().find(|(_, filter)| *filter == self).map(|(name, _)| (*name).to_owned());
        match (named, self) {
            (Some(name), _) => name,
            (None, Self::Max(length)) => format!("max({length})"),
            (None, other) => format!("{other:?}"),
        }
    }

    /// Rewrites one text; `None` where nothing is left to send.
    pub(crate) fn apply(self, text: &str, phone: Option<&Phone>) -> Option<String> {
        let rewritten = match self {
            Self::Digits => match phone {
                Some(phone) => phone.digits().to_owned(),
                None => text.chars().filter(char::is_ascii_digit).collect(),
            },
            Self::National => phone.map_or_else(|| text.to_owned(), Phone::national),
            Self::Lower => text.to_lowercase(),
            Self::Alpha3 => text.parse::<lead::Country>().ok()?.alpha3().to_owned(),
            Self::FirstWord => text.split_whitespace().next()?.to_owned(),
            Self::RestWords => text.split_whitespace().skip(1).collect::<Vec<_>>().join(" "),
            Self::Host => url::Url::parse(text).ok()?.host_str()?.to_owned(),
            Self::Origin => url::Url::parse(text).ok()?.origin().ascii_serialization(),
            Self::Datetime => {
                Timestamp::from_second(text.parse().ok()?).ok()?.strftime("%Y-%m-%d %H:%M:%S").to_string()
            }
            Self::Sha1 => hex::encode(Sha1::digest(text.as_bytes())),
            Self::Max(length) => text.chars().take(length).collect(),
            Self::Number | Self::Comma | Self::Each | Self::One => text.to_owned(),
        };
        (!rewritten.is_empty()).then_some(rewritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_reads_back_from_its_name() {
        for (name, filter) in NAMED {
            assert_eq!(Filter::parse(name), Ok(filter));
        }
        assert_eq!(Filter::parse("max(254)"), Ok(Filter::Max(254)));
        assert!(Filter::parse("max()").is_err());
    }

    #[test]
    fn texts_are_rewritten_and_nothing_is_absent() {
        assert_eq!(Filter::FirstWord.apply("Jan Maria Test", None).as_deref(), Some("Jan"));
        assert_eq!(Filter::RestWords.apply("Jan Maria Test", None).as_deref(), Some("Maria Test"));
        assert_eq!(Filter::RestWords.apply("Jan", None), None);
        assert_eq!(Filter::Host.apply("https://shop.example/a?b", None).as_deref(), Some("shop.example"));
        assert_eq!(Filter::Origin.apply("https://shop.example/a?b", None).as_deref(), Some("https://shop.example"));
        assert_eq!(Filter::Host.apply("no url", None), None);
        assert_eq!(Filter::Datetime.apply("1700000000", None).as_deref(), Some("2023-11-14 22:13:20"));
        assert_eq!(Filter::Max(3).apply("żółty", None).as_deref(), Some("żół"));
        assert_eq!(Filter::Sha1.apply("abc", None).as_deref(), Some("a9993e364706816aba3e25717850c26c9cd0d89d"));
    }
}

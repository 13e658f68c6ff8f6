//! Currencies as people write them: codes, old codes, signs and short words.

use iso_currency::Currency;

use super::CurrencyCode;

/// What a piece of text says of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// This one.
    One(Currency),
    /// One of several; alone it stands for the first where `alone` says so.
    Of { several: &'static [Currency], alone: bool },
    /// One that ISO 4217 does not have (`USDT`).
    Unknown,
}

/// Those that share a sign. Alone `$` is the dollar of the USA and `руб` the rouble of Russia, in which this trade pays when it says
/// no more; the others say nothing alone.
const DOLLARS: &[Currency] = &[
    Currency::USD,
    Currency::ARS,
    Currency::AUD,
    Currency::BND,
    Currency::CAD,
    Currency::CLP,
    Currency::COP,
    Currency::DOP,
    Currency::HKD,
    Currency::MXN,
    Currency::NZD,
    Currency::SGD,
    Currency::TWD,
    Currency::UYU,
];
const POUNDS: &[Currency] = &[Currency::GBP, Currency::EGP, Currency::LBP, Currency::SYP];
const ROUBLES: &[Currency] = &[Currency::RUB, Currency::BYN];
const YEN_AND_YUAN: &[Currency] = &[Currency::JPY, Currency::CNY];
const CROWNS: &[Currency] = &[Currency::SEK, Currency::NOK, Currency::DKK, Currency::ISK];
const LEI: &[Currency] = &[Currency::RON, Currency::MDL];
const RUPEES: &[Currency] = &[Currency::INR, Currency::LKR, Currency::MUR, Currency::NPR, Currency::PKR];

impl Unit {
    /// Reads a code, a sign or a word in either case; `None` where the text is none of a currency.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
        let text = text.trim_matches(['.', ',', ':']);
        let unit = match text {
            "$" | "dollar" | "dollars" => Self::Of { several: DOLLARS, alone: true },
            "£" | "pound" | "pounds" => Self::Of { several: POUNDS, alone: true },
            "руб" | "рублей" | "рубля" | "рубль" | "р" | "rubles" => {
                Self::Of { several: ROUBLES, alone: true }
            }
            "¥" | "￥" => Self::Of { several: YEN_AND_YUAN, alone: false },
            "kr" => Self::Of { several: CROWNS, alone: false },
            "lei" | "leu" => Self::Of { several: LEI, alone: false },
            "₨" | "rs" => Self::Of { several: RUPEES, alone: false },
            _ => Self::One(word(text).or_else(|| code(text))?),
        };
        Some(unit)
    }

    /// As [`Unit::read`], and what looks like the code of a currency is an unknown one.
    pub(super) fn beside_an_amount(text: &str) -> Option<Self> {
        let code = text.trim_matches(['.', ',', ':']);
        let looks_like_code = (3..=5).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_sign = matches!(code, "₿" | "¤" | "Ξ");
        Self::read(text).or_else(|| (looks_like_code || is_sign || code == "usdt").then_some(Self::Unknown))
    }

    /// What it says alone.
    pub(super) fn alone(self) -> Option<CurrencyCode> {
        match self {
            Self::One(currency) => Some(CurrencyCode(currency)),
            Self::Of { several, alone: true } => several.first().copied().map(CurrencyCode),
            Self::Of { alone: false, .. } | Self::Unknown => None,
        }
    }

    /// What two say of one amount; what contradicts itself is unknown.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::One(one), Self::One(two)) if one == two => self,
            (Self::One(one), Self::Of { several, .. }) | (Self::Of { several, .. }, Self::One(one))
                if several.contains(&one) =>
            {
                Self::One(one)
            }
            (Self::Of { several: one, .. }, Self::Of { several: two, .. }) if one == two => self,
            _ => Self::Unknown,
        }
    }
}

/// A code of ISO 4217, or one that another replaced at par or whose name stuck. `XXX` and `XTS` name none.
fn code(text: &str) -> Option<Currency> {
    let text = text.to_ascii_uppercase();
    let now = match text.as_str() {
        "RUR" => "RUB",
        "ANG" => "XCG",
        "CSD" => "RSD",
        "NTD" => "TWD",
        "RMB" => "CNY",
        "XEU" => "EUR",
        "XXX" | "XTS" => return None,
        same => same,
    };
    Currency::from_code(now)
}

/// Signs and words of one currency, in lower case.
fn word(text: &str) -> Option<Currency> {
    Some(match text {
        "€" | "euro" | "euros" | "евро" => Currency::EUR,
        "us$" | "$us" | "usd$" | "u$s" => Currency::USD,
        "c$" | "ca$" | "can$" => Currency::CAD,
        "a$" | "au$" => Currency::AUD,
        "nz$" => Currency::NZD,
        "hk$" => Currency::HKD,
        "s$" => Currency::SGD,
        "nt$" => Currency::TWD,
        "mx$" | "mex$" => Currency::MXN,
        "r$" => Currency::BRL,
        "s/" => Currency::PEN,
        "zł" | "zl" | "złotych" => Currency::PLN,
        "kč" | "kc" => Currency::CZK,
        "ft" => Currency::HUF,
        "₽" => Currency::RUB,
        "₴" | "грн" | "гривен" => Currency::UAH,
        "₸" | "тг" | "тенге" => Currency::KZT,
        "сум" | "soʻm" | "so'm" => Currency::UZS,
        "сом" => Currency::KGS,
        "дин" | "din" => Currency::RSD,
        "₺" | "tl" => Currency::TRY,
        "₼" => Currency::AZN,
        "₾" => Currency::GEL,
        "֏" => Currency::AMD,
        "₹" => Currency::INR,
        "₫" => Currency::VND,
        "฿" => Currency::THB,
        "₱" => Currency::PHP,
        "rm" => Currency::MYR,
        "rp" => Currency::IDR,
        "₩" => Currency::KRW,
        "₮" => Currency::MNT,
        "₭" => Currency::LAK,
        "៛" => Currency::KHR,
        "₦" => Currency::NGN,
        "₪" => Currency::ILS,
        "₡" => Currency::CRC,
        "₲" => Currency::PYG,
        "元" => Currency::CNY,
        "円" => Currency::JPY,
        _ => return None,
    })
}

//! A payout as networks write it, in rows and postbacks.

use lead::Payout;
use lead::money::Written;

const RAW_CHARS: usize = 100;

/// Reads an amount and the currency named apart from it. What cannot be read comes second, as it was written: the whole
/// amount, or an amount whose currency is none that we know.
pub(crate) fn read_payout(amount: Option<&str>, currency: Option<&str>) -> (Option<Payout>, Option<String>) {
    let present = |text: &&str| !text.trim().is_empty();
    let Some(amount) = amount.filter(present) else { return (None, None) };
    let currency = currency.filter(present);
    let Ok(written) = amount.parse::<Written>() else { return (None, Some(raw(amount, currency))) };
    let payout = written.payout(currency);
    let is_named = currency.is_some() || written.names_currency();
    let unread = (is_named && payout.currency.is_none()).then(|| raw(amount, currency));
    (Some(payout), unread)
}

fn raw(amount: &str, currency: Option<&str>) -> String {
    let whole = [Some(amount), currency].into_iter().flatten().map(str::trim).collect::<Vec<_>>().join(" ");
    whole.chars().filter(|c| !c.is_control()).take(RAW_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amount, currency named apart, what is read, what is kept as it came.
    const TABLE: [(&str, &str, &str, &str); 9] = [
        ("12.50", "USD", "12.50 USD", ""),
        ("12.50 USD", "USD", "12.50 USD", ""),
        ("12.50 USD", "", "12.50 USD", ""),
        ("1,250.00", "USD", "1250.00 USD", ""),
        ("12.50", "", "12.50", ""),
        ("20", "USDT", "20", "20 USDT"),
        ("-3.25", "USD", "", "-3.25 USD"),
        ("1,234", "RUB", "", "1,234 RUB"),
        ("", "USD", "", ""),
    ];

    #[test]
    fn what_is_not_read_is_kept_as_it_came() {
        for (amount, currency, read, kept) in TABLE {
            let (payout, unread) = read_payout(Some(amount), Some(currency));
            assert_eq!(payout.map(|it| it.to_string()).unwrap_or_default(), read, "{amount} {currency}");
            assert_eq!(unread.unwrap_or_default(), kept, "{amount} {currency}");
        }
    }
}

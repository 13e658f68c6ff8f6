//! Times as an operator writes them.

use jiff::Timestamp;

use super::TaskFailure;

/// A time as people write it: a day, a time in RFC 3339, or a span before now such as `2d`, `12h`, `30m`.
/// In milliseconds since 1970.
pub(crate) fn time_ms(text: &str, now_ms: u64) -> Result<u64, TaskFailure> {
    let text = text.trim();
    let instant = |text: &str| u64::try_from(text.parse::<Timestamp>().ok()?.as_millisecond()).ok();
    let found = span_ms(text)
        .map(|span| now_ms.saturating_sub(span))
        .or_else(|| instant(text))
        .or_else(|| instant(&format!("{text}T00:00:00Z")));
    found.ok_or_else(|| {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        TaskFailure::Unclear(format!("`{shown}` is no time: 2026-03-01, 2026-03-01T12:00:00Z, or 2d, 12h, 30m ago"))
    })
}

fn span_ms(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let unit_s: u64 = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_s)?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_days_instants_and_spans() {
        let now_ms = 1_700_000_000_000;
        assert_eq!(time_ms("2023-11-14", now_ms), Ok(1_699_920_000_000));
        assert_eq!(time_ms("2023-11-14T22:13:20Z", now_ms), Ok(now_ms));
        assert_eq!(time_ms(" 2d ", now_ms), Ok(now_ms - 2 * 86_400_000));
        assert_eq!(time_ms("90m", now_ms), Ok(now_ms - 5_400_000));
        for wrong in ["", "soon", "d", "2w", "-1d", "1923-11-14", "99999999999999999999d"] {
            assert!(time_ms(wrong, now_ms).is_err(), "{wrong}");
        }
    }
}

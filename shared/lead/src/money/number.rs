//! The digits of an amount: decimals by point or comma, thousands by whatever people put between them.

use rust_decimal::Decimal;

use super::MoneyError;

/// The most digits before the point. More is no price of anything, and sums of less stay exact.
const WHOLE_DIGITS: usize = 15;

/// Reads from the first digit to the last, without sign and currency.
///
/// One point is the point of a decimal, as programs write it (`12.500` is twelve and a half). One comma with exactly three
/// digits behind it is a thousand to some and a decimal to others, and not read.
pub(super) fn read(text: &str) -> Result<Decimal, MoneyError> {
    let marks: Vec<(usize, Mark)> = text.char_indices().filter_map(|(at, c)| Some((at, Mark::of(c)?))).collect();
    let Some((last_at, last)) = marks.last().copied() else { return decimal(&[text], "") };
    let same = marks.iter().filter(|(_, mark)| *mark == last).count();
    let others = marks.len() - same;
    let is_point = match last {
        Mark::Space | Mark::Apostrophe => false,
        // One of two kinds, at the end: `1,250.00`, `1.250,00`, `1 299,00`.
        Mark::Point | Mark::Comma if others > 0 => same == 1,
        Mark::Point => same == 1,
        Mark::Comma if same > 1 => false,
        Mark::Comma => match text.split_once(',') {
            // `0,500` and `1234,567` are no thousands.
            Some((whole, fraction))
                if fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0') =>
            {
                return Err(MoneyError::Ambiguous);
            }
            _ => true,
        },
    };
    let (whole, fraction) = if is_point {
        let (whole, fraction) = text.split_at_checked(last_at).unwrap_or_default();
        (whole, fraction.trim_start_matches(['.', ',']))
    } else {
        (text, "")
    };
    let mut kinds = marks.iter().map(|(_, mark)| *mark).filter(|mark| !is_point || *mark != last);
    let groups: Vec<&str> = whole.split(|c| Mark::of(c).is_some()).collect();
    match kinds.next() {
        None => decimal(&groups, fraction),
        Some(kind) if kinds.all(|other| other == kind) && are_groups(&groups, kind) => decimal(&groups, fraction),
        Some(_) => Err(MoneyError::NotANumber),
    }
}

/// Groups of three, or as in India a three and twos before it (`1,25,000`).
fn are_groups(groups: &[&str], mark: Mark) -> bool {
    let [first, middle @ .., last] = groups else { return false };
    let western = (1..=3).contains(&first.len()) && middle.iter().all(|group| group.len() == 3);
    let indian = mark == Mark::Comma
        && !middle.is_empty()
        && (1..=2).contains(&first.len())
        && middle.iter().all(|group| group.len() == 2);
    last.len() == 3 && !first.starts_with('0') && (western || indian)
}

fn decimal(groups: &[&str], fraction: &str) -> Result<Decimal, MoneyError> {
    let whole = groups.concat();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = digits(&whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    if !is_number || whole.trim_start_matches('0').len() > WHOLE_DIGITS {
        return Err(MoneyError::NotANumber);
    }
    let written = if fraction.is_empty() { whole } else { format!("0{whole}.{fraction}") };
    Decimal::from_str_exact(&written).map_err(|_| MoneyError::NotANumber)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Point,
    Comma,
    Space,
    Apostrophe,
}

impl Mark {
    fn of(c: char) -> Option<Self> {
        match c {
            '.' => Some(Self::Point),
            ',' => Some(Self::Comma),
            '\'' | '\u{2019}' | '\u{2bc}' => Some(Self::Apostrophe),
            c if c.is_whitespace() && !c.is_control() => Some(Self::Space),
            _ => None,
        }
    }
}

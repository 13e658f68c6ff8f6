//! Form bodies: `application/x-www-form-urlencoded`.

use encoding_rs::Encoding;
use percent_encoding::percent_decode;

use super::decode::{Decoded, charset, decode};
use super::draft::{Draft, Written};
use super::{BodyError, Intake};

/// The hidden field into which a browser writes the page's charset.
pub(super) const CHARSET_FIELD: &str = "_charset_";

/// Reads an intake from a form in UTF-8 as browsers send it.
///
/// Names that are not known are passed over: a plain HTML form carries its buttons and tokens along. Parameters are
/// fields named `params[NAME]`.
///
/// # Errors
/// Never; what is wrong with fields is told by [`Intake::to_lead`].
pub fn parse_form(body: &[u8]) -> Result<Intake, BodyError> {
    Ok(parse_form_in(body, None))
}

pub(super) fn parse_form_in(body: &[u8], named: Option<&'static Encoding>) -> Intake {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = body
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            (unescaped(parts.next().unwrap_or_default()), unescaped(parts.next().unwrap_or_default()))
        })
        .collect();
    let of_page = pairs.iter().find(|(name, _)| name == CHARSET_FIELD.as_bytes());
    let named = named.or_else(|| charset(str::from_utf8(&of_page?.1).ok()?));
    let mut draft = Draft::of_form();
    for (name, value) in &pairs {
        take(&mut draft, &decode(name, named).text, &decode(value, named));
    }
    draft.finish()
}

/// Takes one field of a form of either kind.
pub(super) fn take(draft: &mut Draft, name: &str, value: &Decoded<'_>) {
    if name == CHARSET_FIELD {
        return;
    }
    let value = if value.has_garbage { Written::Garbage } else { Written::Text(&value.text) };
    match name.strip_prefix("params[") {
        Some(rest) => match rest.strip_suffix(']').filter(|param| !param.contains(['[', ']'])) {
            Some(param) => draft.take_param(param, value),
            None => draft.params(value),
        },
        None => draft.take(name, value),
    }
}

/// As [`form_urlencoded`](https://url.spec.whatwg.org/#urlencoded-parsing), but bytes that are no UTF-8 are kept instead
/// of silently replaced.
fn unescaped(part: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    fn intake(body: &str) -> Intake {
        parse_form(body.as_bytes()).unwrap()
    }

    fn errors(body: &str) -> Vec<String> {
        let poland = "PL".parse().unwrap();
        intake(body)
            .to_lead(Some(poland))
            .map_or_else(|errors| errors.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    const GOOD: &str = "offer=slim-tea-pl&name=Jan&phone=500100200";

    #[test]
    fn a_browsers_form_becomes_a_lead() {
        let intake = parse_form(
            b"\xef\xbb\xbfoffer=slim-tea-pl&name=Jan+K%C3%B3s&phone=%2B48+500+100+200&country=PL&key=pk-1&test=on&params[flow]=12&\
              params%5Bgoal%5D=a%26b&comment=call%0D%0Alater&zip=&csrf=x&submit=Order&submit=Order&&price=12.10",
        )
        .unwrap();
        assert_eq!((intake.offer(), intake.key(), intake.is_test()), (Some("slim-tea-pl"), Some("pk-1"), true));
        let params: Vec<_> = intake.params().iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(params, ["flow=12", "goal=a&b"]);
        let lead = intake.to_lead(None).unwrap();
        assert_eq!((lead.name.as_str(), lead.phone.e164()), ("Jan K\u{f3}s", "+48500100200"));
        assert_eq!(lead.field(Field::Comment), Some("call later"));
        assert_eq!(lead.field(Field::Price), Some("12.10"));
        assert_eq!(lead.field(Field::Zip), None);
        assert_eq!(intake.ignored(), ["csrf", "submit"]);
    }

    #[test]
    fn params_have_one_name_each() {
        for wrong in ["params=1", "params[a=1", "params[a][b]=1", "params[][]=1", "params[[]=1&params=2"] {
            let told = errors(&format!("{GOOD}&{wrong}"));
            assert_eq!(told, ["params: write each parameter as a field params[NAME]"], "{wrong}");
        }
        assert_eq!(errors(&format!("{GOOD}&params[]=1")).len(), 1);
    }

    #[test]
    fn bytes_of_no_charset_cost_nothing_but_the_field_they_are_in() {
        let wanted = "name: a text in UTF-8, or in the charset that the request names, is wanted";
        assert_eq!(errors("offer=o&name=%ff&phone=500100200"), [wanted]);
        for (body, ignored, noted) in [
            ("submit=%CE%F2%EF%F0%E0%E2%E8%F2%FC", 1, 0),
            ("%c3=1", 1, 0),
            ("city=%c5%82%e9", 0, 1),
            ("city=100%", 0, 0),
        ] {
            let body = format!("{GOOD}&{body}");
            assert_eq!(errors(&body), [""; 0], "{body}");
            assert_eq!((intake(&body).ignored().len(), intake(&body).noted().len()), (ignored, noted), "{body}");
        }
    }

    #[test]
    fn the_pages_charset_is_read() {
        let lead = |intake: Intake| intake.to_lead(Some("PL".parse().unwrap())).unwrap();
        let cyrillic = "offer=o&phone=500100200&name=%C8%E2%E0%ED";
        let named = parse_form_in(cyrillic.as_bytes(), charset("windows-1251"));
        assert_eq!(lead(named).name, "\u{418}\u{432}\u{430}\u{43d}");
        assert_eq!(lead(intake(&format!("{cyrillic}&_charset_=windows-1251"))).name, "\u{418}\u{432}\u{430}\u{43d}");
    }
}

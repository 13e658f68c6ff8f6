//! Form bodies: `application/x-www-form-urlencoded`.

use percent_encoding::percent_decode;

use super::draft::{Draft, Source, Written};
use super::{BodyError, Intake};

/// Reads an intake from a form as browsers send it.
///
/// Names that are not known are passed over: a plain HTML form carries its buttons and tokens along. A known name
/// given twice is an error. Parameters are fields named `params[NAME]`; `test` is `1`, `true` or `on`.
///
/// # Errors
/// [`BodyError::NotUtf8`]. What is wrong with fields is told by [`Intake::to_lead`].
pub fn parse_form(body: &[u8]) -> Result<Intake, BodyError> {
    let mut draft = Draft::new(Source::Form);
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(parts.next().unwrap_or_default())?;
        let text = decode(parts.next().unwrap_or_default())?;
        let value = Written::Text(&text);
        match name.strip_prefix("params[") {
            Some(rest) => match rest.strip_suffix(']').filter(|param| !param.contains(['[', ']'])) {
                Some(param) => draft.take_param(param, value),
                None => draft.params(value),
            },
            None => draft.take(&name, value),
        }
    }
    Ok(draft.finish())
}

/// As [`form_urlencoded`](https://url.spec.whatwg.org/#urlencoded-parsing), but bytes that are no UTF-8 are an
/// error instead of a silent replacement.
fn decode(part: &[u8]) -> Result<String, BodyError> {
    let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let text = percent_decode(&spaced).decode_utf8().map_err(|_| BodyError::NotUtf8)?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    fn errors(body: &str) -> Vec<String> {
        let intake = parse_form(body.as_bytes()).unwrap();
        let poland = "PL".parse().unwrap();
        intake
            .to_lead(Some(poland))
            .map_or_else(|errors| errors.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    const GOOD: &str = "offer=slim-tea-pl&name=Jan&phone=500100200";

    #[test]
    fn a_browsers_form_becomes_a_lead() {
        let intake = parse_form(
            b"offer=slim-tea-pl&name=Jan+K%C3%B3s&phone=%2B48+500+100+200&country=PL&key=pk-1&test=on&params[flow]=12&\
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
    }

    #[test]
    fn a_known_name_twice_is_an_error() {
        assert_eq!(errors(&format!("{GOOD}&name=Jan")), ["name: given more than once; it is wanted once"]);
        let params = format!("{GOOD}&params[a]=1&params%5Ba%5D=1");
        assert_eq!(errors(&params), ["params.a: given more than once; it is wanted once"]);
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
    fn what_is_not_utf_8_is_refused() {
        for body in [&b"name=%ff"[..], b"name=\xff", b"%c3=1", b"name=%c5%82%e9"] {
            assert_eq!(parse_form(body), Err(BodyError::NotUtf8), "{body:?}");
        }
        assert_eq!(errors(&format!("{GOOD}&city=100%")), [""; 0]);
    }

    #[test]
    fn a_names_line_break_is_refused() {
        let told = errors("offer=o&name=Jan%0AK&phone=500100200");
        assert_eq!(told, ["name: line breaks and other control characters are not allowed"]);
    }
}

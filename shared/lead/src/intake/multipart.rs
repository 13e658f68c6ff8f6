//! Form bodies: `multipart/form-data`.

use futures_util::{FutureExt, stream};
use multer::Multipart;
use multer::bytes::Bytes;

use super::decode::{charset, decode, parameter};
use super::draft::Draft;
use super::form;
use super::{BodyError, Intake};

/// One text of a form: its name, its bytes and the charset that its own content type names.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) bytes: Bytes,
    pub(super) charset: Option<String>,
}

/// Reads an intake from a form as PHP's curl and a page's `FormData` send it. Files are passed over.
///
/// # Errors
/// [`BodyError::NotMultipart`]. What is wrong with fields is told by [`Intake::to_lead`].
pub(super) fn parse_multipart(body: &[u8], content_type: &str) -> Result<Intake, BodyError> {
    // The whole body is there, so nothing ever waits.
    let parts = parts(body, content_type).now_or_never().and_then(Result::ok).ok_or(BodyError::NotMultipart)?;
    let default = parts.iter().find(|part| part.name == form::CHARSET_FIELD);
    let default = default.and_then(|part| charset(str::from_utf8(&part.bytes).ok()?));
    let named = parameter(content_type, "charset").and_then(charset).or(default);
    let mut draft = Draft::of_form();
    for part in &parts {
        let charset = part.charset.as_deref().and_then(charset).or(named);
        form::take(&mut draft, &part.name, &decode(&part.bytes, charset));
    }
    Ok(draft.finish())
}

async fn parts(body: &[u8], content_type: &str) -> Result<Vec<Part>, multer::Error> {
    let boundary = multer::parse_boundary(content_type)?;
    let body = Bytes::copy_from_slice(body);
    let mut multipart = Multipart::new(stream::iter([Ok::<_, std::convert::Infallible>(body)]), boundary);
    let mut parts = Vec::new();
    while let Some(field) = multipart.next_field().await? {
        let is_file = field.file_name().is_some();
        let name = field.name().unwrap_or_default().to_owned();
        let charset = field.content_type().and_then(|kind| kind.get_param("charset")).map(|name| name.to_string());
        let bytes = field.bytes().await?;
        if !is_file {
            parts.push(Part { name, bytes, charset });
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (head, value) in parts {
            body.extend(format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes());
            body.extend(*value);
            body.extend(b"\r\n");
        }
        body.extend(b"--x--\r\n");
        body
    }

    const TYPE: &str = "multipart/form-data; boundary=\"x\"";

    #[test]
    fn it_is_the_same_lead_as_from_any_form_and_files_are_passed_over() {
        let body = body(&[
            ("name=\"offer\"", b"tea"),
            ("name=\"name\"", "Łucja".as_bytes()),
            ("name=\"phone\"", b"500100200"),
            ("name=\"params[flow]\"", b"12"),
            ("name=\"photo\"; filename=\"a.png\"\r\nContent-Type: image/png", b"\x89PNG\r\n\x1a\n"),
            ("name=\"city\"\r\nContent-Type: text/plain; charset=windows-1251", b"\xca\xe8\xe5\xe2"),
        ]);
        let intake = parse_multipart(&body, TYPE).unwrap();
        let lead = intake.to_lead(Some("PL".parse().unwrap())).unwrap();
        assert_eq!((lead.name.as_str(), lead.phone.e164()), ("Łucja", "+48500100200"));
        assert_eq!(lead.field(Field::City), Some("\u{41a}\u{438}\u{435}\u{432}"));
        assert_eq!(intake.params().get("flow").map(String::as_str), Some("12"));
        assert!(intake.is_form() && intake.ignored().is_empty() && intake.noted().is_empty());
    }

    #[test]
    fn the_pages_own_charset_field_counts() {
        let body = body(&[("name=\"name\"", b"\xc8\xe2\xe0\xed"), ("name=\"_charset_\"", b"windows-1251")]);
        let intake = parse_multipart(&body, TYPE).unwrap();
        assert!(intake.to_lead(None).unwrap_err().iter().all(|error| error.field != "name"));
    }

    #[test]
    fn what_breaks_off_or_has_no_boundary_is_told() {
        for (body, content_type) in [
            (&b"--x--"[..], "multipart/form-data"),
            (b"", TYPE),
            (b"offer=tea", TYPE),
            (b"--x\r\nContent-Disposition: form-data; name=\"offer\"\r\n\r\ntea", TYPE),
        ] {
            assert_eq!(parse_multipart(body, content_type), Err(BodyError::NotMultipart), "{body:?}");
        }
    }
}

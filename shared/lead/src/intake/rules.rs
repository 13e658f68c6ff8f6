//! What the texts have to be that make the order.

use crate::marks;

pub(super) const NAME_CHARS: usize = 255;
/// More than any number has: templates and exports put marks around it.
pub(super) const PHONE_CHARS: usize = 128;
pub(super) const OFFER_CHARS: usize = 128;
pub(super) const KEY_CHARS: usize = 255;
pub(super) const EXTERNAL_ID_CHARS: usize = 255;
pub(super) const PARAM_NAME_CHARS: usize = 64;
pub(super) const PARAM_CHARS: usize = 500;
pub(super) const MOST_PARAMS: usize = 20;

/// What is wrong with a text. The messages hold nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("at most {most} characters are allowed, this has {given}")]
    TooLong { most: usize, given: usize },
    #[error("line breaks and other control characters are not allowed")]
    ControlCharacter,
}

/// A text without white space at its ends, in which every sign counts; `None` if nothing but white space is there.
pub(super) fn plain(text: &str, most: usize) -> Result<Option<String>, Fault> {
    if text.trim().contains(char::is_control) {
        return Err(Fault::ControlCharacter);
    }
    short(text.trim().to_owned(), most)
}

/// A text that people type or paste, in one line; `None` if nothing is there that anybody can see.
pub(super) fn seen(text: &str, most: usize) -> Result<Option<String>, Fault> {
    short(marks::tidy(text), most)
}

fn short(text: String, most: usize) -> Result<Option<String>, Fault> {
    match text.chars().count() {
        0 => Ok(None),
        given if given > most => Err(Fault::TooLong { most, given }),
        _ => Ok(Some(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        let text = "\u{17c}".repeat(64);
        assert_eq!(plain(&text, 64), Ok(Some(text.clone())));
        let fault = seen(&"\u{17c}".repeat(65), 64).unwrap_err();
        assert_eq!(fault.to_string(), "at most 64 characters are allowed, this has 65");
    }

    #[test]
    fn a_text_that_people_type_may_break_its_lines_and_a_key_may_not() {
        assert_eq!(seen("Jan\nTest\u{200b}", 9), Ok(Some("Jan Test".to_owned())));
        assert_eq!(plain("a\nb", 9), Err(Fault::ControlCharacter));
        for nothing in ["", " \u{a0}\n"] {
            assert_eq!((plain(nothing, 9), seen(nothing, 9)), (Ok(None), Ok(None)));
        }
    }
}

//! Signs that are in a text and that nobody sees: they come along when something is copied from a page, a sheet or a chat.

/// The text in one line, without white space at its ends and without marks that nobody sees. Line breaks, tabs and blank
/// signs become a space; a text of nothing else is empty.
pub(crate) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut gap = Gap::None;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == ' ' {
            gap = match gap {
                Gap::None => Gap::Spaces(1),
                Gap::Spaces(count) => Gap::Spaces(count.saturating_add(1)),
                Gap::Odd => Gap::Odd,
            };
        } else if is_blank(char) {
            gap = Gap::Odd;
        } else if is_joiner(char) {
            // Persian and the scripts of India write words with them, and only between letters of their own.
            let joins = |other: char| !other.is_ascii() && !is_unseen(other) && !is_blank(other);
            let before = gap == Gap::None && tidy.chars().next_back().is_some_and(joins);
            if before && chars.peek().copied().is_some_and(joins) {
                tidy.push(char);
            }
        } else if !is_unseen(char) {
            // Spaces as they were typed stay as they are.
            let spaces = match gap {
                Gap::None => 0,
                Gap::Spaces(count) => count,
                Gap::Odd => 1,
            };
            if !tidy.is_empty() {
                tidy.extend(std::iter::repeat_n(' ', spaces));
            }
            tidy.push(char);
            gap = Gap::None;
        }
    }
    tidy
}

/// The text without control characters; line breaks and tabs become a space. Nothing else is changed.
pub(crate) fn without_controls(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\n', '\r', '\t'], " ").replace(char::is_control, "")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    /// So many plain spaces.
    Spaces(usize),
    /// Something else that stands for one.
    Odd,
}

/// Takes up room and shows nothing.
fn is_blank(char: char) -> bool {
    // The empty Braille cell and the Hangul fillers are no white space by Unicode.
    char.is_whitespace() || matches!(char, '\u{2800}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{1d159}')
}

const fn is_joiner(char: char) -> bool {
    matches!(char, '\u{200c}' | '\u{200d}')
}

/// Takes up no room: control characters, direction marks, joiners of words, byte-order marks, tags.
pub(crate) fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}')
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(char, '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_and_tabs_are_spaces_and_unseen_marks_go() {
        for (text, tidied) in [
            ("Jan\tTest", "Jan Test"),
            ("Jan\r\nTest", "Jan Test"),
            (" Jan \u{a0}\n Test\u{feff}", "Jan Test"),
            ("Jan  Test", "Jan  Test"),
            ("\u{200b}Jan\u{ad}\u{200d} T\u{0}est\u{2069}", "Jan Test"),
            ("Jan\u{2800}Test", "Jan Test"),
            // A Persian name with the mark that keeps its letters apart.
            (
                "\u{639}\u{644}\u{6cc}\u{200c}\u{631}\u{636}\u{627}",
                "\u{639}\u{644}\u{6cc}\u{200c}\u{631}\u{636}\u{627}",
            ),
            ("\u{639}\u{200c}", "\u{639}"),
        ] {
            assert_eq!(tidy(text), tidied, "{text:?}");
        }
    }

    #[test]
    fn a_text_that_nobody_can_see_is_empty() {
        for text in [
            "",
            " ",
            "\u{200b}",
            "\u{2800}",
            "\u{feff}",
            "\u{3164}",
            "\u{200d}\u{200c}",
            "\u{e0041}",
            "\u{61c} \u{2066}\t",
        ] {
            assert_eq!(tidy(text), "", "{text:?}");
        }
    }
}

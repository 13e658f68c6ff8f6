//! Text laid out for people: tables, definitions and paragraphs that fit the terminal.

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, Width, presets};
use textwrap::{Options, WordSplitter};

/// The columns of running text that goes into a file or a pipe.
const PAGE: usize = 100;
/// Running text in lines longer than this is hard to read.
const WIDEST: usize = 120;
/// Below this, text is cut into more lines than it helps.
const NARROWEST: usize = 40;
/// Spaces between the columns of a table and between a name and what it means.
const GAP: u16 = 2;

/// A table. In `width` columns its cells are wrapped to fit, but those of the first column, which are ids to copy;
/// without a width every row is one line.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| clean(cell)));
    }
    for (column, gap) in table.column_iter_mut().zip(gaps(header.len())) {
        column.set_padding((0, gap));
    }
    match width {
        Some(width) => fit(&mut table, &longest_words(header, rows), width),
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Wraps cells between words; inside of words only where the terminal is too narrow for whole ones.
fn fit(table: &mut Table, longest_words: &[usize], width: usize) {
    let short = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
    let least: Vec<u16> = longest_words
        .iter()
        .zip(gaps(longest_words.len()))
        .map(|(word, gap)| short(*word).saturating_add(gap))
        .collect();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─')));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(short(width));
    if least.iter().map(|columns| usize::from(*columns)).sum::<usize>() <= width {
        for (column, columns) in table.column_iter_mut().zip(least) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(columns)));
        }
    }
    if let Some(ids) = table.column_mut(0) {
        ids.set_constraint(ColumnConstraint::ContentWidth);
    }
}

/// Spaces after each column; none after the last.
fn gaps(columns: usize) -> impl Iterator<Item = u16> {
    (1..=columns).map(move |column| if column == columns { 0 } else { GAP })
}

/// The length of the longest word of each column, in characters.
fn longest_words(header: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let longest = |text: &str| text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or_default();
    let of_column = |(column, title): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| longest(cell));
        cells.chain([longest(title)]).max().unwrap_or_default()
    };
    header.iter().enumerate().map(of_column).collect()
}

/// Names and what they mean, one below the other, indented by two.
pub(crate) fn definitions(pairs: &[(String, String)], width: Option<usize>) -> String {
    let columns = columns(width);
    let longest = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    // A name that takes half of the line pushes its meaning aside, not those of all others.
    let name_width = longest.min(columns / 2);
    let hanging = " ".repeat(2 + name_width + usize::from(GAP));
    let lines = pairs.iter().map(|(name, meaning)| {
        let first = format!("  {name:name_width$}{}", " ".repeat(usize::from(GAP)));
        fill(&clean(meaning), &first, &hanging, columns)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Running text, its lines refilled and indented by two; an empty line parts paragraphs.
pub(crate) fn paragraphs(text: &str, width: Option<usize>) -> String {
    let filled = text.trim().split("\n\n").map(|paragraph| fill(&clean(paragraph), "  ", "  ", columns(width)));
    filled.collect::<Vec<_>>().join("\n\n")
}

/// Points of a list, one paragraph each.
pub(crate) fn points<'a>(points: impl IntoIterator<Item = &'a str>, width: Option<usize>) -> String {
    let filled = points.into_iter().map(|point| fill(&clean(point), "  - ", "    ", columns(width)));
    filled.collect::<Vec<_>>().join("\n")
}

/// Text on one line without control characters: what strangers wrote must not steer the terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `1 order`, `2 orders`; a noun whose plural is not made with an `s` is not for this.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn columns(width: Option<usize>) -> usize {
    width.unwrap_or(PAGE).clamp(NARROWEST, WIDEST)
}

fn fill(text: &str, first: &str, others: &str, columns: usize) -> String {
    // Words are URLs and macros to copy: none is broken.
    let options = Options::new(columns)
        .initial_indent(first)
        .subsequent_indent(others)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    textwrap::fill(&text, options).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |one: &str, two: &str| vec![one.to_owned(), two.to_owned()];
        vec![row("adcombo", "token from the personal account"), row("m1shop", "a\nb\u{1b}[31m")]
    }

    #[test]
    fn a_piped_table_has_one_line_a_row() {
        let text = table(&["slug", "what"], &rows(), None);
        assert_eq!(text, "slug     what\nadcombo  token from the personal account\nm1shop   a b [31m");
    }

    #[test]
    fn a_watched_table_fits_its_terminal() {
        let text = table(&["slug", "what"], &rows(), Some(30));
        assert_eq!(
            text,
            "slug     what\n─────────────────────────\nadcombo  token from the\n         personal account\n\
             m1shop   a b [31m"
        );
    }

    #[test]
    fn definitions_hang_below_their_meaning() {
        let pairs = [("api".to_owned(), "token from the personal account of the network".to_owned())];
        let text = definitions(&pairs, Some(40));
        assert_eq!(text, "  api  token from the personal account\n       of the network");
    }

    #[test]
    fn paragraphs_are_refilled_and_urls_stay_whole() {
        let url = format!("https://relay.example/{}", "x".repeat(40));
        let text = paragraphs(&format!("One\ntwo.\n\n{url} is it.\n"), Some(40));
        assert_eq!(text, format!("  One two.\n\n  {url}\n  is it."));
    }

    #[test]
    fn nouns_are_counted() {
        assert_eq!([count(0, "offer"), count(1, "offer"), count(2, "offer")], ["0 offers", "1 offer", "2 offers"]);
    }
}

//! The catalogue as a table.

use networks::Network;

use super::{poll_confidence, status_word, submit_confidence};
use crate::layout;

/// The table for people at a terminal.
pub(super) fn text<'a>(networks: impl Iterator<Item = &'a Network>, width: Option<usize>) -> String {
    let row = |network: &Network| {
        vec![
            network.slug().to_owned(),
            network.name().to_owned(),
            names(network, ""),
            status_word(network).to_owned(),
            submit_confidence(network).to_owned(),
            poll_confidence(network).to_owned(),
        ]
    };
    let header = ["slug", "network", "parameters", "statuses", "submit", "status call"];
    layout::table(&header, &networks.map(row).collect::<Vec<_>>(), width)
}

/// The table of the README, in Markdown.
pub(super) fn markdown<'a>(networks: impl Iterator<Item = &'a Network>) -> String {
    let mut lines = vec![
        "| network | slug | offer parameters | statuses by | submit | status call |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(networks.map(|network| {
        let (name, slug, parameters) = (network.name().replace('|', "\\|"), network.slug(), names(network, "`"));
        let (by, submit, poll) = (status_word(network), submit_confidence(network), poll_confidence(network));
        format!("| {name} | `{slug}` | {parameters} | {by} | {submit} | {poll} |")
    }));
    lines.join("\n")
}

/// The offer's parameters; those that may be left out are marked.
fn names(network: &Network, quote: &str) -> String {
    let name = |key: networks::AccountKey<'_>| {
        let optional = if key.required { "" } else { "?" };
        format!("{quote}{}{quote}{optional}", key.name)
    };
    network.offer_keys().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use networks::catalog;

    use super::*;

    fn three() -> impl Iterator<Item = &'static Network> {
        ["adcombo", "inb-order", "hotpartner"].into_iter().map(|slug| catalog::find(slug).unwrap())
    }

    #[test]
    fn the_catalogue_is_a_table() {
        assert_eq!(
            text(three(), None),
            "slug        network          parameters                   statuses  submit       status call\n\
             adcombo     AdCombo          adcombo                      poll      client-code  client-code\n\
             inb-order   INB (Order API)  inb                          postback  unknown      unknown\n\
             hotpartner  HotPartner       hotpartner, delivery_price?  poll      client-code  client-code"
        );
    }

    #[test]
    fn the_readme_has_it_in_markdown() {
        assert_eq!(
            markdown(three()),
            "| network | slug | offer parameters | statuses by | submit | status call |\n\
             |---|---|---|---|---|---|\n\
             | AdCombo | `adcombo` | `adcombo` | poll | client-code | client-code |\n\
             | INB (Order API) | `inb-order` | `inb` | postback | unknown | unknown |\n\
             | HotPartner | `hotpartner` | `hotpartner`, `delivery_price`? | poll | client-code | client-code |"
        );
    }

    #[test]
    fn the_table_fits_a_terminal() {
        let text = text(catalog::all(), Some(80));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

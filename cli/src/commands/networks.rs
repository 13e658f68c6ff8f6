//! `leadrelay networks`: the catalogue, or one network's card.

use networks::{Network, catalog};

use crate::args::NetworksArgs;
use crate::failure::Failure;
use crate::output;

mod card;
mod listing;
mod object;

use object::NetworkObject;

/// Likeness of two words, 0 to 1, from which on one may be meant by the other.
const ALIKE: f64 = 0.75;
/// How many networks are suggested for a name that is none.
const SUGGESTED: usize = 3;

/// Shows the catalogue.
pub(crate) fn run(args: &NetworksArgs) -> Result<(), Failure> {
    let Some(slug) = &args.slug else {
        if args.json {
            return output::json(&catalog::all().map(NetworkObject::of).collect::<Vec<_>>());
        }
        let text = if args.markdown {
            listing::markdown(catalog::all())
        } else {
            listing::text(catalog::all(), output::width())
        };
        output::line(text);
        return Ok(());
    };
    let network = catalog::find(slug).ok_or_else(|| unknown(slug))?;
    if args.json {
        return output::json(&NetworkObject::of(network));
    }
    output::line(card::text(network, output::width()));
    Ok(())
}

fn unknown(slug: &str) -> Failure {
    let nearest = nearest(slug);
    let meant = if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(" or ")) };
    Failure::new(format!("`{slug}` is no network of the catalogue{meant}\n`leadrelay networks` lists them"))
}

/// The slugs of the networks whose slug or name is most like what was given, the likest first.
fn nearest(given: &str) -> Vec<&'static str> {
    let given = given.to_lowercase();
    let likeness = |network: &Network| {
        let by_slug = strsim::jaro_winkler(&given, network.slug());
        by_slug.max(strsim::jaro_winkler(&given, &network.name().to_lowercase()))
    };
    let mut likely: Vec<(f64, &str)> = catalog::all().map(|network| (likeness(network), network.slug())).collect();
    likely.retain(|(likeness, _)| *likeness >= ALIKE);
    likely.sort_by(|one, other| other.0.total_cmp(&one.0));
    likely.into_iter().take(SUGGESTED).map(|(_, slug)| slug).collect()
}

/// The word for how well the call that hands leads over is known.
fn submit_confidence(network: &Network) -> &'static str {
    network.manifest().submit.as_ref().map_or("unknown", |submit| submit.proof.confidence.as_str())
}

/// The word for how well the call that asks for statuses is known.
fn poll_confidence(network: &Network) -> &'static str {
    network.manifest().poll.as_ref().map_or("unknown", |poll| poll.proof.confidence.as_str())
}

/// How statuses come: `postback`, `poll` or `both`.
const fn status_word(network: &Network) -> &'static str {
    match network.status_source() {
        networks::manifest::StatusesBy::Postback => "postback",
        networks::manifest::StatusesBy::Poll => "poll",
        networks::manifest::StatusesBy::Both => "both",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_network_is_near_the_right_one() {
        for (given, meant) in
            [("adcomb", "adcombo"), ("AdCombo", "adcombo"), ("m1 shop", "m1shop"), ("leadrok", "leadrock")]
        {
            assert_eq!(nearest(given).first(), Some(&meant), "{given}");
        }
        assert!(nearest("zzzzzz").is_empty());
        let message = unknown("adcomb").to_string();
        assert!(message.starts_with("`adcomb` is no network of the catalogue; did you mean adcombo"), "{message}");
    }

    #[test]
    fn the_table_of_the_readme_is_the_generated_one() {
        let readme = include_str!("../../../README.md");
        let (_, after) = readme.split_once("<!-- networks: made by `leadrelay networks --markdown` -->\n").unwrap();
        let (table, _) = after.split_once("<!-- /networks -->").unwrap();
        let made = listing::markdown(catalog::all());
        assert!(table.trim_end() == made.trim_end(), "run `leadrelay networks --markdown` and put its table there");
    }
}

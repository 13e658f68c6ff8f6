//! What a message may show of the file: a configuration holds keys, and messages end up in terminals and in CI's logs.

use networks::Problem;

/// The keys whose values are no secrets. A value of any other key, of a mistyped one too, is not shown.
const PLAIN: [&str; 18] = [
    "account",
    "action",
    "base_url",
    "calls_per_minute",
    "country",
    "days",
    "duplicates",
    "hours",
    "months",
    "network",
    "networks",
    "offers",
    "origins",
    "poll",
    "publishable",
    "scope",
    "thanks_url",
    "weeks",
];

/// The problem with its line as far as it may be shown.
pub(super) fn shown(mut problem: Problem) -> Problem {
    if let Some(kept) = kept(&problem.source_line) {
        problem.source_line = format!("{kept}…");
        problem.width = 1;
    }
    problem
}

/// The start of a line that may be shown; `None` for the whole.
fn kept(line: &str) -> Option<&str> {
    let start = line.trim_start();
    if start.is_empty() {
        return None;
    }
    if start.starts_with('[') {
        let Some((head, rest)) = line.split_once(']') else {
            return line.split_once(['=', ' ']).map(|(head, _)| head);
        };
        return (!rest.trim_start_matches(']').trim().is_empty()).then_some(head);
    }
    let Some((name, value)) = line.split_once('=') else { return Some("") };
    if PLAIN.contains(&name.trim()) || is_reference(value.trim()) {
        return None;
    }
    line.get(..line.len() - value.trim_start().len())
}

/// Whether a value is `"env:NAME"` or `"ssm:/path"` and nothing else.
fn is_reference(value: &str) -> bool {
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '_' | '-' | '.');
    (inside.starts_with("env:") || inside.starts_with("ssm:")) && inside.chars().all(is_name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::parse;

    fn told(text: &str) -> String {
        parse("leadrelay.toml", text, &BTreeMap::new()).unwrap_err().to_string()
    }

    #[test]
    fn a_message_shows_its_line_and_no_key() {
        let told = told("[clients.c]\nkey = \"s3cret\"\nscope = \"root\"\n");
        assert!(told.contains(" 2 | key = …\n   |       ^\n"), "{told}");
        assert!(told.contains(" 3 | scope = \"root\"\n   |         ^^^^^^"), "{told}");
    }

    #[test]
    fn a_key_is_not_shown_wherever_the_mistake_is() {
        for text in [
            "[clients.c]\nkey = \"s3cret\n",
            "[clients.c]\nkey = \"s3cret\" \"\n",
            "[clients.c] key = \"s3cret\"\n",
            "[clients.c key = \"s3cret\"\n",
            "[clients]\nc = { key = \"s3cret\" }\n",
            "clients = { c = { key = \"s3cret\" } }\n",
            "[clients.c]\nkey = \"\"\"\ns3cret\"\n",
            "[accounts.a]\nnetwork = \"adcombo\"\napy = \"s3cret\"\n",
            "[accounts.a]\nnetwork = \"adcombo\"\napi.key = \"s3cret\"\n",
            "accounts.a = \"s3cret\"\n",
            // The header of its section was lost.
            "[accounts.a]\nnetwork = \"kma\"\napi = \"env:A\"\n[offers.o]\naccount = \"a\"\nkma = \"5\"\nkey = \"s3cret\"\n",
        ] {
            let told = told(text);
            assert!(!told.contains("s3cret") && told.contains('^'), "{told}");
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        for (text, shown) in [
            ("[accounts.a]\nnetwork = \"adcomb\"\n", "network = \"adcomb\""),
            ("[accounts.a]\nnetwork = \"kma\"\napy = \"env:KMA\"\n", "apy = \"env:KMA\""),
            ("[offers.o]\n", "[offers.o]"),
        ] {
            assert!(told(text).contains(shown), "{}", told(text));
        }
    }
}

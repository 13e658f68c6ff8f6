//! Checks that each verdict of a contract needs the contract's own words.

use crate::manifest::{Condition, Reply};
use crate::submit::Rest;

use super::Checker;

const DELIVERED: &str = "a code or a page is no sign of success: name what the answer says, such as `at = \"/id\"` or `at = \"/status\", is = [\"ok\"]`";
const REFUSED: &str = "a code alone refuses no lead: name what the answer says, such as `at = \"/error\"`, or a single code with what the contract says that it `means`";

impl Checker<'_> {
    pub(super) fn reply(&mut self, reply: &Reply) {
        for condition in reply.conditions() {
            self.pointer(condition.at.as_ref());
        }
        for condition in &reply.delivered {
            let codes = condition.http.get_ref();
            if !condition.asks_for_words() || condition.means.is_some() {
                self.unproved(condition, DELIVERED);
            } else if let Some(code) = codes.iter().find(|code| !code.0.starts_with('2')) {
                self.unproved(condition, &format!("HTTP {} is no success: a lead is taken with 2xx alone", code.0));
            }
        }
        for condition in reply.not_taken.iter().chain(&reply.duplicate).chain(&reply.bad_phone).chain(&reply.refused) {
            if let Some(message) = refusal(condition) {
                self.unproved(condition, &message);
            }
        }
    }

    fn unproved(&mut self, condition: &Condition, message: &str) {
        let codes = condition.http.span();
        let at = condition.at.as_ref().map(toml::Spanned::span);
        let table = || self.text.find("[submit.reply]").map(|start| start..start + "[submit.reply]".len());
        let span = if codes.is_empty() { at.or_else(table).unwrap_or_default() } else { codes };
        self.problem(span, message);
    }
}

/// Why a condition can tell neither that a lead is refused nor that it was not taken.
fn refusal(condition: &Condition) -> Option<String> {
    let Some(means) = &condition.means else {
        return (!condition.asks_for_words()).then(|| REFUSED.to_owned());
    };
    if condition.at.is_some() || means.trim().is_empty() {
        return Some("`means` goes with codes alone and says what the contract says of them".to_owned());
    }
    let codes = condition.http.get_ref();
    let wrong = codes.iter().find(|code| {
        let number = code.0.parse::<u16>().ok();
        let of_the_account = number.and_then(Rest::of_code).is_some_and(|_| number != Some(403));
        number.is_none_or(|number| !(400..600).contains(&number)) || of_the_account
    });
    match wrong {
        Some(code) => Some(format!(
            "`{}` says nothing of a lead by itself, whatever it `means`: single codes do, without 401, 404, 405, 429 and those of an edge",
            code.0
        )),
        None => codes.is_empty().then(|| "`means` needs the codes it speaks of".to_owned()),
    }
}

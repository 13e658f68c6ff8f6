//! What an answer proves: a verdict needs the contract's own words in an answer that speaks for itself.

use serde_json::Value;

use crate::manifest::{Condition, Reply};
use crate::reply::{Answer, is_truthy, scalar};
use crate::submit::Rest;

/// Members by which nearly all APIs speak of an error, in lower case without `_` and `-`.
const ERROR_MEMBERS: [&str; 10] =
    ["error", "errors", "err", "errormsg", "errmsg", "errormessage", "errorcode", "errortext", "iserror", "haserror"];

/// Members that tell how it went.
const OUTCOME_MEMBERS: [&str; 5] = ["success", "ok", "status", "result", "code"];

/// Words of an outcome that is none.
const FAILED_WORDS: [&str; 6] = ["false", "error", "fail", "failed", "failure", "rejected"];

/// Words in an error member that say there is none.
const NO_ERROR_WORDS: [&str; 6] = ["no", "none", "ok", "success", "null", "no error"];

impl Condition {
    /// It looks at a value that must be there, so that an answer of somebody else does not fit by what it lacks.
    pub(crate) fn asks_for_words(&self) -> bool {
        let looks_for = !self.is.is_empty() || !self.not.is_empty() || !self.contains.is_empty();
        let at = self.at.as_ref().map(|at| at.get_ref().as_str());
        let there = self.present != Some(false) && self.truthy != Some(false);
        // Any JSON at all is "something" at the place of the whole answer.
        let place = if at == Some("") { !self.is.is_empty() || !self.contains.is_empty() } else { at.is_some() };
        place && (looks_for || there)
    }

    /// It names the words or the very code, so that it cannot fit an error of the account that merely has the same
    /// member.
    fn is_of_its_own(&self, status: u16) -> bool {
        let names_code = self.http.get_ref().iter().any(|code| code.0 == status.to_string());
        !self.is.is_empty() || !self.contains.is_empty() || self.means.is_some() || names_code
    }

    /// A code whose meaning the contract tells, without any words in the body.
    pub(crate) fn is_code_alone(&self) -> bool {
        self.at.is_none() && self.means.is_some()
    }
}

/// Whether one of the conditions is the contract's own word on this answer. A page proves nothing, whatever its code;
/// and where the code is about the account, an error member that the contract does not word is about it as well.
pub(crate) fn told(conditions: &[Condition], answer: &Answer) -> bool {
    conditions.iter().any(|condition| {
        answer.holds(condition)
            && (condition.asks_for_words() || condition.is_code_alone())
            && !(condition.is_code_alone() && answer.is_page)
            && (Rest::of_code(answer.status).is_none() || condition.is_of_its_own(answer.status))
    })
}

/// Whether the answer has the contract's sign of success, and nothing in it speaks against it.
pub(crate) fn taken(contract: &Reply, answer: &Answer) -> bool {
    let Some(json) = answer.json.as_ref().filter(|_| answer.is_success()) else { return false };
    contract.delivered.iter().any(|condition| {
        let at = condition.at.as_ref().map_or("", |at| at.get_ref());
        condition.asks_for_words()
            && answer.holds(condition)
            && (contract.error_beside_success || !speaks_of_an_error_along(json, at))
    })
}

/// Whether any object on the way to `pointer` speaks of an error; what stands at the pointer itself does not count.
fn speaks_of_an_error_along(json: &Value, pointer: &str) -> bool {
    let on_the_way = pointer.match_indices('/').filter_map(|(end, _)| pointer.get(..end));
    on_the_way.filter_map(|parent| Some((parent, json.pointer(parent)?))).any(|(parent, value)| {
        let own = pointer.get(parent.len() + 1..).unwrap_or_default();
        speaks_of_an_error(value, own)
    })
}

/// Whether an object speaks of an error in any member but `except`.
pub(crate) fn speaks_of_an_error(value: &Value, except: &str) -> bool {
    let Value::Object(members) = value else { return false };
    members.iter().filter(|(name, _)| *name != except).any(|(name, value)| {
        let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect();
        let word = scalar(value).map(|text| text.to_lowercase());
        let is_one_of = |words: &[&str]| word.as_deref().is_some_and(|word| words.contains(&word));
        (ERROR_MEMBERS.contains(&name.as_str()) && is_truthy(value) && !is_one_of(&NO_ERROR_WORDS))
            || (OUTCOME_MEMBERS.contains(&name.as_str()) && is_one_of(&FAILED_WORDS))
    })
}

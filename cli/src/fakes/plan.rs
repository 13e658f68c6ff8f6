//! What a fake answers next, as the control call asks for it.

use networks::case::Case;
use serde::{Deserialize, Serialize};

/// Which calls an order to a fake is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CallName {
    /// Leads.
    Submit,
    /// Status calls.
    Poll,
}

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fault {
    /// The connection is closed without an answer, and nothing has been taken.
    Refuse,
    /// The lead is taken, and no answer comes.
    Timeout,
    /// HTTP 500; nothing has been taken.
    #[serde(rename = "500")]
    ServerError,
    /// The lead is taken, and half of the answer comes.
    BrokenJson,
    /// The lead is taken, and the connection is closed without an answer.
    LostAnswer,
    /// The connection is reset, and nothing has been taken.
    Reset,
}

/// Either a case of the network or a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    Case(String),
    Fault(Fault),
}

impl What {
    /// The name in a list of what was answered.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Case(name) => name.clone(),
            Self::Fault(fault) => {
                let written = serde_json::to_value(fault).ok().and_then(|value| value.as_str().map(str::to_owned));
                written.unwrap_or_default()
            }
        }
    }
}

/// What comes next, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Planned {
    #[serde(flatten)]
    pub(super) what: What,
    /// 0: until it is changed.
    pub(super) times: u32,
}

/// The body of the control call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    case: Option<String>,
    fault: Option<Fault>,
    call: Option<CallName>,
    #[serde(default = "once")]
    times: u32,
}

const fn once() -> u32 {
    1
}

impl Wish {
    /// The call and the plan, or what is wrong with the wish. `case_of` finds a case of the network.
    pub(super) fn plan<'c>(self, case_of: impl Fn(&str) -> Option<&'c Case>) -> Result<(CallName, Planned), String> {
        let (what, call) = match (self.case, self.fault) {
            (None, Some(fault)) => (What::Fault(fault), self.call.unwrap_or(CallName::Submit)),
            (Some(name), None) => {
                let case = case_of(&name).ok_or_else(|| format!("the network has no case `{name}` with an answer"))?;
                let call = call_of(case);
                if self.call.is_some_and(|wanted| wanted != call) {
                    return Err(format!("the case `{name}` answers another call"));
                }
                (What::Case(name), call)
            }
            _ => return Err("give either `case` or `fault`".to_owned()),
        };
        Ok((call, Planned { what, times: self.times }))
    }
}

/// The call that a case shows.
pub(super) const fn call_of(case: &Case) -> CallName {
    if case.given.ids.is_some() || case.given.window.is_some() { CallName::Poll } else { CallName::Submit }
}

/// Takes what comes next off a plan, and the plan away once it is used up.
pub(super) fn take(plan: &mut Option<Planned>) -> Option<What> {
    let planned = plan.as_mut()?;
    let what = planned.what.clone();
    match planned.times {
        0 => {}
        1 => *plan = None,
        _ => planned.times -= 1,
    }
    Some(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(json: &str) -> Wish {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_fault_reads_back_from_its_name() {
        for name in ["refuse", "timeout", "500", "broken-json", "lost-answer", "reset"] {
            let wish = wish(&format!(r#"{{"fault":"{name}","times":0}}"#));
            let (call, planned) = wish.plan(|_| None).unwrap();
            assert_eq!((call, planned.what.name().as_str(), planned.times), (CallName::Submit, name, 0));
        }
    }

    #[test]
    fn a_wish_is_for_a_case_or_a_fault_that_there_is() {
        assert!(wish("{}").plan(|_| None).unwrap_err().contains("either"));
        assert!(wish(r#"{"case":"a","fault":"reset"}"#).plan(|_| None).unwrap_err().contains("either"));
        assert!(wish(r#"{"case":"none"}"#).plan(|_| None).unwrap_err().contains("no case `none`"));
        assert!(serde_json::from_str::<Wish>(r#"{"fault":"flood"}"#).is_err());
        assert!(serde_json::from_str::<Wish>(r#"{"faults":"reset"}"#).is_err());
    }

    #[test]
    fn a_plan_is_used_up_unless_it_is_for_good() {
        let planned = |times| Some(Planned { what: What::Fault(Fault::Reset), times });
        let mut twice = planned(2);
        assert!(take(&mut twice).is_some() && take(&mut twice).is_some() && take(&mut twice).is_none());
        let mut always = planned(0);
        assert!((0..5).all(|_| take(&mut always).is_some()));
    }
}

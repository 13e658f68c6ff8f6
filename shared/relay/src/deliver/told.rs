//! What the calls of a hand-over told: of the lead, and of the account.

use networks::{HttpReply, Submission};

use crate::health::Sign;
use crate::transport::SendError;

/// What a hand-over told.
pub(super) struct Told {
    pub(super) submission: Submission,
    pub(super) sign: Sign,
    /// How long the network wants to be left alone, in seconds.
    pub(super) asked_s: Option<u64>,
}

impl Told {
    /// An answer to the lead. The contract's own words are a network that works, whatever they say.
    pub(super) fn of(submission: Submission, reply: &HttpReply) -> Self {
        let asked_s = reply.retry_after_s;
        let sign = match submission {
            Submission::NotTaken { rest: Some(why), .. } => Sign::Rests { why, asked_s },
            Submission::NotTaken { .. } if reply.status >= 500 => Sign::Failed,
            Submission::Delivered(_) | Submission::Refused { .. } | Submission::NotTaken { .. } => Sign::Answered,
            Submission::Unclear { .. } => Sign::Failed,
        };
        Self { submission, sign, asked_s }
    }

    /// An answer to the request that goes first which is not the word that was wanted.
    pub(super) fn before(submission: Submission, reply: &HttpReply) -> Self {
        match Self::of(submission, reply) {
            told @ Self { sign: Sign::Rests { .. }, .. } => told,
            told => Self { sign: Sign::Failed, ..told },
        }
    }

    pub(super) fn of_no_answer(error: &SendError) -> Self {
        let message = error.to_string();
        match error {
            SendError::Forbidden(_) => Self::of_no_call(message),
            SendError::NotConnected(_) => Self { sign: Sign::Failed, ..Self::of_no_call(message) },
            SendError::AnswerLost(_) => {
                Self { submission: Submission::Unclear { seen: message }, sign: Sign::Failed, asked_s: None }
            }
        }
    }

    pub(super) fn of_no_call(message: String) -> Self {
        Self { submission: Submission::NotTaken { message, rest: None }, sign: Sign::Nothing, asked_s: None }
    }

    /// The same where the lead itself was not on its way yet.
    pub(super) fn not_handed_over(self, message: String) -> Self {
        Self { submission: Submission::NotTaken { message, rest: None }, ..self }
    }
}

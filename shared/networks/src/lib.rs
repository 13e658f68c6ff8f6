#![doc = include_str!("../README.md")]

pub mod case;
pub mod catalog;
mod error;
#[cfg(feature = "cases")]
pub mod fake;
mod filter;
mod hook;
pub mod manifest;
mod network;
mod poll;
mod postback;
mod reply;
mod request;
pub mod status;
mod submit;
mod template;

pub use error::{ManifestError, Problem};
pub use network::{AccountKey, Network};
pub use poll::{PollFailure, PollInput, StatusReport};
pub use postback::{DOOR_PATH, DoorError, DoorParams, PostbackReport, ReadyPostback, read_postback};
pub use reply::HttpReply;
pub use request::{HttpRequest, RenderError, Settings};
pub use status::StatusReading;
pub use submit::{NETWORK_ORDER_ID_BYTES, RefusalCause, Rest, Submission, SubmitInput, Taken};
pub use template::{Name, Template, TemplateError};

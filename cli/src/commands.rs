//! The operator's commands, one a file.

mod answers;
mod asking;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod forget;
pub(crate) mod key;
pub(crate) mod networks;
pub(crate) mod orders;
pub(crate) mod parked;
pub(crate) mod poll;
pub(crate) mod postbacks;
pub(crate) mod push;
pub(crate) mod remap;
pub(crate) mod retry;
pub(crate) mod send;
mod verify;

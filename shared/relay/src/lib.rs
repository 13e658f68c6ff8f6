#![doc = include_str!("../README.md")]

mod aws;
pub mod call;
pub mod clock;
pub mod config;
mod deliver;
mod duplicates;
pub mod gateway;
mod health;
mod ingest;
mod intake;
pub mod keys;
pub mod queue;
mod read;
mod relay;
pub mod secrets;
pub mod settings;
pub mod signed;
pub mod ssm;
mod submit;
pub mod sweep;
pub mod telemetry;
pub mod transport;
pub mod view;

pub use aws::dynamodb;
pub use deliver::RETRY_PAUSES;
pub use ingest::{DOOR_PATHS, Ingested};
pub use intake::BODY_BYTES;
pub use relay::{NETWORK_TIMEOUT, POLL_PAGE, Relay};

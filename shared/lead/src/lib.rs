#![doc = include_str!("../README.md")]

mod backoff;
mod country;
mod id;
mod intake;
mod lead;
pub mod money;
mod phone;
mod status;

pub use backoff::{Backoff, spread};
pub use country::{Country, NotACountry};
pub use id::{NotAnOrderId, OrderId, Shard};
pub use intake::{BodyError, FieldError, Intake, parse_form, parse_json};
pub use lead::{Field, Lead};
pub use money::{CurrencyCode, Decimal, MoneyError, Payout};
pub use phone::{Phone, PhoneError, PhoneProblem};
pub use status::{Delivery, Reason, Status, UnknownWord};

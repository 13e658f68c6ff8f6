#![doc = include_str!("../README.md")]

mod delivery;
mod event;
mod item;
mod order;
pub mod schema;
mod store;
pub mod transition;

pub use delivery::{DeliveryOutcome, DeliveryReport};
pub use event::{Event, Kind, Source, UnknownKind};
pub use order::{Beginning, NewOrder, Order, Work};
pub use store::{
    AccountTally, Applied, Attempt, Claim, Claimed, Cursor, CustomerClaim, Due, DuePage, DueQuery, Duty, Erased,
    Filter, Inserted, Meter, NotACursor, Page, ParkKey, Parked, ParkedPage, Recorded, Standing, Store, StoreError,
    Tally, Units,
};
pub use transition::{News, State, Transition, Why};

#![doc = include_str!("../README.md")]

mod delivery;
mod event;
mod item;
mod order;
pub mod schema;
mod store;
pub mod transition;

pub use delivery::{DeliveryOutcome, DeliveryReport};
pub use event::{Event, Kind, Source};
pub use item::Skipped;
pub use order::{Beginning, NewOrder, Order, Work};
pub use store::{
    AccountTally, Applied, Attempt, Claim, Claimed, Cursor, CustomerClaim, Due, DuePage, DueQuery, Duty, Erased,
    Filter, Inserted, LISTED_MS, Meter, NotACursor, Noted, ORPHAN_MS, Page, ParkKey, Parked, ParkedPage, Recorded,
    Standing, Store, StoreError, Tally, Turn, Turns, Units,
};
pub use transition::{News, State, Transition, Why};

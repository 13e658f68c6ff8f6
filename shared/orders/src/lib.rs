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
pub use order::{NewOrder, Order, Work};
pub use store::{
    Applied, Attempt, Claim, Cursor, Due, DuePage, DueQuery, Duty, Filter, Inserted, Meter, NotACursor, Page, ParkKey,
    Parked, ParkedPage, Recorded, Standing, Store, StoreError, Units,
};
pub use transition::{News, State, Transition, Why};

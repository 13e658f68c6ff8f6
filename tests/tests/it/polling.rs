//! Polling of much, by several, cut off at any point.

mod crowd;
mod killed;
mod queue;
mod words;

//! The whole relay, tested from outside: its template, its sample events and its functions as Lambda would run them.

#[cfg(test)]
mod cloudformation;
#[cfg(test)]
mod conservation;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod customers;
#[cfg(test)]
mod door;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod events;
#[cfg(test)]
#[expect(dead_code, reason = "a part of it is for the fault suite")]
#[path = "../harness/mod.rs"]
mod harness;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod pauses;
#[cfg(test)]
mod polling;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod rie;
#[cfg(test)]
mod security;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod template;
#[cfg(test)]
mod throttling;

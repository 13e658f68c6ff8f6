//! Whatever comes in from outside, read as it is and bent: the intake's bodies, the door, the configuration, manifests
//! and networks' answers. Each target is one property over bytes.
//!
//! Under `cargo test` each runs its seeds and then a bounded number of random inputs. Guided by coverage, for as long as
//! wanted, it runs by the command in `docs/guarantees.md`.

#[cfg(test)]
mod configuration;
#[cfg(test)]
mod door;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod replies;
#[cfg(test)]
mod size;

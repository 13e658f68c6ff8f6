//! The whole relay, tested from outside: its template, its sample events and its functions as Lambda would run them.

#[cfg(test)]
mod cloudformation;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod events;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod rie;
#[cfg(test)]
mod template;
#[cfg(test)] mod zz;

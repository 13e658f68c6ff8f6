//! Tests of the catalogue and of the format it is written in, through the crate's public door alone.

#[cfg(test)]
mod bad;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod format;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod words;

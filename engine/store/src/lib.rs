//! Where histories are kept: implementations of [`loopline_ports::journal::Journal`].
//!
//! [`SqliteStore`] is what an engine uses; [`MemoryStore`] is for tests and simulations. Both pass the one suite in
//! `conformance`, which is also the place to read what a journal promises. Nothing here knows what an event means:
//! rows are written as the driver gives them.

#[cfg(test)]
mod conformance;
mod memory;
mod number;
mod sqlite;

pub use memory::MemoryStore;
pub use sqlite::{OpenError, SqliteStore};

//! Where histories are kept: implementations of [`loopline_ports::journal::Journal`], and of what else lies in
//! the same database.
//!
//! [`SqliteStore`] is what an engine uses by itself, [`PostgresStore`] what several servers share; [`MemoryStore`] is for tests
//! and simulations. All pass the one suite in `conformance`, which is also the place to read what a journal promises. Nothing here knows what an event means:
//! rows are written as the driver gives them.

mod columns;
#[cfg(test)]
mod conformance;
mod lock;
mod memory;
mod number;
mod postgres;
mod sqlite;
mod tables;

pub use lock::{Lock, holder};
pub use memory::MemoryStore;
pub use postgres::{ConnectError, PostgresStore};
pub use sqlite::{OpenError, SqliteStore};

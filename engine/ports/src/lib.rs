//! The contracts between rooms: traits and the values that cross them, nothing else.
//!
//! Each method says what is durable, or true, when it returns. A driver ([`driver`]) takes requests, folds them and writes
//! them down through a [`journal`]; it sends work to a [`worker`] and hears back from it; logs and artifacts go from the
//! worker to [`blobs`] without passing the driver. [`secrets`] go to the worker alone.

pub mod access;
pub mod blobs;
pub mod caches;
pub mod callback;
pub mod clock;
pub mod definitions;
pub mod driver;
pub mod files;
pub mod history;
pub mod journal;
pub mod secrets;
pub mod shared;
pub mod worker;

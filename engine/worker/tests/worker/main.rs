//! The worker against real processes and real sockets. Every test waits for a condition, none for a time.
#![allow(clippy::unwrap_used, missing_docs)]

mod bench;
mod container;
mod dockerd;
mod ending;
mod engine;
mod outputs;
mod request;
mod restart;
mod script;
mod server;
mod services;
mod supervised;
mod torture;
mod volume;

//! The worker against real processes and real sockets. Every test waits for a condition, none for a time.
#![allow(clippy::unwrap_used, missing_docs)]

mod bench;
mod callback;
mod container;
mod dockerd;
mod egress;
mod ending;
mod engine;
mod files;
mod labels;
mod limits;
mod outputs;
mod request;
mod restart;
mod script;
mod server;
mod services;
mod supervised;
mod tls;
mod torture;
mod volume;

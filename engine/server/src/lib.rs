//! REST, server-sent events and pages, over any engine that implements the ports.
//!
//! ```text
//! request ─► boundary (Host, Origin) ─► access (the route's permission) ─► handler ─► Driver · Journal · Blobs · PipelineSource
//! ```
//!
//! Decides nothing about pipelines: it asks the driver, and shows what the fold in `loopline-core` says. A route cannot be added
//! without its permission ([`access`]). Start at [`app::router`] and [`openapi`].

pub mod access;
pub mod app;
mod artifacts;
mod assets;
mod assist;
mod boundary;
mod dry_run;
mod evaluate;
mod events;
mod extract;
mod format;
mod health;
mod logs;
mod openapi;
mod pipelines;
mod problem;
mod rerun;
mod runs;
mod serve;
mod signals;
pub mod source;
mod validate;
mod why;

pub use app::{Parts, ServerConfig, router};
pub use serve::{Listening, ServeError, listen, serve};

#[cfg(test)]
mod tests;

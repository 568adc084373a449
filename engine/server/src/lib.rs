//! REST, server-sent events and pages, over any engine that implements the ports.
//!
//! ```text
//! request ─► boundary (Host, Origin) ─► access (identity, project, permission) ─► handler ─► Driver · Journal · Blobs · PipelineSource
//! ```
//!
//! Decides nothing about pipelines: it asks the driver, and shows what the fold in `loopline-core` says. A route cannot be added
//! without its permission ([`access`]). Start at [`app::router`] and [`openapi`].

pub mod access;
pub mod app;
mod archive;
mod artifacts;
mod assets;
mod assist;
mod audit;
mod boundary;
mod callbacks;
mod draft;
mod dry_run;
mod evaluate;
mod events;
mod extract;
mod format;
mod health;
pub mod identity;
mod logs;
mod metrics;
mod openapi;
mod pipelines;
mod problem;
mod rerun;
mod runs;
mod secrets;
mod serve;
mod session;
mod settled;
mod signals;
pub mod source;
pub mod tokens;
mod told;
mod validate;
mod why;

pub use app::{Parts, ServerConfig, router};
pub use metrics::Metrics;
pub use serve::{Listening, Peer, ServeError, Tls, listen, serve};

#[cfg(test)]
mod tests;

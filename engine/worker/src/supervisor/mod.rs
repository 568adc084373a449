//! A small process that starts the processes of steps and outlives the engine.
//!
//! ```text
//!  engine ── supervised (who has which attempt) ── link ──┐ DATA/supervisors/PID.sock
//!    │                                                    │ or, for the engine that started it, a pair of sockets
//!    │ launch: itself once more, in a session of its own  ▼
//!    └──────────────────────────────────────────────► serve ── LocalWorker ── the processes of steps
//! ```
//!
//! The engine talks to it in the words of [`protocol`]. It works under the [`protocol::Settings`] that it was started
//! with, and never under others: an engine with other settings, or of another version, lets it finish what it has and
//! starts one of its own beside it. So nothing about a step is decided by two versions.
//!
//! What it knows of attempts stands in their records on disk too. When it dies, the engine finds its processes there,
//! ends them, and tells that their attempts are lost.

pub(crate) mod launch;
pub(crate) mod link;
pub(crate) mod protocol;
pub(crate) mod serve;

//! The embedded engine: one process, one journal, and between them the fold.
//!
//! ```text
//!  requests ─┐                      ┌─► journal.commit (one transaction for the whole batch)
//!  reports ──┼─► one task: apply ───┤
//!  timers ───┘   (a batch at a time)└─► after the commit: worker.start/cancel, answers, followers
//! ```
//!
//! The task takes whatever has arrived, folds it, writes it down in one transaction, and only then lets anything out: an answer,
//! a started attempt, a line on a page. While one batch is on its way to the disk the next one gathers, so the batch grows with
//! the load and is a single event when there is none. Nothing here knows what a pipeline means; that is `loopline-core`'s.
//! Start reading at [`engine`], then [`drive`]. Where several servers share a journal, [`shared`] says which of them drives.

mod archive;
mod batch;
mod begin;
mod check;
mod children;
mod drive;
mod engine;
mod followers;
mod groups;
mod metrics;
mod recovery;
mod runs;
mod shared;
mod wishes;

pub use archive::Archive;
pub use check::{Checked, Violation, check};
pub use engine::{Engine, EngineConfig};
pub use shared::SharedEngine;

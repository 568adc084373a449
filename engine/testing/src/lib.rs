//! Tests of pipelines: runs on the real compiler and the real interpreter, with a simulated clock and mocked work.
//!
//! ```text
//! TestFile ─► Simulation ── events ──► core: apply ──► RunView ─► expectations ─► CaseResult
//!  (mocks, acts)   ▲                      │ commands                                  │
//!                  └── due: mocks end, timers fire, people act ◄─┘      passages ─► Coverage
//! ```
//!
//! Nothing here starts a process, opens a connection, reads a file or looks at a clock: the same file gives the same result
//! on every machine. What goes wrong is a [`loopline_dsl::Diagnostic`] with its place in the file of tests, like what the
//! compiler finds. Start reading at [`run_case`]; [`verify`] tries ways by itself, without a file.

mod acts;
mod coverage;
mod dry_run;
mod expectations;
pub mod junit;
mod mocks;
mod outcomes;
pub mod report;
mod run;
mod simulation;
mod steps;
mod trace;
pub mod verify;
mod waits;
mod world;

pub use coverage::{Coverage, Uncovered};
pub use dry_run::{DryRun, dry_run};
pub use run::{CaseResult, Subject, run_case};
pub use trace::TraceLine;

//! The fold: what an event means for a run.
//!
//! ```text
//!            ┌─ attempts ─ end ──┐        (retry: another attempt)
//! event ──►  ┤  timers           ├──► END x ──► a loop edge fires? ──► FIRE: region re-opened
//!            └─ decisions ───────┘               │ no                        │
//!                                                ▼                           ▼
//!                                 JUDGE until nothing changes ──────► OVER? outcome, FinishRun
//! ```
//!
//! The names END, FIRE, JUDGE, STOP, OVER and RERUN are those of the machine in `docs/machine.md`, which this module follows line by
//! line. Nothing outside decides: a driver that needs an `if` about a pipeline's meaning shows that a command is missing.
//! Start reading at [`apply`].

mod apply;
mod approval;
mod attempt;
mod callback;
mod child;
mod compensate;
mod container;
mod end;
mod evaluate;
mod files;
mod judge;
mod many;
mod nested;
mod passage;
mod past;
mod pause;
mod placing;
mod present;
mod reading;
mod refused;
mod rerun;
mod scope;
mod set;
mod signal;
mod sleep;
mod slot;
mod snapshot;
mod state;
mod step_type;
mod stop;
mod timer;
mod why;

pub use apply::{Applied, apply};
pub use attempt::restart;
pub use child::ChildStart;
pub use evaluate::Draft;
pub use passage::{Passage, Passed};
pub use reading::for_each_reference;
pub use refused::Refused;
pub use state::RunState;

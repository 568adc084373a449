//! What runs and steps share: concurrency groups and locks. A second pure fold, beside that of runs.
//!
//! ```text
//! run ── AskSlot ──►  asked ─┐                      ┌─► Grant   becomes slot_granted in the history of the run
//! run ── ReleaseSlot ► released ├─► apply_group ───┤
//! history of the run ─► granted ┘                   └─► Cancel  becomes cancel_requested
//! ```
//!
//! A group's log has no life of its own: each line of it stands in the history of a run, and what is kept beside the events
//! is who has asked and not released. [`restored`] makes the state of it again after a restart, and says what is due.

mod fold;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::graph::WhenFull;
use crate::id::{AttemptKey, RunId};

pub use fold::{GroupCommand, GroupEvent, GroupState, apply_group, restored};

/// What is shared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupId {
    /// Groups belong to a project.
    pub project: String,
    /// Of runs or of steps: the same name means two things.
    pub kind: GroupKind,
    /// As the pipeline says it, holes filled in.
    pub name: String,
}

/// Who shares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// Runs, by `concurrency`.
    Concurrency,
    /// Steps, by `lock`.
    Lock,
}

/// What of a run holds a place: its identity within the run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Slot {
    /// The run, in one of its epochs.
    Run {
        /// Which.
        epoch: u32,
    },
    /// One visit of a step, or of one item of it; the attempt is 0.
    Step {
        /// Which.
        key: AttemptKey,
    },
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run { epoch } => write!(f, "run:{epoch}"),
            Self::Step { key } => write!(f, "step:{key}"),
        }
    }
}

/// Who holds a place, or waits for one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holder {
    /// The run.
    pub run: RunId,
    /// What of it.
    pub slot: Slot,
}

/// A wish for a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Where.
    pub group: GroupId,
    /// How many may hold a place at the same time.
    pub limit: u32,
    /// What becomes of it when there is none.
    pub when_full: WhenFull,
    /// Ancestors of the run: what one of them holds is shared, and takes no place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Holder>,
}

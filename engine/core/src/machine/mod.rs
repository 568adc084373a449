//! The fold.

mod refused;

pub use refused::Refused;

use crate::command::Command;
use crate::event::Recorded;
use crate::graph::Graph;
use crate::id::StepIx;
use crate::view::{Changes, RunView};

/// State of a run.
#[derive(Debug, Clone, Default)]
pub struct RunState {}

/// What an event brought about.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// Wishes.
    pub commands: Vec<Command>,
    /// Steps that changed.
    pub touched: Vec<StepIx>,
}

/// Takes one event.
pub fn apply(_graph: &Graph, _state: &mut RunState, _event: &Recorded) -> Result<Applied, Refused> {
    Ok(Applied::default())
}

impl RunState {
    /// As people see it. `None` before the first event.
    pub fn view(&self, _graph: &Graph) -> Option<RunView> {
        None
    }
    /// What an event changed.
    pub fn changes(&self, _graph: &Graph, _applied: &Applied) -> Option<Changes> {
        None
    }
}

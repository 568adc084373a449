//! What a run passed: visits that started, loop edges that fired, budgets that were used up.
//!
//! Nothing is decided by it. Tests of pipelines count it, and say which ways no case has gone.

use super::apply::Fold;
use super::state::St;
use crate::graph::Condition;
use crate::id::{StepId, StepIx, Within};
use crate::view::EdgeState;

/// One thing that one event made a run pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The pipelines in place that the step lies in.
    pub within: Within,
    /// The step.
    pub step: StepId,
    /// Its visit.
    pub visit: u32,
    /// What was passed there.
    pub passed: Passed,
}

/// What a run passed at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// The join and `if` let the step go on.
    Started {
        /// The forward edges that were live by then.
        over: Vec<(StepId, Condition)>,
    },
    /// A loop edge fired.
    Fired {
        /// Its place in the step's `goto`.
        index: u32,
    },
    /// A loop edge was to fire, and its budget was used up.
    Exhausted {
        /// Its place in the step's `goto`.
        index: u32,
    },
}

impl Fold<'_> {
    pub(super) fn pass_start(&mut self, ix: StepIx) {
        debug_assert!(self.state.steps[ix.get()].st == St::Running, "only what goes on has started");
        let live = self.graph.step(ix).needs.iter().filter(|need| self.edge(need) == EdgeState::Live);
        let over = live.map(|need| (self.graph.step(need.step).id.clone(), need.on)).collect();
        self.pass(ix, Passed::Started { over });
    }

    pub(super) fn pass(&mut self, ix: StepIx, passed: Passed) {
        let (within, visit) = (self.state.within.clone(), self.state.steps[ix.get()].visit);
        self.applied.passages.push(Passage { within, step: self.graph.step(ix).id.clone(), visit, passed });
    }
}

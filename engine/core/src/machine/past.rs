//! Visits that a re-open closed. The newest of each step are kept, so that a run may go round for ever: older ones stand in the
//! history, and any past moment can be shown.

use serde_json::{Value as Json, json};

use super::apply::Fold;
use super::present::past_status;
use super::state::{AttemptRef, RunState, StepState};
use crate::id::StepIx;

/// So many closed visits are kept of each step, and besides them all of which something still lives.
pub(super) const KEPT: usize = 100;

impl Fold<'_> {
    /// To be called when a visit was closed.
    pub(super) fn forget_old_visits(&mut self, ix: StepIx) {
        let is_read = self.graph.shape().reads_visits(ix);
        loop {
            let step = &self.state.steps[ix.get()];
            let Some(oldest) = step.past.front().filter(|_| step.past.len() > KEPT) else { break };
            if oldest.many.is_some() || self.state.visit_lives(ix, oldest.visit) {
                break;
            }
            let st = oldest.st;
            let step = &mut self.state.steps[ix.get()];
            step.past.pop_front();
            if !is_read {
                continue;
            }
            match step.older.last_mut() {
                Some((last, count)) if *last == st => *count += 1,
                _ => step.older.push((st, 1)),
            }
        }
        self.state.forget_old_children(ix);
    }
}

impl RunState {
    fn visit_lives(&self, ix: StepIx, visit: u32) -> bool {
        self.live_of(ix).any(|at| at.visit == visit && !at.undo)
    }

    fn live_of(&self, ix: StepIx) -> impl Iterator<Item = AttemptRef> {
        self.live.range(first_of(ix)..).map(|(at, _)| *at).take_while(move |at| at.step == ix)
    }

    /// Child runs are known as long as they live, and are shown with their visits.
    fn forget_old_children(&mut self, ix: StepIx) {
        if self.children.is_empty() {
            return;
        }
        let past = &self.steps[ix.get()].past;
        let shown = |at: &AttemptRef| {
            at.item.is_none() && past.iter().any(|past| (past.visit, past.attempts) == (at.visit, at.attempt))
        };
        let of_step = self.children.range(first_of(ix)..).map(|(at, _)| *at).take_while(|at| at.step == ix);
        let of_no_use = of_step.filter(|at| !self.live.contains_key(at) && !shown(at));
        for at in of_no_use.collect::<Vec<_>>() {
            self.children.remove(&at);
        }
    }
}

impl StepState {
    /// How many closed visits are not kept any more. Every number below the current one belongs to a closed visit.
    pub(super) fn older_visits(&self) -> u32 {
        self.visit - 1 - self.past.len() as u32
    }

    /// `steps.x.visits`, which holds all of them, where some expression reads it.
    pub(super) fn visits_json(&self) -> Json {
        let older = self.older.iter().flat_map(|(st, count)| (0..*count).map(|_| *st));
        let all = older.chain(self.past.iter().map(|past| past.st)).zip(1_u32..);
        all.map(|(st, visit)| json!({"visit": visit, "status": past_status(st).as_str()})).collect()
    }
}

/// The first attempt that there can be of a step.
fn first_of(step: StepIx) -> AttemptRef {
    AttemptRef { step, item: None, visit: 0, attempt: 0, undo: false }
}

//! RERUN: a person has steps done again. Of a run that goes on it re-opens in place; of one that is over it begins a new epoch of
//! the same run (rule G8).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::apply::Fold;
use super::compensate::Done;
use super::refused::Refused;
use super::state::{ClosedBy, St};
use crate::event::RerunFrom;
use crate::id::StepIx;
use crate::shape::StepSet;
use crate::view::SkipReason;

impl Fold<'_> {
    /// Re-opens what is asked for, and all that stands behind it. A refusal changes nothing.
    pub(super) fn rerun(&mut self, by: &str, from: &RerunFrom) -> Result<(), Refused> {
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        if let Some(parent) = &created.parent {
            // Of steps inside of others, the outermost is what that run can do again.
            let step = parent.key.within.iter().next().map_or(&parent.key.step, |around| &around.step);
            return Err(Refused::ChildRun { step: step.clone(), run: parent.run });
        }
        // What undoes the steps, and `finally`, come to their end first.
        if self.state.over.is_none() && (self.state.stop.is_some() || self.state.leaving.is_some()) {
            return Err(Refused::RerunWhileEnding);
        }
        let mut again = self.asked_again(from)?;
        again.extend(self.graph.indices().filter(|ix| self.was_cut_off(*ix)));
        again.extend(self.undone());
        if again.is_empty() {
            return Err(Refused::NothingToRerun);
        }
        let shape = self.graph.shape();
        let region = Arc::new(shape.behind(again.iter().copied()));
        let leads_here = |ix: StepIx| self.graph.step(ix).needs.iter().any(|need| region.contains(need.step));
        let mut to = StepSet::default();
        again.iter().filter(|ix| !leads_here(**ix)).for_each(|ix| to.insert(*ix));
        for (at, entry) in shape.entries().iter().enumerate() {
            if region.contains(entry.to) {
                self.state.used[at] = 0;
            }
        }
        self.applied.loops_changed = true;
        self.state.rerun_by = Some(by.to_owned());
        if self.state.over.is_none() {
            self.reopen(region, to, false, None, ClosedBy::Rerun);
        } else {
            self.turn_epoch();
            self.reopen(region, to, false, None, ClosedBy::Rerun);
            self.begin_when_granted();
        }
        Ok(())
    }

    fn asked_again(&self, from: &RerunFrom) -> Result<BTreeSet<StepIx>, Refused> {
        let find = |step: &crate::id::StepId| {
            self.graph.find(step.as_str()).ok_or_else(|| Refused::UnknownStep { step: step.clone() })
        };
        match from {
            RerunFrom::Steps(steps) if steps.is_empty() => Err(Refused::NothingToRerun),
            RerunFrom::Steps(steps) => steps.iter().map(find).collect(),
            RerunFrom::Failed => {
                Ok(self.graph.indices().filter(|ix| self.state.steps[ix.get()].st == St::Failed).collect())
            }
            RerunFrom::Everything => Ok(self.graph.indices().collect()),
        }
    }

    /// The end of the run took the step its current visit: a rerun takes it up again, whatever was asked for.
    fn was_cut_off(&self, ix: StepIx) -> bool {
        let step = &self.state.steps[ix.get()];
        step.st == St::Cancelled || (step.st == St::Skipped && step.why == Some(SkipReason::Cancelled))
    }

    /// Steps whose current visit was undone, or was to be: nobody knows what is left of it.
    fn undone(&self) -> impl Iterator<Item = StepIx> {
        let current = |done: &&Done| self.state.steps[done.unit.step.get()].visit == done.visit;
        self.state.done.iter().filter(|done| done.undo.is_some()).filter(current).map(|done| done.unit.step)
    }

    /// The run is not over any more: what bounded the last epoch begins anew.
    fn turn_epoch(&mut self) {
        self.state.epoch += 1;
        self.state.over = None;
        self.state.leaving = None;
        self.state.cut_short = false;
        self.state.stop = None;
        self.state.paused = None;
        self.state.deadline = None;
        self.state.ended_in_time = None;
        self.state.unfit = None;
        for step in &mut self.state.steps {
            // All are decided, so the current visit of each belongs to an earlier epoch.
            step.visits_before = step.visit;
        }
        self.renew_finally();
    }

    /// `finally` will begin again behind the steps, with visits that no epoch had before.
    fn renew_finally(&mut self) {
        let (Some(graph), Some(mut finally)) = (self.graph.finally.as_deref(), self.state.finally.take()) else {
            return;
        };
        let mut fold = Fold::over(graph, &mut finally, self.at);
        let mut everything = StepSet::default();
        graph.indices().for_each(|ix| everything.insert(ix));
        let everything = Arc::new(everything);
        let before = fold.previous_view();
        fold.state.used.iter_mut().for_each(|used| *used = 0);
        for ix in graph.indices() {
            let step = fold.touch(ix);
            step.visits_before = step.visit;
            fold.reopen_step(ix, &everything, before.clone(), ClosedBy::Rerun);
        }
        self.applied.finally.get_or_insert_default().touched.extend(fold.into_applied().touched);
        self.state.finally_again = Some(finally);
    }
}

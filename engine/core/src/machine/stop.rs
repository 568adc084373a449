//! STOP: the run is asked to end, by a person or by its own `timeout`.

use super::apply::Fold;
use super::state::{St, Stop};
use crate::graph::Step;
use crate::id::StepIx;
use crate::view::SkipReason;

impl Fold<'_> {
    /// STOP w: nothing starts any more; what waits closes, what runs is ended or let end, what is pending is skipped.
    pub(super) fn stop(&mut self, why: Stop) {
        let first = self.state.stop.is_none();
        self.state.stop = Some(why);
        if !first {
            return;
        }
        self.void_timers(|_| true);
        self.state.open.clear();
        let waiting: Vec<StepIx> =
            self.graph.indices().filter(|ix| self.state.steps[ix.get()].wait.is_some()).collect();
        // A step that is not to be interrupted is let end, unless the run's time is over.
        let uninterruptible = |step: &Step| !step.interruptible && why != Stop::Timeout;
        self.end_live(uninterruptible);
        for ix in waiting {
            self.cancelled(ix);
        }
        for ix in self.graph.indices() {
            if self.state.steps[ix.get()].st == St::Pending {
                self.begin_skipped(ix);
            }
        }
    }

    /// The current visit ends as cancelled.
    pub(super) fn cancelled(&mut self, ix: StepIx) {
        let at = self.at;
        self.state.undecided -= 1;
        let step = self.touch(ix);
        step.st = St::Cancelled;
        step.finished_at = Some(at);
    }

    fn begin_skipped(&mut self, ix: StepIx) {
        let at = self.at;
        let step = self.touch(ix);
        step.begun = true;
        step.inside = None;
        step.started_at = Some(at);
        self.skip(ix, SkipReason::Cancelled);
    }
}

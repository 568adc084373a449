//! STOP: the run is asked to end, by a person, by its own `timeout`, or by `fail_fast`.

use std::collections::BTreeSet;

use super::apply::Fold;
use super::end::Inside;
use super::state::{St, Stop};
use crate::graph::{Condition, Need};
use crate::id::StepIx;
use crate::view::SkipReason;

impl Fold<'_> {
    /// STOP w: nothing starts any more; what waits closes, what runs is ended or let end, what is pending is skipped.
    pub(super) fn stop(&mut self, why: Stop) {
        // A step that is not to be interrupted is let end, unless the run's time is over: that ends it after a cancel too.
        self.stop_as(why, if why == Stop::Timeout { Inside::Nothing } else { Inside::AsItSays });
    }

    /// STOP; `inside` says what of it is let end.
    pub(super) fn stop_as(&mut self, why: Stop, inside: Inside) {
        // What a person cancelled is cancelled, though its time runs out as well (rule E8).
        if self.state.stop != Some(Stop::Cancel) {
            self.state.stop = Some(why);
        }
        // What comes behind the steps is left: a second cancel ends it.
        if self.state.leaving.is_some() {
            return;
        }
        if why == Stop::Timeout {
            self.state.ended_in_time = Some(self.state.ended);
        }
        self.void_timers(|_| true);
        self.state.open.clear();
        let waiting: Vec<StepIx> =
            self.graph.indices().filter(|ix| self.state.steps[ix.get()].wait.is_some()).collect();
        self.end_live(inside);
        for ix in waiting {
            self.cancelled(ix);
        }
        for ix in self.graph.indices() {
            self.advance_items(ix);
        }
        for ix in self.graph.indices() {
            if self.state.steps[ix.get()].st == St::Pending {
                self.begin_skipped(ix);
            }
        }
    }

    /// `fail_fast`: stops at a failure that no undecided step can still catch (rule E8). Only what this event touched can
    /// have brought that about.
    pub(super) fn fail_fast(&mut self) {
        if !self.graph.fail_fast || self.state.stop.is_some() {
            return;
        }
        let caught_here = |ix: &StepIx| {
            let needs = self.graph.step(*ix).needs.iter();
            needs.filter(|need| need.on == Condition::Catch).map(|need| need.step).collect::<Vec<_>>()
        };
        let candidates: BTreeSet<StepIx> =
            self.touched.iter().flat_map(|ix| std::iter::once(*ix).chain(caught_here(ix))).collect();
        if candidates.into_iter().any(|ix| self.is_beyond_catching(ix)) {
            self.stop(Stop::FailFast);
        }
    }

    /// It failed, that is not allowed, and every step that could have caught it is decided without having succeeded.
    fn is_beyond_catching(&self, ix: StepIx) -> bool {
        let catches = |y: StepIx| self.graph.step(y).needs.contains(&Need { step: ix, on: Condition::Catch });
        self.state.steps[ix.get()].st == St::Failed
            && !self.graph.step(ix).allow_failure
            && self.graph.shape().successors(ix).iter().filter(|y| catches(**y)).all(|y| {
                let st = self.state.steps[y.get()].st;
                st.is_decided() && st != St::Succeeded
            })
    }

    /// The current visit ends as cancelled.
    pub(super) fn cancelled(&mut self, ix: StepIx) {
        let at = self.at;
        self.state.undecided -= 1;
        let step = self.touch(ix);
        step.st = St::Cancelled;
        // Where it waited for another attempt, the error is that of the one before.
        step.error = None;
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

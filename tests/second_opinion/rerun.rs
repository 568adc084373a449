//! RERUN A: steps are done again by hand; of a run that is over in a new epoch.

use std::collections::BTreeSet;

use loopline_core::event::RerunFrom;
use loopline_core::id::{StepId, StepIx};
use loopline_core::view::SkipReason;

use super::state::{St, State};

impl State<'_> {
    pub fn refuses_rerun(&self, from: &RerunFrom) -> Option<&'static str> {
        let known = |step: &StepId| self.graph.find(step.as_str()).is_some();
        match from {
            _ if self.over.is_none() && (self.stop.is_some() || self.leaving.is_some()) => Some("it is being ended"),
            RerunFrom::Steps(steps) if steps.is_empty() => Some("no step is named"),
            RerunFrom::Steps(steps) if !steps.iter().all(known) => Some("there is no such step"),
            _ => self.again(from).is_empty().then_some("there is nothing to be done again"),
        }
    }

    pub fn rerun(&mut self, by: &str, from: &RerunFrom) {
        let again = self.again(from);
        let region: BTreeSet<StepIx> = again.iter().flat_map(|a| self.reach(*a)).copied().collect();
        let leads_here = |x: &StepIx| self.graph.step(*x).needs.iter().any(|need| region.contains(&need.step));
        let to = again.into_iter().filter(|x| !leads_here(x)).collect();
        self.world.reruns += 1;
        self.world.rerun_by = Some(by.to_owned());
        if self.over.is_some() {
            self.turn_epoch();
            // What nothing could catch by then does not end the new epoch, whenever it failed in the old one.
            let lost = self.graph.indices().filter(|x| self.is_beyond_catching(*x));
            self.beyond_catching = lost.map(|x| (x, self.at(x).vis)).collect();
        }
        let graph = self.graph;
        for ((x, place), used) in &mut self.used {
            if region.contains(&graph.step(*x).goto[*place].to) {
                *used = 0;
            }
        }
        self.reopen(region, to, false, None);
    }

    /// What was asked for, and what the end of the run has cut off.
    fn again(&self, from: &RerunFrom) -> BTreeSet<StepIx> {
        let wanted = |x: &StepIx| {
            let step = self.at(*x);
            let cut_off = step.st == St::Cancelled || step.why == Some(SkipReason::Cancelled);
            cut_off
                || self.was_undone(*x)
                || match from {
                    RerunFrom::Steps(steps) => steps.contains(&self.id(*x)),
                    RerunFrom::Failed => step.st == St::Failed,
                    RerunFrom::Everything => true,
                }
        };
        self.graph.indices().filter(wanted).collect()
    }

    fn turn_epoch(&mut self) {
        self.world.epoch += 1;
        self.over = None;
        self.leaving = None;
        self.cut_short = false;
        self.stop = None;
        self.timed_out = None;
        for step in self.steps.values_mut() {
            step.vis_before = step.vis;
        }
        self.renew_finally();
        self.set_run_timer();
    }
}

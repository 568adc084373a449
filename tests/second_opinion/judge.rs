//! HELD and JUDGE: after every event, all steps are looked at until nothing changes.

use loopline_core::id::StepIx;
use loopline_core::outcome::{Failure, FailureKind};
use loopline_core::view::SkipReason;

use super::edges::Joined;
use super::end::Ended;
use super::state::{St, State};

impl State<'_> {
    /// HELD x: something of an earlier visit still lives in a region with it, or it is the target of a delay that runs.
    pub fn held(&self, x: StepIx) -> bool {
        self.open.iter().any(|open| {
            open.region.contains(&x) && (self.zombies(open) > 0 || (open.to.contains(&x) && open.timer.is_some()))
        })
    }

    /// How many attempts that a re-open found live are not settled.
    pub fn zombies(&self, open: &super::state::Open) -> usize {
        self.live.iter().filter_map(|live| live.attempt()).filter(|key| open.zombies.contains(*key)).count()
    }

    /// JUDGE.
    pub fn judge(&mut self) {
        while self.stop.is_none() && self.world.pause.is_none() {
            let next = self
                .order
                .iter()
                .copied()
                .find(|x| self.at(*x).st == St::Pending && !self.held(*x) && self.join(*x) != Joined::Undecided);
            let Some(x) = next else { return };
            self.judge_one(x);
        }
    }

    fn judge_one(&mut self, x: StepIx) {
        let joined = self.join(x);
        let why_not = self.why_not(x);
        let step = self.at_mut(x);
        step.begun = true;
        step.inside = None;
        if joined == Joined::No {
            self.skip(x, why_not);
            return;
        }
        let condition = self.graph.step(x).condition.as_ref();
        match condition.map_or(Ok(true), |cel| cel.eval_bool(&self.scope(x, cel.references()))) {
            Ok(true) => self.start(x),
            Ok(false) => self.skip(x, SkipReason::Condition),
            Err(error) => self.end(x, Ended::failed(Failure::new(FailureKind::Condition, error.message))),
        }
    }

    pub fn skip(&mut self, x: StepIx, why: SkipReason) {
        self.decisions += 1;
        let decided = self.decisions;
        let step = self.at_mut(x);
        step.st = St::Skipped;
        step.why = Some(why);
        step.decided = decided;
    }
}

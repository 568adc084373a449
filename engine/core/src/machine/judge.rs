//! JUDGE: which steps go on, which are skipped, and which stay undecided.

use super::apply::Fold;
use super::state::{St, StepState, Unit};
use crate::graph::{Action, Condition, Join, Need, Part};
use crate::id::StepIx;
use crate::outcome::{Failure, FailureKind};
use crate::view::{EdgeState, SkipReason};

/// What a join says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Undecided,
    Go,
    No,
}

/// What an edge is, given the step it comes from.
pub(super) fn edge_state(source: &StepState, allow_failure: bool, on: Condition) -> EdgeState {
    use Condition as C;
    let live_if = |live| if live { EdgeState::Live } else { EdgeState::Blocked };
    match (source.st, on) {
        (St::Pending | St::Running, _) => EdgeState::Undecided,
        (St::Skipped, C::Ok) if matches!(source.why, Some(SkipReason::Condition | SkipReason::NotTaken)) => {
            EdgeState::Neutral
        }
        (st, C::Ok) => live_if(st == St::Succeeded || (st == St::Failed && allow_failure)),
        (st, C::Succeeded) => live_if(st == St::Succeeded),
        (st, C::Failed | C::Catch) => live_if(st == St::Failed),
        (st, C::Completed) => live_if(matches!(st, St::Succeeded | St::Failed)),
        (st, C::Skipped) => live_if(st == St::Skipped),
        (_, C::Always) => EdgeState::Live,
    }
}

impl Fold<'_> {
    /// Judges soiled steps until none is left.
    pub(super) fn judge(&mut self) {
        while let Some((_, ix)) = self.dirty.pop_first() {
            self.judge_step(ix);
        }
    }

    fn judge_step(&mut self, ix: StepIx) {
        if self.state.steps[ix.get()].st != St::Pending
            || self.state.stop.is_some()
            || self.is_paused()
            || self.state.is_queued()
            || self.is_held(ix)
        {
            return;
        }
        match self.join(ix) {
            Verdict::Undecided => {}
            Verdict::No => {
                self.begin(ix);
                let why = self.reason_not_to_go(ix);
                self.skip(ix, why);
            }
            Verdict::Go => {
                self.begin(ix);
                self.go(ix);
            }
        }
    }

    /// A region that was re-opened waits for what still lives of its past visits, and its `to` for the delay besides.
    fn is_held(&self, ix: StepIx) -> bool {
        self.state.open.iter().any(|open| {
            (open.region.contains(ix) && !open.zombies.is_empty()) || (open.to.contains(ix) && open.timer.is_some())
        })
    }

    pub(super) fn edge(&self, need: &Need) -> EdgeState {
        edge_state(&self.state.steps[need.step.get()], self.graph.step(need.step).allow_failure, need.on)
    }

    fn join(&mut self, ix: StepIx) -> Verdict {
        let step = self.graph.step(ix);
        if step.needs.is_empty() {
            return Verdict::Go;
        }
        match step.join {
            Join::All => {
                // An edge, once decided, stays so until a re-open, which begins the count anew: each edge is looked at
                // twice in a visit, however many events arrive.
                let cursor = self.state.steps[ix.get()].cursor as usize;
                let decided = step.needs[cursor..].iter().take_while(|need| self.edge(need) != EdgeState::Undecided);
                let cursor = cursor + decided.count();
                self.state.steps[ix.get()].cursor = cursor as u32;
                if cursor < step.needs.len() {
                    return Verdict::Undecided;
                }
                let mut live = false;
                for need in &step.needs {
                    match self.edge(need) {
                        EdgeState::Blocked => return Verdict::No,
                        EdgeState::Live => live = true,
                        EdgeState::Neutral | EdgeState::Undecided => {}
                    }
                }
                if live { Verdict::Go } else { Verdict::No }
            }
            Join::AtLeast(wanted) => {
                let inside = self.state.steps[ix.get()].inside.clone();
                let is_inside = |need: &Need| inside.as_ref().is_none_or(|set| set.contains(need.step));
                let mut live = 0;
                let (mut inside_live, mut inside_open, mut any_open) = (false, false, false);
                for need in &step.needs {
                    match self.edge(need) {
                        EdgeState::Live => {
                            live += 1;
                            inside_live |= is_inside(need);
                        }
                        EdgeState::Undecided => {
                            any_open = true;
                            inside_open |= is_inside(need);
                        }
                        EdgeState::Neutral | EdgeState::Blocked => {}
                    }
                }
                if live >= wanted {
                    if inside.is_none() || inside_live || !inside_open { Verdict::Go } else { Verdict::Undecided }
                } else if any_open {
                    Verdict::Undecided
                } else {
                    Verdict::No
                }
            }
        }
    }

    fn reason_not_to_go(&self, ix: StepIx) -> SkipReason {
        let upstream_failed = self.graph.step(ix).needs.iter().any(|need| {
            let source = &self.state.steps[need.step.get()];
            matches!(need.on, Condition::Ok | Condition::Succeeded | Condition::Completed)
                && self.edge(need) == EdgeState::Blocked
                && (matches!(source.st, St::Failed | St::Cancelled)
                    || matches!(source.why, Some(SkipReason::UpstreamFailed | SkipReason::Cancelled)))
        });
        if upstream_failed { SkipReason::UpstreamFailed } else { SkipReason::NotTaken }
    }

    /// The visit begins: it starts or is skipped.
    fn begin(&mut self, ix: StepIx) {
        let at = self.at;
        let step = self.touch(ix);
        step.begun = true;
        step.inside = None;
        step.started_at = Some(at);
    }

    pub(super) fn skip(&mut self, ix: StepIx, why: SkipReason) {
        let at = self.at;
        let step = self.touch(ix);
        step.st = St::Skipped;
        step.why = Some(why);
        step.finished_at = Some(at);
        self.state.undecided -= 1;
        self.soil_successors(ix);
    }

    pub(super) fn soil_successors(&mut self, ix: StepIx) {
        for &next in self.graph.shape().successors(ix) {
            self.soil(next);
        }
    }

    fn go(&mut self, ix: StepIx) {
        if let Some(condition) = &self.graph.step(ix).condition {
            let scope = match condition.references() {
                Ok(references) => self.scope_of_step(ix, Part::If, &references),
                Err(_) => crate::expr::Scope::new(),
            };
            match condition.eval_bool(&scope) {
                Ok(true) => {}
                Ok(false) => return self.skip(ix, SkipReason::Condition),
                Err(error) => {
                    self.state.steps[ix.get()].st = St::Running;
                    let failure = Failure::new(FailureKind::Condition, format!("`if`: {error}"));
                    return self.end_failed(ix, failure);
                }
            }
        }
        self.state.steps[ix.get()].st = St::Running;
        self.pass_start(ix);
        // A step that works is asked at each attempt.
        if !self.graph.step(ix).action.works()
            && let Err(failure) = self.check_with(ix)
        {
            return self.end_failed(ix, failure);
        }
        match &self.graph.step(ix).many {
            Some(many) => self.start_items(ix, many),
            None => self.act_when_locked(ix.into()),
        }
    }

    /// Does what the step, or the item, is for; a retry comes here too, behind the lock.
    pub(super) fn act(&mut self, unit: Unit) {
        let ix = unit.step;
        match &self.graph.step(ix).action {
            Action::Run(_) | Action::Http(_) | Action::Container(_) | Action::Pipeline(_) => self.start_attempt(unit),
            Action::Wait(wait) => self.await_signal(ix, wait),
            Action::Approval(approval) => self.ask(ix, approval),
            Action::Sleep(sleep) => self.fall_asleep(ix, sleep),
            Action::Set(values) => self.compute(ix, values),
        }
    }
}

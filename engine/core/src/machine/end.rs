//! END and FIRE: a visit ends, and a loop edge may re-open its region; OVER: the run ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::apply::Fold;
use super::passage::Passed;
use super::state::{AttemptRef, ClosedBy, Over, Past, PastVisit, Picture, Reopened, Saw, St, Stop, Told, Unit, Wait};
use crate::command::{Command, Timer};
use crate::event::{ParentWish, RunOutcome};
use crate::graph::{Condition, Goto, GotoOn, OnExhausted, Part};
use crate::id::{StepId, StepIx};
use crate::outcome::{Failure, FailureKind};
use crate::shape::{EntryIx, StepSet};

/// How often loop edges may fire in the fold of one event.
const FIRINGS_AT_ONCE: u32 = 10_000;

/// How a visit ended, before loop edges have seen it.
#[derive(Debug, Clone)]
pub(super) enum Ended {
    Succeeded,
    Failed(Failure),
}

/// What of a pipeline in place is let end, when the pipeline is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// Begun attempts of steps that are not to be interrupted.
    AsItSays,
    /// Nothing: the time is over.
    Nothing,
}

impl Fold<'_> {
    pub(super) fn end_failed(&mut self, ix: StepIx, failure: Failure) {
        self.end(ix, Ended::Failed(failure));
    }

    /// END x o. The step's outputs stand in its state by now.
    pub(super) fn end(&mut self, ix: StepIx, outcome: Ended) {
        self.settle(ix, &outcome);
        // Of items, each that succeeded is noted by itself.
        if matches!(outcome, Ended::Succeeded) && self.graph.step(ix).many.is_none() {
            self.note_done(ix.into(), self.state.steps[ix.get()].visit, None);
        }
        let mut outcome = outcome;
        // After a stop nothing is re-opened.
        let entries: &[Goto] = if self.state.stop.is_none() { &self.graph.step(ix).goto } else { &[] };
        for (index, goto) in entries.iter().enumerate() {
            if !goto_matches(goto.on, &outcome) {
                continue;
            }
            match self.goto_condition(ix, goto) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(failure) => {
                    outcome = Ended::Failed(failure);
                    break;
                }
            }
            let entry = self.graph.shape().entry(ix, index);
            let exhausted = self.exhausted(entry, goto);
            let index = index as u32;
            self.pass(ix, if exhausted.is_some() { Passed::Exhausted { index } } else { Passed::Fired { index } });
            match exhausted {
                None => return self.fire(entry, goto),
                Some(_) if goto.on_exhausted == OnExhausted::Continue => {}
                Some(message) => {
                    let cause = match outcome {
                        Ended::Failed(failure) => Some(Box::new(failure)),
                        Ended::Succeeded => None,
                    };
                    outcome = Ended::Failed(Failure { cause, ..Failure::new(FailureKind::LoopExhausted, message) });
                    break;
                }
            }
        }
        self.settle(ix, &outcome);
        self.soil_successors(ix);
    }

    /// st x := o, so that expressions of the step's own loop edges see it.
    fn settle(&mut self, ix: StepIx, outcome: &Ended) {
        let at = self.at;
        if self.state.steps[ix.get()].st == St::Running {
            self.state.undecided -= 1;
            self.state.ended += 1;
        }
        let ended = self.state.ended;
        self.clear_wait(ix);
        let step = self.touch(ix);
        step.finished_at = Some(at);
        step.ended = ended;
        (step.st, step.error) = match outcome {
            Ended::Succeeded => (St::Succeeded, None),
            Ended::Failed(failure) => (St::Failed, Some(failure.clone())),
        };
    }

    pub(super) fn set_wait(&mut self, unit: impl Into<Unit>, wait: Wait) {
        let unit = unit.into();
        self.clear_wait(unit);
        if let Some(count) = self.state.going_on.waits(&wait) {
            *count += 1;
        }
        match self.item_mut(unit) {
            Some(item) => item.wait = Some(wait),
            None => self.touch(unit.step).wait = Some(wait),
        }
        self.state.waiting += 1;
    }

    /// Takes the wait off the step, or the item; the timer, where it has one, is the caller's.
    pub(super) fn clear_wait(&mut self, unit: impl Into<Unit>) -> Option<Wait> {
        let unit = unit.into();
        let wait = match unit.item {
            None => self.state.steps[unit.step.get()].wait.take(),
            Some(_) => self.item_mut(unit).and_then(|item| item.wait.take()),
        };
        if let Some(wait) = &wait {
            self.state.waiting -= 1;
            if let Some(count) = self.state.going_on.waits(wait) {
                *count -= 1;
            }
        }
        wait
    }

    pub(super) fn goto_condition(&mut self, ix: StepIx, goto: &Goto) -> Result<bool, Failure> {
        let Some(condition) = &goto.condition else { return Ok(true) };
        condition
            .references()
            .and_then(|references| condition.eval_bool(&self.scope_of_step(ix, Part::Goto, &references)))
            .map_err(|error| Failure::new(FailureKind::Condition, format!("`goto.if`: {error}")))
    }

    /// Why the entry may not fire, if it may not.
    pub(super) fn exhausted(&self, entry: EntryIx, goto: &Goto) -> Option<String> {
        let to = &self.graph.step(goto.to).id;
        if let Some(max) = goto.max {
            if self.state.used[entry.get()] >= max {
                return Some(format!("the loop back to `{to}` was used {max} times, which is its budget"));
            }
            // `unlimited` is not bound by the run's limit of visits (rule G4).
            let limit = self.graph.max_visits;
            let visits = |y: &StepIx| self.state.steps[y.get()].visit - self.state.steps[y.get()].visits_before;
            let full = self.graph.shape().region(entry).iter().find(|y| visits(y) >= limit);
            if let Some(full) = full {
                let full = &self.graph.step(full).id;
                return Some(format!("`{full}` has had {limit} visits, which is the run's limit"));
            }
        }
        // The compiler asks an unlimited loop for a wait. Should one get through without, an event must end all the same.
        (self.firings >= FIRINGS_AT_ONCE).then(|| {
            format!("the loop back to `{to}` fired {FIRINGS_AT_ONCE} times at one moment, without anything to wait for")
        })
    }

    /// FIRE g: one event re-opens the region at once.
    fn fire(&mut self, entry: EntryIx, goto: &Goto) {
        let shape = self.graph.shape();
        let region = Arc::clone(shape.region(entry));
        self.state.used[entry.get()] += 1;
        for inner in shape.encloses(entry) {
            self.state.used[inner.get()] = 0;
        }
        self.applied.loops_changed = true;
        self.firings += 1;
        let mut to = StepSet::default();
        to.insert(goto.to);
        let from = shape.entries()[entry.get()].from;
        let closed_by = ClosedBy::Loop { entry, visit: self.state.steps[from.get()].visit };
        self.reopen(region, to, goto.drain, (goto.delay_ms > 0).then_some((goto.to, goto.delay_ms)), closed_by);
    }

    /// What FIRE and RERUN have in common: all of the region is undecided again. It is judged once nothing of its past visits
    /// lives, and `to` not before the delay has passed.
    pub(super) fn reopen(
        &mut self,
        region: Arc<StepSet>,
        to: StepSet,
        drain: bool,
        delay: Option<(StepIx, u64)>,
        closed_by: ClosedBy,
    ) {
        let before = self.previous_view();
        let zombies = self.close_region(&region, drain);
        for ix in region.iter() {
            self.reopen_step(ix, &region, before.clone(), closed_by);
        }
        self.void_timers(|open| open.to.iter().any(|to| region.contains(to)));
        let timer = delay.map(|(to, delay_ms)| {
            self.state.firings += 1;
            let to = self.graph.step(to).id.clone();
            let timer = Timer::LoopDelay {
                epoch: self.state.epoch,
                to,
                firing: self.state.firings,
                within: self.state.within.clone(),
            };
            (timer, self.at.plus_ms(delay_ms))
        });
        if let Some((timer, at)) = &timer {
            self.command(Command::SetTimer { timer: timer.clone(), at: *at });
        }
        self.state.open.push(Reopened { region, to, zombies, timer });
        self.settle_reopened();
    }

    pub(super) fn reopen_step(
        &mut self,
        ix: StepIx,
        region: &Arc<StepSet>,
        before: Option<Arc<Picture>>,
        closed_by: ClosedBy,
    ) {
        if self.state.steps[ix.get()].st.is_decided() {
            self.state.undecided += 1;
        }
        let at = self.at;
        let items = self.items_concluded(ix);
        let step = self.touch(ix);
        if step.begun {
            // A visit that was tried again is cancelled without an error: that was of an earlier attempt.
            let (mut st, finished_at, mut error) = match step.st {
                St::Running => (St::Cancelled, None, None),
                st => (st, step.finished_at, step.error.take()),
            };
            if let Some((items_st, items_error, outputs)) = items {
                (st, error) = (items_st, items_error);
                step.outputs = Arc::new(outputs);
            }
            step.past.push_back(PastVisit {
                visit: step.visit,
                st,
                why: step.why,
                attempts: step.attempt,
                outputs: Arc::clone(&step.outputs),
                error,
                started_at: step.started_at,
                finished_at: finished_at.or(Some(at)),
                many: step.many.take().filter(|many| many.open > 0),
                closed_by,
            });
            step.visit += 1;
        }
        step.begun = false;
        step.st = St::Pending;
        step.why = None;
        step.cursor = 0;
        step.attempt = 0;
        step.error = None;
        step.outputs = Arc::default();
        step.artifacts = BTreeMap::new();
        step.told = Told::default();
        step.many = None;
        step.again = None;
        step.child = None;
        step.started_at = None;
        step.finished_at = None;
        step.previous = before;
        step.inside = Some(match step.inside.take() {
            None => Arc::clone(region),
            Some(inside) if inside.is_superset(region) => inside,
            Some(inside) => {
                let mut both = (*inside).clone();
                both.union_with(region);
                Arc::new(both)
            }
        });
        self.forget_old_visits(ix);
        self.soil(ix);
    }

    /// Closes what waits in the region, ends or lets end what runs there; gives the attempts that still live.
    fn close_region(&mut self, region: &StepSet, drain: bool) -> BTreeSet<AttemptRef> {
        self.keep_what_was_seen(region);
        if self.state.waiting > 0 {
            for ix in region.iter() {
                self.close_wait(ix);
            }
        }
        for ix in region.iter() {
            self.close_items(ix);
        }
        let mut zombies: BTreeSet<AttemptRef> =
            self.state.live.keys().filter(|at| region.contains(at.step)).copied().collect();
        for &at in &zombies {
            let lets_end = drain || !self.graph.step(at.step).interruptible;
            self.make_past(at, lets_end, Inside::AsItSays);
        }
        // A pipeline in place in which nothing lives is over at once.
        zombies.retain(|at| self.state.live.contains_key(at));
        zombies
    }

    /// Every visit of the region that goes on keeps what it sees, for its late results.
    fn keep_what_was_seen(&mut self, region: &StepSet) {
        let current = |at: &&AttemptRef| self.state.steps[at.step.get()].visit == at.visit;
        let of_region = self.state.live.keys().filter(|at| region.contains(at.step)).filter(current);
        for at in of_region.copied().collect::<Vec<_>>() {
            let saw = Saw { result: self.seen_by_result(at.unit()), undo: self.seen_by_undo(at.unit()) };
            if let Some(live) = self.state.live.get_mut(&at) {
                live.saw = Some(Arc::new(saw));
            }
        }
    }

    /// Ends, or lets end, whatever lives in the run.
    pub(super) fn end_live(&mut self, inside: Inside) {
        for ix in self.graph.indices() {
            self.close_wait(ix);
            self.close_items(ix);
        }
        for at in self.state.live.keys().copied().collect::<Vec<_>>() {
            let lets_end = inside == Inside::AsItSays && !self.graph.step(at.step).interruptible;
            self.make_past(at, lets_end, inside);
        }
    }

    /// The end of this attempt will decide nothing any more. Only an attempt that a worker has begun is let end.
    pub(super) fn make_past(&mut self, at: AttemptRef, lets_end: bool, inside: Inside) {
        let live = self.state.live.get_mut(&at).expect("the caller found it there");
        let child_run = self.state.children.get_mut(&at);
        // What an ended pipeline in place, or child run, still lets end is ended when the time is over.
        let has_inside = live.child.is_some() || child_run.as_ref().is_some_and(|child| !child.at_once);
        let again = has_inside && inside == Inside::Nothing;
        if (live.past == Past::Cancel && !again) || (live.past == Past::Drain && lets_end) {
            return;
        }
        live.past = if lets_end && live.started { Past::Drain } else { Past::Cancel };
        match (live.past, &live.child) {
            (Past::Cancel, Some(_)) => {
                let ended = self.inside(at, &mut |fold| {
                    fold.stop_as(Stop::Cancel, inside);
                    Ok(())
                });
                ended.expect("nothing is refused here");
            }
            (Past::Cancel, None) => {
                let command = match child_run {
                    Some(child) if inside == Inside::Nothing => {
                        child.at_once = true;
                        Command::AskChild { run: child.run, wish: ParentWish::End }
                    }
                    Some(child) => Command::CancelChild { run: child.run },
                    None => Command::CancelAttempt { key: self.state.key_of(self.graph, at) },
                };
                self.command(command);
            }
            (Past::No | Past::Drain, _) => {}
        }
    }

    /// Clears the delays of the chosen re-opens.
    pub(super) fn void_timers(&mut self, chosen: impl Fn(&Reopened) -> bool) {
        let mut void = Vec::new();
        for open in &mut self.state.open {
            if chosen(open) {
                void.extend(open.timer.take());
            }
        }
        for (timer, _) in void {
            self.command(Command::ClearTimer { timer });
        }
    }

    /// Forgets re-opens that hold nothing any more, and judges what they held.
    pub(super) fn settle_reopened(&mut self) {
        let mut freed = Vec::new();
        self.state.open.retain(|open| {
            // The delay holds only `to`; once nothing of the past lives, the rest of the region may be judged.
            if open.zombies.is_empty() {
                freed.push((Arc::clone(&open.region), open.to.clone()));
            }
            !(open.zombies.is_empty() && open.timer.is_none())
        });
        for (region, to) in freed {
            self.touched.extend(to.iter());
            for ix in region.iter().filter(|ix| self.state.steps[ix.get()].st == St::Pending).collect::<Vec<_>>() {
                self.soil(ix);
            }
        }
    }

    /// What `previous` will show: the steps that some expression names, as they are now.
    pub(super) fn previous_view(&self) -> Option<Arc<Picture>> {
        let names = self.graph.shape().previous_names();
        (!names.is_empty()).then(|| Arc::new(names.iter().map(|ix| (*ix, self.step_json(*ix, None))).collect()))
    }

    /// OVER: when nothing is undecided and nothing lives. What comes behind the steps is done then.
    pub(super) fn finish_if_over(&mut self) {
        if self.state.undecided > 0 || !self.state.live.is_empty() || self.state.over.is_some() {
            return;
        }
        if self.state.leaving.is_none() {
            if self.state.deadline.take().is_some() {
                self.command(Command::ClearTimer { timer: self.deadline_timer() });
            }
            let over = self.outcome_of_steps();
            // A run that was never given its place has nothing to be undone, and nothing behind it (rule M3).
            match self.state.never_began() {
                true => self.state.cut_short = true,
                // A second cancel of what `finally` lies in came before.
                false if self.state.cut_short => {}
                false => self.state.due = self.due_compensations(over.outcome),
            }
            self.state.leaving = Some(over);
        }
        if !self.all_is_undone() {
            return;
        }
        if !self.finally_is_over() {
            return;
        }
        let Some(mut over) = self.state.leaving.clone() else { return };
        over.at = self.at;
        // What comes behind can turn a success into a failure, and nothing else (rule E8).
        if over.outcome == RunOutcome::Succeeded
            && let Some(finally) = self.state.finally.as_ref().and_then(|finally| finally.over.as_ref())
            && finally.outcome == RunOutcome::Failed
        {
            over.outcome = RunOutcome::Failed;
            over.error = finally.error.clone();
        }
        // Of machines inside the machine there is nobody to be told.
        if self.state.within.is_empty() && self.outer.is_none() {
            self.command(Command::FinishRun { outcome: over.outcome });
        }
        self.state.over = Some(over);
    }

    fn outcome_of_steps(&self) -> Over {
        let unhandled = self.earliest_unhandled_failure();
        let mut over = match (self.state.stop, unhandled) {
            (Some(Stop::Cancel), _) => {
                Over { outcome: RunOutcome::Cancelled, at: self.at, error: None, outputs: Map::new() }
            }
            (Some(Stop::Unfit), _) => {
                let error = self.state.unfit.clone().map(|failure| (None, failure));
                Over { outcome: RunOutcome::Failed, at: self.at, error, outputs: Map::new() }
            }
            (Some(Stop::Timeout), failure) => {
                let message = "the run did not end within its `timeout`";
                // What fails while it is being ended is not the first failure.
                let in_time = |ix: StepIx| Some(self.state.steps[ix.get()].ended) <= self.state.ended_in_time;
                let error = failure.filter(|(ix, _)| in_time(*ix)).map_or_else(
                    || (None, Failure::new(FailureKind::Timeout, message)),
                    |(ix, failure)| (self.named(ix), failure),
                );
                Over { outcome: RunOutcome::Failed, at: self.at, error: Some(error), outputs: Map::new() }
            }
            (None | Some(Stop::FailFast), Some((ix, failure))) => {
                let error = Some((self.named(ix), failure));
                Over { outcome: RunOutcome::Failed, at: self.at, error, outputs: Map::new() }
            }
            // A stop by `fail_fast` has a failure that nothing handles, since what could have is decided.
            (None | Some(Stop::FailFast), None) => {
                Over { outcome: RunOutcome::Succeeded, at: self.at, error: None, outputs: Map::new() }
            }
        };
        if over.outcome == RunOutcome::Succeeded {
            match self.run_outputs() {
                Ok(outputs) => over.outputs = outputs,
                Err(failure) => {
                    over.outcome = RunOutcome::Failed;
                    over.error = Some((None, failure));
                }
            }
        }
        over
    }

    fn named(&self, ix: StepIx) -> Option<StepId> {
        Some(self.graph.step(ix).id.clone())
    }

    fn earliest_unhandled_failure(&self) -> Option<(StepIx, Failure)> {
        let shape = self.graph.shape();
        let handled = |ix: StepIx| {
            self.graph.step(ix).allow_failure
                || shape.successors(ix).iter().any(|y| {
                    self.state.steps[y.get()].st == St::Succeeded
                        && self.graph.step(*y).needs.contains(&crate::graph::Need { step: ix, on: Condition::Catch })
                })
        };
        self.graph
            .indices()
            .filter(|ix| self.state.steps[ix.get()].st == St::Failed && !handled(*ix))
            .min_by_key(|ix| self.state.steps[ix.get()].ended)
            .and_then(|ix| {
                let failure = self.state.steps[ix.get()].error.clone()?;
                Some((ix, failure))
            })
    }

    fn run_outputs(&self) -> Result<Map<String, Json>, Failure> {
        let mut outputs = Map::new();
        for (name, cel) in &self.graph.outputs {
            let value = cel
                .references()
                .and_then(|references| cel.eval(&self.scope_of_run(&references)))
                .map_err(|error| Failure::new(FailureKind::Condition, format!("output `{name}`: {error}")))?;
            outputs.insert(name.clone(), value);
        }
        Ok(outputs)
    }
}

pub(super) fn goto_matches(on: GotoOn, outcome: &Ended) -> bool {
    match (on, outcome) {
        (GotoOn::Succeeded | GotoOn::Completed, Ended::Succeeded)
        | (GotoOn::Failed | GotoOn::Completed, Ended::Failed(_)) => true,
        (GotoOn::Rejected, Ended::Failed(failure)) => failure.kind == FailureKind::Rejected,
        (GotoOn::Timeout, Ended::Failed(failure)) => failure.kind == FailureKind::Timeout,
        (GotoOn::Succeeded, Ended::Failed(_))
        | (GotoOn::Failed | GotoOn::Rejected | GotoOn::Timeout, Ended::Succeeded) => false,
    }
}

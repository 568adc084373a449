//! Machines inside the machine: pipelines in place and `finally` (rules M2, M3).
//!
//! Both are a graph with a state of its own, folded by the very same code. A pipeline in place *is* an attempt of its step: it
//! is live as one, and its end is the attempt's. `finally` begins when the steps have ended, and sees them.
//!
//! Their attempts and timers say in `within` where they lie. An event is led there, and what it brings about inside is
//! settled before the level around goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Map;

use super::apply::{Applied, Fold, Outer};
use super::attempt::template_failure;
use super::end::Inside;
use super::refused::Refused;
use super::state::{AttemptRef, Kept, Live, Past, RunState, Saw, Stop, Unit};
use crate::event::{ApprovalDecided, RunCreated, RunOutcome};
use crate::expr::Place;
use crate::graph::{Action, ChildPipeline, Graph, Part, Step};
use crate::id::{AttemptKey, Enclosing, StepId, StepIx};
use crate::outcome::{Failure, FailureKind, Outcome, RawResult};
use crate::text::Text;
use crate::view::StepStatus;

/// What is to be done in one fold, wherever it lies.
type Deed<'d> = &'d mut dyn FnMut(&mut Fold<'_>) -> Result<(), Refused>;

/// What a machine inside the machine is.
enum Inner {
    /// It sees what it is given.
    Child,
    /// It sees the steps before it.
    Finally,
}

/// The graph that a step runs in place.
pub(super) fn in_place(step: &Step) -> Option<&Graph> {
    match &step.action {
        Action::Pipeline(child) => match &child.pipeline {
            ChildPipeline::InPlace(graph) => Some(graph),
            ChildPipeline::Named(_) => None,
        },
        _ => None,
    }
}

impl Fold<'_> {
    /// Leads to the fold in which a step stands. Ids of steps and of `finally` are distinct, so that `finally` needs no name.
    pub(super) fn at_place(
        &mut self,
        within: &[Enclosing],
        step: Option<&StepId>,
        deed: Deed<'_>,
    ) -> Result<(), Refused> {
        let first = within.first().map(|around| &around.step).or(step);
        if first.is_some_and(|id| self.is_in_finally(id)) {
            return self.inside_finally(&mut |fold| fold.at_place(within, step, deed));
        }
        let Some((around, further)) = within.split_first() else { return deed(self) };
        let found = self.graph.find(around.step.as_str());
        let never = || Refused::NeverAsked { what: format!("pipeline {around} that is not over") };
        let at = AttemptRef {
            step: found.ok_or_else(never)?,
            item: around.item,
            visit: around.visit,
            attempt: around.attempt,
            undo: false,
        };
        if self.state.live.get(&at).is_none_or(|live| live.child.is_none()) {
            return Err(never());
        }
        self.inside(at, &mut |fold| fold.at_place(further, step, deed))?;
        self.advance_items(at.step);
        Ok(())
    }

    /// Leads a decision to the fold in which its approval stands: to what is going on there now.
    pub(super) fn decided_at(
        &mut self,
        within: &[(StepId, Option<u32>)],
        decided: &ApprovalDecided,
    ) -> Result<(), Refused> {
        let first = within.first().map_or(&decided.step.step, |(step, _)| step);
        if self.is_in_finally(first) {
            return self.inside_finally(&mut |fold| fold.decided_at(within, decided));
        }
        if let Some(ix) = self.graph.finally.as_ref().and_then(|finally| finally.find(first.as_str())) {
            return Err(Refused::ClosedVisit {
                step: decided.step.step.clone(),
                visit: decided.visit,
                current: self.state.finally_again.as_ref().map_or(1, |again| again.steps[ix.get()].visit),
                status: StepStatus::Pending,
                why: "it does not ask yet".to_owned(),
            });
        }
        let Some(((step, item), further)) = within.split_first() else { return self.approval_decided(decided) };
        let ix = self.graph.find(step.as_str()).ok_or_else(|| Refused::UnknownStep { step: step.clone() })?;
        if in_place(self.graph.step(ix)).is_none() {
            return Err(Refused::UnknownStep { step: decided.step.step.clone() });
        }
        let at = self.state.latest_attempt(Unit { step: ix, item: *item });
        if self.state.live.get(&at).is_none_or(|live| live.child.is_none()) {
            let status = self.state.step_status(self.graph, ix);
            return Err(Refused::ClosedVisit {
                step: decided.step.step.clone(),
                visit: decided.visit,
                current: decided.visit,
                status,
                why: format!("the pipeline of `{step}` does not go on: it {}", status.as_str()),
            });
        }
        self.inside(at, &mut |fold| fold.decided_at(further, decided))?;
        self.advance_items(at.step);
        Ok(())
    }

    fn is_in_finally(&self, step: &StepId) -> bool {
        let there = self.graph.finally.as_ref().is_some_and(|finally| finally.find(step.as_str()).is_some());
        there && self.state.finally.is_some()
    }

    /// START of a step that runs a pipeline in place.
    pub(super) fn start_child(&mut self, at: AttemptRef, graph: &Graph) -> Result<(), Failure> {
        let (unit, step) = (at.unit(), self.graph.step(at.step));
        let Action::Pipeline(action) = &step.action else { return Ok(()) };
        let mut inputs = Map::new();
        for (name, value) in &action.inputs {
            let value = value
                .references()
                .and_then(|references| value.render(&self.scope_of_step(unit, Part::Work, &references)))
                .map_err(|error| template_failure(&format!("pipeline.inputs.{name}"), &error))?;
            inputs.insert(name.clone(), value);
        }
        let mut env: BTreeMap<String, Text> = self.state.env.clone();
        for (name, template) in &step.env {
            let what = format!("env.{name}");
            env.insert(name.clone(), self.render_part(unit, Part::Env(name), template, Place::Plain, &what)?);
        }
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let around = Enclosing { step: step.id.clone(), item: at.item, visit: at.visit, attempt: at.attempt };
        let child = RunState {
            // It is the same run, and what it is given is all that it sees of it.
            created: Some(Arc::new(RunCreated { inputs, ..created.clone() })),
            env,
            within: self.state.within.and(around),
            shared: self.held_around(unit),
            ..self.state.beside(graph)
        };
        self.state.live.insert(at, Live { child: Some(Box::new(child)), ..Live::new(true) });
        let timeout_ms = step.timeout_ms;
        let begun = self.inside(at, &mut |fold| {
            fold.begin_steps(timeout_ms);
            Ok(())
        });
        begun.expect("nothing is refused here");
        Ok(())
    }

    /// Folds inside a pipeline in place. If that is over by then, the attempt that it was has ended.
    pub(super) fn inside(&mut self, at: AttemptRef, deed: Deed<'_>) -> Result<(), Refused> {
        let Some(graph) = in_place(self.graph.step(at.step)) else { return Ok(()) };
        let Some(mut child) = self.state.live.get_mut(&at).and_then(|live| live.child.take()) else { return Ok(()) };
        let (result, applied) = self.fold_inside(graph, &mut child, Inner::Child, deed);
        self.applied.commands.extend(applied.commands);
        self.applied.passages.extend(applied.passages);
        if result.is_ok() {
            self.touch_unit(at.unit());
        }
        if child.over.is_none() {
            if let Some(live) = self.state.live.get_mut(&at) {
                live.child = Some(child);
            }
        } else if let Some(live) = self.state.live.remove(&at) {
            self.child_over(at, live.past, live.saw, *child);
        }
        result
    }

    /// Folds inside `finally`.
    pub(super) fn inside_finally(&mut self, deed: Deed<'_>) -> Result<(), Refused> {
        let Some(graph) = self.graph.finally.as_deref() else { return Ok(()) };
        let Some(mut inner) = self.state.finally.take() else { return Ok(()) };
        let (result, mut applied) = self.fold_inside(graph, &mut inner, Inner::Finally, deed);
        self.state.finally = Some(inner);
        self.applied.commands.append(&mut applied.commands);
        self.applied.passages.append(&mut applied.passages);
        let seen = self.applied.finally.get_or_insert_default();
        seen.touched.extend(applied.touched);
        seen.touched_items.extend(applied.touched_items);
        seen.listed.extend(applied.listed);
        seen.loops_changed |= applied.loops_changed;
        seen.compensations_changed |= applied.compensations_changed;
        result
    }

    /// The same code over another graph and state. Signals are the run's, whoever takes them.
    fn fold_inside(
        &mut self,
        graph: &Graph,
        inner: &mut RunState,
        inner_is: Inner,
        deed: Deed<'_>,
    ) -> (Result<(), Refused>, Applied) {
        let before = inner.going_on;
        // Whoever reran the run counts as having started what goes on inside too.
        inner.rerun_by.clone_from(&self.state.rerun_by);
        std::mem::swap(&mut inner.kept, &mut self.state.kept);
        let outer = match inner_is {
            Inner::Child => None,
            Inner::Finally => Some(Outer { graph: self.graph, state: &*self.state }),
        };
        let mut fold = Fold {
            outer,
            paused_around: self.is_paused(),
            firings: self.firings,
            ..Fold::over(graph, &mut *inner, self.at)
        };
        let result = deed(&mut fold);
        if result.is_ok() {
            fold.until_quiet();
        }
        let firings = fold.firings;
        let applied = fold.into_applied();
        self.firings = firings;
        std::mem::swap(&mut inner.kept, &mut self.state.kept);
        self.state.going_on = self.state.going_on.with(before, inner.going_on);
        (result, applied)
    }

    fn child_over(&mut self, at: AttemptRef, past: Past, saw: Option<Arc<Saw>>, child: RunState) {
        let over = child.over.clone().expect("the caller looked");
        let result = RawResult { outputs: over.outputs.into_iter().collect(), ..RawResult::default() };
        let outcome = match (over.outcome, over.error) {
            (RunOutcome::Succeeded, _) => Outcome::Succeeded { result },
            (RunOutcome::Cancelled, _) => Outcome::Cancelled { result },
            (RunOutcome::Failed, error) => {
                Outcome::Failed { error: failure_of_child(child.stop == Some(Stop::Timeout), error), result }
            }
        };
        let child = Arc::new(child);
        if self.state.steps[at.step.get()].visit == at.visit {
            match self.item_mut(at.unit()) {
                Some(item) => item.child = Some(child),
                None => self.touch(at.step).child = Some(child),
            }
        }
        match past {
            Past::No => self.attempt_ended(at.unit(), &outcome),
            Past::Cancel | Past::Drain => self.past_attempt_ended(at, saw, &outcome),
        }
    }

    /// Lets all that may start, here and inside.
    pub(super) fn wake(&mut self) {
        self.resume_locked();
        for ix in self.graph.indices() {
            self.soil(ix);
            self.advance_items(ix);
        }
        for at in self.children() {
            let woken = self.inside(at, &mut |fold| {
                fold.wake();
                Ok(())
            });
            woken.expect("nothing is refused here");
            self.advance_items(at.step);
        }
        let woken = self.inside_finally(&mut |fold| {
            fold.wake();
            Ok(())
        });
        woken.expect("nothing is refused here");
    }

    /// Offers a signal to the pipelines in place, and to `finally`; says whether a step took it.
    pub(super) fn offer_inside(&mut self, kept: &Kept) -> bool {
        let mut taken = false;
        for at in self.children() {
            let listens = |live: &Live| live.child.as_ref().is_some_and(|child| child.going_on.signals > 0);
            if taken || !self.state.live.get(&at).is_some_and(listens) {
                continue;
            }
            let offered = self.inside(at, &mut |fold| {
                taken = fold.offer(kept);
                Ok(())
            });
            offered.expect("nothing is refused here");
            self.advance_items(at.step);
        }
        if !taken && self.state.finally.as_ref().is_some_and(|finally| finally.going_on.signals > 0) {
            let offered = self.inside_finally(&mut |fold| {
                taken = fold.offer(kept);
                Ok(())
            });
            offered.expect("nothing is refused here");
        }
        taken
    }

    /// Attempts that are pipelines in place.
    pub(super) fn children(&self) -> Vec<AttemptRef> {
        self.state.live.iter().filter(|(_, live)| live.child.is_some()).map(|(at, _)| *at).collect()
    }

    /// Begins `finally`, and says whether it is over.
    pub(super) fn finally_is_over(&mut self) -> bool {
        let Some(graph) = self.graph.finally.as_deref() else { return true };
        if self.state.finally.is_none() {
            if self.state.cut_short {
                return true;
            }
            if self.is_paused() {
                return false;
            }
            let created = self.state.created.clone();
            let shared = self.state.held_by_run();
            let mut inner = RunState { created, shared, ..self.state.beside(graph) };
            if let Some(again) = self.state.finally_again.take() {
                (inner.steps, inner.done) = (again.steps, again.done);
            }
            self.state.finally = Some(Box::new(inner));
            let begun = self.inside_finally(&mut |fold| {
                fold.begin_steps(None);
                Ok(())
            });
            begun.expect("nothing is refused here");
        }
        self.state.finally.as_ref().is_none_or(|inner| inner.is_over())
    }

    /// A cancel. The first one ends the steps and leaves what comes behind them; a second one ends that too.
    pub(super) fn cancel(&mut self) -> Result<(), Refused> {
        let first = self.state.stop != Some(Stop::Cancel);
        match (first, self.state.leaving.is_some()) {
            (true, false) => self.stop(Stop::Cancel),
            (true, true) => self.state.stop = Some(Stop::Cancel),
            (false, _) if self.cut_short() => {}
            (false, _) => return Err(Refused::CancelledBefore),
        }
        self.end_pause();
        Ok(())
    }

    /// The parent of this run has ended. It asks again after a restart, so a second time is no second cancel; but when its
    /// time is over, that ends what a cancel lets end.
    pub(super) fn cancel_for_parent(&mut self, at_once: bool) -> Result<(), Refused> {
        let first = self.state.stop != Some(Stop::Cancel);
        let inside = if at_once { Inside::Nothing } else { Inside::AsItSays };
        match (first, self.state.leaving.is_some()) {
            (true, true) => self.state.stop = Some(Stop::Cancel),
            (true, false) => self.stop_as(Stop::Cancel, inside),
            (false, false) if at_once && self.state.lets_end() => self.stop_as(Stop::Cancel, inside),
            (false, _) => return Err(Refused::CancelledBefore),
        }
        self.end_pause();
        Ok(())
    }

    /// Ends what comes behind the steps, here and inside; says whether there was anything to be ended.
    fn cut_short(&mut self) -> bool {
        let mut any = self.state.leaving.is_some() && !self.state.cut_short;
        if any {
            self.state.cut_short = true;
            self.end_compensations();
        }
        let ended = self.inside_finally(&mut |fold| {
            any |= fold.end_finally();
            Ok(())
        });
        ended.expect("nothing is refused here");
        for at in self.children() {
            let ended = self.inside(at, &mut |fold| {
                any |= fold.cut_short();
                Ok(())
            });
            ended.expect("nothing is refused here");
            self.advance_items(at.step);
        }
        any
    }

    /// A second cancel in a `finally` that goes on: its steps are ended, and what comes behind them, in it and inside, does
    /// not begin; where they have ended, that is ended.
    fn end_finally(&mut self) -> bool {
        if self.state.over.is_some() {
            return false;
        }
        if self.state.cut_short || self.state.leaving.is_some() {
            return self.cut_short();
        }
        self.leave_nothing();
        self.stop(Stop::Cancel);
        true
    }

    /// What comes behind the steps does not begin, or is ended.
    fn leave_nothing(&mut self) {
        if self.state.leaving.is_some() {
            self.cut_short();
            return;
        }
        self.state.cut_short = true;
        for at in self.children() {
            let left = self.inside(at, &mut |fold| {
                fold.leave_nothing();
                Ok(())
            });
            left.expect("nothing is refused here");
        }
    }
}

impl RunState {
    /// A state over another graph of the same run.
    fn beside(&self, graph: &Graph) -> Self {
        Self {
            created_at: self.created_at,
            name: self.name.clone(),
            labels: self.labels.clone(),
            epoch: self.epoch,
            rerun_by: self.rerun_by.clone(),
            last_at: self.last_at,
            within: self.within.clone(),
            env: self.env.clone(),
            ..Self::of(graph)
        }
    }

    /// Attempts that were handed out and are not settled; a driver asks its worker for them after a restart.
    pub fn live_attempts(&self, graph: &Graph) -> Vec<AttemptKey> {
        let mut keys = Vec::new();
        self.add_live(graph, &mut keys);
        keys
    }

    fn add_live(&self, graph: &Graph, keys: &mut Vec<AttemptKey>) {
        for (at, live) in &self.live {
            match (&live.child, in_place(graph.step(at.step))) {
                (Some(child), Some(inner)) => child.add_live(inner, keys),
                _ => keys.push(self.key_of(graph, *at)),
            }
        }
        if let (Some(state), Some(graph)) = (&self.finally, &graph.finally) {
            state.add_live(graph, keys);
        }
    }

    /// Something goes on though it was asked to end, here or inside.
    fn lets_end(&self) -> bool {
        let lets_end = |(at, live): (&AttemptRef, &Live)| match &live.child {
            Some(child) => child.lets_end(),
            None => live.past == Past::Drain || self.children.get(at).is_some_and(|child| !child.at_once),
        };
        self.live.iter().any(lets_end)
    }

    /// The attempt is live and was asked to end.
    pub fn is_ending(&self, graph: &Graph, key: &AttemptKey) -> bool {
        self.at(graph, key.within.as_slice(), Some(&key.step)).is_some_and(|(graph, state)| {
            let at = state.reference(graph, key);
            at.and_then(|at| state.live.get(&at)).is_some_and(|live| live.past == Past::Cancel)
        })
    }

    /// The graph and state in which a step stands, while they go on; without a step, those of the pipeline itself.
    pub(super) fn at<'a>(
        &'a self,
        graph: &'a Graph,
        within: &[Enclosing],
        step: Option<&StepId>,
    ) -> Option<(&'a Graph, &'a Self)> {
        let first = within.first().map(|around| &around.step).or(step);
        if first.is_some_and(|first| graph.find(first.as_str()).is_none()) {
            return self.finally.as_ref()?.at(graph.finally.as_deref()?, within, step);
        }
        let Some((around, further)) = within.split_first() else { return Some((graph, self)) };
        let Enclosing { step: id, item, visit, attempt } = around;
        let at =
            AttemptRef { step: graph.find(id.as_str())?, item: *item, visit: *visit, attempt: *attempt, undo: false };
        self.live.get(&at)?.child.as_ref()?.at(in_place(graph.step(at.step))?, further, step)
    }

    /// The attempt that a key names.
    pub(super) fn reference(&self, graph: &Graph, key: &AttemptKey) -> Option<AttemptRef> {
        let step: StepIx = graph.find(key.step.as_str())?;
        Some(AttemptRef { step, item: key.item, visit: key.visit, attempt: key.attempt, undo: key.undo })
    }

    /// The steps that wait for people, as people name them.
    pub fn steps_waiting_for_people(&self, graph: &Graph) -> Vec<String> {
        let mut names = Vec::new();
        self.add_waiting_for_people(graph, &mut names);
        names
    }

    fn add_waiting_for_people(&self, graph: &Graph, names: &mut Vec<String>) {
        if self.going_on.approvals == 0 {
            return;
        }
        for (state, step) in self.steps.iter().zip(&graph.steps) {
            if matches!(state.wait, Some(super::state::Wait::Approval(_))) {
                names.push(self.within.path_to(step.id.clone()).to_string());
            }
        }
        for (at, live) in &self.live {
            if let (Some(child), Some(inner)) = (&live.child, in_place(graph.step(at.step))) {
                child.add_waiting_for_people(inner, names);
            }
        }
        if let (Some(state), Some(graph)) = (&self.finally, &graph.finally) {
            state.add_waiting_for_people(graph, names);
        }
    }

    /// One worker has one attempt more, or one less.
    pub(super) fn count_attempt(&mut self, difference: i32) {
        self.going_on.attempts = self.going_on.attempts.saturating_add_signed(difference);
    }
}

fn failure_of_child(timed_out: bool, error: Option<(Option<StepId>, Failure)>) -> Failure {
    let Some((step, failure)) = error else { return Failure::new(FailureKind::Child, "the pipeline failed") };
    if timed_out {
        let message = "the pipeline did not end within the `timeout` of its step";
        return Failure { cause: Some(Box::new(failure)), ..Failure::new(FailureKind::Timeout, message) };
    }
    let message = match step {
        Some(step) => format!("`{step}` failed: {}", failure.message),
        None => failure.message.clone(),
    };
    Failure { cause: Some(Box::new(failure)), ..Failure::new(FailureKind::Child, message) }
}

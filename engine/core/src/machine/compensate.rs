//! Compensations: what succeeded is undone when the run fails, the last first, one at a time (rule M3).
//!
//! What a compensation does is made when its step succeeds, out of what the visit saw and gave. So a loop that comes back
//! later changes nothing about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::apply::Fold;
use super::attempt::{backoff_ms, capture, expectation, retries};
use super::reading::references_of_undo;
use super::scope::put;
use super::state::{AttemptRef, Live, Past, RunState, Saw, St, Unit};
use crate::command::{AttemptSpec, Command, Timer, Work};
use crate::event::RunOutcome;
use crate::expr::{Place, Scope};
use crate::graph::{Action, Compensate, CompensateOn, CompensatePer, Graph, Part};
use crate::id::{AttemptId, AttemptKey, StepIx};
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::text::Text;
use crate::time::Timestamp;
use crate::view::{CompensationView, StepStatus};

/// A visit, or an item of it, that succeeded and can be undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) unit: Unit,
    pub(super) visit: u32,
    /// The same, or the later visit that keeps the item's result.
    pub(super) counts_in: u32,
    item_key: Option<String>,
    work: Result<Arc<UndoWork>, Failure>,
    /// None until the run has failed and it is its turn: each is undone once in the life of the run.
    pub(super) undo: Option<Undo>,
}

/// What a worker will be asked to do, and in which environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct UndoWork {
    work: Work,
    env: BTreeMap<String, Text>,
    /// The names that the expectation of its answer reads.
    expectation: Scope,
}

/// A compensation that has begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Undo {
    pub(super) st: St,
    attempt: u32,
    /// The next attempt.
    until: Option<Timestamp>,
    error: Option<Failure>,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl Fold<'_> {
    /// A visit or an item succeeded. `past` is what a visit that is past saw, and what it gave.
    pub(super) fn note_done(&mut self, unit: Unit, visit: u32, past: Option<(&Saw, &Map<String, Json>)>) {
        let Some(undo) = &self.graph.step(unit.step).compensate else { return };
        let current = self.state.steps[unit.step.get()].visit == visit;
        let seen = match (past, self.state.item(unit)) {
            (Some((saw, outputs)), _) if !current => saw.undo.clone().map(|saw| (saw, outputs.clone())),
            // To what undoes an item, the outputs of the step are those of the item.
            (_, Some(item)) => {
                let outputs = (*item.outputs).clone();
                self.seen_by_undo(unit).map(|saw| (saw, outputs))
            }
            _ => None,
        };
        if let Some((mut saw, outputs)) = seen {
            let id = self.graph.step(unit.step).id.as_str();
            put(&mut saw, &["steps", id, "outputs"], Json::Null);
            put(&mut saw, &["steps", id, "outputs"], Json::Object(outputs));
            put(&mut saw, &["steps", id, "status"], "succeeded".into());
            self.saw = Some(saw);
        }
        let work = self.undo_work(unit, undo).map(Arc::new);
        self.saw = None;
        let item_key = self.state.item(unit).and_then(|item| item.key.clone());
        if undo.per == CompensatePer::Step {
            self.forget_done_before(unit.step, visit);
        }
        self.state.done.push(Done { unit, visit, counts_in: visit, item_key, work, undo: None });
    }

    /// Of a step that is undone once, only the last visit that succeeded ever will be.
    fn forget_done_before(&mut self, ix: StepIx, visit: u32) {
        let last = self.state.done.iter().rev().find(|done| done.unit.step == ix);
        // Items of one visit have nothing to forget, however many they are. What is due is known by its place.
        let nothing = last.is_none_or(|last| last.counts_in >= visit);
        if nothing || !self.state.due.is_empty() || self.state.undoing.is_some() {
            return;
        }
        self.state.done.retain(|done| done.unit.step != ix || done.counts_in >= visit || done.undo.is_some());
    }

    /// What undoing the visit will have to see, taken while it is still there.
    pub(super) fn seen_by_undo(&self, unit: Unit) -> Option<Scope> {
        let step = self.graph.step(unit.step);
        let undo = step.compensate.as_ref()?;
        let mut references = Vec::new();
        references_of_undo(undo, &mut |more| references.extend(more));
        for template in step.env.values() {
            references.extend(template.references().unwrap_or_default());
        }
        Some(self.scope_of_step(unit, Part::Compensate, &references))
    }

    fn undo_work(&self, unit: Unit, undo: &Compensate) -> Result<UndoWork, Failure> {
        let mut env = self.state.env.clone();
        for (name, template) in &self.graph.step(unit.step).env {
            let what = format!("env.{name}");
            env.insert(name.clone(), self.render_part(unit, Part::Env(name), template, Place::Plain, &what)?);
        }
        for (name, template) in &undo.env {
            let what = format!("compensate.env.{name}");
            env.insert(name.clone(), self.render_part(unit, Part::Compensate, template, Place::Plain, &what)?);
        }
        let work = match &undo.action {
            Action::Run(run) => self.shell_work(unit, Part::Compensate, run, &mut env)?,
            Action::Http(http) => Work::Http(Box::new(self.http_work(unit, Part::Compensate, http)?)),
            Action::Container(container) => {
                Work::Container(Box::new(self.container_work(unit, Part::Compensate, container, &mut env)?))
            }
            other => {
                let message = format!("this engine cannot run `{}`", other.kind());
                return Err(Failure::new(FailureKind::Spawn, message));
            }
        };
        let references = expectation(&undo.action).and_then(|cel| cel.references().ok()).unwrap_or_default();
        Ok(UndoWork { work, env, expectation: self.scope_of_step(unit, Part::Compensate, &references) })
    }

    /// What is to be undone after this end of the steps, the next one last.
    pub(super) fn due_compensations(&self, outcome: RunOutcome) -> Vec<u32> {
        let end = match outcome {
            RunOutcome::Succeeded => return Vec::new(),
            RunOutcome::Failed => CompensateOn::Failed,
            RunOutcome::Cancelled => CompensateOn::Cancelled,
        };
        let mut last: BTreeMap<StepIx, u32> = BTreeMap::new();
        for done in &self.state.done {
            let visit = last.entry(done.unit.step).or_default();
            *visit = done.counts_in.max(*visit);
        }
        let is_due = |done: &Done| {
            let Some(undo) = &self.graph.step(done.unit.step).compensate else { return false };
            let beyond = undo.until.is_some_and(|until| self.state.steps[until.get()].st == St::Succeeded);
            let counts = undo.per == CompensatePer::Visit || last.get(&done.unit.step) == Some(&done.counts_in);
            done.undo.is_none() && undo.on.contains(&end) && !beyond && counts
        };
        (0_u32..).zip(&self.state.done).filter(|(_, done)| is_due(done)).map(|(at, _)| at).collect()
    }

    /// Begins what is to be undone next; says whether all is.
    pub(super) fn all_is_undone(&mut self) -> bool {
        loop {
            if self.state.undoing.is_some() || (self.is_paused() && !self.state.due.is_empty()) {
                return false;
            }
            let Some(next) = self.state.due.pop() else { return true };
            let started_at = self.at;
            let undo = Undo { st: St::Running, attempt: 0, until: None, error: None, started_at, finished_at: None };
            self.state.done[next as usize].undo = Some(undo);
            self.state.undoing = Some(next);
            self.start_undo(next);
        }
    }

    fn start_undo(&mut self, index: u32) {
        self.applied.compensations_changed = true;
        let done = &mut self.state.done[index as usize];
        let Some(undo) = &mut done.undo else { return };
        undo.attempt += 1;
        undo.until = None;
        let Unit { step, item } = done.unit;
        let at = AttemptRef { step, item, visit: done.visit, attempt: undo.attempt, undo: true };
        match self.undo_spec(index, at) {
            Ok(spec) => {
                self.state.live.insert(at, Live::new(false));
                self.state.count_attempt(1);
                self.command(Command::StartAttempt(Box::new(spec)));
            }
            Err(failure) => self.undo_failed(index, failure),
        }
    }

    pub(super) fn undo_spec(&self, index: u32, at: AttemptRef) -> Result<AttemptSpec, Failure> {
        let step = self.graph.step(at.step);
        let undo = step.compensate.as_ref().expect("only such steps are noted as done");
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let done = &self.state.done[index as usize];
        let UndoWork { work, env, expectation: _ } = (**done.work.as_ref().map_err(Clone::clone)?).clone();
        Ok(AttemptSpec {
            idempotency_key: self.idempotency_key(at),
            id: AttemptId { run: created.run, key: self.state.key_of(self.graph, at) },
            item_key: done.item_key.clone(),
            pipeline: format!("{}/{}", created.project, created.pipeline),
            work,
            env,
            timeout_ms: undo.timeout_ms,
            idle_timeout_ms: None,
            grace_ms: step.grace_ms,
            capture: capture(&undo.action, &BTreeMap::new()),
            artifacts: BTreeMap::new(),
            junit: Vec::new(),
            fetch: Vec::new(),
            cache: Vec::new(),
            services: BTreeMap::new(),
            runs_on: step.runs_on.clone(),
            hides: self.graph.secrets.clone(),
            fresh_workspace: step.fresh_workspace,
            limits: self.limits(at),
        })
    }

    /// An attempt at what is being undone has ended.
    pub(super) fn undo_ended(&mut self, at: AttemptRef, past: Past, outcome: &Outcome) {
        self.applied.compensations_changed = true;
        let Some(index) = self.state.undoing else { return };
        let Some(undo) = &self.graph.step(at.step).compensate else { return };
        match outcome {
            Outcome::Succeeded { result } => {
                let made = self.state.done[index as usize].work.as_ref().ok();
                let saw = made.map(|work| &work.expectation);
                match self.meets_expectation(at.unit(), Part::Compensate, &undo.action, result, saw) {
                    Ok(()) => self.close_undo(index, St::Succeeded, None),
                    Err(failure) => self.undo_failed(index, failure),
                }
            }
            Outcome::Failed { error, .. } => self.undo_failed(index, error.clone()),
            Outcome::Cancelled { .. } if past == Past::No => {
                let failure = Failure::new(FailureKind::Lost, "the worker ended the attempt unasked");
                self.undo_failed(index, failure);
            }
            Outcome::Cancelled { .. } => self.close_undo(index, St::Cancelled, None),
        }
    }

    /// Another attempt, or the end of this compensation; it does not stop the others.
    fn undo_failed(&mut self, index: u32, failure: Failure) {
        let done = &mut self.state.done[index as usize];
        let Some(spec) = &self.graph.step(done.unit.step).compensate else { return };
        let Some(undo) = &mut done.undo else { return };
        let retry = &spec.retry;
        if self.state.cut_short || undo.attempt >= retry.max_attempts || !retries(retry, &failure) {
            return self.close_undo(index, St::Failed, Some(failure));
        }
        let attempt = undo.attempt;
        let key = self.state.undo_key(self.graph, index, attempt + 1);
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let until = self.at.plus_ms(backoff_ms(retry, attempt, created.run.bits(), &key));
        if let Some(undo) = &mut self.state.done[index as usize].undo {
            (undo.error, undo.until) = (Some(failure), Some(until));
        }
        self.command(Command::SetTimer { timer: Timer::Retry { key }, at: until });
    }

    fn close_undo(&mut self, index: u32, st: St, error: Option<Failure>) {
        let at = self.at;
        if let Some(undo) = &mut self.state.done[index as usize].undo {
            (undo.st, undo.error, undo.until, undo.finished_at) = (st, error, None, Some(at));
        }
        self.applied.compensations_changed = true;
        self.state.undoing = None;
    }

    /// The wait for another attempt is over.
    pub(super) fn undo_again(&mut self) {
        if let Some(index) = self.state.undoing {
            self.start_undo(index);
        }
    }

    /// A second cancel: what is being undone is ended, and nothing further is.
    pub(super) fn end_compensations(&mut self) {
        self.applied.compensations_changed = true;
        self.state.due.clear();
        let Some(index) = self.state.undoing else { return };
        if let Some(timer) = self.state.undo_timer(self.graph) {
            self.command(Command::ClearTimer { timer });
            return self.close_undo(index, St::Cancelled, None);
        }
        for at in self.state.live.keys().copied().filter(|at| at.undo).collect::<Vec<_>>() {
            if let Some(live) = self.state.live.get_mut(&at) {
                live.past = Past::Cancel;
            }
            let key = self.state.key_of(self.graph, at);
            self.command(Command::CancelAttempt { key });
        }
    }
}

impl RunState {
    fn undo_key(&self, graph: &Graph, index: u32, attempt: u32) -> AttemptKey {
        let Done { unit, visit, .. } = &self.done[index as usize];
        self.key_of(graph, AttemptRef { step: unit.step, item: unit.item, visit: *visit, attempt, undo: true })
    }

    /// The timer that what is being undone waits for, before its next attempt.
    pub(super) fn undo_timer(&self, graph: &Graph) -> Option<Timer> {
        let index = self.undoing?;
        let waits = self.done[index as usize].undo.as_ref().filter(|undo| undo.until.is_some())?;
        Some(Timer::Retry { key: self.undo_key(graph, index, waits.attempt + 1) })
    }

    /// What is undone, in that order: what was, what is, and what will be.
    pub(super) fn compensation_views(&self, graph: &Graph) -> Vec<CompensationView> {
        let begun = self.done.iter().rev().filter(|done| done.undo.is_some());
        let due = self.due.iter().rev().map(|at| &self.done[*at as usize]);
        begun.chain(due).map(|done| self.compensation_view(graph, done)).collect()
    }

    fn compensation_view(&self, graph: &Graph, done: &Done) -> CompensationView {
        let undo = done.undo.as_ref();
        let status = match undo {
            None => StepStatus::Pending,
            Some(Undo { until: Some(_), .. }) => StepStatus::Waiting,
            Some(undo) if undo.st == St::Running => {
                let Unit { step, item } = done.unit;
                let at = AttemptRef { step, item, visit: done.visit, attempt: undo.attempt, undo: true };
                let started = self.live.get(&at).is_some_and(|live| live.started);
                if started { StepStatus::Running } else { StepStatus::Queued }
            }
            Some(undo) => super::present::past_status(undo.st),
        };
        CompensationView {
            step: graph.step(done.unit.step).id.clone(),
            item: done.unit.item,
            visit: done.visit,
            status,
            attempt: undo.map_or(0, |undo| undo.attempt),
            error: undo.filter(|undo| undo.st == St::Failed).and_then(|undo| undo.error.clone()),
            started_at: undo.map(|undo| undo.started_at),
            finished_at: undo.and_then(|undo| undo.finished_at),
        }
    }
}

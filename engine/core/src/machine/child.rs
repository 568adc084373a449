//! Child runs of named pipelines: started like an attempt, ended by the end of the run (rule M2).
//!
//! The step that runs a child has a live attempt as long as the child goes on, so re-opens, cancels and retries treat it like
//! any other work. The id of the child follows from who asks for it: a command that is sent twice begins one run.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::apply::Fold;
use super::attempt::template_failure;
use super::refused::Refused;
use super::state::{AttemptRef, Live, Past, Pauser, RunState, Unit};
use crate::command::{ChildSpec, Command, Timer};
use crate::event::{ChildFinished, Parent, ParentWish, RunOutcome};
use crate::graph::{Action, ChildAction, ChildPipeline, Graph, Part};
use crate::group::{Holder, Slot};
use crate::id::{AttemptKey, RunId};
use crate::outcome::{Failure, FailureKind, Outcome, RawResult};
use crate::time::Timestamp;
use serde_json::Map;

/// A child of a child and so on: no deeper.
const DEEPEST: u32 = 16;

/// A child run of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChildRun {
    pub(super) run: RunId,
    /// It was ended because the step's `timeout` is over.
    timed_out: bool,
    /// It was told to let nothing end.
    pub(super) at_once: bool,
}

impl Fold<'_> {
    /// START of a step that runs a named pipeline.
    pub(super) fn start_child_run(&mut self, at: AttemptRef, child: &ChildAction, name: &str) -> Result<(), Failure> {
        let spec = self.child_spec(at, child, name, None)?;
        let (run, key) = (spec.run, spec.parent.key.clone());
        let command = Command::StartChild(Box::new(spec));
        let start = self.to_be_kept(at, &command);
        // The attempt before this one has ended, and is not shown any more.
        self.state.children.remove(&AttemptRef { attempt: at.attempt - 1, ..at });
        self.state.live.insert(at, Live { start, ..Live::new(true) });
        self.state.children.insert(at, ChildRun { run, timed_out: false, at_once: false });
        self.state.going_on.children += 1;
        if let Some(ms) = self.graph.step(at.step).timeout_ms {
            let timer = Timer::Child { key };
            self.command(Command::SetTimer { timer, at: self.at.plus_ms(ms) });
        }
        self.command(command);
        Ok(())
    }

    /// `known`: the id that it was given when it was started.
    fn child_spec(
        &self,
        at: AttemptRef,
        child: &ChildAction,
        name: &str,
        known: Option<RunId>,
    ) -> Result<ChildSpec, Failure> {
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let depth = created.parent.as_ref().map_or(0, |parent| parent.depth) + 1;
        if depth > DEEPEST {
            let message = format!("child runs go {DEEPEST} deep, and no deeper");
            return Err(Failure::new(FailureKind::Child, message));
        }
        let mut inputs = Map::new();
        for (name, value) in &child.inputs {
            let value = value
                .references()
                .and_then(|references| value.render(&self.scope_of_step(at.unit(), Part::Work, &references)))
                .map_err(|error| template_failure(&format!("pipeline.inputs.{name}"), &error))?;
            inputs.insert(name.clone(), value);
        }
        let key = self.state.key_of(self.graph, at);
        let (project, pipeline) = match name.split_once('/') {
            Some((project, pipeline)) => (project.to_owned(), pipeline.to_owned()),
            None => (created.project.clone(), name.to_owned()),
        };
        Ok(ChildSpec {
            run: known.unwrap_or_else(|| id_of_child(created.run, &key, self.at)),
            project,
            pipeline,
            inputs,
            actor: created.trigger.actor.clone(),
            parent: Parent { run: created.run, depth, within: self.held_around(at.unit()), key },
        })
    }

    /// What this run, all around it and this step hold: what the step runs shares it.
    pub(super) fn held_around(&self, unit: Unit) -> Vec<Holder> {
        let mut held = self.state.held_by_run();
        let key = self.slot_key(unit);
        if self.state.locks.contains_key(&(unit, key.visit)) {
            let run = self.state.created.as_deref().expect("the first event of a run creates it").run;
            held.push(Holder { run, slot: Slot::Step { key } });
        }
        held
    }

    pub(super) fn child_finished(&mut self, finished: &ChildFinished) -> Result<(), Refused> {
        let key = &finished.key;
        let never = || Refused::NeverAsked { what: format!("child run of {key}") };
        let at = self.find_live(key).map_err(|_| never())?;
        let child = *self.state.children.get(&at).ok_or_else(never)?;
        let past = self.state.live[&at].past;
        if self.graph.step(at.step).timeout_ms.is_some() && !child.timed_out {
            self.command(Command::ClearTimer { timer: Timer::Child { key: key.clone() } });
        }
        let result = RawResult { outputs: finished.outputs.clone().into_iter().collect(), ..RawResult::default() };
        let failed = |message: String, cause: Option<Failure>| {
            let cause = cause.map(Box::new);
            Outcome::Failed {
                error: Failure { cause, ..Failure::new(FailureKind::Child, message) },
                result: result.clone(),
            }
        };
        let outcome = match (finished.outcome, &finished.error) {
            (RunOutcome::Succeeded, _) => Outcome::Succeeded { result },
            (RunOutcome::Cancelled, _) if past != Past::No => Outcome::Cancelled { result },
            (RunOutcome::Cancelled, _) if child.timed_out => {
                let error = Failure::new(FailureKind::Timeout, "the child run did not end within the step's `timeout`");
                Outcome::Failed { error, result }
            }
            (RunOutcome::Cancelled, _) => failed("the child run was cancelled".to_owned(), None),
            // It never began: what stood in the way is the failure itself.
            (RunOutcome::Failed, Some(error)) if !finished.began => Outcome::Failed { error: error.clone(), result },
            (RunOutcome::Failed, cause) => {
                let why = cause.as_ref().map(|cause| format!(": {}", cause.message)).unwrap_or_default();
                failed(format!("the child run failed{why}"), cause.clone())
            }
        };
        self.attempt_finished(key, &outcome)
    }

    /// The step's `timeout` is over.
    pub(super) fn child_timed_out(&mut self, key: &AttemptKey) -> Result<(), Refused> {
        let at = self.find_live(key)?;
        let never = || Refused::NeverAsked { what: format!("child run of {key}") };
        let child = self.state.children.get_mut(&at).ok_or_else(never)?;
        child.timed_out = true;
        let run = child.run;
        self.command(Command::CancelChild { run });
        Ok(())
    }

    /// This run is a child, and its parent wants something of it.
    pub(super) fn parent_asked(&mut self, wish: ParentWish) -> Result<(), Refused> {
        match wish {
            ParentWish::Cancel | ParentWish::End => self.cancel_for_parent(wish == ParentWish::End),
            ParentWish::Pause => self.pause(Pauser::Parent),
            ParentWish::Resume => self.resume(Pauser::Parent),
        }
    }

    /// Child runs that go on pause and go on with this run, wherever in it they were begun.
    pub(super) fn ask_children(&mut self, wish: ParentWish) {
        let mut runs = Vec::new();
        self.state.add_child_runs(&mut runs);
        for run in runs {
            self.command(Command::AskChild { run, wish });
        }
    }

    /// What the parent of this run is told when it is over.
    pub(super) fn tell_parent(&mut self) {
        if let Some(told) = self.state.told_to_parent() {
            self.command(Command::TellParent(Box::new(told)));
        }
    }
}

impl RunState {
    /// The step's `timeout` runs for this child.
    pub(super) fn bounds_child(&self, graph: &Graph, key: &AttemptKey) -> bool {
        let at = self.reference(graph, key).filter(|at| key.epoch == self.epoch && self.live.contains_key(at));
        let timed = at.filter(|at| graph.step(at.step).timeout_ms.is_some());
        timed.and_then(|at| self.children.get(&at)).is_some_and(|child| !child.timed_out)
    }

    /// The child of a live attempt, and the command that started it, once more. `None`: the attempt has no child.
    pub fn child_of(&self, graph: &Graph, key: &AttemptKey) -> Option<ChildStart> {
        let mut state = self.clone();
        let at = state.last_at;
        let mut start = None;
        let mut fold = Fold::over(graph, &mut state, at);
        let found = fold.at_place(key.within.as_slice(), Some(&key.step), &mut |fold| {
            let at = fold.find_live(key)?;
            let Some(ChildRun { run, timed_out, at_once }) = fold.state.children.get(&at).copied() else {
                return Ok(());
            };
            let Action::Pipeline(action) = &fold.graph.step(at.step).action else { return Ok(()) };
            let ChildPipeline::Named(name) = &action.pipeline else { return Ok(()) };
            let live = &fold.state.live[&at];
            let spec = match (live.past, live.start.as_deref()) {
                (Past::No, Some(Command::StartChild(spec))) => Some((**spec).clone()),
                (Past::No, _) => fold.child_spec(at, action, name, Some(run)).ok(),
                // What a past visit was given cannot be told any more.
                (Past::Cancel | Past::Drain, _) => None,
            };
            let wish = match live.past {
                _ if at_once => Some(ParentWish::End),
                Past::Cancel => Some(ParentWish::Cancel),
                _ if timed_out => Some(ParentWish::Cancel),
                Past::No | Past::Drain => fold.is_paused().then_some(ParentWish::Pause),
            };
            start = Some(ChildStart { run, spec, wish });
            Ok(())
        });
        found.ok().and(start)
    }

    /// Child runs that were not told to end, here and inside.
    fn add_child_runs(&self, runs: &mut Vec<RunId>) {
        for (at, live) in &self.live {
            let own = self.children.get(at).filter(|child| live.past != Past::Cancel && !child.timed_out);
            runs.extend(own.map(|child| child.run));
            live.child.iter().for_each(|inside| inside.add_child_runs(runs));
        }
        self.finally.iter().for_each(|finally| finally.add_child_runs(runs));
    }

    /// Its parent has paused it.
    pub fn is_paused_by_parent(&self) -> bool {
        self.paused.as_ref().is_some_and(|paused| paused.by.contains(&Pauser::Parent))
    }

    /// Places in groups that this run and all around it hold.
    pub(super) fn held_by_run(&self) -> Vec<Holder> {
        let mut held = self.shared.clone();
        if let (Some(created), Some(_)) = (self.created.as_deref(), &self.slot) {
            held.push(Holder { run: created.run, slot: Slot::Run { epoch: self.epoch } });
        }
        held
    }

    /// The end of this run, for the run that started it.
    pub fn told_to_parent(&self) -> Option<crate::command::ChildEnd> {
        let parent = self.created.as_deref()?.parent.as_ref()?;
        let over = self.over.as_ref()?;
        let finished = ChildFinished {
            key: parent.key.clone(),
            outcome: over.outcome,
            began: true,
            outputs: over.outputs.clone(),
            error: over.error.as_ref().map(|(_, failure)| failure.clone()),
        };
        Some(crate::command::ChildEnd { parent: parent.run, finished })
    }
}

/// A child run that was asked for and has not ended, as far as its parent knows.
#[derive(Debug, Clone)]
pub struct ChildStart {
    /// The child.
    pub run: RunId,
    /// How it is started.
    pub spec: Option<ChildSpec>,
    /// What is wanted of it besides that it goes on.
    pub wish: Option<ParentWish>,
}

impl ChildStart {
    /// It is not to be ended.
    pub fn is_wanted(&self) -> bool {
        !matches!(self.wish, Some(ParentWish::Cancel | ParentWish::End))
    }
}

/// 80 bits of a digest are as good as random ones, and the same whenever they are asked for.
fn id_of_child(parent: RunId, key: &AttemptKey, at: Timestamp) -> RunId {
    let digest = Sha256::digest(format!("{parent}.{key}"));
    let random = digest.iter().take(10).fold(0, |bits: u128, byte| (bits << 8) | u128::from(*byte));
    RunId::from_parts(u64::try_from(at.0).unwrap_or(0), random)
}

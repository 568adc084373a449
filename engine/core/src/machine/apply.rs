//! Taking one event: check that it fits, change the state, and say what is wanted of the world.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::refused::Refused;
use super::state::{RunState, St, StepState, Stop, Wait};
use crate::command::{Command, Timer};
use crate::event::{Event, Recorded, RunCreated};
use crate::expr::Place;
use crate::graph::{Graph, SEMANTICS};
use crate::id::StepIx;
use crate::time::Timestamp;

/// What an event brought about besides the new state.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// To be carried out once the event is on disk, in this order.
    pub commands: Vec<Command>,
    /// Steps whose state changed, in the order of their ids.
    pub touched: Vec<StepIx>,
    /// A loop edge fired, or a budget was filled again.
    pub loops_changed: bool,
}

/// Takes one event. When it is refused, the state is as it was.
///
/// The same state and event give the same result on every machine and in every later version of the same
/// [semantics](SEMANTICS).
pub fn apply(graph: &Graph, state: &mut RunState, recorded: &Recorded) -> Result<Applied, Refused> {
    if recorded.seq != state.last_seq + 1 {
        return Err(Refused::OutOfOrder { last: state.last_seq, got: recorded.seq });
    }
    if matches!(recorded.event, Event::RunCreated(_)) != state.created.is_none() {
        return Err(Refused::NotTheBeginning { seq: recorded.seq });
    }
    if state.is_over() && !matches!(recorded.event, Event::RerunRequested { .. }) {
        return Err(Refused::RunOver { status: state.status() });
    }
    // Time never goes back within a run, whatever the clock of the machine did.
    let at = recorded.at.max(state.last_at);
    let mut fold = Fold::over(graph, state, at);
    fold.take(&recorded.event)?;
    fold.judge();
    fold.fail_fast();
    fold.finish_if_over();
    fold.release_slots();
    fold.tell_parent();
    let Fold { mut applied, touched, .. } = fold;
    applied.touched = touched.into_iter().collect();
    state.last_seq = recorded.seq;
    state.last_at = at;
    Ok(applied)
}

/// One call of [`apply`] at work.
pub(super) struct Fold<'a> {
    pub(super) graph: &'a Graph,
    pub(super) state: &'a mut RunState,
    pub(super) at: Timestamp,
    pub(super) applied: Applied,
    pub(super) touched: BTreeSet<StepIx>,
    /// Steps to be judged, by rank, so that commands come in one order whatever happened.
    pub(super) dirty: BTreeSet<(u32, StepIx)>,
    /// Loop edges that fired in this call.
    pub(super) firings: u32,
}

impl<'a> Fold<'a> {
    pub(super) fn over(graph: &'a Graph, state: &'a mut RunState, at: Timestamp) -> Self {
        Fold {
            graph,
            state,
            at,
            applied: Applied::default(),
            touched: BTreeSet::new(),
            dirty: BTreeSet::new(),
            firings: 0,
        }
    }

    fn take(&mut self, event: &Event) -> Result<(), Refused> {
        match event {
            Event::RunCreated(created) => self.create(created),
            Event::AttemptStarted { key } => self.attempt_started(key),
            Event::AttemptFinished { key, outcome } => self.attempt_finished(key, outcome),
            Event::ChildFinished(finished) => self.child_finished(finished),
            Event::TimerFired { timer } => self.timer_fired(timer),
            Event::ApprovalDecided(decided) => self.approval_decided(decided),
            Event::SignalReceived(signal) => self.signal_received(signal),
            Event::SlotGranted { slot } => self.slot_granted(slot),
            Event::PauseRequested { .. } => self.pause(),
            Event::ResumeRequested { .. } => self.resume(),
            Event::RerunRequested { by, from } => self.rerun(by, from),
            Event::CancelRequested { .. } if self.state.stop == Some(Stop::Cancel) => Err(Refused::CancelledBefore),
            Event::CancelRequested { .. } => {
                self.stop(Stop::Cancel);
                Ok(())
            }
        }
    }

    fn create(&mut self, created: &RunCreated) -> Result<(), Refused> {
        if created.semantics != SEMANTICS || created.semantics != self.graph.semantics {
            return Err(Refused::OtherDefinition {
                history: format!("semantics {}", created.semantics),
                graph: format!("semantics {}", self.graph.semantics),
            });
        }
        let count = self.graph.steps.len();
        *self.state = RunState {
            created: Some(Arc::new(created.clone())),
            created_at: self.at,
            labels: created.labels.clone(),
            epoch: 1,
            steps: vec![StepState::default(); count],
            used: vec![0; self.graph.shape().entries().len()],
            undecided: count as u32,
            ..RunState::default()
        };
        self.name_and_label();
        self.begin_when_granted();
        Ok(())
    }

    /// A name or label that cannot be rendered is left out: it is for people, and must not fail a run.
    fn name_and_label(&mut self) {
        let mut texts = Vec::new();
        for (key, template) in &self.graph.labels {
            texts.push((Some(key.clone()), template));
        }
        texts.extend(self.graph.run_name.as_ref().map(|template| (None, template)));
        for (key, template) in texts {
            let scope = self.scope_of_run(&template.references().unwrap_or_default());
            let Ok(text) = template.render(&scope, Place::Plain) else { continue };
            let Some(text) = text.as_plain() else { continue };
            match key {
                Some(key) => {
                    self.state.labels.entry(key).or_insert_with(|| text.to_owned());
                }
                None => self.state.name = Some(text.to_owned()),
            }
        }
    }

    pub(super) fn timer_fired(&mut self, timer: &Timer) -> Result<(), Refused> {
        let never = || Refused::NeverAsked { what: format!("timer {timer}") };
        if let Some(paused) = &mut self.state.paused
            && self.state.stop.is_none()
        {
            paused.due.push(timer.clone());
            return Ok(());
        }
        match timer {
            Timer::Run { epoch } if *epoch == self.state.epoch && self.state.deadline.is_some() => {
                if self.state.stop.is_none() {
                    self.stop(Stop::Timeout);
                }
                Ok(())
            }
            Timer::Run { .. } => Err(never()),
            Timer::Child { key } => self.child_timed_out(key),
            Timer::LoopDelay { .. } => {
                let open = self.state.open.iter_mut().find(|o| o.timer.as_ref().is_some_and(|(t, _)| t == timer));
                let open = open.ok_or_else(never)?;
                open.timer = None;
                self.settle_reopened();
                Ok(())
            }
            Timer::Sleep { key }
            | Timer::Retry { key }
            | Timer::Approval { key }
            | Timer::Signal { key }
            | Timer::Queue { key } => {
                let ix = self.graph.find(key.step.as_str()).ok_or_else(never)?;
                let step = &self.state.steps[ix.get()];
                if step.st != St::Running || step.visit != key.visit || self.state.epoch != key.epoch {
                    return Err(never());
                }
                match (timer, &step.wait) {
                    (Timer::Sleep { .. }, Some(Wait::Sleep { .. })) => self.sleep_over(ix),
                    (Timer::Retry { .. }, Some(Wait::Retry { .. })) if key.attempt == step.attempt + 1 => {
                        self.act(ix);
                    }
                    (Timer::Approval { .. }, Some(Wait::Approval(_))) => self.approval_timed_out(ix),
                    (Timer::Signal { .. }, Some(Wait::Signal { .. })) => self.signal_timed_out(ix),
                    (Timer::Queue { .. }, Some(Wait::Lock { until: Some(_) })) => self.queue_timed_out(ix),
                    _ => return Err(never()),
                }
                Ok(())
            }
        }
    }

    pub(super) fn command(&mut self, command: Command) {
        self.applied.commands.push(command);
    }

    /// The step must be judged.
    pub(super) fn soil(&mut self, ix: StepIx) {
        self.dirty.insert((self.graph.shape().rank(ix), ix));
    }

    pub(super) fn touch(&mut self, ix: StepIx) -> &mut StepState {
        self.touched.insert(ix);
        &mut self.state.steps[ix.get()]
    }
}

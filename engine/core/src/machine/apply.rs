//! Taking one event: check that it fits, change the state, and say what is wanted of the world.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::passage::Passage;
use super::refused::Refused;
use super::state::{Pauser, RunState, StepState, Unit};
use crate::command::Command;
use crate::event::{Event, Recorded, RunCreated};
use crate::expr::{Place, Scope};
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
    /// Items that changed, of those steps.
    pub touched_items: Vec<(StepIx, u32)>,
    /// Steps that got a new list of items.
    pub listed: Vec<StepIx>,
    /// A loop edge fired, or a budget was filled again.
    pub loops_changed: bool,
    /// Some compensation changed.
    pub compensations_changed: bool,
    /// Visits that started, loop edges that fired or were used up, in that order; also inside and in `finally`.
    pub passages: Vec<Passage>,
    /// What changed in `finally`; its commands stand among those of the run.
    pub finally: Option<Box<Applied>>,
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
    fold.until_quiet();
    fold.release_place();
    fold.tell_parent();
    let applied = fold.into_applied();
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
    pub(super) touched_items: BTreeSet<(StepIx, u32)>,
    /// Steps to be judged, by rank, so that commands come in one order whatever happened.
    pub(super) dirty: BTreeSet<(u32, StepIx)>,
    /// Loop edges that fired in this call.
    pub(super) firings: u32,
    /// What `finally` sees besides its own steps.
    pub(super) outer: Option<Outer<'a>>,
    /// The run that this fold lies inside of is paused.
    pub(super) paused_around: bool,
    /// Stands for all names while what undoes a past visit is made: by now they are something else.
    pub(super) saw: Option<Scope>,
}

/// The run whose `finally` is folded.
#[derive(Clone, Copy)]
pub(super) struct Outer<'a> {
    pub(super) graph: &'a Graph,
    pub(super) state: &'a RunState,
}

impl<'a> Fold<'a> {
    pub(super) fn over(graph: &'a Graph, state: &'a mut RunState, at: Timestamp) -> Self {
        Fold {
            graph,
            state,
            at,
            applied: Applied::default(),
            touched: BTreeSet::new(),
            touched_items: BTreeSet::new(),
            dirty: BTreeSet::new(),
            firings: 0,
            outer: None,
            paused_around: false,
            saw: None,
        }
    }

    /// What an event brought about goes on until nothing changes any more.
    pub(super) fn until_quiet(&mut self) {
        self.judge();
        self.fail_fast();
        self.finish_if_over();
        self.release_locks();
    }

    pub(super) fn into_applied(self) -> Applied {
        let Self { mut applied, touched, touched_items, .. } = self;
        applied.touched = touched.into_iter().collect();
        applied.touched_items = touched_items.into_iter().collect();
        applied
    }

    /// Nothing may start.
    pub(super) fn is_paused(&self) -> bool {
        self.paused_around || self.state.paused.is_some()
    }

    fn take(&mut self, event: &Event) -> Result<(), Refused> {
        match event {
            Event::RunCreated(created) => self.create(created),
            Event::AttemptStarted { key } => {
                self.at_place(key.within.as_slice(), Some(&key.step), &mut |fold| fold.attempt_started(key))
            }
            Event::AttemptFinished { key, outcome } => {
                self.at_place(key.within.as_slice(), Some(&key.step), &mut |fold| fold.attempt_finished(key, outcome))
            }
            Event::AttemptUnplaced { key, missing } => {
                self.at_place(key.within.as_slice(), Some(&key.step), &mut |fold| fold.attempt_unplaced(key, missing))
            }
            Event::CallbackReceived(received) => {
                let key = &received.key;
                self.at_place(key.within.as_slice(), Some(&key.step), &mut |fold| fold.callback_received(received))
            }
            Event::ChildFinished(finished) => {
                let key = &finished.key;
                self.at_place(key.within.as_slice(), Some(&key.step), &mut |fold| fold.child_finished(finished))
            }
            Event::TimerFired { timer } => self.timer_fired(timer),
            Event::ApprovalDecided(decided) => self.decided_at(&decided.step.within, decided),
            Event::SignalReceived(signal) => self.signal_received(signal),
            Event::SlotGranted { slot } => self.slot_granted(slot),
            Event::PauseRequested { .. } => self.pause(Pauser::Person),
            Event::ResumeRequested { .. } => self.resume(Pauser::Person),
            Event::ParentAsked { wish } => self.parent_asked(*wish),
            Event::RerunRequested { by, from } => self.rerun(by, from),
            Event::CancelRequested { .. } => self.cancel(),
        }
    }

    fn create(&mut self, created: &RunCreated) -> Result<(), Refused> {
        if created.semantics != SEMANTICS || created.semantics != self.graph.semantics {
            return Err(Refused::OtherDefinition {
                history: format!("semantics {}", created.semantics),
                graph: format!("semantics {}", self.graph.semantics),
            });
        }
        *self.state = RunState {
            created: Some(Arc::new(created.clone())),
            created_at: self.at,
            labels: created.labels.clone(),
            epoch: 1,
            shared: created.parent.as_ref().map(|parent| parent.within.clone()).unwrap_or_default(),
            ..RunState::of(self.graph)
        };
        self.name_and_label();
        self.begin_when_granted();
        Ok(())
    }

    /// Everything may be judged; the time begins to run.
    pub(super) fn begin_steps(&mut self, timeout_ms: Option<u64>) {
        if let Some(ms) = timeout_ms {
            self.set_deadline(ms);
        }
        for ix in self.graph.indices() {
            self.soil(ix);
        }
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

    pub(super) fn command(&mut self, command: Command) {
        self.applied.commands.push(command);
    }

    /// The step must be judged.
    pub(super) fn soil(&mut self, ix: StepIx) {
        self.dirty.insert((self.graph.shape().rank(ix), ix));
    }

    pub(super) fn touch_unit(&mut self, unit: Unit) {
        self.touched.insert(unit.step);
        if let Some(item) = unit.item {
            self.touched_items.insert((unit.step, item));
        }
    }

    pub(super) fn touch(&mut self, ix: StepIx) -> &mut StepState {
        self.touched.insert(ix);
        &mut self.state.steps[ix.get()]
    }
}

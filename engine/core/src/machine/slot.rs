//! Places in groups: a run asks before it begins, a step before it does what it is for (rule M4).
//!
//! The run holds its place to the end of its epoch. A step holds its lock as long as its visit runs, or something of the visit
//! lives. Nothing here knows how many others there are: [`crate::group`] does.

use super::apply::Fold;
use super::attempt::template_failure;
use super::refused::Refused;
use super::state::{AttemptRef, St, Stop, Wait};
use crate::command::{Command, Timer};
use crate::expr;
use crate::graph::{Part, WhenFull};
use crate::group::{Ask, GroupId, GroupKind, Slot};
use crate::id::{AttemptKey, StepIx};
use crate::outcome::{Failure, FailureKind};
use crate::text::Text;

/// A place that was asked for, and perhaps given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) granted: bool,
}

impl Fold<'_> {
    /// The epoch begins, at once or when its group has a place for it.
    pub(super) fn begin_when_granted(&mut self) {
        let Some(concurrency) = &self.graph.concurrency else { return self.begin_epoch_now() };
        let name = concurrency
            .group
            .references()
            .and_then(|references| concurrency.group.render(&self.scope_of_run(&references), expr::Place::Plain))
            .map_err(|error| template_failure("concurrency.group", &error))
            .and_then(|text| name_of(text, "concurrency.group"));
        match name {
            Ok(name) => {
                self.state.slot = Some(Place { name: name.clone(), granted: false });
                let slot = Slot::Run { epoch: self.state.epoch };
                self.ask_slot(slot, GroupKind::Concurrency, name, concurrency.limit, concurrency.when_full);
            }
            Err(failure) => {
                self.state.unfit = Some(failure);
                self.stop(Stop::Unfit);
            }
        }
    }

    /// The time of the epoch runs from now on, and not while it is queued.
    fn begin_epoch_now(&mut self) {
        if let Some(ms) = self.graph.timeout_ms {
            self.set_deadline(ms);
        }
        for ix in self.graph.indices() {
            self.soil(ix);
        }
    }

    /// Asks for the step's lock. `false`: it has none, and may go on.
    pub(super) fn waits_for_lock(&mut self, ix: StepIx) -> bool {
        let step = self.graph.step(ix);
        let Some(lock) = &step.lock else { return false };
        let name =
            self.render_part(ix, Part::Lock, lock, expr::Place::Plain, "lock").and_then(|text| name_of(text, "lock"));
        let name = match name {
            Ok(name) => name,
            Err(failure) => {
                self.end_failed(ix, failure);
                return true;
            }
        };
        let key = self.slot_key(ix);
        let until = step.queue_timeout_ms.map(|ms| self.at.plus_ms(ms));
        if let Some(at) = until {
            self.command(Command::SetTimer { timer: Timer::Queue { key: key.clone() }, at });
        }
        self.set_wait(ix, Wait::Lock { until });
        self.state.locks.insert((ix, key.visit), Place { name: name.clone(), granted: false });
        self.ask_slot(Slot::Step { key }, GroupKind::Lock, name, 1, WhenFull::Queue);
        true
    }

    pub(super) fn slot_granted(&mut self, slot: &Slot) -> Result<(), Refused> {
        let never = || Refused::NeverAsked { what: format!("wait for a place ({slot})") };
        match slot {
            Slot::Run { epoch } => {
                let asked = self.state.slot.as_mut().filter(|asked| *epoch == self.state.epoch && !asked.granted);
                asked.ok_or_else(never)?.granted = true;
                self.begin_epoch_now();
            }
            Slot::Step { key } => {
                let ix = self.graph.find(key.step.as_str()).ok_or_else(never)?;
                let current =
                    *key == self.slot_key(ix) && matches!(self.state.steps[ix.get()].wait, Some(Wait::Lock { .. }));
                let asked = self.state.locks.get_mut(&(ix, key.visit)).filter(|asked| current && !asked.granted);
                asked.ok_or_else(never)?.granted = true;
                self.touched.insert(ix);
                if let Some(Wait::Lock { until: Some(_) }) = self.state.steps[ix.get()].wait {
                    self.command(Command::ClearTimer { timer: Timer::Queue { key: key.clone() } });
                    self.touch(ix).wait = Some(Wait::Lock { until: None });
                }
                if self.state.paused.is_none() {
                    self.lock_held(ix);
                }
            }
        }
        Ok(())
    }

    /// Steps that were given their lock while the run was paused go on.
    pub(super) fn resume_locked(&mut self) {
        let held: Vec<StepIx> =
            self.state.locks.iter().filter(|(_, asked)| asked.granted).map(|((ix, _), _)| *ix).collect();
        for ix in held {
            if matches!(self.state.steps[ix.get()].wait, Some(Wait::Lock { .. })) {
                self.lock_held(ix);
            }
        }
    }

    fn lock_held(&mut self, ix: StepIx) {
        self.clear_wait(ix);
        self.act(ix);
    }

    pub(super) fn queue_timed_out(&mut self, ix: StepIx) {
        let visit = self.state.steps[ix.get()].visit;
        let name = self.state.locks.get(&(ix, visit)).map(|asked| asked.name.clone()).unwrap_or_default();
        self.clear_wait(ix);
        let message = format!("the lock `{name}` was not free within its `queue_timeout`");
        self.end_failed(ix, Failure::new(FailureKind::Timeout, message));
    }

    /// Gives back what nothing holds any more: at the end of each event, so that no way out of a visit can be forgotten.
    pub(super) fn release_slots(&mut self) {
        let unused = |(ix, visit): &(StepIx, u32)| {
            let step = &self.state.steps[ix.get()];
            let runs = step.visit == *visit && step.st == St::Running;
            let first = AttemptRef { step: *ix, item: None, visit: 0, attempt: 0 };
            let mut of_step = self.state.live.range(first..).take_while(|(at, _)| at.step == *ix);
            !runs && !of_step.any(|(at, _)| at.visit == *visit)
        };
        for (ix, visit) in self.state.locks.keys().copied().filter(unused).collect::<Vec<_>>() {
            self.state.locks.remove(&(ix, visit));
            let key = AttemptKey { visit, ..self.slot_key(ix) };
            self.command(Command::ReleaseSlot { slot: Slot::Step { key } });
        }
        if self.state.over.is_some() && self.state.slot.take().is_some() {
            self.command(Command::ReleaseSlot { slot: Slot::Run { epoch: self.state.epoch } });
        }
    }

    pub(super) fn slot_key(&self, ix: StepIx) -> AttemptKey {
        AttemptKey { attempt: 0, ..self.state.visit_key(self.graph, ix) }
    }

    fn ask_slot(&mut self, slot: Slot, kind: GroupKind, name: String, limit: u32, when_full: WhenFull) {
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let group = GroupId { project: created.project.clone(), kind, name };
        let within = created.parent.as_ref().map(|parent| parent.within.clone()).unwrap_or_default();
        let ask = Ask { group, limit, when_full, within };
        self.command(Command::AskSlot { slot, ask: Box::new(ask) });
    }
}

fn name_of(text: Text, what: &str) -> Result<String, Failure> {
    let name = super::attempt::plain(text, what)?;
    if name.is_empty() {
        return Err(Failure::new(FailureKind::Template, format!("`{what}`: the name is empty")));
    }
    Ok(name)
}

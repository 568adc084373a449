//! Places in groups: a run asks before it begins, a step before it does what it is for (rule M4).
//!
//! The run holds its place to the end of its epoch. A step holds its lock as long as its visit runs, or something of the visit
//! lives. Nothing here knows how many others there are: [`crate::group`] does.

use serde::{Deserialize, Serialize};

use super::apply::Fold;
use super::attempt::template_failure;
use super::end::Ended;
use super::refused::Refused;
use super::state::{AttemptRef, RunState, St, Stop, Unit, Wait};
use crate::command::{Command, Timer};
use crate::expr;
use crate::graph::{Part, WhenFull};
use crate::group::{Ask, GroupId, GroupKind, Slot};
use crate::id::{AttemptKey, StepIx};
use crate::outcome::{Failure, FailureKind};
use crate::text::Text;
use crate::time::Timestamp;

/// A place that was asked for, and perhaps given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) granted: bool,
}

impl Fold<'_> {
    /// The epoch begins, at once or when its group has a place for it.
    pub(super) fn begin_when_granted(&mut self) {
        let Some(concurrency) = &self.graph.concurrency else { return self.begin_steps(self.graph.timeout_ms) };
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

    /// Does what the step, or the item, is for, at once or when it has its lock.
    pub(super) fn act_when_locked(&mut self, unit: Unit) {
        let step = self.graph.step(unit.step);
        let Some(lock) = &step.lock else { return self.act(unit) };
        let name =
            self.render_part(unit, Part::Lock, lock, expr::Place::Plain, "lock").and_then(|text| name_of(text, "lock"));
        let name = match name {
            Ok(name) => name,
            Err(failure) => return self.unit_ended(unit, Ended::Failed(failure)),
        };
        let key = self.slot_key(unit);
        let until = step.queue_timeout_ms.map(|ms| self.at.plus_ms(ms));
        if let Some(at) = until {
            self.command(Command::SetTimer { timer: Timer::Queue { key: key.clone() }, at });
        }
        self.set_wait(unit, Wait::Lock { until });
        self.state.locks.insert((unit, key.visit), Place { name: name.clone(), granted: false });
        self.ask_slot(Slot::Step { key }, GroupKind::Lock, name, 1, WhenFull::Queue);
    }

    pub(super) fn slot_granted(&mut self, slot: &Slot) -> Result<(), Refused> {
        let never = || Refused::NeverAsked { what: format!("wait for a place ({slot})") };
        match slot {
            Slot::Run { epoch } => {
                let asked = self.state.slot.as_mut().filter(|asked| *epoch == self.state.epoch && !asked.granted);
                asked.ok_or_else(never)?.granted = true;
                // The time of a paused run does not pass.
                match &mut self.state.paused {
                    Some(paused) => paused.timeout_left_ms = self.graph.timeout_ms,
                    None => self.begin_steps(self.graph.timeout_ms),
                }
                Ok(())
            }
            Slot::Step { key } => {
                self.at_place(key.within.as_slice(), Some(&key.step), &mut |fold| fold.lock_granted(key))
            }
        }
    }

    fn lock_granted(&mut self, key: &AttemptKey) -> Result<(), Refused> {
        let never = || Refused::NeverAsked { what: format!("wait for a place ({})", Slot::Step { key: key.clone() }) };
        let unit = Unit { step: self.graph.find(key.step.as_str()).ok_or_else(never)?, item: key.item };
        let current = *key == self.slot_key(unit) && self.wait_for_lock(unit).is_some();
        let asked = self.state.locks.get_mut(&(unit, key.visit)).filter(|asked| current && !asked.granted);
        asked.ok_or_else(never)?.granted = true;
        self.touch_unit(unit);
        if self.wait_for_lock(unit).flatten().is_some() {
            self.command(Command::ClearTimer { timer: Timer::Queue { key: key.clone() } });
            self.set_wait(unit, Wait::Lock { until: None });
        }
        if !self.is_paused() {
            self.lock_held(unit);
        }
        Ok(())
    }

    /// The end of the wait for a lock, where somebody waits and there is one.
    fn wait_for_lock(&self, unit: Unit) -> Option<Option<Timestamp>> {
        let wait = match unit.item {
            None => self.state.steps[unit.step.get()].wait.as_ref(),
            Some(_) => self.state.item(unit).and_then(|item| item.wait.as_ref()),
        };
        match wait {
            Some(Wait::Lock { until }) => Some(*until),
            _ => None,
        }
    }

    /// Steps and items that were given their lock while the run was paused go on.
    pub(super) fn resume_locked(&mut self) {
        let granted = self.state.locks.iter().filter(|(_, asked)| asked.granted);
        for unit in granted.map(|((unit, _), _)| *unit).collect::<Vec<_>>() {
            if self.wait_for_lock(unit).is_some() {
                self.lock_held(unit);
            }
        }
    }

    fn lock_held(&mut self, unit: Unit) {
        self.clear_wait(unit);
        self.act(unit);
        self.advance_items(unit.step);
    }

    pub(super) fn queue_timed_out(&mut self, unit: Unit) {
        let visit = self.state.steps[unit.step.get()].visit;
        let name = self.state.locks.get(&(unit, visit)).map(|asked| asked.name.clone()).unwrap_or_default();
        self.clear_wait(unit);
        let message = format!("the lock `{name}` was not free within its `queue_timeout`");
        self.unit_ended(unit, Ended::Failed(Failure::new(FailureKind::Timeout, message)));
    }

    /// Gives back what nothing holds any more: at the end of each event, so that no way out of a visit can be forgotten.
    pub(super) fn release_locks(&mut self) {
        let unused = |(unit, visit): &(Unit, u32)| {
            let step = &self.state.steps[unit.step.get()];
            let st = self.state.item(*unit).map_or(step.st, |item| item.st);
            let runs = step.visit == *visit && st == St::Running;
            let (first, last) = attempts_of(*unit, *visit);
            !runs && !self.state.live.range(first..=last).any(|(at, _)| !at.undo)
        };
        for (unit, visit) in self.state.locks.keys().copied().filter(unused).collect::<Vec<_>>() {
            self.state.locks.remove(&(unit, visit));
            let key = AttemptKey { visit, ..self.slot_key(unit) };
            self.command(Command::ReleaseSlot { slot: Slot::Step { key } });
        }
    }

    /// The place of the run is held to the very end of its epoch, `finally` included.
    pub(super) fn release_place(&mut self) {
        if self.state.over.is_some() && self.state.slot.take().is_some() {
            self.command(Command::ReleaseSlot { slot: Slot::Run { epoch: self.state.epoch } });
        }
    }

    pub(super) fn slot_key(&self, unit: Unit) -> AttemptKey {
        AttemptKey { attempt: 0, ..self.state.visit_key(self.graph, unit) }
    }

    fn ask_slot(&mut self, slot: Slot, kind: GroupKind, name: String, limit: u32, when_full: WhenFull) {
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let group = GroupId { project: created.project.clone(), kind, name };
        let ask = Ask { group, limit, when_full, within: self.state.shared.clone() };
        self.command(Command::AskSlot { slot, ask: Box::new(ask) });
    }
}

impl RunState {
    /// The epoch ends without having begun: its place was never given, or could not be asked for.
    pub(super) fn never_began(&self) -> bool {
        self.is_queued() || self.unfit.is_some()
    }

    /// Some item of the step waits for its lock.
    pub(super) fn queues_for_locks(&self, ix: StepIx) -> bool {
        let of_step = self.locks.range((Unit::from(ix), 0)..).take_while(|((unit, _), _)| unit.step == ix);
        let visit = self.steps[ix.get()].visit;
        of_step.filter(|((_, of), _)| *of == visit).any(|(_, asked)| !asked.granted)
    }
}

/// The first and the last attempt that there can be in a visit.
fn attempts_of(unit: Unit, visit: u32) -> (AttemptRef, AttemptRef) {
    let Unit { step, item } = unit;
    let first = AttemptRef { step, item, visit, attempt: 0, undo: false };
    (first, AttemptRef { attempt: u32::MAX, undo: true, ..first })
}

fn name_of(text: Text, what: &str) -> Result<String, Failure> {
    let name = super::attempt::plain(text, what)?;
    if name.is_empty() {
        return Err(Failure::new(FailureKind::Template, format!("`{what}`: the name is empty")));
    }
    Ok(name)
}

//! M3: compensations. What succeeded is undone when the run has failed, the last first, one at a time.

use std::collections::BTreeMap;

use loopline_core::command::Timer;
use loopline_core::event::RunOutcome;
use loopline_core::graph::{CompensateOn, CompensatePer};
use loopline_core::id::{AttemptKey, StepIx};
use loopline_core::outcome::{Failure, FailureKind, Outcome};
use loopline_core::time::Timestamp;
use serde_json::json;

use super::attempts::{back_off, listed};
use super::state::{Outputs, St, State};

/// A visit, or an item of it, that succeeded and can be undone.
#[derive(Debug, Clone)]
pub struct Done {
    pub step: StepIx,
    pub visit: u32,
    /// The same, or the visit that keeps the item's result.
    pub of_visit: u32,
    pub item: Option<u32>,
    /// The environment of what undoes it, made of what its visit saw.
    pub env: Result<BTreeMap<String, String>, Failure>,
    /// It has begun to be undone, once in the life of the run.
    pub undo: Option<Undo>,
}

#[derive(Debug, Clone)]
pub struct Undo {
    pub st: St,
    pub err: Option<Failure>,
    pub attempt: u32,
    /// The attempt that a worker has, and whether it has begun.
    pub live: Option<(AttemptKey, bool)>,
    /// The next attempt, and when.
    pub until: Option<(AttemptKey, Timestamp)>,
    pub asked_to_end: bool,
}

impl State<'_> {
    /// A visit or an item succeeded.
    pub fn note_done(&mut self, (x, item): (StepIx, Option<u32>), visit: u32, attempt: u32, outputs: &Outputs) {
        let Some(undo) = &self.graph.step(x).compensate else { return };
        let own = json!({"status": "succeeded", "outputs": outputs, "error": null, "visit": visit});
        let mut env = Ok(self.env.clone());
        for (name, template) in self.graph.step(x).env.iter().chain(&undo.env) {
            let mut scope = self.scope_of_item((x, item), visit, attempt, template.references());
            scope["steps"][self.id(x).as_str()] = own.clone();
            match (self.text(template, &scope), &mut env) {
                (Ok(text), Ok(env)) => drop(env.insert(name.clone(), text)),
                (Err(failure), env @ Ok(_)) => *env = Err(failure),
                (_, Err(_)) => {}
            }
        }
        self.done.push(Done { step: x, visit, of_visit: visit, item, env, undo: None });
    }

    /// What is to be undone after this end, the next one last.
    pub fn what_is_due(&self, outcome: RunOutcome) -> Vec<usize> {
        let on = match outcome {
            RunOutcome::Succeeded => return Vec::new(),
            RunOutcome::Failed => CompensateOn::Failed,
            RunOutcome::Cancelled => CompensateOn::Cancelled,
        };
        let due = |done: &Done| {
            let undo = self.graph.step(done.step).compensate.as_ref().expect("else it is not noted");
            let last = self.done.iter().filter(|other| other.step == done.step).map(|other| other.of_visit).max();
            done.undo.is_none()
                && undo.on.contains(&on)
                && undo.until.is_none_or(|until| self.at(until).st != St::Succeeded)
                && (undo.per == CompensatePer::Visit || last == Some(done.of_visit))
        };
        (0..self.done.len()).filter(|at| due(&self.done[*at])).collect()
    }

    /// Begins what is next; says whether nothing is left.
    pub fn all_undone(&mut self) -> bool {
        loop {
            if self.undoing().is_some() {
                return false;
            }
            if self.due.is_empty() {
                return true;
            }
            if self.world.pause.is_some() {
                return false;
            }
            let next = self.due.pop().expect("there is one");
            self.try_to_undo(next, 1);
        }
    }

    fn undoing(&self) -> Option<usize> {
        self.done.iter().position(|done| done.undo.as_ref().is_some_and(|undo| undo.st == St::Running))
    }

    fn undo_key(&self, at: usize, attempt: u32) -> AttemptKey {
        let Done { step, item, visit, .. } = &self.done[at];
        AttemptKey { visit: *visit, undo: true, ..self.key(*step, *item, attempt) }
    }

    fn try_to_undo(&mut self, at: usize, attempt: u32) {
        let begun = Undo { st: St::Running, err: None, attempt, live: None, until: None, asked_to_end: false };
        self.done[at].undo = Some(begun);
        match self.done[at].env.clone() {
            Ok(env) => {
                let key = self.undo_key(at, attempt);
                self.world.handed_out.insert(key.clone(), env);
                self.done[at].undo.as_mut().expect("just put there").live = Some((key, false));
            }
            Err(failure) => self.not_undone(at, failure),
        }
    }

    /// Another attempt, or the end of this one; it does not stop the others.
    fn not_undone(&mut self, at: usize, failure: Failure) {
        let spec = self.graph.step(self.done[at].step).compensate.as_ref().expect("else it is not noted");
        let undo = self.done[at].undo.as_mut().expect("it is being undone");
        undo.live = None;
        undo.err = Some(failure.clone());
        let attempt = undo.attempt;
        if self.cut_short || attempt >= spec.retry.max_attempts || !listed(&spec.retry, &failure) {
            undo.st = St::Failed;
            return;
        }
        let until = self.world.now.plus_ms(back_off(&spec.retry, attempt));
        let key = self.undo_key(at, attempt + 1);
        self.done[at].undo.as_mut().expect("it is being undone").until = Some((key.clone(), until));
        self.set_timer(Timer::Retry { key }, until);
    }

    pub fn undo_started(&mut self) {
        if let Some(undo) = self.undoing().and_then(|at| self.done[at].undo.as_mut()) {
            undo.live.iter_mut().for_each(|(_, begun)| *begun = true);
        }
    }

    pub fn undo_ended(&mut self, outcome: &Outcome) {
        let at = self.undoing().expect("looked at by now");
        let undo = self.done[at].undo.as_mut().expect("it is being undone");
        match outcome {
            Outcome::Succeeded { .. } => (undo.st, undo.err, undo.live) = (St::Succeeded, None, None),
            Outcome::Failed { error, .. } => self.not_undone(at, error.clone()),
            Outcome::Cancelled { .. } if undo.asked_to_end => {
                (undo.st, undo.err, undo.live) = (St::Cancelled, None, None);
            }
            Outcome::Cancelled { .. } => self.not_undone(at, Failure::new(FailureKind::Lost, "it is gone")),
        }
    }

    /// The wait for another attempt is over.
    pub fn undo_again(&mut self) {
        if let Some(at) = self.undoing() {
            let attempt = self.done[at].undo.as_ref().map_or(0, |undo| undo.attempt);
            self.try_to_undo(at, attempt + 1);
        }
    }

    /// A second cancel.
    pub fn end_undoing(&mut self) {
        self.due.clear();
        let Some(at) = self.undoing() else { return };
        let undo = self.done[at].undo.as_mut().expect("it is being undone");
        let attempt = undo.attempt;
        if let Some((key, _)) = undo.until.take() {
            (undo.st, undo.err) = (St::Cancelled, None);
            self.clear_timer(&Timer::Retry { key });
        } else {
            undo.asked_to_end = true;
            let key = self.undo_key(at, attempt);
            self.world.asked_to_end.insert(key);
        }
    }

    pub fn undoes_now(&self) -> bool {
        self.undo_attempt().is_some()
    }

    /// The attempt at undoing that a worker has.
    pub fn undo_attempt(&self) -> Option<(AttemptKey, bool)> {
        self.done[self.undoing()?].undo.as_ref()?.live.clone()
    }

    /// What of the step's current visit was undone, or was begun to be: the step, or items of it.
    pub fn what_was_undone(&self, x: StepIx) -> impl Iterator<Item = Option<u32>> {
        let current = self.at(x).vis;
        let of_visit = self.done.iter().filter(move |done| done.step == x && done.of_visit == current);
        of_visit.filter(|done| done.undo.is_some()).map(|done| done.item)
    }
}

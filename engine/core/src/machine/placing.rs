//! `runs_on`: an attempt waits for a worker that has all the labels (rule S6).
//!
//! Which workers there are, and what they have, is nothing that a history knows: the attempt is handed out like any other.
//! Whoever has nobody for it says so, which is a fact; and the time of `queue_timeout` passes from the hand-out to the start.

use super::apply::Fold;
use super::refused::Refused;
use super::state::{AttemptRef, Past, RunState, Unit};
use crate::command::{Command, Timer};
use crate::graph::{Graph, Step};
use crate::id::AttemptKey;
use crate::outcome::{Failure, FailureKind};

impl Fold<'_> {
    /// The attempt was handed out: its time in the queue begins.
    pub(super) fn bound_queue(&mut self, at: AttemptRef) {
        let step = self.graph.step(at.step);
        let Some(ms) = step.queue_timeout_ms.filter(|_| !step.runs_on.is_empty()) else { return };
        let Some(live) = self.state.live.get_mut(&at) else { return };
        let until = self.at.plus_ms(ms);
        live.queue.until = Some(until);
        let key = self.state.key_of(self.graph, at);
        self.command(Command::SetTimer { timer: Timer::Queue { key }, at: until });
    }

    /// It does not wait any more: it has begun or ended.
    pub(super) fn leave_queue(&mut self, key: &AttemptKey, until: Option<crate::time::Timestamp>) {
        if until.is_some() {
            self.command(Command::ClearTimer { timer: Timer::Queue { key: key.clone() } });
        }
    }

    /// No worker has all the labels.
    pub(super) fn attempt_unplaced(&mut self, key: &AttemptKey, missing: &[String]) -> Result<(), Refused> {
        let at = self.find_live(key)?;
        let live = self.state.live.get_mut(&at).expect("just found");
        if live.started || live.queue.missing == missing {
            return Err(Refused::NeverAsked { what: format!("attempt {key} that has not begun, and waits for these") });
        }
        live.queue.missing = missing.to_vec();
        self.touch_unit(at.unit());
        Ok(())
    }

    /// Nobody has begun it in time: it is taken back, and has failed once that is settled.
    pub(super) fn nobody_began(&mut self, key: &AttemptKey) -> Result<(), Refused> {
        let at = self.find_live(key)?;
        let live = self.state.live.get_mut(&at).expect("just found");
        live.queue.until = None;
        if live.past == Past::No {
            live.queue.timed_out = true;
            self.command(Command::CancelAttempt { key: key.clone() });
        }
        Ok(())
    }
}

impl RunState {
    /// The time in the queue of this attempt is bounded, and not over.
    pub(super) fn bounds_queue(&self, graph: &Graph, key: &AttemptKey) -> bool {
        let live = self.reference(graph, key).and_then(|at| self.live.get(&at));
        key.epoch == self.epoch && live.is_some_and(|live| live.queue.until.is_some())
    }

    /// What the unit's latest attempt waits for, where no worker has all the labels.
    pub(super) fn unplaced(&self, unit: Unit) -> Option<&super::state::Queue> {
        let live = self.live.get(&self.latest_attempt(unit))?;
        (!live.started && !live.queue.missing.is_empty()).then_some(&live.queue)
    }
}

/// The failure of an attempt that nobody has begun in time.
pub(super) fn not_begun_in_time(step: &Step) -> Failure {
    let labels = step.runs_on.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
    let message = format!("no worker with the labels {labels} began the step within its `queue_timeout`");
    Failure::new(FailureKind::Timeout, message)
}

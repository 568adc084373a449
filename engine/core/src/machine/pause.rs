//! A paused run starts nothing: no step, attempt or item (rule M5). What runs ends and is recorded, decisions and signals are
//! taken; timers run on, and what they bring about happens at resume.

use std::collections::BTreeSet;

use super::apply::Fold;
use super::refused::Refused;
use super::state::{Paused, Pauser};
use crate::command::{Command, Timer};
use crate::event::ParentWish;

impl Fold<'_> {
    pub(super) fn pause(&mut self, by: Pauser) -> Result<(), Refused> {
        if let Some(paused) = &mut self.state.paused {
            return if paused.by.insert(by) { Ok(()) } else { Err(Refused::PausedBefore) };
        }
        if self.state.stop.is_some() {
            return Err(Refused::CancelledBefore);
        }
        let left = self.state.deadline.map(|deadline| deadline.ms_since(self.at));
        if left.is_some() {
            self.command(Command::ClearTimer { timer: self.deadline_timer() });
            self.state.deadline = None;
        }
        self.state.paused = Some(Paused { by: BTreeSet::from([by]), timeout_left_ms: left, due: Vec::new() });
        self.ask_children(ParentWish::Pause);
        Ok(())
    }

    pub(super) fn resume(&mut self, by: Pauser) -> Result<(), Refused> {
        let Some(paused) = &mut self.state.paused else { return Err(Refused::NotPaused) };
        if !paused.by.remove(&by) {
            return Err(match by {
                Pauser::Person => Refused::ParentPaused,
                Pauser::Parent => Refused::NotPaused,
            });
        }
        if paused.by.is_empty() {
            self.end_pause();
        }
        Ok(())
    }

    /// What a pause held back goes on, whoever wanted it.
    pub(super) fn end_pause(&mut self) {
        let was_paused = self.state.paused.is_some();
        self.take_up_time();
        if was_paused {
            self.ask_children(ParentWish::Resume);
        }
        self.wake();
    }

    /// Timers that ran out meanwhile act, while still nothing starts: they may end what would. Then the run's time goes on,
    /// while there are steps that it bounds.
    fn take_up_time(&mut self) {
        let due = self.state.paused.as_mut().map(|paused| std::mem::take(&mut paused.due));
        for timer in due.into_iter().flatten() {
            // What the timer was for may have ended meanwhile, by a decision, a signal or the timer before it.
            let _ = self.timer_acts(&timer);
        }
        let left = self.state.paused.take().and_then(|paused| paused.timeout_left_ms);
        if let Some(left) = left.filter(|_| self.state.leaving.is_none()) {
            self.set_deadline(left);
        }
    }

    pub(super) fn deadline_timer(&self) -> Timer {
        Timer::Run { epoch: self.state.epoch, within: self.state.within.clone() }
    }

    /// The run's `timeout`, counted from now.
    pub(super) fn set_deadline(&mut self, ms: u64) {
        let at = self.at.plus_ms(ms);
        self.state.deadline = Some(at);
        self.command(Command::SetTimer { timer: self.deadline_timer(), at });
    }
}

//! A paused run starts nothing: no step, attempt or item (rule M5). What runs ends and is recorded, decisions and signals are
//! taken; timers run on, and what they bring about happens at resume.

use super::apply::Fold;
use super::refused::Refused;
use super::state::Paused;
use crate::command::{Command, Timer};

impl Fold<'_> {
    pub(super) fn pause(&mut self) -> Result<(), Refused> {
        if self.state.paused.is_some() {
            return Err(Refused::PausedBefore);
        }
        if self.state.stop.is_some() {
            return Err(Refused::CancelledBefore);
        }
        let left = self.state.deadline.map(|deadline| deadline.ms_since(self.at));
        if left.is_some() {
            self.command(Command::ClearTimer { timer: self.deadline_timer() });
            self.state.deadline = None;
        }
        self.state.paused = Some(Paused { timeout_left_ms: left, due: Vec::new() });
        Ok(())
    }

    pub(super) fn resume(&mut self) -> Result<(), Refused> {
        if self.state.paused.is_none() {
            return Err(Refused::NotPaused);
        }
        self.end_pause();
        self.wake();
        Ok(())
    }

    /// Timers that ran out meanwhile act, while still nothing starts: they may end what would. Then the run's time goes on,
    /// while there are steps that it bounds.
    pub(super) fn end_pause(&mut self) {
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

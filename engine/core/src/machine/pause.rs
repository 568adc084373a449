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
            self.command(Command::ClearTimer { timer: Timer::Run { epoch: self.state.epoch } });
            self.state.deadline = None;
        }
        self.state.paused = Some(Paused { timeout_left_ms: left, due: Vec::new() });
        Ok(())
    }

    pub(super) fn resume(&mut self) -> Result<(), Refused> {
        let Some(paused) = self.state.paused.take() else { return Err(Refused::NotPaused) };
        if let Some(left) = paused.timeout_left_ms {
            self.set_deadline(left);
        }
        for timer in &paused.due {
            // What the timer was for may have ended meanwhile, by a decision or a signal.
            let _ = self.timer_fired(timer);
        }
        self.resume_locked();
        for ix in self.graph.indices() {
            self.soil(ix);
        }
        Ok(())
    }

    /// The run's `timeout`, counted from now.
    pub(super) fn set_deadline(&mut self, ms: u64) {
        let at = self.at.plus_ms(ms);
        self.state.deadline = Some(at);
        self.command(Command::SetTimer { timer: Timer::Run { epoch: self.state.epoch }, at });
    }
}

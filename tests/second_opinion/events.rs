//! EVENTS: each is refused, or taken and followed by JUDGE, `fail_fast` and OVER.

use loopline_core::event::{Event, Recorded};
use loopline_core::id::{AttemptKey, StepPath};

use super::state::{State, Stop, What};

/// What core alone decides, and the reference takes over: the words of a digest.
pub trait Oracle {
    /// The digest of what an approval shows.
    fn digest(&self, step: &StepPath) -> String;
}

impl State<'_> {
    /// Folds one event, or says why not and stays as it was.
    pub fn apply(&mut self, recorded: &Recorded, oracle: &dyn Oracle) -> Result<(), &'static str> {
        if let Some(why) = self.refuses(&recorded.event, oracle) {
            return Err(why);
        }
        self.world.seq = recorded.seq;
        self.world.now = recorded.at;
        match &recorded.event {
            Event::RunCreated(created) => {
                self.created = Some((**created).clone());
                self.world.created_at = self.world.now;
                self.set_run_timer();
            }
            Event::AttemptStarted { key } => {
                self.at_place(key.within.as_slice(), Some(&key.step), &mut |place| place.attempt_started(key));
            }
            Event::AttemptFinished { key, outcome } => {
                let within = key.within.as_slice();
                self.at_place(within, Some(&key.step), &mut |place| place.attempt_finished(key, outcome));
            }
            Event::TimerFired { timer } => self.timer_fired(timer),
            Event::ApprovalDecided(decided) => {
                let StepPath { within, step } = &decided.step;
                self.at_named(within, step, &mut |place| place.approval_decided(decided));
            }
            Event::SignalReceived(signal) => self.signal_received(signal),
            Event::PauseRequested { .. } => self.pause(),
            Event::ResumeRequested { .. } => self.resume(),
            Event::CancelRequested { .. } => self.cancel(),
            Event::RerunRequested { by, from } => self.rerun(by, from),
            Event::ChildFinished(_)
            | Event::SlotGranted { .. }
            | Event::ParentAsked { .. }
            | Event::AttemptUnplaced { .. }
            | Event::CallbackReceived(_) => unreachable!("these are not drawn"),
        }
        self.settle();
        if self.over.is_some() {
            self.world.pause = None;
        }
        Ok(())
    }

    /// A first cancel ends the steps and leaves what comes behind them; a second one ends that.
    fn cancel(&mut self) {
        if self.stop == Some(Stop::Cancel) {
            self.cut_short();
        } else {
            self.stop(Stop::Cancel, true);
        }
        self.resume();
    }

    fn refuses(&self, event: &Event, oracle: &dyn Oracle) -> Option<&'static str> {
        if matches!(event, Event::RunCreated(_)) {
            return self.created.is_some().then_some("it has begun");
        }
        if self.over.is_some() && !matches!(event, Event::RerunRequested { .. }) {
            return Some("the run is over");
        }
        match event {
            Event::RunCreated(_) => None,
            Event::AttemptStarted { key } => {
                (self.begun(key) != Some(false)).then_some("it was never handed out, or has begun")
            }
            Event::AttemptFinished { key, .. } => {
                self.begun(key).is_none().then_some("it was never handed out, or is settled")
            }
            Event::TimerFired { timer } => (!self.world.timers.contains_key(timer)).then_some("it is not set"),
            Event::ApprovalDecided(decided) => {
                let StepPath { within, step } = &decided.step;
                match self.named(within, step) {
                    None => Some("there is no such step, or nothing goes on there"),
                    Some(place) => {
                        place.refuses_decision(decided, &oracle.digest(&decided.step), self.world.rerun_by.as_ref())
                    }
                }
            }
            Event::SignalReceived(signal) => self.refuses_signal(signal),
            Event::PauseRequested { .. } if self.stop.is_some() => Some("it is being ended"),
            Event::PauseRequested { .. } => self.world.pause.is_some().then_some("it is paused"),
            Event::ResumeRequested { .. } => self.world.pause.is_none().then_some("it is not paused"),
            Event::RerunRequested { from, .. } => self.refuses_rerun(from),
            Event::ChildFinished(_)
            | Event::SlotGranted { .. }
            | Event::ParentAsked { .. }
            | Event::AttemptUnplaced { .. }
            | Event::CallbackReceived(_) => unreachable!("these are not drawn"),
            Event::CancelRequested { .. } => {
                (self.stop == Some(Stop::Cancel) && !self.can_be_cut_short()).then_some("it is being cancelled")
            }
        }
    }

    /// Whether the attempt has begun; none if no worker has it.
    fn begun(&self, key: &AttemptKey) -> Option<bool> {
        let place = self.place(key.within.as_slice(), Some(&key.step))?;
        if key.undo {
            return place.undo_attempt().filter(|(known, _)| known == key).map(|(_, begun)| begun);
        }
        place.live.iter().find_map(|live| match &live.what {
            What::Attempt { key: known, begun } if known == key => Some(*begun),
            _ => None,
        })
    }
}

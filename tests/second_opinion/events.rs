//! EVENTS: each is refused, or taken and followed by JUDGE, `fail_fast` and OVER.

use loopline_core::event::{Event, Recorded};

use super::state::{Live, State, Stop, What};

/// What core alone decides, and the reference takes over: the words of a digest.
pub trait Oracle {
    /// The digest of what an approval shows.
    fn digest(&self, step: &str) -> String;
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
            Event::AttemptStarted { key } => self.attempt_started(key),
            Event::AttemptFinished { key, outcome } => self.attempt_finished(key, outcome),
            Event::TimerFired { timer } => self.timer_fired(timer),
            Event::ApprovalDecided(decided) => self.approval_decided(decided),
            Event::SignalReceived(signal) => self.signal_received(signal),
            Event::PauseRequested { .. } => self.pause(),
            Event::ResumeRequested { .. } => self.resume(),
            Event::CancelRequested { .. } => {
                self.stop(Stop::Cancel);
                self.resume();
            }
            Event::RerunRequested { by, from } => self.rerun(by, from),
            Event::ChildFinished(_) | Event::SlotGranted { .. } => unreachable!("these are not drawn"),
        }
        self.judge();
        if self.fails_fast() {
            self.stop(Stop::FailFast);
        }
        self.ends();
        Ok(())
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
                let queued =
                    |live: &Live| matches!(&live.what, What::Attempt { key: known, begun: false } if known == key);
                (!self.live.iter().any(queued)).then_some("it was never handed out, or has begun")
            }
            Event::AttemptFinished { key, .. } => {
                let lives = self.live.iter().any(|live| live.attempt() == Some(key));
                (!lives).then_some("it was never handed out, or is settled")
            }
            Event::TimerFired { timer } => (!self.world.timers.contains_key(timer)).then_some("it is not set"),
            Event::ApprovalDecided(decided) => {
                self.refuses_decision(decided, &oracle.digest(decided.step.step.as_str()))
            }
            Event::SignalReceived(signal) => self.refuses_signal(signal),
            Event::PauseRequested { .. } if self.stop.is_some() => Some("it is being ended"),
            Event::PauseRequested { .. } => self.world.pause.is_some().then_some("it is paused"),
            Event::ResumeRequested { .. } => self.world.pause.is_none().then_some("it is not paused"),
            Event::RerunRequested { from, .. } => self.refuses_rerun(from),
            Event::ChildFinished(_) | Event::SlotGranted { .. } => unreachable!("these are not drawn"),
            Event::CancelRequested { .. } => (self.stop == Some(Stop::Cancel)).then_some("it is being cancelled"),
        }
    }
}

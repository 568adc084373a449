//! `sleep`: waits for a moment.

use super::apply::Fold;
use super::end::Ended;
use super::state::Wait;
use crate::command::{Command, Timer};
use crate::expr::Cel;
use crate::graph::{Part, SleepAction};
use crate::id::StepIx;
use crate::outcome::{Failure, FailureKind};
use crate::time::Timestamp;

impl Fold<'_> {
    /// `sleep`.
    pub(super) fn fall_asleep(&mut self, ix: StepIx, sleep: &SleepAction) {
        let until = match sleep {
            SleepAction::For(ms) => Ok(self.at.plus_ms(*ms)),
            SleepAction::Until(cel) => self.moment(ix, cel),
        };
        match until {
            Ok(until) => {
                let key = self.state.visit_key(self.graph, ix);
                self.set_wait(ix, Wait::Sleep { until });
                self.command(Command::SetTimer { timer: Timer::Sleep { key }, at: until });
            }
            Err(failure) => self.end_failed(ix, failure),
        }
    }

    fn moment(&self, ix: StepIx, cel: &Cel) -> Result<Timestamp, Failure> {
        let failure = |message: String| Failure::new(FailureKind::Condition, format!("`sleep.until`: {message}"));
        let value = cel
            .references()
            .and_then(|references| cel.eval(&self.scope_of_step(ix, Part::Work, &references)))
            .map_err(|error| failure(error.to_string()))?;
        let text = value.as_str().ok_or_else(|| failure(format!("{value} is not a time")))?;
        Timestamp::parse(text).ok_or_else(|| failure(format!("`{text}` is not an RFC 3339 time")))
    }

    pub(super) fn sleep_over(&mut self, ix: StepIx) {
        self.end(ix, Ended::Succeeded);
    }
}

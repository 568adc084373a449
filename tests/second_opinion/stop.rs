//! STOP w: a cancel, the run's timeout, or `fail_fast`.

use std::collections::BTreeSet;

use loopline_core::command::Timer;
use loopline_core::graph::Condition;
use loopline_core::id::StepIx;
use loopline_core::view::SkipReason;

use super::end::Ended;
use super::many::concluded;
use super::state::{St, State, Stop};

impl State<'_> {
    /// `spares`: a begun attempt of a step that is not to be interrupted is let end, here and inside.
    pub fn stop(&mut self, w: Stop, spares: bool) {
        // What a person cancelled is cancelled, whatever else comes.
        if self.stop != Some(Stop::Cancel) {
            self.stop = Some(w);
        }
        // What comes behind the steps is left.
        if self.leaving.is_some() {
            return;
        }
        if w == Stop::Timeout {
            self.timed_out = Some(self.decisions);
        }
        for open in std::mem::take(&mut self.open) {
            if let Some((timer, _)) = open.timer {
                self.clear_timer(&timer);
            }
        }
        self.end_what_lives(|_| true, |begun, interruptible| begun && !interruptible && spares, spares);
        for x in self.order.clone() {
            let mut items = std::mem::take(&mut self.at_mut(x).items);
            self.close_items(x, &mut items);
            self.at_mut(x).items = items;
            match self.at(x).st {
                St::Pending => {
                    // Its visit begins, and is over.
                    let step = self.at_mut(x);
                    step.begun = true;
                    step.inside = None;
                    self.skip(x, SkipReason::Cancelled);
                }
                // What waited has closed; what works ends with its last attempt.
                St::Running if self.live.iter().all(|live| live.step != x || live.visit != self.at(x).vis) => {
                    let step = self.at(x);
                    let ended = match &self.graph.step(x).many {
                        Some(many) => concluded(&step.items, many),
                        None => Ended::cancelled(step.outputs.clone()),
                    };
                    self.take(x, &ended);
                }
                _ => {}
            }
        }
    }

    /// Some failure has come to be one that nothing can catch any more.
    pub fn fails_fast(&mut self) -> bool {
        let now: BTreeSet<(StepIx, u32)> =
            self.graph.indices().filter(|x| self.is_beyond_catching(*x)).map(|x| (x, self.at(x).vis)).collect();
        let before = std::mem::replace(&mut self.beyond_catching, now);
        self.graph.fail_fast && self.stop.is_none() && !self.beyond_catching.is_subset(&before)
    }

    pub fn is_beyond_catching(&self, x: StepIx) -> bool {
        let catches =
            |y: &StepIx| self.graph.step(*y).needs.iter().any(|need| need.step == x && need.on == Condition::Catch);
        let lost = |y: StepIx| !matches!(self.at(y).st, St::Pending | St::Running | St::Succeeded);
        self.at(x).st == St::Failed
            && !self.graph.step(x).allow_failure
            && self.graph.indices().filter(catches).all(lost)
    }

    /// The time of the run begins.
    pub fn set_run_timer(&mut self) {
        if let Some(ms) = self.time_ms {
            self.set_timer(self.run_timer(), self.world.now.plus_ms(ms));
        }
    }

    pub fn run_timer(&self) -> Timer {
        Timer::Run { epoch: self.world.epoch, within: self.within.clone() }
    }
}

//! STOP w: a cancel, the run's timeout, or `fail_fast`.

use loopline_core::command::Timer;
use loopline_core::graph::Condition;
use loopline_core::id::Within;
use loopline_core::view::SkipReason;

use super::end::Ended;
use super::many::concluded;
use super::state::{St, State, Stop};

impl State<'_> {
    pub fn stop(&mut self, w: Stop) {
        // What a person cancelled is cancelled, whatever else comes.
        if self.stop != Some(Stop::Cancel) {
            self.stop = Some(w);
        }
        if w == Stop::Timeout {
            self.timed_out = Some(self.decisions);
        }
        for open in std::mem::take(&mut self.open) {
            if let Some((timer, _)) = open.timer {
                self.clear_timer(&timer);
            }
        }
        self.end_what_lives(|_| true, |begun, interruptible| begun && !interruptible && w != Stop::Timeout);
        for x in self.order.clone() {
            let lives: Vec<Option<u32>> =
                self.live.iter().filter(|live| live.step == x).filter_map(|live| Some(live.attempt()?.item)).collect();
            for (at, item) in self.at_mut(x).items.iter_mut().enumerate() {
                if matches!(item.st, St::Pending | St::Running) && !lives.contains(&Some(at as u32)) {
                    item.st = St::Cancelled;
                }
            }
            match self.at(x).st {
                St::Pending => {
                    self.at_mut(x).begun = true;
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

    /// A failure that nothing can catch any more.
    pub fn fails_fast(&self) -> bool {
        self.graph.fail_fast
            && self.stop.is_none()
            && self.graph.indices().any(|x| {
                let catches =
                    |y| self.graph.step(y).needs.iter().any(|need| need.step == x && need.on == Condition::Catch);
                self.at(x).st == St::Failed
                    && !self.graph.step(x).allow_failure
                    && self
                        .graph
                        .indices()
                        .filter(|y| catches(*y))
                        .all(|y| !matches!(self.at(y).st, St::Pending | St::Running | St::Succeeded))
            })
    }

    pub fn run_timer(&self) -> Timer {
        Timer::Run { epoch: self.epoch, within: Within::default() }
    }
}

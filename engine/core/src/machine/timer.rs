//! Timers: which of them are set, and what follows when one runs out (rule W3). One that is void, or has run out before, is
//! refused.

use super::apply::Fold;
use super::refused::Refused;
use super::state::{RunState, Stop, Unit, Wait};
use crate::command::{Command, Timer};
use crate::graph::Graph;

impl Fold<'_> {
    /// In a paused run it acts at resume (rule M5), also of what `fail_fast` lets end meanwhile; a cancel has ended the pause.
    pub(super) fn timer_fired(&mut self, timer: &Timer) -> Result<(), Refused> {
        let waits_for_resume = self.state.paused.as_ref().is_some_and(|paused| paused.due.contains(timer));
        if waits_for_resume || !self.state.has_set(self.graph, timer) {
            return Err(Refused::NeverAsked { what: format!("timer {timer}") });
        }
        if let Some(paused) = &mut self.state.paused {
            paused.due.push(timer.clone());
            return Ok(());
        }
        self.timer_acts(timer)
    }

    pub(super) fn timer_acts(&mut self, timer: &Timer) -> Result<(), Refused> {
        if !self.state.has_set(self.graph, timer) {
            return Err(Refused::NeverAsked { what: format!("timer {timer}") });
        }
        self.at_place(timer.within().as_slice(), timer.step(), &mut |fold| fold.timer_ran_out(timer))
    }

    /// A timer of this very graph.
    fn timer_ran_out(&mut self, timer: &Timer) -> Result<(), Refused> {
        let never = || Refused::NeverAsked { what: format!("timer {timer}") };
        match timer {
            Timer::Run { .. } => {
                self.state.deadline = None;
                self.stop(Stop::Timeout);
            }
            Timer::Child { key } => self.child_timed_out(key)?,
            Timer::LoopDelay { .. } => {
                let open = self.state.open.iter_mut().find(|o| o.timer.as_ref().is_some_and(|(t, _)| t == timer));
                open.ok_or_else(never)?.timer = None;
                self.settle_reopened();
            }
            Timer::Retry { key } if key.undo => self.undo_again(),
            Timer::Queue { key } if key.attempt > 0 => self.nobody_began(key)?,
            Timer::Sleep { key }
            | Timer::Retry { key }
            | Timer::Approval { key }
            | Timer::Signal { key }
            | Timer::Callback { key }
            | Timer::Queue { key } => {
                let ix = self.graph.find(key.step.as_str()).ok_or_else(never)?;
                let unit = Unit { step: ix, item: key.item };
                match timer {
                    Timer::Retry { .. } => self.act(unit),
                    Timer::Approval { .. } => self.approval_timed_out(ix),
                    Timer::Signal { .. } => self.signal_timed_out(ix),
                    Timer::Callback { .. } => self.callback_timed_out(unit),
                    Timer::Queue { .. } => self.queue_timed_out(unit),
                    _ => self.sleep_over(ix),
                }
                self.advance_items(ix);
            }
        }
        Ok(())
    }

    /// Closes an approval, a sleep or a back-off before its time, and clears its timer.
    pub(super) fn close_wait(&mut self, unit: impl Into<Unit>) {
        let unit = unit.into();
        let timer = self.state.wait_timer(self.graph, unit);
        self.clear_wait(unit);
        if let Some(timer) = timer {
            self.command(Command::ClearTimer { timer });
        }
    }
}

impl RunState {
    /// The timer was set here or inside, has not run out, and is not void.
    fn has_set(&self, graph: &Graph, timer: &Timer) -> bool {
        self.at(graph, timer.within().as_slice(), timer.step()).is_some_and(|(graph, state)| match timer {
            Timer::Run { epoch, .. } => *epoch == state.epoch && state.deadline.is_some(),
            Timer::LoopDelay { .. } => {
                state.open.iter().any(|open| open.timer.as_ref().is_some_and(|(known, _)| known == timer))
            }
            Timer::Child { key } => state.bounds_child(graph, key),
            Timer::Queue { key } if key.attempt > 0 => state.bounds_queue(graph, key),
            Timer::Retry { key } if key.undo => state.undo_timer(graph).as_ref() == Some(timer),
            Timer::Sleep { key }
            | Timer::Retry { key }
            | Timer::Approval { key }
            | Timer::Signal { key }
            | Timer::Callback { key }
            | Timer::Queue { key } => {
                let unit = graph.find(key.step.as_str()).map(|step| Unit { step, item: key.item });
                unit.and_then(|unit| state.wait_timer(graph, unit)).as_ref() == Some(timer)
            }
        })
    }

    /// The timer of what a step, or an item, waits for, where that has one.
    fn wait_timer(&self, graph: &Graph, unit: Unit) -> Option<Timer> {
        let wait = match unit.item {
            None => self.steps[unit.step.get()].wait.as_ref(),
            Some(_) => self.item(unit)?.wait.as_ref(),
        };
        let mut key = self.visit_key(graph, unit);
        match wait? {
            Wait::Sleep { .. } => Some(Timer::Sleep { key }),
            Wait::Retry { .. } => {
                key.attempt += 1;
                Some(Timer::Retry { key })
            }
            Wait::Approval(asked) => asked.until.map(|_| Timer::Approval { key }),
            Wait::Signal { until } => until.map(|_| Timer::Signal { key }),
            Wait::Callback(_) => Some(Timer::Callback { key }),
            Wait::Lock { until } => until.map(|_| {
                key.attempt = 0;
                Timer::Queue { key }
            }),
        }
    }
}

//! Timers that run out (W3), and pauses, during which they run on and act at the resume (M5).

use loopline_core::command::Timer;
use loopline_core::outcome::{Failure, FailureKind};

use super::end::Ended;
use super::state::{Outputs, Past, Pause, State, Stop, What};

impl State<'_> {
    pub fn timer_fired(&mut self, timer: &Timer) {
        self.world.timers.remove(timer);
        match &mut self.world.pause {
            Some(pause) => pause.ran_out.push(timer.clone()),
            None => self.act(timer),
        }
    }

    fn act(&mut self, timer: &Timer) {
        self.at_place(timer.within().as_slice(), timer.step(), &mut |place| place.act_here(timer));
    }

    fn act_here(&mut self, timer: &Timer) {
        match timer {
            Timer::Run { .. } => self.stop(Stop::Timeout, false),
            Timer::LoopDelay { .. } => {
                for open in &mut self.open {
                    if open.timer.as_ref().is_some_and(|(known, _)| known == timer) {
                        open.timer = None;
                    }
                }
            }
            Timer::Child { .. } | Timer::Queue { .. } | Timer::Callback { .. } => {
                unreachable!("no child run, no lock and no callback is drawn")
            }
            Timer::Retry { key } if key.undo => self.undo_again(),
            Timer::Sleep { .. } | Timer::Retry { .. } | Timer::Approval { .. } | Timer::Signal { .. } => {
                let Some(at) = self.live.iter().position(|live| live.timer(self).as_ref() == Some(timer)) else {
                    return;
                };
                let live = self.live.remove(at);
                assert_eq!(live.past, Past::No, "what waits is closed by a re-open, not past");
                let too_late = |what: &str| Ended::failed(Failure::new(FailureKind::Timeout, what));
                match live.what {
                    What::BackOff { key, .. } => self.start_attempt(live.step, key.item, key.attempt),
                    What::Sleep { .. } => self.end(live.step, Ended::succeeded(Outputs::new())),
                    What::Approval(_) => self.end(live.step, too_late("nobody decided in time")),
                    What::Signal { .. } => self.end(live.step, too_late("no signal in time")),
                    What::Attempt { .. } | What::Child { .. } => unreachable!("an attempt has no timer"),
                }
            }
        }
    }

    /// The run's own time stands still.
    pub fn pause(&mut self) {
        let timer = self.run_timer();
        let left_ms = self.world.timers.get(&timer).map(|at| at.ms_since(self.world.now));
        self.clear_timer(&timer);
        self.world.pause = Some(Pause { left_ms, ran_out: Vec::new() });
    }

    /// A cancel ends the pause too, once it has closed what waits.
    pub fn resume(&mut self) {
        let Some(pause) = &mut self.world.pause else { return };
        let (ran_out, left_ms) = (std::mem::take(&mut pause.ran_out), pause.left_ms);
        // Still nothing starts while they act. What one of them brings about may make another one void.
        let now = self.world.now;
        self.world.timers.extend(ran_out.iter().map(|timer| (timer.clone(), now)));
        for timer in &ran_out {
            if self.world.timers.remove(timer).is_some() {
                self.act(timer);
            }
        }
        self.world.pause = None;
        if let Some(left) = left_ms.filter(|_| self.leaving.is_none()) {
            self.set_timer(self.run_timer(), self.world.now.plus_ms(left));
        }
        self.wake();
    }

    /// All that may start does, here and inside.
    fn wake(&mut self) {
        self.begin_all_items();
        self.in_each_child(State::wake);
        self.inside_finally(State::wake);
    }
}

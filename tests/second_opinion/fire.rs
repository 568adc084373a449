//! FIRE g: one event re-opens a whole region.

use std::rc::Rc;

use loopline_core::command::Timer;
use loopline_core::graph::Goto;
use loopline_core::id::{StepIx, Within};

use super::edges::encloses;
use super::many::given;
use super::state::{Open, Outputs, Past, Saw, Seen, St, State, Visit, What};

impl State<'_> {
    pub fn fire(&mut self, g_at: (StepIx, usize), g: &Goto) {
        let region = self.reach(g.to).clone();
        *self.used.get_mut(&g_at).expect("every entry has a count") += 1;
        *self.fired.entry(g_at).or_default() += 1;
        self.delays += u32::from(g.delay_ms > 0);
        for (inner, used) in &mut self.used {
            if encloses(self.graph, g_at, *inner) {
                *used = 0;
            }
        }
        let just_before: Seen = Rc::new(self.graph.indices().map(|y| (y, self.seen(y))).collect());
        self.end_what_lives(|live| region.contains(&live), |begun, interruptible| begun && (g.drain || !interruptible));
        for y in &region {
            if self.at(*y).begun {
                let mut visit = self.visit(*y);
                if matches!(self.at(*y).st, St::Running) {
                    // What runs is past by now, and noted when it ends; the rest does not begin.
                    visit
                        .items
                        .iter_mut()
                        .filter(|item| item.st == St::Pending)
                        .for_each(|item| item.st = St::Cancelled);
                    // Where items still live, they are noted when the last of them has ended.
                    let lives = self.live.iter().any(|live| live.step == *y && live.visit == visit.visit);
                    if !visit.items.is_empty() && !lives {
                        visit.outputs = given(&visit.items);
                    }
                    visit.status = loopline_core::view::StepStatus::Cancelled;
                }
                visit.saw = Some(Saw { steps: just_before.clone(), previous: self.at(*y).previous.clone() });
                self.at_mut(*y).archive.push(visit);
            }
            let step = self.at_mut(*y);
            if step.begun {
                step.vis += 1;
            }
            step.begun = false;
            step.st = St::Pending;
            step.why = None;
            step.err = None;
            step.outputs = Outputs::new();
            step.attempt = 0;
            step.items.clear();
            step.items_closed = false;
            step.previous = Some(just_before.clone());
            step.inside = Some(match step.inside.take() {
                None => region.clone(),
                Some(inside) => inside.union(&region).copied().collect(),
            });
        }
        let voids = self.open.iter_mut().filter(|open| region.contains(&open.to));
        for (timer, _) in voids.filter_map(|open| open.timer.take()).collect::<Vec<_>>() {
            self.clear_timer(&timer);
        }
        let timer = (g.delay_ms > 0).then(|| {
            let timer = Timer::LoopDelay {
                epoch: self.epoch,
                to: self.id(g.to),
                firing: self.delays,
                within: Within::default(),
            };
            (timer, self.now.plus_ms(g.delay_ms))
        });
        if let Some((timer, until)) = timer.clone() {
            self.set_timer(timer, until);
        }
        let zombies = self.live.iter().filter(|live| region.contains(&live.step));
        let zombies = zombies.filter_map(|live| live.attempt().cloned()).collect();
        self.open.push(Open { region, to: g.to, zombies, timer });
    }

    /// Waits close; what was handed out becomes past: drained, or asked to end.
    pub fn end_what_lives(&mut self, whose: impl Fn(StepIx) -> bool, drains: impl Fn(bool, bool) -> bool) {
        for mut live in std::mem::take(&mut self.live) {
            if !whose(live.step) {
                self.live.push(live);
                continue;
            }
            let What::Attempt { key, begun } = &live.what else {
                if let Some(timer) = live.timer(self) {
                    self.clear_timer(&timer);
                }
                continue;
            };
            if drains(*begun, self.graph.step(live.step).interruptible) {
                if live.past == Past::No {
                    live.past = Past::Drain;
                }
            } else {
                self.asked_to_end.insert(key.clone());
                live.past = Past::Cancel;
            }
            self.live.push(live);
        }
    }

    /// The current visit of a step, as its history keeps it.
    pub fn visit(&self, x: StepIx) -> Visit {
        let step = self.at(x);
        Visit {
            saw: None,
            visit: step.vis,
            status: self.shown(x),
            why: step.why,
            err: step.err.clone(),
            attempts: step.attempt,
            outputs: step.outputs.clone(),
            items: step.items.clone(),
        }
    }
}

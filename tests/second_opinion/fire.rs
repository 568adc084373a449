//! FIRE g: one event re-opens a whole region.

use std::collections::BTreeSet;
use std::rc::Rc;

use loopline_core::command::Timer;
use loopline_core::graph::Goto;
use loopline_core::id::{AttemptKey, StepIx};
use loopline_core::view::StepStatus;

use super::edges::encloses;
use super::many::concluded;
use super::state::{Item, Open, Outputs, Past, Saw, Seen, St, State, Stop, Visit, What};

impl State<'_> {
    pub fn fire(&mut self, g_at: (StepIx, usize), g: &Goto) {
        *self.used.get_mut(&g_at).expect("every entry has a count") += 1;
        *self.fired.entry(g_at).or_default() += 1;
        for (inner, used) in &mut self.used {
            if encloses(self.graph, &self.regions, g_at, *inner) {
                *used = 0;
            }
        }
        let region = self.reach(g.to).clone();
        let delay = (g.delay_ms > 0).then_some((g.to, g.delay_ms));
        self.reopen(region, BTreeSet::from([g.to]), g.drain, delay);
    }

    /// What FIRE and RERUN have in common.
    pub fn reopen(
        &mut self,
        region: BTreeSet<StepIx>,
        to: BTreeSet<StepIx>,
        drain: bool,
        delay: Option<(StepIx, u64)>,
    ) {
        let just_before = self.all_seen();
        self.end_what_lives(
            |live| region.contains(&live),
            |begun, interruptible| begun && (drain || !interruptible),
            true,
        );
        self.reopen_after(&region, &just_before);
        // What could not be caught may be caught again now.
        let caught = std::mem::take(&mut self.beyond_catching);
        self.beyond_catching = caught.into_iter().filter(|(x, _)| self.is_beyond_catching(*x)).collect();
        let voids = self.open.iter_mut().filter(|open| open.to.iter().any(|to| region.contains(to)));
        for (timer, _) in voids.filter_map(|open| open.timer.take()).collect::<Vec<_>>() {
            self.clear_timer(&timer);
        }
        let timer = delay.map(|(to, ms)| {
            self.delays += 1;
            let (epoch, firing, within) = (self.world.epoch, self.delays, self.within.clone());
            (Timer::LoopDelay { epoch, to: self.id(to), firing, within }, self.world.now.plus_ms(ms))
        });
        if let Some((timer, until)) = timer.clone() {
            self.set_timer(timer, until);
        }
        let zombies = self.live.iter().filter(|live| region.contains(&live.step));
        let zombies = zombies.filter_map(|live| live.attempt().cloned()).collect();
        self.open.push(Open { region, to, zombies, timer });
    }

    /// All of the region is undecided again, in its next visit where that had begun.
    pub fn reopen_steps(&mut self, region: &BTreeSet<StepIx>) {
        let just_before = self.all_seen();
        self.reopen_after(region, &just_before);
    }

    fn all_seen(&self) -> Seen {
        Rc::new(self.graph.indices().map(|y| (y, self.seen(y))).collect())
    }

    fn reopen_after(&mut self, region: &BTreeSet<StepIx>, just_before: &Seen) {
        for y in region {
            if self.at(*y).begun {
                let mut visit = self.visit(*y);
                if self.at(*y).st == St::Running {
                    visit.status = StepStatus::Cancelled;
                    self.close_items(*y, &mut visit.items);
                    // Where items still live, the visit is noted when the last of them has ended; else it has by now.
                    let lives = self.live.iter().any(|live| live.step == *y && live.visit == visit.visit);
                    if let Some(many) = self.graph.step(*y).many.as_ref().filter(|_| !lives) {
                        visit.ends(&concluded(&visit.items, many));
                    }
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
            step.again = None;
            step.items_closed = false;
            step.previous = Some(just_before.clone());
            step.inside = Some(match step.inside.take() {
                None => region.clone(),
                Some(inside) => inside.union(region).copied().collect(),
            });
        }
    }

    /// Items of the current visit of which nothing lives do not go on.
    pub fn close_items(&self, x: StepIx, items: &mut [Item]) {
        let visit = self.at(x).vis;
        let of_visit = self.live.iter().filter(|live| live.step == x && live.visit == visit);
        let live: BTreeSet<u32> = of_visit.filter_map(|live| live.attempt()?.item).collect();
        for (at, item) in (0..).zip(items) {
            if matches!(item.st, St::Pending | St::Running) && !live.contains(&at) {
                item.st = St::Cancelled;
            }
        }
    }

    /// Waits close; what was handed out becomes past: drained, or asked to end. Of a pipeline in place that is asked to
    /// end, `spares` says whether what is not to be interrupted inside is let end.
    pub fn end_what_lives(
        &mut self,
        whose: impl Fn(StepIx) -> bool,
        drains: impl Fn(bool, bool) -> bool,
        spares: bool,
    ) {
        let mut children: Vec<AttemptKey> = Vec::new();
        for mut live in std::mem::take(&mut self.live) {
            if !whose(live.step) {
                self.live.push(live);
                continue;
            }
            let begun = match &live.what {
                What::Attempt { begun, .. } => *begun,
                What::Child { .. } => true,
                _ => {
                    if let Some(timer) = live.timer(self) {
                        self.clear_timer(&timer);
                    }
                    continue;
                }
            };
            if drains(begun, self.graph.step(live.step).interruptible) {
                if live.past == Past::No {
                    live.past = Past::Drain;
                }
            } else {
                match &live.what {
                    What::Attempt { key, .. } => drop(self.world.asked_to_end.insert(key.clone())),
                    What::Child { key, .. } if live.past != Past::Cancel || !spares => children.push(key.clone()),
                    _ => {}
                }
                live.past = Past::Cancel;
            }
            self.live.push(live);
        }
        self.end_children(children, spares);
    }

    /// One in which nothing lives is over at once.
    pub fn end_children(&mut self, children: Vec<AttemptKey>, spares: bool) {
        for key in children {
            // What does not live of the step does not go on, whatever becomes of the others.
            let x = self.graph.find(key.step.as_str()).expect("it lives in this machine");
            if self.at(x).vis == key.visit && self.at(x).st == St::Running {
                let mut items = std::mem::take(&mut self.at_mut(x).items);
                self.close_items(x, &mut items);
                self.at_mut(x).items = items;
            }
            if let Some(at) = self.live.iter().position(|live| live.attempt() == Some(&key)) {
                self.inside(at, |child| child.stop(Stop::Cancel, spares));
            }
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

//! How many distinct conditions stand before a step: those on whose answers it may depend whether it goes on.
//!
//! A condition further back counts unless only edges for `always` lead on from it. Behind a step that is beyond what is
//! followed, counting begins anew: that step is taken to end in any way.

use std::rc::Rc;

use super::conditions::{Conditions, OfStep};
use super::gate::Gates;
use super::sweep::MAX_CONDITIONS;

/// Of a file.
pub(super) struct Counts {
    /// Per step: the distinct conditions before it, its own among them.
    pub(super) before: Vec<usize>,
    /// Per step: nothing before it is beyond what is followed.
    pub(super) is_followed_to: Vec<bool>,
    /// Per join: the distinct conditions before it.
    pub(super) of_gate: Vec<usize>,
}

impl Counts {
    pub(super) fn of(order: &[usize], conditions: &Conditions, gates: &Gates) -> Self {
        let none: Rc<[usize]> = Rc::new([]);
        let steps = order.len();
        let mut counter = Counter {
            conditions,
            gates,
            asked: vec![Rc::clone(&none); steps],
            asked_by_gate: vec![None; gates.all.len()],
            gate_is_followed_to: vec![true; gates.all.len()],
            marks: vec![0; conditions.questions.len()],
            mark: 0,
            none,
            found: Self {
                before: vec![0; steps],
                is_followed_to: vec![true; steps],
                of_gate: vec![0; gates.all.len()],
            },
        };
        for &at in order {
            counter.step(at);
        }
        counter.found
    }

    /// Whether so many conditions stand before a step that it is not followed.
    pub(super) fn is_beyond(&self, step: usize) -> bool {
        self.before[step] > MAX_CONDITIONS
    }
}

struct Counter<'a> {
    conditions: &'a Conditions,
    gates: &'a Gates,
    /// Per step: the questions on which it may depend how it ends, each once.
    asked: Vec<Rc<[usize]>>,
    asked_by_gate: Vec<Option<Rc<[usize]>>>,
    gate_is_followed_to: Vec<bool>,
    /// Marks questions that have been counted, by the count they were marked in.
    marks: Vec<u32>,
    mark: u32,
    none: Rc<[usize]>,
    found: Counts,
}

impl Counter<'_> {
    fn step(&mut self, at: usize) {
        let gate = self.gates.of_step[at];
        let before_gate = match &self.asked_by_gate[gate] {
            Some(known) => Rc::clone(known),
            None => self.gate(gate),
        };
        let of_step = &self.conditions.steps[at];
        let reads_beyond = |read: usize| self.found.is_beyond(read) || !self.found.is_followed_to[read];
        let is_followed_to = self.gate_is_followed_to[gate] && !of_step.reads().any(reads_beyond);
        let before = match &of_step.condition {
            None => before_gate,
            Some(condition) => {
                let read: Vec<_> = condition.reads.iter().map(|read| Rc::clone(&self.asked[*read])).collect();
                let lists = [&*before_gate, &condition.asks].into_iter().chain(read.iter().map(|asked| &**asked));
                self.each_once(lists)
            }
        };
        self.found.before[at] = before.len();
        self.found.is_followed_to[at] = is_followed_to;
        self.asked[at] =
            if before.len() > MAX_CONDITIONS { Rc::clone(&self.none) } else { self.with_entries(of_step, before) };
    }

    fn gate(&mut self, gate: usize) -> Rc<[usize]> {
        let sources: Vec<usize> = self.gates.all[gate].that_matter().collect();
        self.gate_is_followed_to[gate] =
            sources.iter().all(|source| self.found.is_followed_to[*source] && !self.found.is_beyond(*source));
        let lists: Vec<_> = sources.iter().map(|source| Rc::clone(&self.asked[*source])).collect();
        let asked = match lists.as_slice() {
            [] => Rc::clone(&self.none),
            [one] => Rc::clone(one),
            lists => self.each_once(lists.iter().map(|asked| &**asked)),
        };
        self.found.of_gate[gate] = asked.len();
        self.asked_by_gate[gate] = Some(Rc::clone(&asked));
        asked
    }

    fn with_entries(&mut self, of_step: &OfStep, before: Rc<[usize]>) -> Rc<[usize]> {
        if of_step.entries.iter().flatten().all(|condition| condition.asks.is_empty()) {
            return before;
        }
        let own = of_step.entries.iter().flatten().map(|condition| condition.asks.as_slice());
        self.each_once([&*before].into_iter().chain(own))
    }

    fn each_once<'b>(&mut self, lists: impl IntoIterator<Item = &'b [usize]>) -> Rc<[usize]> {
        self.mark += 1;
        let mut all = Vec::new();
        for &question in lists.into_iter().flatten() {
            if std::mem::replace(&mut self.marks[question], self.mark) != self.mark {
                all.push(question);
            }
        }
        all.into()
    }
}

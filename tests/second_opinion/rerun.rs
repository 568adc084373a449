//! RERUN A: steps are done again by hand; of a run that is over in a new epoch.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::event::RerunFrom;
use loopline_core::id::{StepId, StepIx, StepUnit};
use loopline_core::view::SkipReason;

use super::state::{St, State};

/// How much of a step is done again.
enum Part {
    Step,
    Items(BTreeSet<u32>),
}

impl Part {
    fn one(item: u32) -> Self {
        Self::Items(BTreeSet::from([item]))
    }
}

impl State<'_> {
    pub fn refuses_rerun(&self, from: &RerunFrom) -> Option<&'static str> {
        let known = |step: &StepId| self.graph.find(step.as_str()).is_some();
        match from {
            _ if self.over.is_none() && (self.stop.is_some() || self.leaving.is_some()) => Some("it is being ended"),
            RerunFrom::Steps(steps) if steps.is_empty() => Some("no step is named"),
            RerunFrom::Steps(steps) if !steps.iter().all(known) => Some("there is no such step"),
            RerunFrom::Units(units) if units.is_empty() => Some("nothing is named"),
            RerunFrom::Units(units) if !units.iter().all(|unit| known(&unit.step)) => Some("there is no such step"),
            RerunFrom::Units(units) if !units.iter().all(|unit| self.has_ended_with(unit)) => Some("no such item"),
            _ => self.again(from).is_empty().then_some("there is nothing to be done again"),
        }
    }

    pub fn rerun(&mut self, by: &str, from: &RerunFrom) {
        let again = self.again(from);
        let region: BTreeSet<StepIx> = again.keys().flat_map(|a| self.reach(*a)).copied().collect();
        let leads_here = |x: &StepIx| self.graph.step(*x).needs.iter().any(|need| region.contains(&need.step));
        let to: BTreeSet<StepIx> = again.keys().filter(|x| !leads_here(x)).copied().collect();
        self.world.reruns += 1;
        self.world.rerun_by = Some(by.to_owned());
        if self.over.is_some() {
            self.turn_epoch();
            // What nothing could catch by then does not end the new epoch, whenever it failed in the old one.
            let lost = self.graph.indices().filter(|x| self.is_beyond_catching(*x));
            self.beyond_catching = lost.map(|x| (x, self.at(x).vis)).collect();
        }
        let graph = self.graph;
        for ((x, place), used) in &mut self.used {
            if region.contains(&graph.step(*x).goto[*place].to) {
                *used = 0;
            }
        }
        self.reopen(region, to.clone(), false, None);
        // What stands behind something else that is done again has its list made anew.
        for (x, items) in again.into_iter().filter(|(x, _)| to.contains(x)) {
            self.at_mut(x).again = items;
        }
    }

    /// What was asked for, and what the end of the run has cut off. Of a step that is no more than some of its items, it is
    /// those.
    fn again(&self, from: &RerunFrom) -> BTreeMap<StepIx, Option<BTreeSet<u32>>> {
        let of_each = self.graph.indices().map(|x| (x, self.wishes(x, from)));
        let together = |wishes: Vec<Part>| {
            let items = |part| match part {
                Part::Step => None,
                Part::Items(items) => Some(items),
            };
            let items: Option<Vec<BTreeSet<u32>>> = wishes.into_iter().map(items).collect();
            items.map(|items| items.into_iter().flatten().collect())
        };
        of_each.filter(|(_, wishes)| !wishes.is_empty()).map(|(x, wishes)| (x, together(wishes))).collect()
    }

    /// Everything that is wished of one step.
    fn wishes(&self, x: StepIx, from: &RerunFrom) -> Vec<Part> {
        let step = self.at(x);
        let by_item = matches!(from, RerunFrom::Units(_) | RerunFrom::FailedItems);
        let where_st = |is: &dyn Fn(St) -> bool| -> BTreeSet<u32> {
            (0..).zip(&step.items).filter(|(_, item)| is(item.st)).map(|(at, _)| at).collect()
        };
        // Of a step that did not fail by its items, all of them.
        let not_succeeded = || match where_st(&|st| st != St::Succeeded) {
            none if none.is_empty() => Part::Step,
            items => Part::Items(items),
        };
        let mut wishes = Vec::new();
        match from {
            RerunFrom::Steps(steps) if steps.contains(&self.id(x)) => wishes.push(Part::Step),
            RerunFrom::Everything => wishes.push(Part::Step),
            RerunFrom::Failed if step.st == St::Failed => wishes.push(Part::Step),
            RerunFrom::FailedItems if step.st == St::Failed => wishes.push(not_succeeded()),
            RerunFrom::Units(units) => {
                let of_step = units.iter().filter(|unit| unit.step == self.id(x));
                wishes.extend(of_step.map(|unit| unit.item.map_or(Part::Step, Part::one)));
            }
            _ => {}
        }
        if !wishes.is_empty() {
            // Those that were left out because another failed.
            wishes.push(Part::Items(where_st(&|st| st == St::Cancelled)));
        }
        if step.st == St::Cancelled {
            wishes.push(if by_item { not_succeeded() } else { Part::Step });
        }
        if step.why == Some(SkipReason::Cancelled) {
            // It was to begin with some of its items, and never did.
            wishes.push(step.again.clone().map_or(Part::Step, Part::Items));
        }
        wishes.extend(self.what_was_undone(x).map(|item| item.filter(|_| by_item).map_or(Part::Step, Part::one)));
        wishes
    }

    /// Items can be named once the step has ended with them.
    fn has_ended_with(&self, unit: &StepUnit) -> bool {
        let x = self.graph.find(unit.step.as_str()).expect("looked at by now");
        unit.item.is_none_or(|item| self.at(x).st != St::Running && (item as usize) < self.at(x).items.len())
    }

    fn turn_epoch(&mut self) {
        self.world.epoch += 1;
        self.over = None;
        self.leaving = None;
        self.cut_short = false;
        self.stop = None;
        self.timed_out = None;
        for step in self.steps.values_mut() {
            step.vis_before = step.vis;
        }
        self.renew_finally();
        self.set_run_timer();
    }
}

//! RERUN: a person has steps done again. Of a run that goes on it re-opens in place; of one that is over it begins a new epoch of
//! the same run (rule G8).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::apply::Fold;
use super::refused::Refused;
use super::state::{ClosedBy, St, Unit};
use crate::event::RerunFrom;
use crate::id::{StepId, StepIx};
use crate::shape::StepSet;
use crate::view::SkipReason;

/// How much of a step is done again.
enum Again {
    Whole,
    /// These of its items; the others keep their results.
    Items(BTreeSet<u32>),
}

/// One more wish about a step: what is done again as a whole stays so.
fn add(again: &mut BTreeMap<StepIx, Again>, ix: StepIx, more: Again) {
    match (again.entry(ix).or_insert_with(|| Again::Items(BTreeSet::new())), more) {
        (Again::Items(items), Again::Items(more)) => items.extend(more),
        (whole, Again::Whole) => *whole = Again::Whole,
        (Again::Whole, Again::Items(_)) => {}
    }
}

impl Fold<'_> {
    /// Re-opens what is asked for, and all that stands behind it. A refusal changes nothing.
    pub(super) fn rerun(&mut self, by: &str, from: &RerunFrom) -> Result<(), Refused> {
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        if let Some(parent) = &created.parent {
            // Of steps inside of others, the outermost is what that run can do again.
            let step = parent.key.within.iter().next().map_or(&parent.key.step, |around| &around.step);
            return Err(Refused::ChildRun { step: step.clone(), run: parent.run });
        }
        // What undoes the steps, and `finally`, come to their end first.
        if self.state.over.is_none() && (self.state.stop.is_some() || self.state.leaving.is_some()) {
            return Err(Refused::RerunWhileEnding);
        }
        let mut again = self.asked_again(from)?;
        self.add_what_was_cut_off(&mut again, matches!(from, RerunFrom::Units(_) | RerunFrom::FailedItems));
        if again.is_empty() {
            return Err(Refused::NothingToRerun);
        }
        let shape = self.graph.shape();
        let region = Arc::new(shape.behind(again.keys().copied()));
        let leads_here = |ix: StepIx| self.graph.step(ix).needs.iter().any(|need| region.contains(need.step));
        let mut to = StepSet::default();
        again.keys().filter(|ix| !leads_here(**ix)).for_each(|ix| to.insert(*ix));
        for (at, entry) in shape.entries().iter().enumerate() {
            if region.contains(entry.to) {
                self.state.used[at] = 0;
            }
        }
        // What stands behind another step that is done again makes its list anew.
        let items = again.into_iter().filter_map(|(ix, part)| match part {
            Again::Items(items) if to.contains(ix) => Some((ix, self.items_again(ix, items)?)),
            Again::Items(_) | Again::Whole => None,
        });
        let items: Vec<_> = items.collect();
        self.applied.loops_changed = true;
        self.state.rerun_by = Some(by.to_owned());
        let over = self.state.over.is_some();
        if over {
            self.turn_epoch();
        }
        self.reopen(region, to, false, None, ClosedBy::Rerun);
        for (ix, again) in items {
            self.touch(ix).again = Some(again);
        }
        if over {
            self.begin_when_granted();
        }
        Ok(())
    }

    fn asked_again(&self, from: &RerunFrom) -> Result<BTreeMap<StepIx, Again>, Refused> {
        let find =
            |step: &StepId| self.graph.find(step.as_str()).ok_or_else(|| Refused::UnknownStep { step: step.clone() });
        let failed = || self.graph.indices().filter(|ix| self.state.steps[ix.get()].st == St::Failed);
        let whole = |ix: StepIx| (ix, Again::Whole);
        match from {
            RerunFrom::Steps(steps) if steps.is_empty() => Err(Refused::NothingToRerun),
            RerunFrom::Units(units) if units.is_empty() => Err(Refused::NothingToRerun),
            RerunFrom::Steps(steps) => steps.iter().map(|step| Ok(whole(find(step)?))).collect(),
            RerunFrom::Units(units) => {
                let mut again = BTreeMap::new();
                for unit in units {
                    let ix = find(&unit.step)?;
                    let part = unit.item.map(|item| self.item_again(ix, item)).transpose()?;
                    add(&mut again, ix, part.unwrap_or(Again::Whole));
                }
                Ok(again)
            }
            RerunFrom::Failed => Ok(failed().map(whole).collect()),
            RerunFrom::FailedItems => Ok(failed().map(|ix| (ix, self.unsuccessful_items(ix))).collect()),
            RerunFrom::Everything => Ok(self.graph.indices().map(whole).collect()),
        }
    }

    /// One item, where the step has come to an end with it.
    fn item_again(&self, ix: StepIx, item: u32) -> Result<Again, Refused> {
        let step = self.graph.step(ix).id.clone();
        if self.state.steps[ix.get()].st == St::Running {
            return Err(Refused::ItemsGoOn { step });
        }
        let items = self.state.steps[ix.get()].many.as_ref().map(|many| many.items.len());
        match items {
            Some(count) if (item as usize) < count => Ok(Again::Items(BTreeSet::from([item]))),
            _ => Err(Refused::UnknownItem { step, item, items: items.map(|count| count as u32) }),
        }
    }

    /// Where all items succeeded, the step failed for another reason: then it is all of them.
    fn unsuccessful_items(&self, ix: StepIx) -> Again {
        let items = self.state.steps[ix.get()].many.iter().flat_map(|many| (0..).zip(&many.items));
        let items: BTreeSet<u32> = items.filter(|(_, item)| item.st != St::Succeeded).map(|(at, _)| at).collect();
        if items.is_empty() { Again::Whole } else { Again::Items(items) }
    }

    /// A rerun takes up again, whatever was asked for, what the end of the run took from a step in its current visit, and
    /// what was undone, or was to be: nobody knows what is left of it. Of items those alone, where it is about items.
    fn add_what_was_cut_off(&self, again: &mut BTreeMap<StepIx, Again>, by_item: bool) {
        for ix in self.graph.indices() {
            let step = &self.state.steps[ix.get()];
            match (step.st, &step.again) {
                // It never began with the items that were asked for.
                (St::Skipped, Some(before)) if step.why == Some(SkipReason::Cancelled) => {
                    add(again, ix, Again::Items(before.items.clone()));
                }
                (St::Skipped, None) if step.why == Some(SkipReason::Cancelled) => add(again, ix, Again::Whole),
                (St::Cancelled, _) if by_item => add(again, ix, self.unsuccessful_items(ix)),
                (St::Cancelled, _) => add(again, ix, Again::Whole),
                _ => {}
            }
            // What `fail_fast` took from the items of a step of which one is done again.
            if let (Some(Again::Items(items)), Some(many)) = (again.get_mut(&ix), &step.many) {
                let cancelled = (0..).zip(&many.items).filter(|(_, item)| item.st == St::Cancelled);
                items.extend(cancelled.map(|(at, _)| at));
            }
        }
        for done in self.state.done.iter().filter(|done| done.undo.is_some()) {
            let Unit { step, item } = done.unit;
            if self.state.steps[step.get()].visit == done.counts_in {
                let item = item.filter(|_| by_item).map(|item| Again::Items(BTreeSet::from([item])));
                add(again, step, item.unwrap_or(Again::Whole));
            }
        }
    }

    /// The run is not over any more: what bounded the last epoch begins anew.
    fn turn_epoch(&mut self) {
        self.state.epoch += 1;
        self.state.over = None;
        self.state.leaving = None;
        self.state.cut_short = false;
        self.state.stop = None;
        self.state.paused = None;
        self.state.deadline = None;
        self.state.ended_in_time = None;
        self.state.unfit = None;
        for step in &mut self.state.steps {
            // All are decided, so the current visit of each belongs to an earlier epoch.
            step.visits_before = step.visit;
        }
        self.renew_finally();
    }

    /// `finally` will begin again behind the steps, with visits that no epoch had before.
    fn renew_finally(&mut self) {
        let (Some(graph), Some(mut finally)) = (self.graph.finally.as_deref(), self.state.finally.take()) else {
            return;
        };
        let mut fold = Fold::over(graph, &mut finally, self.at);
        let mut everything = StepSet::default();
        graph.indices().for_each(|ix| everything.insert(ix));
        let everything = Arc::new(everything);
        let before = fold.previous_view();
        fold.state.used.iter_mut().for_each(|used| *used = 0);
        for ix in graph.indices() {
            let step = fold.touch(ix);
            step.visits_before = step.visit;
            fold.reopen_step(ix, &everything, before.clone(), ClosedBy::Rerun);
        }
        self.applied.finally.get_or_insert_default().touched.extend(fold.into_applied().touched);
        self.state.finally_again = Some(finally);
    }
}

//! Of which things that happen at the same time it matters which comes first.
//!
//! Most orders come to the same: without loops, and with loops whose joins are `all` and whose regions lie before or behind
//! their sources, the outcomes alone decide (lemma 5 of the machine). So two ends are tried in both orders only where
//!
//! - one of them, or what comes behind it, may fire a loop that re-opens the other, or what that leads to;
//! - both lead to a join that goes on before all of its edges are decided;
//! - a failure ends the run, or the other items, at once.
//!
//! Whatever can come of other things never touches those, so that leaving their orders out leaves no outcome out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use loopline_core::graph::{Action, ChildPipeline, Graph, Join, Step};
use loopline_core::id::{StepId, StepIx, StepPath};
use loopline_core::shape::Entry;
use loopline_dsl::testing::step_at;

/// The orders that matter in a pipeline.
pub(super) struct Orders<'g> {
    graph: &'g Graph,
    /// What was found out, by the graph that two steps stand in.
    known: RefCell<BTreeMap<(*const Graph, StepIx, StepIx), bool>>,
    any: bool,
}

impl<'g> Orders<'g> {
    pub(super) fn of(graph: &'g Graph) -> Self {
        Self { graph, known: RefCell::default(), any: any(graph) }
    }

    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        self.any
    }

    /// The first of these, and those of which it matters whether they come before it or before each other.
    pub(super) fn that_matter(&self, paths: &[&StepPath]) -> Vec<usize> {
        let mut together = vec![0];
        let mut next = 0;
        while let Some(&at) = together.get(next) {
            let more = (0..paths.len()).filter(|other| self.matters(paths[at], paths[*other]));
            let more: Vec<usize> = more.filter(|other| !together.contains(other)).collect();
            together.extend(more);
            next += 1;
        }
        together.sort_unstable();
        together
    }

    /// Whether it matters which of two comes first.
    fn matters(&self, one: &StepPath, other: &StepPath) -> bool {
        let level = |path: &StepPath, at: usize| -> (StepId, Option<u32>) {
            path.within.get(at).cloned().unwrap_or_else(|| (path.step.clone(), None))
        };
        let same = one.within.iter().zip(&other.within).take_while(|(one, other)| one == other).count();
        let around = &one.within[..same];
        let ((one, _), (other, _)) = (level(one, same), level(other, same));
        let Some((graph, one, other)) = self.graph_of(around, &one, &other) else { return false };
        if one == other {
            // Two items, or what lies in them.
            return graph.step(one).many.as_deref().is_some_and(|many| many.fail_fast);
        }
        *self
            .known
            .borrow_mut()
            .entry((graph, one.min(other), one.max(other)))
            .or_insert_with(|| depend(graph, one, other))
    }

    /// The graph in which both steps stand.
    fn graph_of(
        &self,
        around: &[(StepId, Option<u32>)],
        one: &StepId,
        other: &StepId,
    ) -> Option<(&'g Graph, StepIx, StepIx)> {
        let graph = match around.split_last() {
            None => self.graph,
            Some(((step, _), within)) => {
                let path = StepPath { within: within.to_vec(), step: step.clone() };
                inside(step_at(self.graph, &crate::steps::without_items(&path))?)?
            }
        };
        let both = |graph: &'g Graph| {
            let find = |id: &StepId| graph.indices().find(|ix| graph.step(*ix).id == *id);
            Some((graph, find(one)?, find(other)?))
        };
        both(graph).or_else(|| both(graph.finally.as_deref()?))
    }
}

fn any(graph: &Graph) -> bool {
    let early = |step: &Step| step.join != Join::All || step.many.as_deref().is_some_and(|many| many.fail_fast);
    let here = graph.fail_fast
        || graph.steps.iter().any(early)
        || graph.shape().entries().iter().any(|entry| !is_in_line(graph, *entry));
    here || graph.steps.iter().filter_map(inside).any(any) || graph.finally.as_deref().is_some_and(any)
}

/// Every step of the loop's region lies before or behind its source, and waits for all of its edges.
fn is_in_line(graph: &Graph, entry: Entry) -> bool {
    let shape = graph.shape();
    let region = shape.region(shape.entry(entry.from, entry.index as usize));
    let behind_source = shape.behind([entry.from]);
    let in_line = |ix: StepIx| behind_source.contains(ix) || shape.behind([ix]).contains(entry.from);
    region.iter().all(|ix| in_line(ix) && graph.step(ix).join == Join::All)
}

fn inside(step: &Step) -> Option<&Graph> {
    match &step.action {
        Action::Pipeline(child) => match &child.pipeline {
            ChildPipeline::InPlace(graph) => Some(graph),
            ChildPipeline::Named(_) => None,
        },
        _ => None,
    }
}

/// Whether what can come of one step touches what can come of the other.
fn depend(graph: &Graph, one: StepIx, other: StepIx) -> bool {
    if graph.fail_fast {
        return true;
    }
    let shape = graph.shape();
    let (behind_one, behind_other) = (shape.behind([one]), shape.behind([other]));
    let both = |ix: StepIx| behind_one.contains(ix) && behind_other.contains(ix);
    if behind_one.iter().any(|ix| both(ix) && graph.step(ix).join != Join::All) {
        return true;
    }
    shape.entries().iter().filter(|entry| !is_in_line(graph, **entry)).any(|entry| {
        let region = shape.region(shape.entry(entry.from, entry.index as usize));
        let touches = |step: StepIx| region.contains(step) || leads_in(graph, step, entry.to);
        behind_one.contains(entry.from) && touches(other) || behind_other.contains(entry.from) && touches(one)
    })
}

/// Whether a step leads into the region behind `to` on a way that does not pass `to`.
fn leads_in(graph: &Graph, step: StepIx, to: StepIx) -> bool {
    let shape = graph.shape();
    let region = shape.behind([to]);
    let mut open = vec![step];
    let mut seen = shape.behind([]);
    while let Some(at) = open.pop() {
        for next in shape.successors(at).iter().copied().filter(|next| *next != to) {
            if region.contains(next) {
                return true;
            }
            if !seen.contains(next) {
                seen.insert(next);
                open.push(next);
            }
        }
    }
    false
}

#[cfg(test)]
mod every_order;

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two steps at the top.
    fn matters(steps: &str, one: &str, other: &str) -> bool {
        let text = format!("version: 1\nname: p\nsteps:\n{steps}");
        let graph = loopline_dsl::compile(&text).graph.expect("a pipeline");
        let path = |name: &str| name.parse::<StepPath>().expect("a path");
        let orders = Orders::of(&graph);
        let found = orders.matters(&path(one), &path(other));
        assert_eq!(found, orders.matters(&path(other), &path(one)), "it is the same from both sides");
        found
    }

    #[test]
    fn without_loops_outcomes_decide() {
        let steps = "  a: {run: x}\n  b: {run: x}\n  c: {needs: [a, b], run: x}\n";
        assert!(!matters(steps, "a", "b"));
        assert!(matters(&steps.replace("needs: [a, b]", "needs: [a, b], join: any"), "a", "b"));
    }

    #[test]
    fn a_loop_behind_a_merge_is_no_reason() {
        let steps = "  s: {run: x}\n  a: {needs: s, run: x}\n  b: {needs: s, run: x}\n  c: {needs: [a, b], run: x, goto: [{to: s, on: failed, max: 1}]}\n";
        assert!(!matters(steps, "a", "b"));
    }

    #[test]
    fn a_loop_beside_a_branch_of_its_region_is() {
        let steps = "  s: {run: x}\n  a: {needs: s, run: x, goto: [{to: s, on: failed, max: 1}]}\n  b: {needs: s, run: x}\n  c: {needs: b, run: x}\n  z: {run: x}\n";
        assert!(matters(steps, "a", "b") && matters(steps, "a", "c"));
        assert!(!matters(steps, "b", "z") && !matters(steps, "a", "z"));
    }

    #[test]
    fn what_leads_into_a_region_from_beside_counts() {
        let steps = "  s: {run: x}\n  o: {run: x}\n  a: {needs: s, run: x, goto: [{to: s, on: failed, max: 1}]}\n  b: {needs: [s, o], run: x}\n";
        assert!(matters(steps, "a", "o"));
    }

    #[test]
    fn what_lies_inside_is_asked_of_the_steps_that_hold_it() {
        let steps = "  s: {run: x}\n  a: {needs: s, pipeline: {steps: {i: {run: x}, j: {run: x}}}, goto: [{to: s, on: failed, max: 1}]}\n  b: {needs: s, run: x}\n";
        assert!(matters(steps, "a/i", "b"));
        assert!(!matters(steps, "a/i", "a/j"));
    }
}

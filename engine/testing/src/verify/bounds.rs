//! How often steps can be visited at the most, whatever happens (lemma 3 of the proof that runs end).

use loopline_core::graph::{Action, ChildPipeline, Graph};
use serde::Serialize;

/// What the shape of a pipeline proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// Loop edges without a bound: runs end only as far as these do not go round for ever.
    pub unlimited: Vec<String>,
    /// Steps that wait for people or signals without a timeout: runs end only when somebody answers.
    pub answered_by_others: Vec<String>,
    /// Steps that run other pipelines, of which nothing is known here.
    pub other_pipelines: Vec<String>,
    /// Every step, those of `finally` and of pipelines in place too, in the order of their names.
    pub steps: Vec<StepBound>,
}

/// How often a step can be visited in one epoch; inside of a pipeline in place, in one attempt at that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepBound {
    /// Its name.
    pub step: String,
    /// None: there is no bound.
    pub visits: Option<u64>,
}

impl Bounds {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut bounds = Self {
            unlimited: Vec::new(),
            answered_by_others: Vec::new(),
            other_pipelines: Vec::new(),
            steps: Vec::new(),
        };
        bounds.add("", graph);
        bounds.steps.sort_by(|a, b| a.step.cmp(&b.step));
        bounds
    }

    fn add(&mut self, prefix: &str, graph: &Graph) {
        let shape = graph.shape();
        let firings = firings(graph);
        for ix in graph.indices() {
            let step = graph.step(ix);
            let reopened_by = shape
                .entries()
                .iter()
                .zip(&firings)
                .filter(|(entry, _)| shape.region(shape.entry(entry.from, entry.index as usize)).contains(ix));
            let visits = reopened_by
                .map(|(_, firings)| *firings)
                .try_fold(1_u64, |sum, firings| Some(sum.saturating_add(firings?)))
                .map(|visits| visits.min(u64::from(graph.max_visits)));
            let name = format!("{prefix}{}", step.id);
            if let Action::Pipeline(child) = &step.action {
                match &child.pipeline {
                    ChildPipeline::InPlace(inner) => self.add(&format!("{name}/"), inner),
                    ChildPipeline::Named(_) => self.other_pipelines.push(name.clone()),
                }
            }
            for goto in step.goto.iter().filter(|goto| goto.max.is_none()) {
                self.unlimited.push(format!("{name} ⟲ {prefix}{}", graph.step(goto.to).id));
            }
            if matches!(step.action, Action::Approval(_) | Action::Wait(_)) && step.timeout_ms.is_none() {
                self.answered_by_others.push(name.clone());
            }
            self.steps.push(StepBound { step: name, visits });
        }
        if let Some(finally) = &graph.finally {
            self.add(prefix, finally);
        }
    }

    /// Runs end by themselves.
    pub fn every_run_ends(&self) -> bool {
        self.unlimited.is_empty()
    }
}

/// How often each loop edge can fire; none where there is no bound. `F(g) ≤ max(g) · (1 + Σ F(h) over h that enclose g)`.
fn firings(graph: &Graph) -> Vec<Option<u64>> {
    let shape = graph.shape();
    let count = shape.entries().len();
    let mut around: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (outer, entry) in shape.entries().iter().enumerate() {
        for inner in shape.encloses(shape.entry(entry.from, entry.index as usize)) {
            around[inner.get()].push(outer);
        }
    }
    // To enclose is a strict order that knows what is between: who has more around it comes later.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|at| around[*at].len());
    let mut firings = vec![None; count];
    for at in order {
        let entry = shape.entries()[at];
        let max = graph.step(entry.from).goto[entry.index as usize].max;
        let rounds = around[at].iter().try_fold(1_u64, |sum, outer| Some(sum.saturating_add(firings[*outer]?)));
        firings[at] = max.zip(rounds).map(|(max, rounds)| u64::from(max).saturating_mul(rounds));
    }
    firings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visits(steps: &str) -> Vec<(String, Option<u64>)> {
        let graph = loopline_dsl::compile(&format!("version: 1\nname: p\nsteps:\n{steps}")).graph.expect("a pipeline");
        Bounds::of(&graph).steps.into_iter().map(|bound| (bound.step, bound.visits)).collect()
    }

    fn named(all: &[(&str, Option<u64>)]) -> Vec<(String, Option<u64>)> {
        all.iter().map(|(step, visits)| ((*step).to_owned(), *visits)).collect()
    }

    #[test]
    fn budgets_of_loops_inside_of_loops_multiply() {
        let steps = "  a: {run: x}\n  b: {needs: a, run: x, goto: [{to: b, on: failed, max: 2}]}\n  c: {needs: b, run: x, goto: [{to: a, on: failed, max: 3}]}\n";
        // `c` fires 3 times, and `b` 2 · (1 + 3) times.
        assert_eq!(visits(steps), named(&[("a", Some(4)), ("b", Some(12)), ("c", Some(12))]));
    }

    #[test]
    fn what_an_unlimited_loop_opens_again_has_no_bound() {
        let steps = "  a: {run: x}\n  b: {needs: a, run: x, goto: [{to: b, on: failed, max: unlimited, delay: 1m}]}\n";
        assert_eq!(visits(steps), named(&[("a", Some(1)), ("b", None)]));
    }

    #[test]
    fn what_lies_inside_is_looked_at_too() {
        let steps = "  a:\n    pipeline:\n      steps:\n        b: {run: x, goto: [{to: b, on: failed, max: unlimited, delay: 1m}]}\n        c: {needs: b, pipeline: {name: other}}\n";
        assert_eq!(visits(steps), named(&[("a", Some(1)), ("a/b", None), ("a/c", None)]));
        let graph = loopline_dsl::compile(&format!("version: 1\nname: p\nsteps:\n{steps}")).graph.expect("a pipeline");
        let bounds = Bounds::of(&graph);
        assert_eq!((bounds.unlimited, bounds.other_pipelines), (vec!["a/b ⟲ a/b".to_owned()], vec!["a/c".to_owned()]));
    }
}

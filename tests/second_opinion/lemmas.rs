//! What must be true of every run, asserted on core's own view and wishes after every event: L1 to L4.

use std::collections::BTreeMap;

use loopline_core::graph::{Graph, Join};
use loopline_core::id::{AttemptKey, StepIx};
use loopline_core::view::{EdgeState, RunView, SkipReason, StepStatus, StepView};

use super::edges::{Regions, encloses};
use super::picture::Wishes;

#[derive(Debug, Default)]
pub struct Lemmas {
    /// By step and visit: on which visits of its decided predecessors it was judged.
    judged_on: BTreeMap<(StepIx, u32), BTreeMap<StepIx, u32>>,
}

impl Lemmas {
    /// `fired` counts firings of loop edges since the beginning, and `reruns` those by hand.
    pub fn hold(
        &mut self,
        (graph, regions): (&Graph, &Regions),
        view: &RunView,
        wishes: &Wishes,
        fired: &BTreeMap<(StepIx, usize), u32>,
        reruns: u32,
    ) -> Result<(), String> {
        self.l1_judged_on_predecessors_of_the_same_visit(graph, view)?;
        l2_no_two_visits_of_a_step_at_once(view, wishes)?;
        l3_every_run_is_finite((graph, regions), view, fired, reruns)?;
        l4_over_leaves_nothing_undecided(view, wishes)
    }

    fn l1_judged_on_predecessors_of_the_same_visit(&mut self, graph: &Graph, view: &RunView) -> Result<(), String> {
        for x in graph.indices() {
            let step = seen(graph, view, x);
            if !begun(step) || step.skip_reason == Some(SkipReason::Cancelled) {
                continue;
            }
            let needs = &graph.step(x).needs;
            let decided_now = |p: StepIx| decided(seen(graph, view, p).status);
            let live = || {
                let id = &graph.step(x).id;
                view.edges.iter().filter(|edge| edge.to == *id && edge.state == EdgeState::Live).count()
            };
            let enough = needs.iter().all(|need| decided_now(need.step))
                || matches!(graph.step(x).join, Join::AtLeast(n) if live() >= n as usize);
            if !enough {
                return Err(format!("L1: `{}` has begun, and what it needs is not decided", graph.step(x).id));
            }
            let visits = |p: StepIx| (p, seen(graph, view, p).visit);
            let before: BTreeMap<_, _> =
                needs.iter().map(|need| need.step).filter(|p| decided_now(*p)).map(visits).collect();
            let judged_on = self.judged_on.entry((x, step.visit)).or_insert_with(|| before);
            if judged_on.iter().any(|(p, visit)| seen(graph, view, *p).visit != *visit) {
                let id = &graph.step(x).id;
                return Err(format!("L1: a predecessor of `{id}` went on to another visit without it"));
            }
        }
        Ok(())
    }
}

fn l2_no_two_visits_of_a_step_at_once(view: &RunView, wishes: &Wishes) -> Result<(), String> {
    for key in wishes.live.keys() {
        let same = |other: &AttemptKey| {
            (&other.within, &other.step, other.item, other.undo) == (&key.within, &key.step, key.item, key.undo)
        };
        let beside = wishes.live.keys().filter(|other| same(other)).count();
        let step = view.steps.get(&key.step).filter(|_| key.within.is_empty() && !key.undo);
        let new_one_lives =
            step.is_some_and(|step| begun(step) && step.visit != key.visit && step.status != StepStatus::Skipped);
        if beside > 1 || new_one_lives {
            return Err(format!("L2: {key} lives beside another attempt or visit of its step"));
        }
    }
    Ok(())
}

fn l3_every_run_is_finite(
    (graph, regions): (&Graph, &Regions),
    view: &RunView,
    fired: &BTreeMap<(StepIx, usize), u32>,
    reruns: u32,
) -> Result<(), String> {
    for (g, count) in fired.iter().filter(|(_, count)| **count > 0) {
        let around: u32 = fired.iter().filter(|(h, _)| encloses(graph, regions, **h, *g)).map(|(_, count)| count).sum();
        if graph.step(g.0).goto[g.1].max.is_some_and(|max| *count > max * (1 + around + reruns)) {
            return Err(format!("L3: a loop of `{}` has fired {count} times", graph.step(g.0).id));
        }
    }
    let mut most: BTreeMap<StepIx, u32> = graph.indices().map(|x| (x, 1 + reruns)).collect();
    for ((source, place), count) in fired.iter().filter(|(_, count)| **count > 0) {
        for x in &regions[&graph.step(*source).goto[*place].to] {
            *most.entry(*x).or_default() += count;
        }
    }
    match graph.indices().find(|x| seen(graph, view, *x).visit > most[x]) {
        Some(x) => Err(format!("L3: `{}` has more visits than loops have re-opened it", graph.step(x).id)),
        None => Ok(()),
    }
}

fn l4_over_leaves_nothing_undecided(view: &RunView, wishes: &Wishes) -> Result<(), String> {
    let over = view.status.is_over();
    if over != wishes.finished.is_some() {
        return Err("L4: the run is over, and core did not say so, or the reverse".to_owned());
    }
    let all_decided = view.steps.values().all(|step| decided(step.status));
    if over && !(all_decided && wishes.live.is_empty() && wishes.timers.is_empty()) {
        return Err("L4: the run is over, and something is undecided, lives, or has a timer".to_owned());
    }
    Ok(())
}

fn seen<'a>(graph: &Graph, view: &'a RunView, x: StepIx) -> &'a StepView {
    &view.steps[&graph.step(x).id]
}

/// The last of `visits` is the current one once it has begun.
fn begun(step: &StepView) -> bool {
    step.visits.last().is_some_and(|visit| visit.visit == step.visit)
}

fn decided(status: StepStatus) -> bool {
    use StepStatus::{Cancelled, Failed, Skipped, Succeeded};
    matches!(status, Succeeded | Failed | Skipped | Cancelled)
}

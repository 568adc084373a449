//! What follows from the forward edges: who comes before whom, who can be skipped by choice, and what is sure where.
//!
//! *Soft* and *firm*: a step is firm when only a failure before it can skip it. A step with an `if`, behind a `failed` edge,
//! or behind nothing but soft steps is soft: it can be skipped (`condition`, `not_taken`) in a run where all goes well.

use fixedbitset::FixedBitSet;
use loopline_core::graph::Condition;
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::model::{Edge, Model, ModelStep};

pub(super) struct Flow {
    /// Every step behind those it needs.
    pub(super) order: Vec<usize>,
    /// Per step: all steps that lead to it by forward edges.
    pub(super) ancestors: Vec<FixedBitSet>,
    /// Per step: only a failure can skip it.
    pub(super) firm: Vec<bool>,
    /// Per step: those that have succeeded when it goes on.
    pub(super) sure: Vec<FixedBitSet>,
    /// Per step: it has succeeded when the run has.
    pub(super) sure_at_end: Vec<bool>,
    /// Per step: the steps behind it, and the conditions.
    pub(super) successors: Vec<Vec<(usize, Condition)>>,
}

/// Steps that need each other, each the one before it, the first the last.
pub(super) struct Cycle {
    pub(super) steps: Vec<usize>,
}

impl Flow {
    pub(super) fn of(model: &Model<'_>) -> Result<Self, Vec<Cycle>> {
        let count = model.steps.len();
        let mut graph: DiGraph<(), (), u32> = DiGraph::with_capacity(count, count);
        let mut successors = vec![Vec::new(); count];
        for _ in 0..count {
            graph.add_node(());
        }
        for (to, step) in model.steps.iter().enumerate() {
            for edge in &step.needs {
                graph.add_edge(NodeIndex::new(edge.from), NodeIndex::new(to), ());
                successors[edge.from].push((to, edge.on));
            }
        }
        let Ok(order) = toposort(&graph, None) else { return Err(cycles(&graph)) };
        let order: Vec<usize> = order.into_iter().map(NodeIndex::index).collect();
        let mut flow = Self {
            ancestors: vec![FixedBitSet::new(); count],
            firm: vec![false; count],
            sure: vec![FixedBitSet::new(); count],
            sure_at_end: vec![false; count],
            successors,
            order,
        };
        for at in 0..count {
            let step = flow.order[at];
            flow.ancestors[step] = flow.ancestors_of(&model.steps[step], count);
            flow.firm[step] = flow.is_firm(&model.steps[step]);
            flow.sure[step] = flow.sure_in(model, &model.steps[step], count);
        }
        flow.find_sure_at_end(model);
        Ok(flow)
    }

    fn ancestors_of(&self, step: &ModelStep<'_>, count: usize) -> FixedBitSet {
        let mut ancestors = FixedBitSet::with_capacity(count);
        for edge in &step.needs {
            ancestors.union_with(&self.ancestors[edge.from]);
            ancestors.insert(edge.from);
        }
        ancestors
    }

    /// Where nothing before it fails, it goes on.
    fn is_firm(&self, step: &ModelStep<'_>) -> bool {
        if step.spec.is_none_or(|spec| spec.condition.is_some()) {
            return false;
        }
        // Live in every run in which nothing before it fails.
        let live = |edge: &Edge| match edge.on {
            Condition::Ok | Condition::Succeeded | Condition::Completed => self.firm[edge.from],
            Condition::Always => true,
            Condition::Failed | Condition::Catch | Condition::Skipped => false,
        };
        // An `ok` edge from a step that was skipped by choice is neutral, it does not stand in the way.
        let open = |edge: &Edge| live(edge) || edge.on == Condition::Ok;
        match step.at_least {
            None => step.needs.is_empty() || (step.needs.iter().all(open) && step.needs.iter().any(live)),
            Some(least) => step.needs.iter().filter(|edge| live(edge)).count() >= least as usize,
        }
    }

    /// X5. `all`: what holds over any edge that must be live, or over every edge that could be the live one.
    fn sure_in(&self, model: &Model<'_>, step: &ModelStep<'_>, count: usize) -> FixedBitSet {
        let mut sure = FixedBitSet::with_capacity(count);
        if step.needs.is_empty() {
            return sure;
        }
        // What has succeeded when this edge is live.
        let when_live = |edge: &Edge| {
            let mut set = FixedBitSet::with_capacity(count);
            let allowed = model.steps[edge.from].allows_failure();
            match edge.on {
                Condition::Skipped | Condition::Always => {}
                Condition::Failed | Condition::Catch | Condition::Completed => set.union_with(&self.sure[edge.from]),
                Condition::Ok | Condition::Succeeded => {
                    set.union_with(&self.sure[edge.from]);
                    if edge.on == Condition::Succeeded || !allowed {
                        set.insert(edge.from);
                    }
                }
            }
            set
        };
        let mut over_every_edge = when_live(&step.needs[0]);
        for edge in &step.needs[1..] {
            over_every_edge.intersect_with(&when_live(edge));
        }
        sure.union_with(&over_every_edge);
        if step.at_least.is_none() {
            // An edge that cannot be neutral must be live.
            for edge in step.needs.iter().filter(|edge| edge.on != Condition::Ok || self.firm[edge.from]) {
                sure.union_with(&when_live(edge));
            }
        }
        sure
    }

    /// A step that has succeeded in every run that did: firm, its failure neither allowed nor handled, and not skipped behind
    /// a failure that was.
    fn find_sure_at_end(&mut self, model: &Model<'_>) {
        let allowed = |step: usize| model.steps[step].allows_failure();
        let catchers = |step: usize| {
            self.successors[step].iter().filter(|(_, on)| *on == Condition::Catch).map(|(catcher, _)| *catcher)
        };
        let mut skipped_in_green = vec![false; model.steps.len()];
        let mut sure_at_end = vec![false; model.steps.len()];
        for &at in &self.order {
            let step = &model.steps[at];
            let blocked_in_green = |edge: &Edge| {
                let caught = catchers(edge.from).next().is_some();
                match edge.on {
                    Condition::Ok => (caught && !allowed(edge.from)) || skipped_in_green[edge.from],
                    Condition::Succeeded => caught || allowed(edge.from) || skipped_in_green[edge.from],
                    Condition::Completed => skipped_in_green[edge.from],
                    _ => false,
                }
            };
            // With `any`, a handled failure does no harm where whatever handled it leads here too.
            let harmless = |edge: &Edge| {
                step.at_least == Some(1)
                    && catchers(edge.from).next().is_some()
                    && catchers(edge.from).all(|catcher| {
                        let leads = |other: &Edge| {
                            !matches!(other.on, Condition::Failed | Condition::Catch | Condition::Skipped)
                        };
                        step.needs.iter().any(|other| other.from == catcher && leads(other))
                    })
            };
            skipped_in_green[at] = step.needs.iter().any(|edge| blocked_in_green(edge) && !harmless(edge));
            sure_at_end[at] = self.firm[at] && !skipped_in_green[at] && !allowed(at) && catchers(at).next().is_none();
        }
        self.sure_at_end = sure_at_end;
    }

    /// A step and all that lead to it.
    pub(super) fn up_to(&self, step: usize) -> FixedBitSet {
        let mut up_to = self.ancestors[step].clone();
        up_to.grow_and_insert(step);
        up_to
    }

    /// `from` is `to`, or leads to it by forward edges.
    pub(super) fn leads(&self, from: usize, to: usize) -> bool {
        from == to || self.ancestors[to].contains(from)
    }
}

/// One cycle of each knot of steps that need each other.
fn cycles(graph: &DiGraph<(), (), u32>) -> Vec<Cycle> {
    let mut cycles = Vec::new();
    for mut knot in kosaraju_scc(graph) {
        if knot.len() < 2 {
            continue;
        }
        knot.sort();
        // The shortest way from the first step of the knot back to it, breadth first.
        let inside: std::collections::BTreeSet<_> = knot.iter().copied().collect();
        let start = knot[0];
        let mut before = std::collections::BTreeMap::new();
        let mut open = std::collections::VecDeque::from([start]);
        'search: while let Some(at) = open.pop_front() {
            let mut next: Vec<_> = graph.neighbors(at).filter(|next| inside.contains(next)).collect();
            next.sort();
            for next in next {
                if next == start {
                    let mut steps = vec![at.index()];
                    let mut back = at;
                    while let Some(&previous) = before.get(&back) {
                        back = previous;
                        steps.push(NodeIndex::index(back));
                    }
                    steps.reverse();
                    cycles.push(Cycle { steps });
                    break 'search;
                }
                if next != start && !before.contains_key(&next) {
                    before.insert(next, at);
                    open.push_back(next);
                }
            }
        }
    }
    cycles.sort_by(|a, b| a.steps.cmp(&b.steps));
    cycles
}

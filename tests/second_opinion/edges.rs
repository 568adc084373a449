//! EDGE and JOIN: what a forward edge is, and whether a step may go on. Also who lies behind whom, found by walking.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::graph::{Condition, Graph, Join, Need};
use loopline_core::id::StepIx;
use loopline_core::view::{EdgeState, SkipReason};

use super::state::{St, State};

/// R(t): `t`, and everything that forward edges lead to from there.
pub fn reach(graph: &Graph, t: StepIx) -> BTreeSet<StepIx> {
    let mut found = BTreeSet::from([t]);
    loop {
        let behind = graph
            .indices()
            .find(|x| !found.contains(x) && graph.step(*x).needs.iter().any(|need| found.contains(&need.step)));
        match behind {
            Some(x) => found.insert(x),
            None => return found,
        };
    }
}

/// The steps, by how many edges lead to them at the most, then by id.
pub fn order(graph: &Graph) -> Vec<StepIx> {
    let mut level: BTreeMap<StepIx, usize> = BTreeMap::new();
    while level.len() < graph.steps.len() {
        for x in graph.indices() {
            let before = graph.step(x).needs.iter().map(|need| level.get(&need.step).map(|level| level + 1));
            if let Some(all) = before.collect::<Option<Vec<usize>>>() {
                level.insert(x, all.into_iter().max().unwrap_or(0));
            }
        }
    }
    let mut steps: Vec<StepIx> = graph.indices().collect();
    steps.sort_by_key(|x| (level[x], *x));
    steps
}

/// R(t) for every t.
pub type Regions = BTreeMap<StepIx, BTreeSet<StepIx>>;

pub fn regions(graph: &Graph) -> Regions {
    graph.indices().map(|x| (x, reach(graph, x))).collect()
}

/// →+: there is a way of at least one edge.
pub fn leads(regions: &Regions, from: StepIx, to: StepIx) -> bool {
    from != to && regions[&from].contains(&to)
}

/// h ≻ g: a firing of `h` refills the count of `g`.
pub fn encloses(graph: &Graph, regions: &Regions, h: (StepIx, usize), g: (StepIx, usize)) -> bool {
    let to = |entry: (StepIx, usize)| graph.step(entry.0).goto[entry.1].to;
    leads(regions, to(h), to(g)) || (to(h) == to(g) && leads(regions, g.0, h.0))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    Go,
    No,
    Undecided,
}

impl State<'_> {
    /// e(p, c).
    pub fn edge(&self, need: Need) -> EdgeState {
        let source = self.at(need.step);
        if matches!(source.st, St::Pending | St::Running) {
            return EdgeState::Undecided;
        }
        let live_for: &[St] = match need.on {
            Condition::Ok => {
                let allowed = source.st == St::Failed && self.graph.step(need.step).allow_failure;
                let passed = matches!(source.why, Some(SkipReason::Condition | SkipReason::NotTaken));
                return match source.st {
                    St::Succeeded => EdgeState::Live,
                    _ if allowed => EdgeState::Live,
                    St::Skipped if passed => EdgeState::Neutral,
                    _ => EdgeState::Blocked,
                };
            }
            Condition::Succeeded => &[St::Succeeded],
            Condition::Failed | Condition::Catch => &[St::Failed],
            Condition::Completed => &[St::Succeeded, St::Failed],
            Condition::Skipped => &[St::Skipped],
            Condition::Always => &[St::Succeeded, St::Failed, St::Skipped, St::Cancelled],
        };
        if live_for.contains(&source.st) { EdgeState::Live } else { EdgeState::Blocked }
    }

    /// JOIN x.
    pub fn join(&self, x: StepIx) -> Joined {
        let step = self.graph.step(x);
        if step.needs.is_empty() {
            return Joined::Go;
        }
        let edges: Vec<(StepIx, EdgeState)> = step.needs.iter().map(|need| (need.step, self.edge(*need))).collect();
        let any = |state| edges.iter().any(|(_, edge)| *edge == state);
        match step.join {
            Join::All if any(EdgeState::Undecided) => Joined::Undecided,
            Join::All if !any(EdgeState::Blocked) && any(EdgeState::Live) => Joined::Go,
            Join::All => Joined::No,
            Join::AtLeast(n) => {
                let live = edges.iter().filter(|(_, edge)| *edge == EdgeState::Live).count();
                if live >= n as usize {
                    let Some(inside) = &self.at(x).inside else { return Joined::Go };
                    let from_inside = |state| edges.iter().any(|(p, edge)| inside.contains(p) && *edge == state);
                    let free = from_inside(EdgeState::Live) || !from_inside(EdgeState::Undecided);
                    return if free { Joined::Go } else { Joined::Undecided };
                }
                if any(EdgeState::Undecided) { Joined::Undecided } else { Joined::No }
            }
        }
    }

    /// Why a step does not go on whose join said no.
    pub fn why_not(&self, x: StepIx) -> SkipReason {
        let behind_a_failure = self.graph.step(x).needs.iter().any(|need| {
            let source = self.at(need.step);
            matches!(need.on, Condition::Ok | Condition::Succeeded | Condition::Completed)
                && self.edge(*need) == EdgeState::Blocked
                && (matches!(source.st, St::Failed | St::Cancelled)
                    || matches!(source.why, Some(SkipReason::UpstreamFailed | SkipReason::Cancelled)))
        });
        if behind_a_failure { SkipReason::UpstreamFailed } else { SkipReason::NotTaken }
    }
}

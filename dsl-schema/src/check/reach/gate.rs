//! Joins: when the edges into a step let it go on, and when not (E4, E5).
//!
//! Steps that need the same steps on the same conditions share one join, which is judged once.

use std::rc::Rc;

use super::diagram::Set;
use super::frontier::{Function, MAX_VARIABLES};
use super::lanes::mixed;
use super::sweep::Sweep;
use super::ways::{EdgeWays, Ways};
use crate::model::Model;

/// With more edges than this, a join lets go of its sources one by one while it is folded, so that few variables are in use
/// at a time; and it does not say which of them contradict each other.
const MAX_EXPLAINED: usize = 16;

/// So many variables may gather while a join is folded.
const MAX_FOLDED: usize = 32;

/// A join that counts further than this is not followed exactly.
pub(super) const MAX_COUNT: u32 = 16;

/// A join, and what has been found out about it.
pub(super) struct Gate {
    /// The steps that it needs.
    pub(super) needs: Vec<(usize, EdgeWays)>,
    /// How many edges must be live; none: all that are not neutral.
    pub(super) at_least: Option<u32>,
    /// The steps behind it.
    pub(super) steps: Vec<usize>,
    /// How many of them have not been judged.
    pub(super) steps_left: usize,
    pub(super) is_judged: bool,
    /// When it lets go on, when not by choice, and when not because of a failure. None where it cannot be followed.
    pub(super) function: Option<Function>,
    /// Some of its sources are not followed exactly.
    pub(super) is_guess: bool,
    pub(super) can_go: bool,
    pub(super) can_be_not_taken: bool,
    pub(super) can_be_upstream_failed: bool,
    /// Why it cannot let go on.
    pub(super) conflict: Option<Rc<Conflict>>,
}

/// Why a join can never let a step go on. Edges are named by their place in the step's needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conflict {
    /// This edge is blocked in every run.
    Blocked(usize),
    /// No edge is live in any run, though none is blocked in all.
    NoneLive,
    /// Only so many edges are ever live.
    TooFew(usize),
    /// These edges are never open in one run, with what each of them takes.
    Together(Vec<(usize, Vec<String>)>),
    /// For no reason that is short.
    Entangled,
}

impl Gate {
    /// Of these steps, which have equal needs.
    fn of(model: &Model<'_>, steps: Vec<usize>) -> Self {
        let first = &model.steps[steps[0]];
        let allowed = |from: usize| model.steps[from].allows_failure();
        let needs = first.needs.iter().map(|edge| (edge.from, EdgeWays::of(edge.on, allowed(edge.from))));
        Self {
            needs: needs.collect(),
            at_least: first.at_least,
            steps_left: steps.len(),
            steps,
            is_judged: false,
            function: None,
            is_guess: false,
            can_go: true,
            can_be_not_taken: false,
            can_be_upstream_failed: false,
            conflict: None,
        }
    }

    /// The sources of which it matters how they end.
    pub(super) fn that_matter(&self) -> impl Iterator<Item = usize> + '_ {
        self.needs.iter().filter(|(_, edge)| edge.live != Ways::ALL).map(|(source, _)| *source)
    }

    /// What the join may say when its sources may end so, each whatever the others do.
    pub(super) fn guess(&mut self, ways: &[Ways]) {
        let edges = || self.needs.iter().map(|(_, edge)| edge).zip(ways.iter().copied());
        let none_needed = self.needs.is_empty();
        let can_be_live = edges().filter(|(edge, ways)| ways.meets(edge.live)).count();
        let must_be_live = edges().filter(|(edge, ways)| ways.within(edge.live)).count();
        let all_end = ways.iter().all(|ways| *ways != Ways::NONE);
        let can_be_blocked = edges().any(|(edge, ways)| ways.meets(edge.blocked));
        let failure = edges().any(|(edge, ways)| ways.meets(edge.blocked_by_failure));
        let needs_failure = edges().any(|(edge, ways)| ways.within(edge.blocked_by_failure));
        let (can_go, can_stop) = match self.at_least {
            None => (
                none_needed || (can_be_live > 0 && edges().all(|(edge, ways)| ways.meets(edge.open()))),
                !none_needed && all_end,
            ),
            Some(least) => (can_be_live >= least as usize, all_end && must_be_live < least as usize),
        };
        let all_can_be_neutral = edges().all(|(edge, ways)| ways.meets(edge.neutral));
        let stops_by_choice = self.at_least.is_some() || can_be_blocked || all_can_be_neutral;
        self.can_be_not_taken = can_stop && stops_by_choice && !needs_failure;
        self.can_be_upstream_failed = can_stop && failure;
        self.can_go = can_go;
    }
}

/// The joins of a file.
pub(super) struct Gates {
    pub(super) all: Vec<Gate>,
    pub(super) of_step: Vec<usize>,
}

impl Gates {
    pub(super) fn of(model: &Model<'_>) -> Self {
        let edges = |at: usize| model.steps[at].needs.iter().map(|edge| (edge.from, edge.on));
        let is_alike = |a: usize, b: usize| model.steps[a].at_least == model.steps[b].at_least && edges(a).eq(edges(b));
        // Equal needs have equal numbers. Unequal ones that had would only not be found to be equal.
        let number = |at: usize| {
            let start = mixed(model.steps[at].at_least.map_or(0, |least| u64::from(least) + 1));
            edges(at).fold(start, |number, (from, on)| mixed(number ^ (((from as u64) << 3) | on as u64)))
        };
        let mut alike: Vec<(u64, usize)> = (0..model.steps.len()).map(|at| (number(at), at)).collect();
        alike.sort_unstable();
        let mut gates = Self { all: Vec::new(), of_step: vec![0; model.steps.len()] };
        for steps in alike.chunk_by(|(_, a), (_, b)| is_alike(*a, *b)) {
            for (_, at) in steps {
                gates.of_step[*at] = gates.all.len();
            }
            gates.all.push(Gate::of(model, steps.iter().map(|(_, at)| *at).collect()));
        }
        gates
    }

    /// Per step: how many joins it leads into of those that have a step left.
    pub(super) fn wanted(&self, count: usize) -> Vec<u32> {
        let mut wanted = vec![0; count];
        for (source, _) in self.all.iter().filter(|gate| gate.steps_left > 0).flat_map(|gate| &gate.needs) {
            wanted[*source] += 1;
        }
        wanted
    }
}

/// When an edge is what.
#[derive(Clone, Copy)]
struct Edge {
    live: Set,
    neutral: Set,
    blocked: Set,
    blocked_by_failure: Set,
}

impl Sweep<'_> {
    /// The function of a join; notes whether it can let go on, and why not.
    pub(super) fn fold_gate(&mut self, at: usize) -> Option<Function> {
        let needs = self.gates.all[at].needs.clone();
        let at_least = self.gates.all[at].at_least;
        if needs.is_empty() {
            return Some(Function { parts: vec![Set::ALL, Set::NONE, Set::NONE], over: Vec::new() });
        }
        let folded = match at_least {
            None => self.fold(&needs, Function::starting(4, 1), Self::fold_all)?,
            Some(least) if least > MAX_COUNT => return None,
            Some(least) => self.fold(&needs, Function::starting(2 * least as usize + 1, 0), Self::fold_count)?,
        };
        let parts = match at_least {
            None => self.verdict_of_all(&folded.parts),
            Some(_) => self.verdict_of_count(&folded.parts),
        };
        let conditions = self.conditions;
        let can_go = conditions.is_possible(parts[0], &mut self.diagrams);
        let conflict = if can_go || needs.len() > MAX_EXPLAINED { None } else { self.conflict(&needs, at_least) };
        if self.diagrams.is_over() {
            self.frontier.set_free(&folded.over);
            return None;
        }
        let gate = &mut self.gates.all[at];
        gate.can_go = can_go;
        gate.conflict = conflict.map(Rc::new);
        Some(Function { parts, over: folded.over })
    }

    /// Takes one edge after the other into `folded`. Those that know most come last: what is known of the others then stands
    /// further down in every diagram, and is not walked through again.
    fn fold(
        &mut self,
        needs: &[(usize, EdgeWays)],
        start: Function,
        take: impl Fn(&mut Self, &[Set], Edge) -> Vec<Set>,
    ) -> Option<Function> {
        let mut order: Vec<&(usize, EdgeWays)> = needs.iter().collect();
        let first_own = self.conditions.variables();
        let lowest = |sweep: &Self, source: usize| {
            let over = sweep.functions[source].as_ref().map(|function| function.over.as_slice()).unwrap_or_default();
            over.iter().copied().find(|variable| *variable >= first_own).unwrap_or(u32::MAX)
        };
        order.sort_by_key(|(source, _)| std::cmp::Reverse(lowest(self, *source)));
        let mut folded = start;
        for (source, ways) in order {
            let edge = self.edge(*source, *ways);
            folded.parts = take(self, &folded.parts, edge);
            // Where an edge is live however its source ends, nothing is known by it.
            if edge.live != Set::ALL {
                folded.over.extend(self.functions[*source].iter().flat_map(|function| &function.over));
                self.diagrams.spend(folded.over.len() / 4);
                folded.over.sort_unstable();
                folded.over.dedup();
            }
            if needs.len() > MAX_EXPLAINED {
                folded = self.let_go_within(*source, folded);
            }
            if folded.over.len() > MAX_VARIABLES || self.diagrams.is_over() {
                self.frontier.set_free(&folded.over);
                return None;
            }
        }
        Some(folded)
    }

    /// Lets go of a source that only this join still wanted.
    fn let_go_within(&mut self, source: usize, folded: Function) -> Function {
        if self.wanted[source] > 1 {
            return folded;
        }
        if let Some(old) = self.functions[source].take() {
            self.frontier.let_go(&old, &folded.over);
        }
        if folded.over.len() < MAX_FOLDED { folded } else { self.frontier.narrow(folded, &mut self.diagrams) }
    }

    fn edge(&mut self, source: usize, ways: EdgeWays) -> Edge {
        Edge {
            live: self.ended(source, ways.live),
            neutral: self.ended(source, ways.neutral),
            blocked: self.ended(source, ways.blocked),
            blocked_by_failure: self.ended(source, ways.blocked_by_failure),
        }
    }

    /// `all`. The parts: some live and none blocked; all neutral; blocked by choice; blocked behind a failure.
    fn fold_all(&mut self, parts: &[Set], edge: Edge) -> Vec<Set> {
        let [live, neutral, blocked, failed] = parts[..] else { unreachable!("it starts with four parts") };
        let diagrams = &mut self.diagrams;
        let open = diagrams.or(edge.live, edge.neutral);
        let not_failed = diagrams.or(open, edge.blocked);
        let decided = diagrams.or(not_failed, edge.blocked_by_failure);
        let clear = diagrams.or(live, neutral);
        let unfailed = diagrams.or(clear, blocked);
        let (stays_live, becomes_live) = (diagrams.and(live, open), diagrams.and(neutral, edge.live));
        let (stays_blocked, becomes_blocked) = (diagrams.and(blocked, not_failed), diagrams.and(clear, edge.blocked));
        let (stays_failed, becomes_failed) =
            (diagrams.and(failed, decided), diagrams.and(unfailed, edge.blocked_by_failure));
        vec![
            diagrams.or(stays_live, becomes_live),
            diagrams.and(neutral, edge.neutral),
            diagrams.or(stays_blocked, becomes_blocked),
            diagrams.or(stays_failed, becomes_failed),
        ]
    }

    fn verdict_of_all(&mut self, parts: &[Set]) -> Vec<Set> {
        vec![parts[0], self.diagrams.or(parts[1], parts[2]), parts[3]]
    }

    /// `any` and `at_least`. The parts: so many live and no failure, for 0, 1, 2 … and last: enough; and in between the same
    /// with a failure. An edge that is never decided counts as blocked, which only makes more skips possible than there are.
    fn fold_count(&mut self, parts: &[Set], edge: Edge) -> Vec<Set> {
        let least = parts.len() / 2;
        let diagrams = &mut self.diagrams;
        let not_live = diagrams.not(edge.live);
        let blocked = diagrams.minus(not_live, edge.blocked_by_failure);
        let mut next = vec![Set::NONE; parts.len()];
        for count in 0..least {
            let (well, failed) = (parts[count], parts[least + 1 + count]);
            let stays = diagrams.and(well, blocked);
            next[count] = diagrams.or(next[count], stays);
            let stays = diagrams.and(failed, not_live);
            let becomes = diagrams.and(well, edge.blocked_by_failure);
            let either = diagrams.or(stays, becomes);
            next[least + 1 + count] = diagrams.or(next[least + 1 + count], either);
            let counts = diagrams.and(well, edge.live);
            next[count + 1] = diagrams.or(next[count + 1], counts);
            let counts = diagrams.and(failed, edge.live);
            // Enough is enough, whatever failed.
            let further = if count + 1 == least { least } else { least + 2 + count };
            next[further] = diagrams.or(next[further], counts);
        }
        next[least] = diagrams.or(next[least], parts[least]);
        next
    }

    fn verdict_of_count(&mut self, parts: &[Set]) -> Vec<Set> {
        let least = parts.len() / 2;
        let mut any = |range: std::ops::Range<usize>| {
            parts[range].iter().fold(Set::NONE, |any, part| self.diagrams.or(any, *part))
        };
        vec![parts[least], any(0..least), any(least + 1..parts.len())]
    }

    /// Which edges contradict each other: as few as possible.
    fn conflict(&mut self, needs: &[(usize, EdgeWays)], at_least: Option<u32>) -> Option<Conflict> {
        if at_least.is_some() {
            return None;
        }
        let edges: Vec<Edge> = needs.iter().map(|(source, ways)| self.edge(*source, *ways)).collect();
        let open: Vec<Set> = edges.iter().map(|edge| self.diagrams.or(edge.live, edge.neutral)).collect();
        let mut core: Vec<usize> = (0..needs.len()).collect();
        if self.can_be_open_together(&open, &core) {
            return Some(Conflict::NoneLive);
        }
        for edge in 0..needs.len() {
            let fewer: Vec<usize> = core.iter().copied().filter(|other| *other != edge).collect();
            if !self.can_be_open_together(&open, &fewer) {
                core = fewer;
            }
        }
        let conditions = self.conditions;
        let asked: Vec<usize> = {
            let sets: Vec<Set> = core.iter().map(|edge| open[*edge]).collect();
            self.diagrams.variables(&sets).into_iter().filter_map(|of| conditions.asked(of)).collect()
        };
        let takes = |sweep: &mut Self, edge: usize| {
            asked.iter().filter_map(|question| sweep.answer_in(open[edge], *question)).take(3).collect()
        };
        match core.as_slice() {
            [only] => Some(Conflict::Blocked(*only)),
            _ => Some(Conflict::Together(core.iter().map(|edge| (*edge, takes(self, *edge))).collect())),
        }
    }

    fn can_be_open_together(&mut self, open: &[Set], edges: &[usize]) -> bool {
        let conditions = self.conditions;
        let together = edges.iter().fold(Set::ALL, |all, edge| self.diagrams.and(all, open[*edge]));
        conditions.is_possible(together, &mut self.diagrams)
    }

    /// Why a join cannot let go on, as far as each edge by itself tells.
    pub(super) fn plain_conflict(&self, at: usize) -> Conflict {
        let gate = &self.gates.all[at];
        let ways: Vec<Ways> = gate.needs.iter().map(|(source, _)| self.outlooks[*source].ways).collect();
        let can_be_live = gate.needs.iter().zip(&ways).filter(|((_, edge), ways)| ways.meets(edge.live)).count();
        if let Some(least) = gate.at_least {
            return if can_be_live < least as usize { Conflict::TooFew(can_be_live) } else { Conflict::Entangled };
        }
        let shut = gate.needs.iter().zip(&ways).position(|((_, edge), ways)| !ways.meets(edge.open()));
        match shut {
            Some(edge) => Conflict::Blocked(edge),
            None if can_be_live == 0 => Conflict::NoneLive,
            None => Conflict::Entangled,
        }
    }
}

impl Function {
    /// All assignments lead to this part.
    fn starting(parts: usize, first: usize) -> Self {
        let mut function = Self { parts: vec![Set::NONE; parts], over: Vec::new() };
        function.parts[first] = Set::ALL;
        function
    }
}

//! Runs that are tried out, many at a time: what is seen in one of them needs no proof.
//!
//! In most files every step can run, and a few hundred runs show it in less time than it takes to say why one could not.
//! What they do not show is left to [`super::sweep`]. The runs differ in the answers to questions and in what fails. They are
//! drawn, not random: the same file gives the same runs.
//!
//! A run here is one that the unknowns of [`super::conditions`] and [`super::ends`] allow, errors left out.

use loopline_core::graph::{Condition as On, GotoOn, OnExhausted};

use super::conditions::{Condition, Conditions, Term};
use super::ends::{can_fail, is_used_up};
use super::gate::{Gate, Gates, MAX_COUNT};
use super::lanes::{LANES, Lanes, mixed};
use super::ways::{EdgeWays, Ways};
use crate::check::flow::Flow;
use crate::model::Model;

/// Rounds of runs in which anything may happen.
const DRAWN_ROUNDS: usize = 2;

/// Rounds of runs in which a few steps fail on purpose, where drawn runs left something unseen.
const CHOSEN_ROUNDS: usize = 4;

/// Edges that are looked at over all rounds; the first round is always played.
const MAX_EDGES: usize = 200_000;

/// What has been seen of a step.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) has_run: bool,
    /// How it has ended, as forward edges see it.
    pub(super) ways: Ways,
    /// Of its loop edges: those that have fired.
    pub(super) fired: Vec<bool>,
}

/// Plays runs; gives what has been seen of each step.
pub(super) fn play(model: &Model<'_>, flow: &Flow, conditions: &Conditions, gates: &Gates) -> Vec<Seen> {
    let count = model.steps.len();
    let seen = |at: usize| Seen { fired: vec![false; model.steps[at].gotos.len()], ..Seen::default() };
    let mut trial = Trial {
        model,
        conditions,
        gates,
        can_fail: model.steps.iter().map(can_fail).collect(),
        ends: vec![[Lanes::NONE; 4]; count],
        never_ends: vec![false; count],
        joins: vec![None; gates.all.len()],
        answers: vec![Lanes::NONE; conditions.questions.len()],
        round: 0,
        seen: (0..count).map(seen).collect(),
    };
    let edges: usize = count + gates.all.iter().map(|gate| gate.needs.len()).sum::<usize>();
    let rounds = (MAX_EDGES / edges.max(1)).max(1);
    for _ in 0..DRAWN_ROUNDS.min(rounds) {
        trial.round(flow, None);
        trial.conclude(flow);
        if !(0..count).any(|at| is_open(&trial.seen, model, flow, at)) {
            return trial.seen;
        }
    }
    for chosen in 0..CHOSEN_ROUNDS.min(rounds.saturating_sub(DRAWN_ROUNDS)) {
        let culprits = trial.culprits(flow);
        if chosen * LANES >= culprits.len() {
            break;
        }
        trial.round(flow, Some(&culprits[chosen * LANES..]));
        trial.conclude(flow);
    }
    trial.seen
}

/// Whether something about a step has not been seen that may be possible.
pub(super) fn is_open(seen: &[Seen], model: &Model<'_>, flow: &Flow, at: usize) -> bool {
    let allowed = model.steps[at].allows_failure();
    let unseen = |(_, on): &(usize, _)| !seen[at].ways.meets(EdgeWays::of(*on, allowed).live);
    !seen[at].has_run || seen[at].fired.contains(&false) || flow.successors[at].iter().any(unseen)
}

struct Trial<'a> {
    model: &'a Model<'a>,
    conditions: &'a Conditions,
    gates: &'a Gates,
    can_fail: Vec<bool>,
    /// Per step: the runs in which it ends how.
    ends: Vec<[Lanes; 4]>,
    /// Per step: there are runs in which it does not end.
    never_ends: Vec<bool>,
    /// Per join: the runs in which it lets go on, stops by choice, stops behind a failure. None: not judged in this round.
    joins: Vec<Option<[Lanes; 3]>>,
    /// Per question: the runs in which the answer is `yes`.
    answers: Vec<Lanes>,
    round: u64,
    seen: Vec<Seen>,
}

impl Trial<'_> {
    /// Plays a round. `culprits`: each of these fails in a run of its own, and little else does.
    fn round(&mut self, flow: &Flow, culprits: Option<&[usize]>) {
        self.round += 1;
        self.draw_answers();
        self.joins.fill(None);
        let mut fails_in: Vec<Option<usize>> = vec![None; if culprits.is_some() { self.seen.len() } else { 0 }];
        for (lane, culprit) in culprits.into_iter().flatten().take(LANES).enumerate() {
            fails_in[*culprit] = Some(lane);
        }
        for &at in &flow.order {
            let well = match (self.can_fail[at], culprits) {
                (false, _) => Lanes::ALL,
                (true, None) => self.drawn_to_go_well(at),
                (true, Some(_)) => {
                    let mut badly = Lanes::NONE;
                    if let Some(lane) = fails_in[at] {
                        badly.set(lane);
                    }
                    !badly
                }
            };
            self.step(at, well);
        }
    }

    /// In half of the runs all goes well; in the others one step in two fails, or one in sixteen.
    fn drawn_to_go_well(&self, at: usize) -> Lanes {
        let seed = mixed(self.round) ^ at as u64;
        let rarely = mixed(seed) & mixed(!seed) & mixed(seed ^ (1 << 32)) & mixed(seed ^ (1 << 33));
        Lanes::of_words([u64::MAX, u64::MAX, !mixed(seed ^ (1 << 34)), !rarely])
    }

    /// Each subject has one value in each run, one that it can have.
    fn draw_answers(&mut self) {
        self.answers.fill(Lanes::NONE);
        for (number, subject) in self.conditions.subjects.iter().enumerate() {
            let seed = mixed(self.round ^ 0x5AFE).wrapping_add(number as u64);
            let domain = subject.domain.as_ref();
            let equals = |question: usize| Some(self.conditions.questions[question].atom.equals.clone());
            let can_be = |question: &usize| domain.is_none_or(|values| values.contains(&equals(*question)));
            let questions: Vec<usize> = subject.questions.iter().copied().filter(can_be).collect();
            let names_all = domain.is_some_and(|values| values.len() <= questions.len());
            let choices = questions.len() + usize::from(!names_all);
            match questions.as_slice() {
                [] => {}
                [only] if choices == 2 => self.answers[*only] = Lanes::drawn(seed),
                [yes, no] if choices == 2 => {
                    self.answers[*yes] = Lanes::drawn(seed);
                    self.answers[*no] = !self.answers[*yes];
                }
                _ => {
                    for lane in 0..LANES {
                        let choice = (mixed(seed ^ mixed(lane as u64)) % choices as u64) as usize;
                        if let Some(question) = questions.get(choice) {
                            self.answers[*question].set(lane);
                        }
                    }
                }
            }
        }
    }

    fn step(&mut self, at: usize, well: Lanes) {
        let gate = self.gates.of_step[at];
        let [go, not_taken, upstream_failed] = match self.joins[gate] {
            Some(known) => known,
            None => {
                let judged = self.join(&self.gates.all[gate]);
                self.joins[gate] = Some(judged);
                judged
            }
        };
        let condition = self.conditions.steps[at].condition.as_ref();
        let holds = self.condition(condition, Ways::NONE);
        let runs = go & holds;
        if !self.model.steps[at].gotos.is_empty() {
            // Whether a visit succeeds is free in each of these runs: what its loops make of either can be seen in all.
            let failed = if self.can_fail[at] { runs } else { Lanes::NONE };
            let [succeeded, failed] = self.leave(at, runs, failed);
            self.seen[at].ways =
                self.seen[at].ways | Ways::SUCCEEDED.when(!succeeded.is_none()) | Ways::FAILED.when(!failed.is_none());
        }
        let [succeeded, failed] = self.leave(at, runs & well, runs & !well);
        let ends = [succeeded, failed, not_taken | (go & !holds), upstream_failed];
        // A step whose loop fires for ever has not ended, and nor have those that wait for it.
        self.never_ends[at] = (ends[0] | ends[1] | ends[2] | ends[3]) != Lanes::ALL;
        let seen = &mut self.seen[at];
        seen.has_run |= !runs.is_none();
        for (way, lanes) in Ways::EACH.into_iter().zip(ends) {
            seen.ways = seen.ways | way.when(!lanes.is_none());
        }
        self.ends[at] = ends;
    }

    /// E4, E5.
    fn join(&self, gate: &Gate) -> [Lanes; 3] {
        if gate.needs.is_empty() {
            return [Lanes::ALL, Lanes::NONE, Lanes::NONE];
        }
        let wanted = gate.at_least.unwrap_or(1);
        let mut live = [Lanes::NONE; MAX_COUNT as usize];
        let (mut decided, mut blocked, mut failed) = (Lanes::ALL, Lanes::NONE, Lanes::NONE);
        for (source, edge) in &gate.needs {
            let is_live = self.ended(*source, edge.live);
            for more in (1..wanted.min(MAX_COUNT) as usize).rev() {
                live[more] = live[more] | (live[more - 1] & is_live);
            }
            live[0] = live[0] | is_live;
            if self.never_ends[*source] {
                decided = decided & self.ended(*source, Ways::ALL);
            }
            let by_failure = self.ended(*source, edge.blocked_by_failure);
            failed = failed | by_failure;
            blocked = blocked | by_failure | self.ended(*source, edge.blocked);
        }
        let enough = if wanted > MAX_COUNT { Lanes::NONE } else { live[wanted as usize - 1] };
        let go = match gate.at_least {
            None => decided & enough & !blocked,
            Some(_) => enough,
        };
        let stop = if wanted > MAX_COUNT { Lanes::NONE } else { decided & !go };
        [go, stop & !failed, stop & failed]
    }

    fn ended(&self, step: usize, ways: Ways) -> Lanes {
        let mut any = Lanes::NONE;
        for (way, lanes) in Ways::EACH.into_iter().zip(self.ends[step]) {
            if way.meets(ways) {
                any = any | lanes;
            }
        }
        any
    }

    fn condition(&self, condition: Option<&Condition>, own: Ways) -> Lanes {
        condition.map_or(Lanes::ALL, |condition| self.term(&condition.term, own))
    }

    fn term(&self, term: &Term, own: Ways) -> Lanes {
        match term {
            Term::Always => Lanes::ALL,
            Term::Never => Lanes::NONE,
            Term::Asked(question) => self.answers[*question],
            Term::Ended(step, ways) => self.ended(*step, *ways),
            Term::Own(ways) => {
                if own.meets(*ways) {
                    Lanes::ALL
                } else {
                    Lanes::NONE
                }
            }
            Term::Not(inner) => !self.term(inner, own),
            Term::And(parts) => parts.iter().fold(Lanes::ALL, |all, part| all & self.term(part, own)),
            Term::Or(parts) => parts.iter().fold(Lanes::NONE, |any, part| any | self.term(part, own)),
        }
    }

    /// G1, G4, as in [`super::ends`].
    fn leave(&mut self, at: usize, succeeded: Lanes, failed: Lanes) -> [Lanes; 2] {
        let (mut succeeded, mut failed, mut failed_by_loop) = (succeeded, failed, Lanes::NONE);
        for (index, entry) in self.model.steps[at].gotos.iter().enumerate() {
            let condition = self.conditions.steps[at].entries[index].as_ref();
            let of_kind = match entry.on {
                GotoOn::Rejected | GotoOn::Timeout => Lanes::drawn(mixed(self.round ^ 0xFA11) ^ index as u64),
                GotoOn::Succeeded | GotoOn::Failed | GotoOn::Completed => Lanes::ALL,
            };
            for (rest, own) in [(&mut succeeded, Ways::SUCCEEDED), (&mut failed, Ways::FAILED)] {
                if !super::ends::matches(entry.on, own) {
                    continue;
                }
                let fires = *rest & of_kind & self.condition(condition, own);
                self.seen[at].fired[index] |= !fires.is_none();
                match (is_used_up(entry), entry.on_exhausted) {
                    (true, OnExhausted::Continue) => continue,
                    (true, OnExhausted::Fail) => failed_by_loop = failed_by_loop | fires,
                    (false, _) => {}
                }
                *rest = *rest & !fires;
            }
        }
        [succeeded, failed | failed_by_loop]
    }

    /// What follows from what has been seen: a step that has run may fail another time, and one that hangs on a single edge
    /// goes on when that edge can be live.
    fn conclude(&mut self, flow: &Flow) {
        for &at in &flow.order {
            let step = &self.model.steps[at];
            if let ([edge], None) = (step.needs.as_slice(), &self.conditions.steps[at].condition) {
                let source = self.seen[edge.from].ways;
                let edge = EdgeWays::of(edge.on, self.model.steps[edge.from].allows_failure());
                let skipped = Ways::NOT_TAKEN.when(source.meets(edge.neutral | edge.blocked))
                    | Ways::UPSTREAM_FAILED.when(source.meets(edge.blocked_by_failure));
                self.seen[at].has_run |= source.meets(edge.live);
                self.seen[at].ways = self.seen[at].ways | skipped;
            }
            if self.seen[at].has_run && step.gotos.is_empty() {
                self.seen[at].ways = self.seen[at].ways | Ways::SUCCEEDED | Ways::FAILED.when(self.can_fail[at]);
            }
        }
    }

    /// The steps whose failure may show what has not been seen.
    fn culprits(&self, flow: &Flow) -> Vec<usize> {
        let mut culprits: Vec<usize> = Vec::new();
        for at in 0..self.seen.len() {
            if is_open(&self.seen, self.model, flow, at) {
                let edges = self.model.steps[at].needs.iter();
                culprits.extend(edges.filter(|edge| matches!(edge.on, On::Failed | On::Catch)).map(|edge| edge.from));
                culprits.push(at);
            }
        }
        culprits.sort_unstable();
        culprits.dedup();
        culprits.retain(|at| self.can_fail[*at]);
        culprits
    }
}

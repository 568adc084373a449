//! One pass over the steps, each behind those it needs: for each the assignments of the unknowns in which it ends how.
//!
//! The unknowns are the questions of conditions, and for each step that can fail whether it does. A step that cannot be
//! followed exactly is *cut*: it is taken to end in any way that it might, whatever else happens, and what lies behind is
//! judged on that. So a step that is said to never go on never does; one that is said to go on may not, where something
//! before it was cut.

use std::collections::BTreeMap;
use std::rc::Rc;

use fixedbitset::FixedBitSet;

use super::conditions::{Condition, Conditions};
use super::counts::Counts;
use super::diagram::{Diagrams, Set, Variable};
use super::ends::{self, EntryOutlook};
use super::frontier::{Frontier, Function, MAX_VARIABLES};
use super::gaps::{Choice, Gap};
use super::gate::{Conflict, Gates};
use super::ways::Ways;
use crate::model::{Model, ModelStep};

/// So many distinct conditions before a step are followed exactly.
pub(super) const MAX_CONDITIONS: usize = 16;

/// Nodes of diagrams that are looked at, for one step or join and for a whole file. A file that needs more is answered with
/// `unknown` rather than made to wait.
const WORK_OF_ONE: u32 = 100_000;
const WORK_OF_ALL: u32 = 400_000;

/// What a cut costs; it is given even when nothing is left.
const WORK_OF_CUT: u32 = 1_000;

/// Whether something can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    Never,
    Unknown,
}

/// Why a step was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// More distinct conditions than are followed; how many.
    Conditions(usize),
    /// Too much work.
    Work,
}

/// What can become of a step.
#[derive(Debug, Clone)]
pub(super) struct Outlook {
    /// How it can end, as forward edges see it.
    pub(super) ways: Ways,
    /// Whether it can run.
    pub(super) goes: Answer,
    /// Whether its join can let it go on, whatever its `if` says.
    pub(super) joined: bool,
    /// One a loop edge; none where the step was cut.
    pub(super) entries: Vec<EntryOutlook>,
    /// Why its join cannot let it go on.
    pub(super) conflict: Option<Rc<Conflict>>,
    /// What holds whenever its join lets it go on, and its `if` asks about, where that never holds then.
    pub(super) given: Vec<String>,
    /// Why it was cut, unless something before it had been.
    pub(super) cut: Option<Cut>,
    is_guess: bool,
}

impl Outlook {
    /// Nothing is known.
    pub(super) fn unknown() -> Self {
        Self {
            ways: Ways::ALL,
            goes: Answer::Unknown,
            joined: true,
            entries: Vec::new(),
            conflict: None,
            given: Vec::new(),
            cut: None,
            is_guess: true,
        }
    }

    /// So many conditions stand before it that it is not followed. `first`: how many, where none before it is so.
    pub(super) fn beyond(ways: Ways, first: Option<usize>) -> Self {
        Self { ways, cut: first.map(Cut::Conditions), ..Self::unknown() }
    }

    /// It has been seen to run, to end in these ways, and to fire its loops.
    pub(super) fn seen(ways: Ways) -> Self {
        Self { ways, goes: Answer::Yes, is_guess: false, ..Self::unknown() }
    }
}

/// What the pass has found out.
pub(super) struct Findings {
    /// One a step.
    pub(super) outlooks: Vec<Outlook>,
    pub(super) gaps: Vec<Gap>,
}

/// The pass.
pub(super) struct Sweep<'a> {
    pub(super) model: &'a Model<'a>,
    pub(super) conditions: &'a Conditions,
    pub(super) diagrams: Diagrams,
    pub(super) frontier: Frontier,
    pub(super) gates: Gates,
    /// Per step, while something behind it needs to know.
    pub(super) functions: Vec<Option<Function>>,
    /// Per step: the joins and conditions that have not been judged yet.
    pub(super) wanted: Vec<u32>,
    counts: &'a Counts,
    pub(super) outlooks: Vec<Outlook>,
    /// Choices that can come to nothing.
    pub(super) gaps: Vec<Gap>,
    work_left: u32,
    /// It has been said that nothing is left.
    has_told: bool,
}

impl<'a> Sweep<'a> {
    /// Over these steps and joins, of which nothing is known yet but `outlooks`.
    pub(super) fn new(
        model: &'a Model<'a>,
        conditions: &'a Conditions,
        counts: &'a Counts,
        gates: Gates,
        outlooks: Vec<Outlook>,
    ) -> Self {
        Self {
            model,
            conditions,
            counts,
            diagrams: Diagrams::new(4 * model.steps.len()),
            frontier: Frontier::new(conditions.variables()),
            gates,
            functions: vec![None; model.steps.len()],
            wanted: Vec::new(),
            outlooks,
            gaps: Vec::new(),
            work_left: WORK_OF_ALL,
            has_told: false,
        }
    }

    /// Follows the chosen steps, in this order; whatever stands before one of them is chosen too. The outlooks of others stay
    /// as they are. `choices`: those that may leave a gap, by the join that they stand behind.
    pub(super) fn over(
        mut self,
        order: &[usize],
        chosen: &FixedBitSet,
        choices: &BTreeMap<usize, Vec<Choice>>,
    ) -> Findings {
        for gate in &mut self.gates.all {
            gate.steps_left = gate.steps.iter().filter(|at| chosen.contains(**at)).count();
        }
        self.wanted = self.gates.wanted(self.model.steps.len());
        for read in chosen.ones().flat_map(|at| self.conditions.steps[at].reads()) {
            self.wanted[read] += 1;
        }
        for &at in order.iter().filter(|at| chosen.contains(**at)) {
            let gate = self.gates.of_step[at];
            if !self.gates.all[gate].is_judged {
                self.judge_gate(gate);
                for choice in choices.get(&gate).into_iter().flatten() {
                    self.confirm_gap(gate, choice);
                }
            }
            self.step(at, gate);
        }
        Findings { outlooks: self.outlooks, gaps: self.gaps }
    }

    fn step(&mut self, at: usize, gate: usize) {
        let reads_guess = self.conditions.steps[at].reads().any(|read| self.outlooks[read].is_guess);
        let is_guess = self.gates.all[gate].is_guess || reads_guess;
        let exact =
            if self.counts.is_beyond(at) { Err(Cut::Conditions(self.counts.before[at])) } else { self.follow(at) };
        let function = match exact {
            Ok(function) => {
                let goes = match self.outlooks[at].goes {
                    Answer::Yes if is_guess => Answer::Unknown,
                    known => known,
                };
                self.outlooks[at].goes = goes;
                self.outlooks[at].is_guess = is_guess;
                Some(function)
            }
            Err(cut) => {
                self.guess(at, cut, is_guess);
                self.cut(self.outlooks[at].ways)
            }
        };
        self.keep(at, gate, function);
    }

    // ---- exactly ----

    /// Gives this much work, and takes what was used of it off what is left.
    pub(super) fn within_allowance<T>(&mut self, work: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.diagrams.allow(WORK_OF_ONE.min(self.work_left));
        let done = work(self);
        self.work_left = self.work_left.saturating_sub(self.diagrams.spent());
        done.filter(|_| !self.diagrams.is_over())
    }

    fn judge_gate(&mut self, at: usize) {
        self.look_at_gate(at);
        let gate = &self.gates.all[at];
        let knows_all = gate.needs.iter().all(|(source, _)| self.functions[*source].is_some());
        let function = if knows_all && self.counts.of_gate[at] <= MAX_CONDITIONS {
            self.within_allowance(|sweep| sweep.fold_gate(at))
        } else {
            None
        };
        if !self.gates.all[at].can_go && self.gates.all[at].conflict.is_none() {
            self.gates.all[at].conflict = Some(Rc::new(self.plain_conflict(at)));
        }
        let gone = self.served_by_gate(at);
        let function = self.settle(function, gone);
        let gate = &mut self.gates.all[at];
        gate.function = function;
        gate.is_judged = true;
    }

    /// What can be said of a join without following anything: what each of its edges can be.
    fn look_at_gate(&mut self, at: usize) {
        let gate = &mut self.gates.all[at];
        let ways: Vec<Ways> = gate.needs.iter().map(|(source, _)| self.outlooks[*source].ways).collect();
        let is_guess = gate.that_matter().any(|source| self.outlooks[source].is_guess);
        gate.is_guess = is_guess;
        gate.guess(&ways);
    }

    /// The functions that no join or condition wants to know of any more once this join has been judged.
    fn served_by_gate(&mut self, at: usize) -> Vec<Function> {
        let mut gone = Vec::new();
        for (source, _) in &self.gates.all[at].needs {
            self.wanted[*source] -= 1;
            if self.wanted[*source] == 0 {
                gone.extend(self.functions[*source].take());
            }
        }
        gone
    }

    /// The function of a step; notes its outlook.
    fn follow(&mut self, at: usize) -> Result<Function, Cut> {
        let gate = &self.gates.all[self.gates.of_step[at]];
        let conflict = gate.conflict.clone();
        let Some(gate) = gate.function.clone() else { return Err(Cut::Work) };
        let knows_all = self.conditions.steps[at].reads().all(|read| self.functions[read].is_some());
        if !knows_all || !is_whole(&self.model.steps[at]) {
            return Err(Cut::Work);
        }
        self.outlooks[at].conflict = conflict;
        let mut own = Vec::new();
        let followed = self.within_allowance(|sweep| sweep.follow_within(at, &gate, &mut own));
        if followed.is_none() {
            own.retain(|variable| *variable >= self.conditions.variables());
            self.frontier.set_free(&own);
        }
        followed.ok_or(Cut::Work)
    }

    fn follow_within(&mut self, at: usize, gate: &Function, own: &mut Vec<Variable>) -> Option<Function> {
        let parts = self.judge(at, gate, own);
        let read = self.conditions.steps[at].reads().filter_map(|read| self.functions[read].as_ref());
        let mut over: Vec<Variable> =
            read.chain([gate]).flat_map(|function| &function.over).chain(&*own).copied().collect();
        self.diagrams.spend(over.len() / 4);
        over.sort_unstable();
        over.dedup();
        let conditions = self.conditions;
        let mut ways = Ways::NONE;
        for (way, part) in Ways::EACH.into_iter().zip(&parts) {
            ways = ways | way.when(conditions.is_possible(*part, &mut self.diagrams));
        }
        self.outlooks[at].ways = ways;
        self.outlooks[at].joined = conditions.is_possible(gate.parts[0], &mut self.diagrams);
        (over.len() <= MAX_VARIABLES).then_some(Function { parts, over })
    }

    /// E6 and G1, behind the join: when the step ends in each way.
    fn judge(&mut self, at: usize, gate: &Function, own: &mut Vec<Variable>) -> Vec<Set> {
        let conditions = self.conditions;
        let [go, not_taken, upstream_failed] = gate.parts[..] else { unreachable!("a join has three parts") };
        let condition = conditions.steps[at].condition.as_ref();
        let (holds, fails) = self.condition(condition, None, own);
        let runs = self.diagrams.and(go, holds);
        let skipped = self.diagrams.and(go, fails);
        let decided = self.diagrams.or(runs, skipped);
        let broken = self.diagrams.minus(go, decided);
        let (mut succeeded, mut failed) = (runs, broken);
        if ends::can_fail(&self.model.steps[at]) {
            let variable = self.frontier.fresh();
            own.push(variable);
            let well = self.diagrams.variable(variable);
            succeeded = self.diagrams.and(runs, well);
            let badly = self.diagrams.minus(runs, well);
            failed = self.diagrams.or(failed, badly);
        }
        let can_run = conditions.is_possible(runs, &mut self.diagrams);
        self.outlooks[at].goes = if can_run { Answer::Yes } else { Answer::Never };
        if let (false, Some(condition)) = (can_run, condition) {
            self.outlooks[at].given = self.given(go, condition);
        }
        let left = self.leave(at, succeeded, failed, own);
        self.outlooks[at].entries = left.entries;
        let not_taken = self.diagrams.or(not_taken, skipped);
        vec![left.succeeded, left.failed, not_taken, upstream_failed]
    }

    /// The answers that a condition asks for and that are always the same in a set.
    pub(super) fn given(&mut self, go: Set, condition: &Condition) -> Vec<String> {
        let mut given = Vec::new();
        for &question in condition.asks.iter().take(MAX_CONDITIONS) {
            given.extend(self.answer_in(go, question));
        }
        given
    }

    /// The answer to a question, where all assignments of a set agree.
    pub(super) fn answer_in(&mut self, set: Set, question: usize) -> Option<String> {
        let conditions = self.conditions;
        let (yes, no) = conditions.answers(question, &mut self.diagrams);
        for (answer, when) in [(true, yes), (false, no)] {
            let otherwise = self.diagrams.minus(set, when);
            if !conditions.is_possible(otherwise, &mut self.diagrams) {
                return Some(conditions.questions[question].shown(answer));
            }
        }
        None
    }

    /// When a condition holds, and when it does not. Notes the variables that it depends on.
    pub(super) fn condition(
        &mut self,
        condition: Option<&Condition>,
        own: Option<Ways>,
        over: &mut Vec<Variable>,
    ) -> (Set, Set) {
        let Some(condition) = condition else { return (Set::ALL, Set::NONE) };
        let (mut holds, mut fails) = answers(self.conditions, &self.functions, condition, own, &mut self.diagrams);
        over.extend(self.diagrams.variables(&[holds, fails]));
        if condition.may_fail {
            let variable = self.frontier.fresh();
            over.push(variable);
            let broken = self.diagrams.variable(variable);
            holds = self.diagrams.minus(holds, broken);
            fails = self.diagrams.minus(fails, broken);
        }
        (holds, fails)
    }

    /// When a step before this one ended in one of these ways.
    pub(super) fn ended(&mut self, step: usize, ways: Ways) -> Set {
        ended(self.functions[step].as_ref(), ways, &mut self.diagrams)
    }

    // ---- not exactly ----

    /// What might become of a step that is not followed.
    fn guess(&mut self, at: usize, cut: Cut, is_guess: bool) {
        let model = self.model;
        let step = &model.steps[at];
        let gate = &self.gates.all[self.gates.of_step[at]];
        let condition = self.conditions.steps[at].condition.as_ref();
        let is_whole = is_whole(step);
        let can_go = gate.can_go || !is_whole;
        let runs = can_go && condition.is_none_or(|of| of.is_constant != Some(false));
        let may_fail = ends::can_fail(step) || condition.is_some() || !step.gotos.is_empty();
        let ways = Ways::SUCCEEDED.when(runs)
            | Ways::FAILED.when(runs && may_fail)
            | Ways::NOT_TAKEN.when(gate.can_be_not_taken || (can_go && condition.is_some()))
            | Ways::UPSTREAM_FAILED.when(gate.can_be_upstream_failed);
        self.outlooks[at] = Outlook {
            ways: if is_whole { ways } else { Ways::ALL },
            goes: if runs { Answer::Unknown } else { Answer::Never },
            joined: can_go,
            entries: Vec::new(),
            conflict: gate.conflict.clone(),
            given: Vec::new(),
            cut: (!is_guess && is_whole && runs).then_some(cut).filter(|cut| self.is_news(*cut)),
            is_guess: true,
        };
    }

    /// Once nothing is left for a file, that is said once.
    fn is_news(&mut self, cut: Cut) -> bool {
        let is_used_up = cut == Cut::Work && self.work_left == 0;
        !is_used_up || !std::mem::replace(&mut self.has_told, true)
    }

    /// A function that ends in any of these ways, whatever else happens.
    fn cut(&mut self, ways: Ways) -> Option<Function> {
        self.diagrams.allow(WORK_OF_CUT);
        let parts = Ways::EACH.map(|way| if ways.meets(way) { Set::ALL } else { Set::NONE });
        let function = self.frontier.choose(&parts, &mut self.diagrams);
        (!self.diagrams.is_over()).then_some(function)
    }

    // ---- who is needed ----

    /// Keeps the function of a step as long as it is wanted, and lets go of what has served.
    fn keep(&mut self, at: usize, gate: usize, function: Option<Function>) {
        let mut gone = Vec::new();
        let gate = &mut self.gates.all[gate];
        gate.steps_left -= 1;
        if gate.steps_left == 0 {
            gone.extend(gate.function.take());
        }
        for read in self.conditions.steps[at].reads() {
            self.wanted[read] -= 1;
            if self.wanted[read] == 0 {
                gone.extend(self.functions[read].take());
            }
        }
        self.functions[at] = self.settle(function, gone);
        if self.wanted[at] == 0
            && let Some(unwanted) = self.functions[at].take()
        {
            self.frontier.let_go(&unwanted, &[]);
        }
    }

    /// Holds a function that was made of others that are not needed any more. What only it knows is forgotten.
    fn settle(&mut self, function: Option<Function>, gone: Vec<Function>) -> Option<Function> {
        let made = function.as_ref().map(|function| function.over.clone()).unwrap_or_default();
        for old in &gone {
            self.frontier.let_go(old, &made);
        }
        self.diagrams.allow(WORK_OF_ONE.min(self.work_left));
        let narrowed = self.frontier.narrow(function?, &mut self.diagrams);
        self.work_left = self.work_left.saturating_sub(self.diagrams.spent());
        self.frontier.hold(&narrowed);
        self.frontier.set_free(&made);
        Some(narrowed)
    }
}

/// When a condition holds, and when it does not, without the errors that its questions do not show.
pub(super) fn answers(
    conditions: &Conditions,
    functions: &[Option<Function>],
    condition: &Condition,
    own: Option<Ways>,
    diagrams: &mut Diagrams,
) -> (Set, Set) {
    let ended = |diagrams: &mut Diagrams, step: usize, ways| ended(functions[step].as_ref(), ways, diagrams);
    conditions.sets(&condition.term, own, diagrams, &ended)
}

fn ended(function: Option<&Function>, ways: Ways, diagrams: &mut Diagrams) -> Set {
    function.map_or(Set::NONE, |function| function.any_of(|part| Ways::EACH[part].meets(ways), diagrams))
}

/// Whether everything about a step is known that decides when it goes on: nothing that it says was wrong.
fn is_whole(step: &ModelStep<'_>) -> bool {
    let needs = step.spec.and_then(|spec| spec.needs.as_ref()).map_or(0, |needs| needs.0.len());
    let can_count = step.at_least.is_none_or(|least| needs == 0 || least as usize <= needs);
    step.kind.is_some() && step.needs.len() == needs && can_count
}

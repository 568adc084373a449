//! Exclusive choices that leave a gap: steps behind the same steps, of whose conditions never two hold together and sometimes
//! none, and a step that takes them together again.
//!
//! Such a run ends green without any of them. That can be meant, so this looks only where the form says that it is a choice:
//! two or more steps with the same needs, each with an `if`, no two of which can hold, and a step with `join: all` that needs
//! them by `ok`. A branch without an `if`, or one for the rest, closes the gap.

use std::collections::BTreeMap;

use loopline_core::expr::Literal;
use loopline_core::graph::Condition as On;

use super::conditions::{Condition, Conditions};
use super::diagram::{Diagrams, Set, Variable};
use super::gate::{Gate, Gates};
use super::sweep::{Sweep, answers};
use super::ways::Ways;
use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::model::Model;

/// More branches than this are not compared with each other.
const MAX_BRANCHES: usize = 32;

/// Nodes of diagrams that are looked at to find choices, and how many choices are looked at. A file with more is left without
/// this warning.
const WORK: u32 = 100_000;
const MAX_CHOICES: usize = 500;

/// A choice that can come to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    /// The steps to choose from, in order.
    branches: Vec<usize>,
    /// The step that takes them together.
    behind: usize,
    when: When,
}

/// When none of the branches is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
enum When {
    /// A subject has one of these values.
    Is(String, Vec<Literal>),
    /// A subject has a value besides those that are named.
    IsOther(String, Vec<Literal>),
    /// These hold, for example.
    Holds(Vec<String>),
}

/// Steps behind one join that another step takes together again. All of them have a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) branches: Vec<usize>,
    behind: usize,
}

/// The choices of a file that leave a gap, whatever stands before them, by the join that they stand behind.
pub(super) fn candidates(
    model: &Model<'_>,
    successors: &[Vec<(usize, On)>],
    conditions: &Conditions,
    gates: &Gates,
) -> BTreeMap<usize, Vec<Choice>> {
    let mut found = BTreeMap::new();
    let mut diagrams = Diagrams::new(256);
    diagrams.allow(WORK);
    let mut left = MAX_CHOICES;
    for (at, gate) in gates.all.iter().enumerate() {
        let mut choices = choices(model, successors, conditions, gate);
        choices.truncate(left);
        left -= choices.len();
        choices.retain(|choice| {
            let sets = |diagrams: &mut Diagrams, condition: &Condition| {
                conditions.sets_by_itself(condition, Ways::NONE, diagrams)
            };
            gap(conditions, Set::ALL, &choice.branches, &mut diagrams, sets).is_some()
        });
        if !choices.is_empty() {
            found.insert(at, choices);
        }
    }
    found
}

fn choices(model: &Model<'_>, successors: &[Vec<(usize, On)>], conditions: &Conditions, gate: &Gate) -> Vec<Choice> {
    let has_condition = |at: &usize| conditions.steps[*at].condition.is_some();
    if gate.steps.iter().filter(|at| has_condition(at)).nth(1).is_none() {
        return Vec::new();
    }
    let mut by_join: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &at in &gate.steps {
        for (behind, on) in &successors[at] {
            if *on == On::Ok && model.steps[*behind].at_least.is_none() {
                by_join.entry(*behind).or_default().push(at);
            }
        }
    }
    let mut choices: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for (behind, branches) in by_join {
        if (2..=MAX_BRANCHES).contains(&branches.len()) && branches.iter().all(has_condition) {
            choices.entry(branches).or_insert(behind);
        }
    }
    choices.into_iter().map(|(branches, behind)| Choice { branches, behind }).collect()
}

/// The runs in which none of these steps is taken, and the questions that their conditions ask. Nothing where two of them can
/// be taken in one run, one of them never is, or there is no such run.
fn gap(
    conditions: &Conditions,
    go: Set,
    branches: &[usize],
    diagrams: &mut Diagrams,
    sets: impl Fn(&mut Diagrams, &Condition) -> (Set, Set),
) -> Option<(Set, Vec<usize>)> {
    let mut asks: Vec<usize> = Vec::new();
    let mut taken = Set::NONE;
    let mut none = go;
    for at in branches {
        let condition = conditions.steps[*at].condition.as_ref()?;
        asks.extend(&condition.asks);
        let (holds, fails) = sets(diagrams, condition);
        let holds = diagrams.and(go, holds);
        let twice = diagrams.and(taken, holds);
        if holds.is_none() || conditions.is_possible(twice, diagrams) {
            return None;
        }
        taken = diagrams.or(taken, holds);
        none = diagrams.and(none, fails);
    }
    asks.sort_unstable();
    asks.dedup();
    let gap = conditions.possible(none, diagrams);
    (!gap.is_none() && !diagrams.is_over()).then_some((gap, asks))
}

impl Sweep<'_> {
    /// Keeps a choice whose gap is there when the join before it, which has just been judged, lets go on.
    pub(super) fn confirm_gap(&mut self, gate: usize, choice: &Choice) {
        let Some(go) = self.gates.all[gate].function.as_ref().map(|function| function.parts[0]) else { return };
        let when = self.within_allowance(|sweep| {
            let functions = &sweep.functions;
            let sets = |diagrams: &mut Diagrams, condition: &Condition| {
                answers(sweep.conditions, functions, condition, None, diagrams)
            };
            let (gap, asks) = gap(sweep.conditions, go, &choice.branches, &mut sweep.diagrams, sets)?;
            Some(sweep.when(gap, &asks))
        });
        if let Some(when) = when {
            self.gaps.push(Gap { branches: choice.branches.clone(), behind: choice.behind, when });
        }
    }

    /// In words: by the values of the one subject that all branches ask about, else by an example.
    fn when(&mut self, gap: Set, asks: &[usize]) -> When {
        let conditions = self.conditions;
        let equals: Vec<Literal> = asks.iter().map(|of| conditions.questions[*of].atom.equals.clone()).collect();
        let of_one_subject = !asks.is_empty() && conditions.have_one_subject(asks) && equals != [Literal::Bool(true)];
        if of_one_subject {
            let subject = conditions.questions[asks[0]].atom.subject.clone();
            let other = self.with_answers(gap, asks, None);
            if let Some(domain) = conditions.domain(asks[0]) {
                let missing = domain.iter().flatten().filter(|value| match equals.iter().position(|of| of == *value) {
                    Some(index) => self.with_answers(gap, asks, Some(index)),
                    None => other,
                });
                let missing: Vec<Literal> = missing.cloned().collect();
                if !missing.is_empty() {
                    return When::Is(subject, missing);
                }
            } else if other {
                return When::IsOther(subject, equals);
            }
        }
        let own = conditions.variables();
        let others: Vec<Variable> = self.diagrams.variables(&[gap]).into_iter().filter(|of| *of >= own).collect();
        let gap = self.diagrams.forget(gap, &others);
        let example = self.diagrams.example(gap);
        let asked = example.into_iter().filter_map(|(variable, yes)| Some((conditions.asked(variable)?, yes)));
        let asked = asked.filter(|(question, _)| asks.contains(question));
        When::Holds(asked.map(|(question, yes)| conditions.questions[question].shown(yes)).take(4).collect())
    }

    /// Whether a set holds an assignment in which the answer to this question alone is `yes`; none: to no question.
    fn with_answers(&mut self, set: Set, asks: &[usize], yes: Option<usize>) -> bool {
        let mut set = set;
        for (index, question) in asks.iter().enumerate() {
            let (holds, fails) = self.conditions.answers(*question, &mut self.diagrams);
            set = self.diagrams.and(set, if yes == Some(index) { holds } else { fails });
        }
        !set.is_none()
    }
}

/// Reports gaps.
pub(super) fn check(model: &Model<'_>, gaps: &[Gap], cx: &mut Cx) {
    for gap in gaps {
        let ids: Vec<&str> = gap.branches.iter().map(|at| model.steps[*at].id).collect();
        let behind = model.steps[gap.behind].id;
        let (when, help) = in_words(&gap.when);
        let message = format!("{when}, none of {} is taken, and the run ends green all the same", list(&ids));
        let places = gap.branches.iter().filter_map(|at| {
            let condition = model.steps[*at].spec?.condition.as_ref()?;
            Some(Place::Value(condition.0.at.clone()))
        });
        let places: Vec<Place> = places.collect();
        let Some((first, rest)) = places.split_first() else { continue };
        let help = format!("{help}, or a step for the rest, which `{behind}` needs too");
        let mut found = Diagnostic::new(Code::ChoiceLeavesGap, first.clone(), message).help(help);
        for place in rest {
            found = found.related(place.clone(), "a branch of the same choice");
        }
        cx.report(found);
    }
}

fn in_words(when: &When) -> (String, String) {
    let values = |values: &[Literal]| list(&values.iter().map(Literal::to_string).collect::<Vec<_>>());
    let one_of = |literals: &[Literal]| values(literals).replace("` and `", "` or `");
    match when {
        When::Is(subject, missing) => {
            (format!("where `{subject}` is {}", one_of(missing)), format!("add a branch for {}", values(missing)))
        }
        When::IsOther(subject, named) => (
            match named.as_slice() {
                [only] => format!("where `{subject}` is not `{only}`"),
                several => format!("where `{subject}` is none of {}", values(several)),
            },
            "list the values that it can have as the `enum` of its schema".to_owned(),
        ),
        When::Holds(answers) if answers.is_empty() => {
            ("where no condition holds".to_owned(), "add a branch".to_owned())
        }
        When::Holds(answers) => (format!("where {}", list(answers)), "add a branch for that".to_owned()),
    }
}

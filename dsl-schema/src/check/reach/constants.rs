//! Conditions that read names and are the same in every run all the same: `a || !a`, `x == "a" && x == "b"`.
//!
//! Those that read no name are found where expressions are read.

use loopline_core::graph::GotoOn;

use super::conditions::{Condition, Conditions};
use super::diagram::Diagrams;
use super::ways::Ways;
use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::CelText;
use crate::model::{LoopCondition, Model};

/// Nodes of diagrams that are looked at for one condition, and for all of a file. What is not looked at is not constant.
const WORK_OF_ONE: u32 = 20_000;
const WORK_OF_ALL: u32 = 400_000;

/// Conditions of this many questions take some care; there cannot be many of them in a file.
const MAX_QUESTIONS: usize = 64;

/// Notes which conditions are constant.
pub(super) fn find(conditions: &mut Conditions, model: &Model<'_>) {
    let mut diagrams = Diagrams::new(256);
    let mut left = WORK_OF_ALL;
    let mut value = |conditions: &Conditions, of: Option<&Condition>, own: &[Ways], diagrams: &mut Diagrams| {
        diagrams.allow(WORK_OF_ONE.min(left));
        let value = of.and_then(|condition| value(conditions, condition, own, diagrams));
        left = left.saturating_sub(diagrams.spent());
        value
    };
    for at in 0..conditions.steps.len() {
        let of_step = &conditions.steps[at];
        let condition = value(conditions, of_step.condition.as_ref(), &[], &mut diagrams);
        let expects = value(conditions, of_step.expects.as_ref(), &[], &mut diagrams);
        let entries = of_step.entries.iter().zip(&model.steps[at].gotos);
        let entries: Vec<_> =
            entries.map(|(entry, goto)| value(conditions, entry.as_ref(), seen_by(goto.on), &mut diagrams)).collect();
        let of_step = &mut conditions.steps[at];
        for (condition, value) in of_step.all_mut().zip([condition, expects].into_iter().chain(entries)) {
            if let Some(condition) = condition {
                condition.is_constant = value;
            }
        }
    }
}

/// How a step may have ended when a loop edge for this outcome looks at it.
fn seen_by(on: GotoOn) -> &'static [Ways] {
    match on {
        GotoOn::Succeeded => &[Ways::SUCCEEDED],
        GotoOn::Completed => &[Ways::SUCCEEDED, Ways::FAILED],
        GotoOn::Failed | GotoOn::Rejected | GotoOn::Timeout => &[Ways::FAILED],
    }
}

/// What a condition is, if it is always the same.
fn value(conditions: &Conditions, condition: &Condition, own: &[Ways], diagrams: &mut Diagrams) -> Option<bool> {
    // One question alone has both answers; whether a schema allows them is said where types are checked.
    if condition.asks.len() > MAX_QUESTIONS || (condition.asks.len() == 1 && condition.reads.is_empty()) {
        return None;
    }
    let mut can_hold = false;
    let mut can_fail = false;
    let unsaid = [Ways::NONE];
    for own in if own.is_empty() { &unsaid } else { own } {
        let (holds, fails) = conditions.sets_by_itself(condition, *own, diagrams);
        can_hold |= conditions.is_possible(holds, diagrams);
        can_fail |= conditions.is_possible(fails, diagrams);
    }
    match (can_hold, can_fail) {
        _ if diagrams.is_over() => None,
        (false, true) => Some(false),
        (true, false) => Some(true),
        _ => None,
    }
}

/// Reports what [`find`] has found.
pub(super) fn check(model: &Model<'_>, conditions: &Conditions, cx: &mut Cx) {
    for (step, of_step) in model.steps.iter().zip(&conditions.steps) {
        let Some(spec) = step.spec else { continue };
        let expects = spec.http.as_ref().and_then(|http| http.expect.as_ref()?.condition.as_ref());
        report(
            of_step.condition.as_ref(),
            spec.condition.as_ref(),
            "the step goes on without it",
            "the step is always skipped",
            cx,
        );
        report(of_step.expects.as_ref(), expects, "every answer passes", "no answer ever passes", cx);
        for (entry, goto) in of_step.entries.iter().zip(&step.gotos) {
            match goto.condition {
                Some(LoopCondition::If(cel)) => {
                    report(entry.as_ref(), Some(cel), "the loop fires without it", "the loop never fires", cx);
                }
                Some(LoopCondition::Until(cel)) => {
                    let until = entry.clone().map(Condition::turned_round);
                    let never = "the step is repeated until its budget is used up, and fails then";
                    report(until.as_ref(), Some(cel), "the step is never repeated", never, cx);
                }
                None => {}
            }
        }
    }
}

fn report(condition: Option<&Condition>, cel: Option<&CelText>, if_true: &str, if_false: &str, cx: &mut Cx) {
    let (Some(condition), Some(cel)) = (condition, cel) else { return };
    let Some(value) = condition.is_constant.filter(|_| condition.reads_names) else { return };
    let message = format!("this condition is always {value}, whatever it reads");
    let found = Diagnostic::new(Code::ConstantCondition, Place::Value(cel.0.at.clone()), message);
    cx.report(found.help(if value { if_true } else { if_false }));
}

//! How a visit that runs can end, and what its loop edges leave of that for the forward edges (G1, G4).
//!
//! A visit succeeds or fails; which kinds of step cannot fail is said here. Then its loop edges are tried in order. One that
//! matches fires, and the forward edges never see this visit: the step is undecided again. They see an outcome only where no
//! entry fires for it any more:
//!
//! * an entry whose `if` is false passes the outcome on to the next; one whose `if` is an error makes it a failure;
//! * an entry that is used up makes it a failure, or with `on_exhausted: continue` passes it on;
//! * an entry without bound that waits each time is never used up, so the outcomes that it matches are never seen.
//!
//! So behind `goto: [{to: a, on: succeeded, max: 3}]` a success is never seen: it fires, or is a failure. That an entry can be
//! used up at all is taken for granted, and so is that a failure can be of a kind that no entry for `rejected` or `timeout`
//! matches: more may seem possible than is.

use loopline_core::expr::{Cel, Scope};
use loopline_core::graph::{GotoOn, OnExhausted};
use serde_json::Value as Json;

use super::diagram::{Set, Variable};
use super::sweep::Sweep;
use super::ways::Ways;
use crate::language::{SetSpec, SleepSpec};
use crate::model::{Kind, Loop, ModelStep};

/// Keys that do not make a step fail which could not without.
const HARMLESS: [&str; 12] = [
    "name",
    "description",
    "needs",
    "join",
    "if",
    "goto",
    "repeat",
    "allow_failure",
    "sleep",
    "set",
    "interruptible",
    "compensate",
];

/// Whether a visit of it that runs may fail. A `sleep` for some time cannot, nor a `set` of values that are there.
pub(super) fn can_fail(step: &ModelStep<'_>) -> bool {
    let (Some(spec), Some(Kind::Sleep | Kind::Set)) = (step.spec, step.kind) else { return true };
    let is_harmless = spec.given.iter().all(|(key, _)| HARMLESS.contains(&key));
    let is_sure = match &spec.sleep {
        Some(sleep) => matches!(sleep, SleepSpec::For(_)),
        None => spec.set.iter().flat_map(|set| &set.0).all(|item| item.value.as_ref().is_some_and(is_sure_value)),
    };
    !(is_harmless && is_sure)
}

fn is_sure_value(value: &SetSpec) -> bool {
    match value {
        SetSpec::Template(value) => has_no_holes(&value.value),
        SetSpec::Cel(cel) => is_sure(&cel.0.value),
    }
}

fn has_no_holes(value: &Json) -> bool {
    match value {
        Json::String(text) => !text.contains("{{"),
        Json::Array(items) => items.iter().all(has_no_holes),
        Json::Object(map) => map.values().all(has_no_holes),
        Json::Null | Json::Bool(_) | Json::Number(_) => true,
    }
}

/// Whether an expression reads nothing and can be evaluated.
fn is_sure(source: &str) -> bool {
    let cel = Cel::new(source);
    cel.references().is_ok_and(|references| references.is_empty()) && cel.eval(&Scope::new()).is_ok()
}

/// What can become of a loop edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct EntryOutlook {
    /// The outcome that it is for can come to it.
    pub(super) reached: bool,
    /// And its condition can hold then.
    pub(super) fires: bool,
    /// What its condition asks about and always has this answer then; only where it never holds.
    pub(super) given: Vec<String>,
}

/// What is left of the outcomes of a visit.
pub(super) struct Left {
    pub(super) succeeded: Set,
    pub(super) failed: Set,
    pub(super) entries: Vec<EntryOutlook>,
}

impl Sweep<'_> {
    /// Tries the loop edges of a step whose visits end so. Notes the variables that it needs for that.
    pub(super) fn leave(&mut self, at: usize, succeeded: Set, failed: Set, over: &mut Vec<Variable>) -> Left {
        let model = self.model;
        let conditions = self.conditions;
        let mut left = Left { succeeded, failed, entries: Vec::new() };
        let mut failed_by_loop = Set::NONE;
        for (entry, condition) in model.steps[at].gotos.iter().zip(&conditions.steps[at].entries) {
            let kind = self.kind_of_failure(entry.on, over);
            let failed = self.diagrams.and(left.failed, kind);
            let mut outlook = EntryOutlook::default();
            let mut matched_at_all = Set::NONE;
            for (matched, ended) in [(left.succeeded, Ways::SUCCEEDED), (failed, Ways::FAILED)] {
                if matched.is_none() || !matches(entry.on, ended) {
                    continue;
                }
                let (holds, fails_to) = self.condition(condition.as_ref(), Some(ended), over);
                let fires = self.diagrams.and(matched, holds);
                let passes = self.diagrams.and(matched, fails_to);
                let seen = self.diagrams.or(fires, passes);
                let broken = self.diagrams.minus(matched, seen);
                matched_at_all = self.diagrams.or(matched_at_all, matched);
                outlook.reached |= conditions.is_possible(matched, &mut self.diagrams);
                outlook.fires |= conditions.is_possible(fires, &mut self.diagrams);
                failed_by_loop = self.diagrams.or(failed_by_loop, broken);
                let rest = if ended == Ways::SUCCEEDED { &mut left.succeeded } else { &mut left.failed };
                *rest = self.diagrams.minus(*rest, matched);
                *rest = self.diagrams.or(*rest, passes);
                match (is_used_up(entry), entry.on_exhausted) {
                    (false, _) => {}
                    (true, OnExhausted::Continue) => *rest = self.diagrams.or(*rest, fires),
                    (true, OnExhausted::Fail) => failed_by_loop = self.diagrams.or(failed_by_loop, fires),
                }
            }
            if let (true, false, Some(condition)) = (outlook.reached, outlook.fires, condition) {
                outlook.given = self.given(matched_at_all, condition);
            }
            left.entries.push(outlook);
        }
        left.failed = self.diagrams.or(left.failed, failed_by_loop);
        left
    }

    /// The failures that an entry could be for: which kind a failure is of is not known beforehand.
    fn kind_of_failure(&mut self, on: GotoOn, over: &mut Vec<Variable>) -> Set {
        match on {
            GotoOn::Succeeded | GotoOn::Failed | GotoOn::Completed => Set::ALL,
            GotoOn::Rejected | GotoOn::Timeout => {
                let variable = self.frontier.fresh();
                over.push(variable);
                self.diagrams.variable(variable)
            }
        }
    }
}

/// Whether a loop edge is for visits that ended so, of whatever kind a failure is.
pub(super) fn matches(on: GotoOn, ended: Ways) -> bool {
    match on {
        GotoOn::Completed => true,
        GotoOn::Succeeded => ended == Ways::SUCCEEDED,
        GotoOn::Failed | GotoOn::Rejected | GotoOn::Timeout => ended == Ways::FAILED,
    }
}

/// Whether there is an end to its firing. Without a delay a machine ends it even where the language does not: when the waits
/// on its way are skipped, it would go on for ever in one moment.
pub(super) fn is_used_up(entry: &Loop<'_>) -> bool {
    entry.max.is_none_or(|max| max.times.is_some()) || entry.delay_ms == 0
}

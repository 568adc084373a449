//! Loop edges: where they lead, how often, and whether they can fire at all.

use fixedbitset::FixedBitSet;
use loopline_core::graph::{GotoOn, OnExhausted};

use super::edges::unknown_step;
use super::flow::Flow;
use crate::decode::Cx;
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::language::SleepSpec;
use crate::model::{Kind, Loop, LoopCondition, Model, ModelStep, Target};

/// A loop without bound must let this much time pass, each time round.
const LEAST_WAIT_MS: u64 = 1_000;

pub(super) fn check(model: &Model<'_>, flow: &Flow, cx: &mut Cx) {
    let mut unpaused = Unpaused::new(model);
    for (at, step) in model.steps.iter().enumerate() {
        for entry in &step.gotos {
            target(model, flow, at, entry, cx);
            budget(model, &mut unpaused, at, entry, cx);
            outcome(step, entry, cx);
        }
        shadows(step, cx);
    }
}

/// G2.
fn target(model: &Model<'_>, flow: &Flow, from: usize, entry: &Loop<'_>, cx: &mut Cx) {
    let source = model.steps[from].id;
    match &entry.to {
        Target::Unknown(name, place) => {
            let message = format!("step `{source}` goes to `{name}`, which does not exist");
            let diagnostic = unknown_step(model, name, place.clone(), message, &mut cx.nearest);
            cx.report(diagnostic);
        }
        Target::Step(to) if !flow.leads(*to, from) => {
            let target = model.steps[*to].id;
            let place = Place::Value(entry.at.key("to"));
            let message = format!("`goto` leads back, and `{target}` does not come before `{source}`");
            let help = if flow.leads(from, *to) {
                format!("`{target}` comes behind `{source}`: forward edges are written as `needs` on `{target}`")
            } else {
                format!("name `{source}` itself, or a step that leads to it by `needs`")
            };
            cx.report(Diagnostic::new(Code::GotoLeadsForward, place, message).help(help));
        }
        Target::Step(_) => {}
    }
}

/// G4.
fn budget(model: &Model<'_>, unpaused: &mut Unpaused<'_>, from: usize, entry: &Loop<'_>, cx: &mut Cx) {
    let Some(max) = entry.max else {
        // A `max` that does not fit has been reported, and is not missing.
        if !entry.has_max {
            let message = format!("step `{}` has a loop without `max`, which might never end", model.steps[from].id);
            let diagnostic = Diagnostic::new(Code::GotoWithoutMax, Place::Value(entry.at.clone()), message);
            let first = if matches!(entry.condition, Some(LoopCondition::Until(_))) { "until" } else { "to" };
            let place = Place::Key(entry.at.key(first));
            let fix = Fix::new("Add `max: 3`", place, Change::After("max: 3".to_owned())).proposal();
            cx.report(diagnostic.help("say how often it may fire, like `max: 3`").mend(fix));
        }
        return;
    };
    if max.times.is_some() || entry.delay_ms >= LEAST_WAIT_MS {
        return;
    }
    let Target::Step(to) = entry.to else { return };
    if !unpaused.leads(to, from) {
        return;
    }
    let target = model.steps[to].id;
    let source = model.steps[from].id;
    let message =
        format!("a loop without bound must let time pass, and a path from `{target}` to `{source}` holds no wait");
    let diagnostic = Diagnostic::new(Code::UnlimitedWithoutWait, Place::Value(max.at.clone()), message);
    cx.report(
        diagnostic.help("add `delay: 1s` or more, set a number, or put an `approval`, `wait` or `sleep` on the way"),
    );
}

/// Which steps another can be reached from without passing one that waits; known of the one asked for last.
pub(super) struct Unpaused<'a> {
    model: &'a Model<'a>,
    last: Option<(usize, FixedBitSet)>,
}

impl<'a> Unpaused<'a> {
    pub(super) fn new(model: &'a Model<'a>) -> Self {
        Self { model, last: None }
    }

    /// Whether `to` leads to `from`, and some way holds no wait.
    pub(super) fn leads(&mut self, to: usize, from: usize) -> bool {
        if self.last.as_ref().is_none_or(|(last, _)| *last != from) {
            self.last = Some((from, self.all_before(from)));
        }
        self.last.as_ref().is_some_and(|(_, before)| before.contains(to))
    }

    fn all_before(&self, from: usize) -> FixedBitSet {
        let steps = &self.model.steps;
        let mut found = FixedBitSet::with_capacity(steps.len());
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            if !waits(&steps[at]) && !found.put(at) {
                open.extend(steps[at].needs.iter().map(|edge| edge.from));
            }
        }
        found
    }
}

/// A step that lets time pass. How long `sleep: {until: …}` takes is not known beforehand; it may be nothing.
fn waits(step: &ModelStep<'_>) -> bool {
    match step.kind {
        Some(Kind::Approval | Kind::Wait) => true,
        Some(Kind::Sleep) => match step.says(|spec| spec.sleep.as_ref()) {
            Some(SleepSpec::For(duration)) => duration.0.value >= LEAST_WAIT_MS,
            _ => false,
        },
        _ => false,
    }
}

/// An outcome that a step of this kind does not have, and why.
pub(super) fn misfit(step: &ModelStep<'_>, entry: &Loop<'_>) -> Option<(Kind, &'static str, &'static str)> {
    match (entry.on, step.kind?) {
        (GotoOn::Rejected, kind) if kind != Kind::Approval => {
            Some((kind, "rejected", "only an `approval` can be rejected; did you mean `failed`?"))
        }
        (GotoOn::Timeout, kind @ (Kind::Set | Kind::Sleep)) => Some((kind, "timeout", "this step has no timeout")),
        _ => None,
    }
}

fn outcome(step: &ModelStep<'_>, entry: &Loop<'_>, cx: &mut Cx) {
    let Some((kind, word, help)) = misfit(step, entry) else { return };
    let message = format!("this never fires: a step with `{}` does not end `{word}`", kind.key());
    let place = Place::Value(entry.at.key("on"));
    let diagnostic = Diagnostic::new(Code::GotoNeverFires, place.clone(), message).help(help);
    let fix = Fix::new("Change to `failed`", place, Change::Text("failed".to_owned())).proposal();
    cx.report(if entry.on == GotoOn::Rejected { diagnostic.mend(fix) } else { diagnostic });
}

/// An entry behind one that always fires, or ends the visit, whenever it could.
fn shadows(step: &ModelStep<'_>, cx: &mut Cx) {
    for (entry, shadow) in step.gotos.iter().zip(shadowed(step)) {
        let Some(earlier) = shadow else { continue };
        let message = "this entry is never reached: an earlier one fires first, or fails the step when it is used up";
        let diagnostic = Diagnostic::new(Code::GotoNeverReached, Place::Value(entry.at.clone()), message);
        cx.report(
            diagnostic
                .related(Place::Value(earlier.at.clone()), "this one is tried first")
                .help("move it up, give the earlier one an `if`, or say `on_exhausted: continue` there"),
        );
    }
}

/// For each entry of a step the earlier one that always takes what it is for.
pub(super) fn shadowed<'a, 'm>(step: &'a ModelStep<'m>) -> Vec<Option<&'a Loop<'m>>> {
    // The first for each outcome: there are few outcomes, and there may be many entries.
    let mut firsts: Vec<&Loop<'_>> = Vec::new();
    let of = |entry: &'a Loop<'m>| {
        let shadow = firsts.iter().find(|earlier| covers(earlier.on, entry.on)).copied();
        let falls_through =
            entry.on_exhausted == OnExhausted::Continue && entry.max.is_none_or(|max| max.times.is_some());
        let takes_all = entry.condition.is_none() && !falls_through;
        if takes_all && firsts.iter().all(|earlier| earlier.on != entry.on) {
            firsts.push(entry);
        }
        shadow
    };
    step.gotos.iter().map(of).collect()
}

fn covers(earlier: GotoOn, later: GotoOn) -> bool {
    earlier == later
        || earlier == GotoOn::Completed
        || (earlier == GotoOn::Failed && matches!(later, GotoOn::Rejected | GotoOn::Timeout))
}

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
    for (at, step) in model.steps.iter().enumerate() {
        for entry in &step.gotos {
            target(model, flow, at, entry, cx);
            budget(model, flow, at, entry, cx);
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
fn budget(model: &Model<'_>, flow: &Flow, from: usize, entry: &Loop<'_>, cx: &mut Cx) {
    let Some(max) = entry.max else {
        if !model.steps[from].spec.is_some_and(|spec| given_but_invalid(spec, entry)) {
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
    if !flow.leads(to, from) || waits_on_every_path(model, flow, to, from) {
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

/// A `max` that did not fit has been reported, and is not missing.
fn given_but_invalid(spec: &crate::language::Step, entry: &Loop<'_>) -> bool {
    let repeat =
        spec.repeat.iter().filter(|repeat| repeat.at == entry.at).any(|repeat| repeat.given.at("max").is_some());
    let goto = spec.goto.iter().flatten().filter(|goto| goto.at == entry.at).any(|goto| goto.given.at("max").is_some());
    repeat || goto
}

/// Whether `from` cannot be reached from `to` without passing a step that waits.
pub(super) fn waits_on_every_path(model: &Model<'_>, flow: &Flow, to: usize, from: usize) -> bool {
    if waits(&model.steps[to]) || waits(&model.steps[from]) {
        return true;
    }
    let mut seen = FixedBitSet::with_capacity(model.steps.len());
    let mut open = vec![to];
    seen.insert(to);
    while let Some(at) = open.pop() {
        if at == from {
            return false;
        }
        for &(next, _) in &flow.successors[at] {
            if !seen.contains(next) && !waits(&model.steps[next]) && flow.leads(next, from) {
                seen.insert(next);
                open.push(next);
            }
        }
    }
    true
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
    for (at, entry) in step.gotos.iter().enumerate() {
        if let Some(earlier) = shadow(step, at) {
            let message =
                "this entry is never reached: an earlier one fires first, or fails the step when it is used up";
            let diagnostic = Diagnostic::new(Code::GotoNeverReached, Place::Value(entry.at.clone()), message);
            cx.report(
                diagnostic
                    .related(Place::Value(earlier.at.clone()), "this one is tried first")
                    .help("move it up, give the earlier one an `if`, or say `on_exhausted: continue` there"),
            );
        }
    }
}

fn shadow<'a, 'm>(step: &'a ModelStep<'m>, at: usize) -> Option<&'a Loop<'m>> {
    step.gotos[..at].iter().find(|earlier| {
        let falls_through =
            earlier.on_exhausted == OnExhausted::Continue && earlier.max.is_none_or(|max| max.times.is_some());
        earlier.condition.is_none() && !falls_through && covers(earlier.on, step.gotos[at].on)
    })
}

/// Whether an earlier entry always takes what this one is for.
pub(super) fn is_shadowed(step: &ModelStep<'_>, at: usize) -> bool {
    shadow(step, at).is_some()
}

fn covers(earlier: GotoOn, later: GotoOn) -> bool {
    earlier == later
        || earlier == GotoOn::Completed
        || (earlier == GotoOn::Failed && matches!(later, GotoOn::Rejected | GotoOn::Timeout))
}

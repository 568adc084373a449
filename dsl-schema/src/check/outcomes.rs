//! What runs can come to that is most likely not meant: gates that do not hold, green runs that left steps out.

use loopline_core::graph::Condition;

use super::flow::Flow;
use super::scenario::{End, play};
use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::model::{Kind, Model};

/// Edges judged over all scenarios. A file that needs more is left without these warnings rather than made to wait.
const MAX_WORK: usize = 2_000_000;

pub(super) fn check(model: &Model<'_>, flow: &Flow, cx: &mut Cx) {
    let edges: usize = model.steps.iter().map(|step| step.needs.len() + 1).sum();
    let mut scenarios_left = MAX_WORK / edges.max(1);
    let mut another = || {
        scenarios_left = scenarios_left.saturating_sub(1);
        scenarios_left > 0
    };
    for (at, step) in model.steps.iter().enumerate() {
        if step.kind == Some(Kind::Approval) && !flow.firm[at] && another() {
            gate(model, flow, at, cx);
        }
        let caught = flow.successors[at].iter().any(|(_, on)| *on == Condition::Catch);
        if (caught || step.allows_failure()) && another() {
            handled_failure(model, flow, at, cx);
        }
    }
}

/// E3: a step further behind a gate that goes on though the gate was skipped.
fn gate(model: &Model<'_>, flow: &Flow, gate: usize, cx: &mut Cx) {
    let ends = play(model, flow, gate, End::NotTaken);
    for (at, step) in model.steps.iter().enumerate() {
        if ends[at] != End::Succeeded || !flow.ancestors[at].contains(gate) {
            continue;
        }
        // `always` and `skipped` are said on purpose; so is `ok` on the gate itself.
        let behind = |from: usize| from == gate || flow.ancestors[from].contains(gate);
        let on_purpose = |on| matches!(on, Condition::Always | Condition::Skipped);
        if step.needs.iter().any(|edge| behind(edge.from) && on_purpose(edge.on) && ends[edge.from] == End::NotTaken) {
            continue;
        }
        let passed = step.needs.iter().find(|edge| {
            edge.on == Condition::Ok && edge.from != gate && behind(edge.from) && ends[edge.from] == End::NotTaken
        });
        if let Some(edge) = passed {
            let name = model.steps[gate].id;
            let source = model.steps[edge.from].id;
            let message = format!("step `{}` goes on though the gate `{name}` was skipped", step.id);
            let help = format!(
                "`{source}` is skipped then, and `ok` lets that pass; write `needs: {{{source}: succeeded}}` to keep the gate shut"
            );
            cx.report(Diagnostic::new(Code::GateCanBePassed, edge.place.clone(), message).help(help));
        }
    }
}

/// E7: a green run that left steps out behind a failure that was handled.
fn handled_failure(model: &Model<'_>, flow: &Flow, failed: usize, cx: &mut Cx) {
    let ends = play(model, flow, failed, End::Failed);
    let handler = model.steps.iter().enumerate().find_map(|(at, step)| {
        let edge = step.needs.iter().find(|edge| edge.from == failed && edge.on == Condition::Catch)?;
        (ends[at] == End::Succeeded).then_some((step, edge))
    });
    let skipped: Vec<&str> = model
        .steps
        .iter()
        .enumerate()
        .filter(|(at, _)| ends[*at] == End::UpstreamFailed)
        .map(|(_, step)| step.id)
        .collect();
    let source = &model.steps[failed];
    let (place, why) = match handler {
        Some((step, edge)) => (edge.place.clone(), format!(" and `{}` handles it", step.id)),
        None if source.allows_failure() => (Place::Key(source.at.key("allow_failure")), ", as it may".to_owned()),
        None => return,
    };
    if skipped.is_empty() {
        return;
    }
    let verb = if skipped.len() == 1 { "is" } else { "are" };
    let shown: Vec<_> = skipped.iter().take(5).collect();
    let more = if skipped.len() > 5 { format!(" and {} more", skipped.len() - 5) } else { String::new() };
    let message =
        format!("when `{}` fails{why}, the run ends green though {}{more} {verb} skipped", source.id, list(&shown));
    let help = "if the run should fail then, use `failed` instead of `catch`; else let those steps need it by `always` or `completed`";
    let help = if handler.is_some() { help } else { "let those steps need it by `ok`, `always` or `completed`" };
    cx.report(Diagnostic::new(Code::GreenWithSkippedSteps, place, message).help(help));
}

//! Forward edges: `needs` and `join`.

use std::collections::BTreeMap;

use super::flow::Cycle;
use crate::decode::{Cx, list};
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::model::{Model, ModelStep, Part};

/// More ids than this are not listed.
const MOST_SHOWN: usize = 8;

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    for step in &model.steps {
        needs(model, step, cx);
        join(step, cx);
    }
}

fn needs(model: &Model<'_>, step: &ModelStep<'_>, cx: &mut Cx) {
    let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
    for need in step.spec.iter().flat_map(|spec| &spec.needs).flat_map(|needs| &needs.0) {
        let name = need.step.as_str();
        if name == step.id {
            let message = format!("step `{name}` needs itself, so it could never start");
            let diagnostic = Diagnostic::new(Code::NeedsItself, need.place.clone(), message);
            let fix = Fix::new("Remove it", need.place.clone(), Change::Remove).proposal();
            cx.report(diagnostic.help("to run it again, write a `goto` or `repeat`").mend(fix));
        } else if !model.index.contains_key(name) {
            let message = format!("step `{}` needs `{}`, which does not exist", step.id, name);
            let diagnostic = unknown_step(model, name, need.place.clone(), message, &mut cx.nearest);
            cx.report(diagnostic);
        } else if let Some(first) = seen.get(name) {
            let message = format!("step `{}` needs `{name}` twice", step.id);
            let diagnostic = Diagnostic::new(Code::DuplicateNeed, need.place.clone(), message);
            let fix = Fix::new("Remove the second", need.place.clone(), Change::Remove);
            cx.report(diagnostic.related((*first).clone(), "first here").help("keep one of them").mend(fix));
        }
        seen.entry(name).or_insert(&need.place);
    }
}

/// A name that no step has.
pub(super) fn unknown_step(
    model: &Model<'_>,
    name: &str,
    place: Place,
    message: String,
    nearest: &mut crate::nearest::Nearest,
) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnknownStep, place.clone(), message);
    match nearest.to(name, model.index.keys().copied()) {
        Some(near) => {
            let diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            match place {
                // `steps.NAME…`
                Place::Within(..) => diagnostic.fix_name(1, name, near),
                place => diagnostic.fix(format!("Change to `{near}`"), place, near),
            }
        }
        None => {
            let ids: Vec<&str> = model.index.keys().copied().take(MOST_SHOWN + 1).collect();
            match (model.part, ids.as_slice()) {
                (Part::InPlace, ids) if ids.len() > MOST_SHOWN => {
                    diagnostic.help("a pipeline in place knows only its own steps")
                }
                (Part::InPlace, ids) => {
                    diagnostic.help(format!("a pipeline in place knows only its own steps: {}", list(ids)))
                }
                (Part::Finally, _) => diagnostic.help("edges and loops do not lead out of `finally`"),
                (_, ids) if ids.len() > MOST_SHOWN => diagnostic.help("an id is a key of `steps`"),
                (_, ids) => diagnostic.help(format!("there are {}", list(ids))),
            }
        }
    }
}

fn join(step: &ModelStep<'_>, cx: &mut Cx) {
    let Some(join) = step.spec.and_then(|spec| spec.join.as_ref()) else { return };
    let needs = step.spec.and_then(|spec| spec.needs.as_ref()).map_or(0, |needs| needs.0.len());
    let place = join.0.place();
    if step.spec.is_some_and(|spec| spec.given.at("needs").is_none()) {
        let message = format!("step `{}` has a `join` and no `needs`", step.id);
        let diagnostic = Diagnostic::new(Code::KeyMakesNoSense, place, message);
        let fix = Fix::new("Remove `join`", Place::Key(step.at.key("join")), Change::Remove);
        cx.report(diagnostic.help("remove it: the step starts at once").mend(fix));
    } else if join.0.value.is_some_and(|count| count as usize > needs) {
        let count = join.0.value.unwrap_or_default();
        let edges = if needs == 1 { "1 edge leads".to_owned() } else { format!("{needs} edges lead") };
        let message = format!("{count} edges must be live, and {edges} here");
        cx.report(
            Diagnostic::new(Code::JoinOutOfReach, place, message).help(format!("at most {needs} can be asked for")),
        );
    }
}

/// E1: the error prints the cycle and says to use `goto`.
pub(super) fn report_cycles(model: &Model<'_>, cycles: &[Cycle], cx: &mut Cx) {
    for cycle in cycles {
        let id = |step: usize| model.steps[step].id;
        let (Some(first), Some(last)) = (cycle.steps.first(), cycle.steps.last()) else { continue };
        let shown: Vec<_> = cycle.steps.iter().take(20).map(|step| format!("`{}`", id(*step))).collect();
        let dots = if cycle.steps.len() > 20 { " → …" } else { "" };
        let message = format!("`needs` form a cycle: {}{dots} → `{}`", shown.join(" → "), id(*first));
        // The edge that closes the cycle: from its last step to its first.
        let place = model.steps[*first]
            .needs
            .iter()
            .find(|edge| edge.from == *last)
            .map_or_else(|| Place::Key(model.steps[*first].at.clone()), |edge| edge.place.clone());
        let help = format!(
            "remove `{}` from the `needs` of `{}`; to go back from it, write `goto: [{{to: {}, max: 3}}]` on `{}`",
            id(*last),
            id(*first),
            id(*first),
            id(*last)
        );
        cx.report(Diagnostic::new(Code::NeedsCycle, place, message).help(help));
    }
}

//! What a case expects, as far as the pipeline alone says that it cannot hold.

use loopline_core::graph::{Graph, Step};
use loopline_core::view::StepStatus;

use super::names;
use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::Text;
use crate::language::testing::{Expect, ExpectedStep, Short};

pub(super) fn check(expect: &Expect, graph: &Graph, steps: &[(String, &Step)], cx: &mut Cx) {
    let known = |name: &Text, cx: &mut Cx| {
        names::known(&name.value, name.place(), graph, steps, |_| true, cx).map(|(_, step)| step)
    };
    for name in expect.order.iter().flatten().chain(expect.waiting_for.iter().flat_map(|names| &names.0)) {
        known(name, cx);
    }
    if let Some(Short::Long(error)) = &expect.error
        && let Some(name) = &error.step
    {
        known(name, cx);
    }
    for name in expect.undone.iter().flatten() {
        if let Some(step) = known(name, cx)
            && step.compensate.is_none()
        {
            let message = format!("`{}` has no `compensate`, so nothing undoes it", name.value);
            let all: Vec<&str> =
                steps.iter().filter(|(_, step)| step.compensate.is_some()).map(|(name, _)| name.as_str()).collect();
            let diagnostic = Diagnostic::new(Code::ExpectationCannotHold, name.place(), message);
            cx.report(diagnostic.help(match all.as_slice() {
                [] => "no step of the pipeline has one".to_owned(),
                all => format!("the steps that have one: {}", list(all)),
            }));
        }
    }
    for item in expect.steps.iter().flat_map(|steps| &steps.0) {
        let Some((_, step)) = names::known(&item.name, item.key(), graph, steps, |_| true, cx) else { continue };
        if let Some(Short::Long(expected)) = &item.value {
            one_step(&item.name, step, expected, cx);
        }
    }
    outputs(expect, graph, cx);
}

fn one_step(name: &str, step: &Step, expected: &ExpectedStep, cx: &mut Cx) {
    if let Some(reason) = &expected.skip_reason
        && let Some(status) = &expected.status
        && status.0.value != StepStatus::Skipped
    {
        let message = format!("a step that was skipped is `skipped`, not `{}`", status.0.value.as_str());
        let diagnostic = Diagnostic::new(Code::ExpectationCannotHold, status.0.place(), message);
        cx.report(diagnostic.related(reason.0.place(), "it was skipped").help("keep one of them"));
    }
    if let Some(at) = expected.given.at("items")
        && step.many.is_none()
    {
        let message = format!("`{name}` runs once, not for items");
        let diagnostic = Diagnostic::new(Code::ExpectationCannotHold, Place::Key(at.clone()), message);
        cx.report(diagnostic.help("leave `items` out"));
    }
    for item in expected.items.iter().flat_map(|items| &items.0) {
        let Some(Short::Long(of_item)) = &item.value else { continue };
        for key in ["visit", "visits", "skip_reason", "items"] {
            if let Some(at) = of_item.given.at(key) {
                let message = format!("an item has no `{key}`");
                let diagnostic = Diagnostic::new(Code::ExpectationCannotHold, Place::Key(at.clone()), message);
                cx.report(diagnostic.help(format!("write `{key}` beside `items`, where it is about the step")));
            }
        }
    }
}

fn outputs(expect: &Expect, graph: &Graph, cx: &mut Cx) {
    for item in expect.outputs.iter().flat_map(|outputs| &outputs.0) {
        if graph.outputs.contains_key(&item.name) {
            continue;
        }
        let message = format!("the pipeline has no output `{}`", item.name);
        let diagnostic = Diagnostic::new(Code::ExpectationCannotHold, item.key(), message);
        let near = cx.nearest.to(&item.name, graph.outputs.keys().map(String::as_str));
        let names: Vec<&String> = graph.outputs.keys().collect();
        cx.report(match near {
            Some(near) => {
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), item.key(), near)
            }
            None if names.is_empty() => diagnostic.help("it has none"),
            None => diagnostic.help(format!("it has {}", list(&names))),
        });
    }
}

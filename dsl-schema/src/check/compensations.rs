//! `compensate`.

use super::flow::Flow;
use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::model::Model;

pub(super) fn check(model: &Model<'_>, flow: Option<&Flow>, cx: &mut Cx) {
    for (at, step) in model.steps.iter().enumerate() {
        let Some(undo) = step.spec.and_then(|spec| spec.compensate.as_deref()) else { continue };
        let kinds: Vec<_> =
            ["run", "http", "container"].into_iter().filter(|key| undo.given.at(key).is_some()).collect();
        match kinds.as_slice() {
            [] => {
                let message = format!("the compensation of `{}` does nothing", step.id);
                let diagnostic = Diagnostic::new(Code::NoKind, Place::Key(undo.at.clone()), message);
                cx.report(diagnostic.help("give it one of `run`, `http` and `container`"));
            }
            [_] => {}
            [first, second, ..] => {
                let message = format!("the compensation of `{}` does several things: {}", step.id, list(&kinds));
                let diagnostic = Diagnostic::new(Code::SeveralKinds, Place::Key(undo.at.key(*second)), message);
                let related = Place::Key(undo.at.key(*first));
                cx.report(diagnostic.related(related, "and this").help("keep one of them"));
            }
        }
        for key in ["shell", "working_dir", "template"] {
            if let Some(place) = undo.given.at(key).filter(|_| undo.given.at("run").is_none() && !kinds.is_empty()) {
                let message = format!("`{key}` makes no sense beside `{}`", kinds[0]);
                let diagnostic = Diagnostic::new(Code::KeyMakesNoSense, Place::Key(place.clone()), message);
                cx.report(diagnostic.help("it belongs to `run`"));
            }
        }
        if let Some(services) = undo.container.as_deref().and_then(|container| container.given.at("services")) {
            cx.require("compensate.container.services", services);
        }
        // What is undone is undone once the request is answered: nothing waits behind the end of the steps.
        if let Some(callback) = undo.http.as_ref().and_then(|http| http.given.at("callback")) {
            cx.require("compensate.http.callback", callback);
        }
        until(model, flow, at, cx);
    }
}

/// M3: the point of no return lies behind the step.
fn until(model: &Model<'_>, flow: Option<&Flow>, at: usize, cx: &mut Cx) {
    let step = &model.steps[at];
    let Some(until) = step.spec.and_then(|spec| spec.compensate.as_deref()?.until.as_ref()) else { return };
    let Some(&target) = model.index.get(until.value.as_str()) else {
        let message = format!("there is no step `{}`", until.value);
        let diagnostic = super::edges::unknown_step(model, &until.value, until.place(), message, &mut cx.nearest);
        cx.report(diagnostic);
        return;
    };
    if flow.is_some_and(|flow| !flow.ancestors[target].contains(at)) {
        let message =
            format!("step `{}` does not come behind `{}`, so it is no point of no return", until.value, step.id);
        let diagnostic = Diagnostic::new(Code::UntilIsNotBehind, until.place(), message);
        cx.report(diagnostic.help("name a step that needs this one, like the one that verifies it"));
    }
}

//! Mocks against the steps that they stand for.

use loopline_core::graph::{Action, Graph, Output, Step};
use loopline_core::outcome::FailureKind;
use serde_json::Value as Json;

use super::names::{self, StepName, in_place};
use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::Entries;
use crate::language::testing::{FailSpec, Mock, Mocks, Short};
use crate::route::Route;
use crate::schema_work::NotReady;

pub(super) fn check(mocks: Option<&Entries<Mocks>>, graph: &Graph, steps: &[(String, &Step)], cx: &mut Cx) {
    for item in mocks.iter().flat_map(|mocks| &mocks.0) {
        let fits = |step: &Step| why_not(step).is_none();
        let Some((name, step)) = names::known(&item.name, item.key(), graph, steps, fits, cx) else { continue };
        let Some(mocked) = Mocked::of(&name, step, item.key(), cx) else { continue };
        match &item.value {
            Some(Mocks::EveryVisit(mock)) => mocked.check(mock, Level::Visit, cx),
            Some(Mocks::ByVisit(mocks)) => mocks.iter().for_each(|mock| mocked.check(mock, Level::Visit, cx)),
            None => {}
        }
    }
}

/// Why nothing of a step is mocked, and what to do instead.
fn why_not(step: &Step) -> Option<(&'static str, String)> {
    let id = &step.id;
    match &step.action {
        Action::Set(_) => Some(("it only computes", "leave the mock out".to_owned())),
        Action::Sleep(_) => Some(("it only sleeps, and the clock is simulated", "leave the mock out".to_owned())),
        Action::Approval(_) => {
            Some(("people decide it", format!("say who does: `at: {{1h: {{approve: {{{id}: ada}}}}}}`")))
        }
        Action::Wait(wait) => {
            let signal = &wait.signal;
            Some(("it waits for a signal", format!("send one: `at: {{1h: {{signal: {{{signal}: {{}}}}}}}}`")))
        }
        Action::Pipeline(_) if in_place(step).is_some() => {
            Some(("its steps stand in place and run as they are", format!("mock its steps, like `{id}/STEP`")))
        }
        _ => None,
    }
}

/// Where a mock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Visit,
    Item,
    Attempt,
}

/// What a mock stands for.
struct Mocked<'g> {
    name: String,
    step: &'g Step,
    action: &'g Action,
    undo: bool,
}

impl<'g> Mocked<'g> {
    fn of(name: &StepName, step: &'g Step, place: Place, cx: &mut Cx) -> Option<Self> {
        let of = |action| Self { name: name.to_string(), step, action, undo: name.undo };
        if name.undo {
            let Some(undo) = &step.compensate else {
                let message = format!("`{}` has no `compensate`, so there is nothing that undoes it", step.id);
                cx.report(Diagnostic::new(Code::MockMakesNoSense, place, message).help("leave the mock out"));
                return None;
            };
            return Some(of(&undo.action));
        }
        if let Some((why, help)) = why_not(step) {
            let message = format!("`{name}` is not mocked: {why}");
            cx.report(Diagnostic::new(Code::MockMakesNoSense, place, message).help(help));
            return None;
        }
        Some(of(&step.action))
    }

    fn check(&self, mock: &Mock, level: Level, cx: &mut Cx) {
        self.keys(mock, level, cx);
        for each in mock.attempts.iter().flatten() {
            self.check(each, Level::Attempt, cx);
        }
        for item in mock.items.iter().flat_map(|items| &items.0) {
            if let Some(value) = &item.value {
                self.check(value, Level::Item, cx);
            }
        }
        if let Some(Short::Long(fail)) = &mock.fail {
            failure_keys(fail, cx);
        }
        if let (Some(kind), Some(at)) = (kind_of(mock), mock.given.at("fail")) {
            self.failure_kind(kind, at, cx);
        }
        self.outputs(mock, cx);
    }

    /// Keys that make no sense for such a step, or there.
    fn keys(&self, mock: &Mock, level: Level, cx: &mut Cx) {
        let process = matches!(self.action, Action::Run(_) | Action::Container(_));
        let request = matches!(self.action, Action::Http(_));
        let called_back = matches!(self.action, Action::Http(http) if http.callback_timeout_ms.is_some());
        let senseless = |key: &'static str| -> Option<(String, String)> {
            let kind = self.action.kind();
            match key {
                "stdout" | "stderr" if !process => Some((format!("`{kind}` prints nothing"), instead(request))),
                "response" if !request => Some((format!("`{kind}` sends no request"), instead(request))),
                "payload" if !called_back => {
                    Some(("nobody calls this step back".to_owned(), "leave it out".to_owned()))
                }
                "outputs" if request => {
                    let help = "give the `response`, of which the step computes its outputs".to_owned();
                    Some(("a request writes no outputs".to_owned(), help))
                }
                "outputs" if self.undo => {
                    Some(("what undoes a step has no outputs".to_owned(), "leave it out".to_owned()))
                }
                "items" if self.step.many.is_none() || self.undo => {
                    Some((format!("`{}` runs once, not for items", self.name), "leave `items` out".to_owned()))
                }
                "items" if level != Level::Visit => {
                    Some(("items stand beside each other, not inside".to_owned(), "write them one level up".to_owned()))
                }
                "attempts" if level == Level::Attempt => {
                    Some(("an attempt has no attempts".to_owned(), "write them one level up".to_owned()))
                }
                "after" | "outputs" | "stdout" | "stderr" | "response" | "payload" | "fail"
                    if mock.attempts.is_some() =>
                {
                    let help = format!("write `{key}` in each of `attempts`");
                    Some(("`attempts` says what each attempt does".to_owned(), help))
                }
                _ => None,
            }
        };
        for (key, at) in mock.given.iter() {
            if let Some((why, help)) = senseless(key) {
                let message = format!("`{key}` makes no sense here: {why}");
                cx.report(Diagnostic::new(Code::MockMakesNoSense, Place::Key(at.clone()), message).help(help));
            }
        }
        if let Some(attempts) = &mock.attempts
            && attempts.is_empty()
            && let Some(at) = mock.given.at("attempts")
        {
            let message = "`attempts` names no attempt";
            let diagnostic = Diagnostic::new(Code::MockMakesNoSense, Place::Key(at.clone()), message);
            cx.report(diagnostic.help("write one mock for each attempt, like `[{fail: timeout}, {}]`"));
        }
    }

    /// Failures that no work of this kind can have.
    fn failure_kind(&self, kind: FailureKind, at: &Route, cx: &mut Cx) {
        use FailureKind as K;
        let process = matches!(self.action, Action::Run(_) | Action::Container(_));
        let request = matches!(self.action, Action::Http(_));
        let child = matches!(self.action, Action::Pipeline(_));
        let why = match kind {
            // A child run fails as its own steps do.
            _ if child => return,
            K::Rejected => "only people reject",
            K::LoopExhausted | K::Condition | K::Template => "it is found by the engine, which is real here",
            K::Child => "it runs no child",
            K::HttpStatus | K::Connection | K::Expectation if !request => "it sends no request",
            K::Exit | K::Signal | K::Spawn | K::OutputLimit | K::Oom if !process => "it starts no process",
            K::Image if !matches!(self.action, Action::Container(_)) => "it runs no container",
            _ => return,
        };
        let message = format!("`{}` cannot fail with kind `{kind}`: {why}", self.name);
        let fitting = K::ALL.iter().filter(|each| match each {
            K::Timeout | K::Lost | K::Contract => true,
            K::Exit | K::Signal | K::Spawn | K::OutputLimit | K::Oom => process,
            K::HttpStatus | K::Connection | K::Expectation => request,
            K::Image => matches!(self.action, Action::Container(_)),
            _ => false,
        });
        let fitting: Vec<&str> = fitting.map(|each| each.as_str()).collect();
        let diagnostic = Diagnostic::new(Code::MockMakesNoSense, Place::Value(at.clone()), message);
        cx.report(diagnostic.help(format!("it can fail with {}", list(&fitting))));
    }

    /// Values against what the step declares.
    fn outputs(&self, mock: &Mock, cx: &mut Cx) {
        if self.undo || !matches!(self.action, Action::Run(_) | Action::Container(_)) {
            return;
        }
        let given = mock.outputs.as_ref().map(|outputs| outputs.0.as_slice()).unwrap_or_default();
        for item in given {
            match self.step.outputs.get(&item.name) {
                Some(Output::Cel(_)) => {
                    let message = format!("the output `{}` is computed, not written by the script", item.name);
                    let diagnostic = Diagnostic::new(Code::MockDoesNotFit, item.key(), message);
                    cx.report(diagnostic.help("leave it out; a mock gives what it is computed from, like `stdout`"));
                }
                Some(Output::Schema(schema)) => {
                    if let Some(value) = &item.value {
                        self.output(&item.name, schema, &value.0.value, &item.at, cx);
                    }
                }
                None => {}
            }
        }
        // An attempt that fails need not have written anything, and where others say what is done, they do.
        let is_cut_off = mock.after.as_ref().zip(self.step.timeout_ms).is_some_and(|(after, ms)| after.0.value > ms);
        if mock.fail.is_some() || mock.attempts.is_some() || is_cut_off {
            return;
        }
        for (name, output) in &self.step.outputs {
            let missing = matches!(output, Output::Schema(_)) && !given.iter().any(|item| item.name == *name);
            if missing {
                let message = format!("the mock does not write the output `{name}`, which `{}` declares", self.step.id);
                let place = mock.given.at("outputs").map_or(Place::Key(mock.at.clone()), |at| Place::Key(at.clone()));
                let diagnostic = Diagnostic::new(Code::MockDoesNotFit, place, message);
                cx.report(diagnostic.help(format!("add it, like `outputs: {{{name}: …}}`")));
            }
        }
    }

    fn output(&self, name: &str, schema: &Json, value: &Json, at: &Route, cx: &mut Cx) {
        if let Some(error) = misfit(schema, value, cx) {
            let message = format!("this does not fit the output `{name}` of `{}`: {error}", self.step.id);
            let help = match schema.get("type").and_then(Json::as_str) {
                Some(kind) => format!("`{name}` is of type {kind}"),
                None => format!("look at the schema of `{name}`"),
            };
            cx.report(Diagnostic::new(Code::MockDoesNotFit, Place::Value(at.clone()), message).help(help));
        }
    }
}

fn instead(request: bool) -> String {
    if request { "give the `response`".to_owned() } else { "give `outputs`, or leave it out".to_owned() }
}

/// Why a value does not fit a schema, as far as that can be found out at a bounded cost.
pub(super) fn misfit(schema: &Json, value: &Json, cx: &mut Cx) -> Option<String> {
    match cx.schema_work.ready(schema) {
        Ok(checker) => cx.schema_work.check(&checker, value)?.err(),
        Err(NotReady::Patterns | NotReady::Invalid(_)) => None,
    }
}

/// The kind of failure that a mock names.
fn kind_of(mock: &Mock) -> Option<FailureKind> {
    match mock.fail.as_ref()? {
        Short::Word(word) => Some(word.0.value),
        Short::Long(fail) => Some(fail.kind.0.value),
    }
}

/// Keys of a failure that belong to another kind.
fn failure_keys(fail: &FailSpec, cx: &mut Cx) {
    let kind = fail.kind.0.value;
    let of = [("exit_code", FailureKind::Exit), ("signal", FailureKind::Signal), ("status", FailureKind::HttpStatus)];
    for (key, wanted) in of {
        if let Some(at) = fail.given.at(key)
            && kind != wanted
        {
            let message = format!("`{key}` makes no sense here: the failure is of kind `{kind}`");
            let diagnostic = Diagnostic::new(Code::MockMakesNoSense, Place::Key(at.clone()), message);
            cx.report(diagnostic.help(format!("leave it out, or change `kind` to `{wanted}`")));
        }
    }
}

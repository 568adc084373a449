//! A step does exactly one thing, and has no key that makes no sense beside it.

use crate::decode::{Cx, list};
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::model::{Kind, Model, ModelStep};
use crate::route::Route;

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    for step in &model.steps {
        let Some(spec) = step.spec else { continue };
        match Kind::given(spec).as_slice() {
            // A misspelled kind has been reported as such.
            [] if Kind::ALL.iter().any(|kind| spec.given.is_meant(kind.key())) => {}
            [] => {
                let message = format!("step `{}` does nothing", step.id);
                let kinds: Vec<_> =
                    Kind::ALL.iter().filter(|kind| **kind != Kind::Use).map(|kind| kind.key()).collect();
                let place = Place::Key(step.at.clone());
                cx.report(
                    Diagnostic::new(Code::NoKind, place, message).help(format!("give it one of {}", list(&kinds))),
                );
            }
            [Kind::Use] => keys_that_make_no_sense_beside_use(step, cx),
            [kind] => keys_that_make_no_sense(step, *kind, cx),
            [first, rest @ ..] => {
                let keys: Vec<_> = std::iter::once(first).chain(rest).map(|kind| kind.key()).collect();
                let message = format!("step `{}` does several things: {}", step.id, list(&keys));
                let mut diagnostic =
                    Diagnostic::new(Code::SeveralKinds, Place::Key(step.at.key(rest[0].key())), message);
                diagnostic = diagnostic.related(Place::Key(step.at.key(first.key())), "and this");
                cx.report(diagnostic.help("make a step of each, and join them by `needs`"));
            }
        }
    }
}

/// S2: where a key makes no sense it is an error.
fn keys_that_make_no_sense(step: &ModelStep<'_>, kind: Kind, cx: &mut Cx) {
    for (key, at) in step.spec.iter().flat_map(|spec| spec.given.iter()) {
        if let Some(reason) = senseless(key, kind) {
            report(key, at, &format!("with `{}`", kind.key()), reason, cx);
        }
    }
}

/// Beside `use` makes sense what does beside the work of the type, but for what says how that is done.
fn keys_that_make_no_sense_beside_use(step: &ModelStep<'_>, cx: &mut Cx) {
    let kind = step.kind.unwrap_or(Kind::Use);
    let what = match step.uses {
        Some(uses) if kind != Kind::Use => format!("of the type `{}`, which does `{}`", uses.name, kind.key()),
        _ => "with `use`".to_owned(),
    };
    for (key, at) in step.spec.iter().flat_map(|spec| spec.given.iter()) {
        let reason = match key {
            "with" => None,
            "shell" | "working_dir" | "template" => Some("the step type says it itself"),
            key => senseless(key, kind),
        };
        if let Some(reason) = reason {
            report(key, at, &what, reason, cx);
        }
    }
}

fn report(key: &str, at: &Route, step: &str, reason: &str, cx: &mut Cx) {
    let message = format!("`{key}` makes no sense on a step {step}");
    let fix = Fix::new(format!("Remove `{key}`"), Place::Key(at.clone()), Change::Remove);
    let diagnostic = Diagnostic::new(Code::KeyMakesNoSense, Place::Key(at.clone()), message);
    cx.report(diagnostic.help(reason).mend(fix.proposal()));
}

/// Why a key makes no sense beside a kind.
pub(crate) fn senseless(key: &str, kind: Kind) -> Option<&'static str> {
    let process = kind.is_process() || kind == Kind::Use;
    let works = kind.works() || kind == Kind::Use;
    match key {
        "shell" | "working_dir" | "template" if kind != Kind::Run => Some("it belongs to `run`"),
        "with" if kind != Kind::Use => Some("it belongs to `use`"),
        "idle_timeout" | "artifacts" | "cache" | "services" | "workspace" | "fetch" | "grace" | "reports"
            if !process =>
        {
            Some("it is for steps that run a process")
        }
        "runs_on" | "limits" if kind == Kind::Pipeline => Some("the steps of the child say it themselves"),
        "retry" | "env" | "runs_on" | "interruptible" | "limits" if !works && kind != Kind::Pipeline => {
            Some("it is for steps that work, and this one waits or computes")
        }
        "foreach" | "matrix" | "compensate" if !works && kind != Kind::Pipeline => Some(match key {
            "compensate" => "there is nothing to undo",
            _ => "it is for steps that work; put several steps into a `pipeline` that runs for each item",
        }),
        "queue_timeout" if matches!(kind, Kind::Set | Kind::Sleep) => Some("it never waits for a worker or a lock"),
        "lock" if kind == Kind::Set => Some("a `set` ends at once"),
        "timeout" if kind == Kind::Sleep => Some("a `sleep` ends by itself"),
        "timeout" if kind == Kind::Set => Some("a `set` ends at once"),
        "outputs" if kind == Kind::Set => Some("what stands in `set` are its outputs"),
        "outputs" if kind == Kind::Sleep => Some("a `sleep` has no result"),
        "outputs" if kind == Kind::Pipeline => Some("what the child gives back are its outputs"),
        "outputs" if kind == Kind::Approval => {
            Some("an approval has the outputs `decision`, `by`, `comment`, `fields` and `decisions`")
        }
        _ => None,
    }
}

//! A step does exactly one thing, and has no key that makes no sense beside it.

use crate::decode::{Cx, list};
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::model::{Kind, Model, ModelStep};

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
    let Some(spec) = step.spec else { return };
    for (key, at) in spec.given.iter() {
        let Some(reason) = senseless(key, kind) else { continue };
        let mut diagnostic = Diagnostic::new(
            Code::KeyMakesNoSense,
            Place::Key(at.clone()),
            format!("`{key}` makes no sense on a step with `{}`", kind.key()),
        );
        diagnostic.help = Some(reason.to_owned());
        let fix = Fix::new(format!("Remove `{key}`"), Place::Key(at.clone()), Change::Remove);
        cx.report(diagnostic.mend(fix.proposal()));
    }
}

/// Why a key makes no sense beside a kind.
fn senseless(key: &str, kind: Kind) -> Option<&'static str> {
    let process = matches!(kind, Kind::Run | Kind::Container | Kind::Use);
    match key {
        "shell" | "working_dir" | "template" if kind != Kind::Run => Some("it belongs to `run`"),
        "with" if kind != Kind::Use => Some("it belongs to `use`"),
        "idle_timeout" | "artifacts" | "cache" | "services" | "workspace" | "fetch" | "grace" if !process => {
            Some("it is for steps that run a process")
        }
        "retry" | "env" | "runs_on" | "interruptible" | "limits" | "reports"
            if matches!(kind, Kind::Approval | Kind::Wait | Kind::Sleep | Kind::Set) =>
        {
            Some("it is for steps that work, and this one waits or computes")
        }
        "timeout" if kind == Kind::Sleep => Some("a `sleep` ends by itself"),
        "timeout" if kind == Kind::Set => Some("a `set` ends at once"),
        "outputs" if kind == Kind::Set => Some("what stands in `set` are its outputs"),
        "outputs" if kind == Kind::Sleep => Some("a `sleep` has no result"),
        "outputs" if kind == Kind::Approval => {
            Some("an approval has the outputs `decision`, `by`, `comment`, `fields` and `decisions`")
        }
        _ => None,
    }
}

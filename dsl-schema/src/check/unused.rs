//! Inputs, secrets and outputs that nothing reads.

use std::collections::BTreeSet;

use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic};
use crate::model::{Kind, Model, Part};

/// What expressions read.
#[derive(Default)]
pub(super) struct Used {
    pub(super) inputs: BTreeSet<String>,
    pub(super) secrets: BTreeSet<String>,
    /// Steps of the same graph, and their outputs.
    pub(super) outputs: BTreeSet<(usize, String)>,
    /// Steps of whose outputs all are read, or none knows which.
    pub(super) whole: BTreeSet<usize>,
    /// What `finally` reads of the steps before it.
    pub(super) outer: Option<Box<Used>>,
}

impl Used {
    /// Adds what `finally` reads.
    pub(super) fn add_finally(&mut self, finally: Self) {
        self.inputs.extend(finally.inputs);
        self.secrets.extend(finally.secrets);
        if let Some(outer) = finally.outer {
            self.outputs.extend(outer.outputs);
            self.whole.extend(outer.whole);
        }
    }
}

/// Hints. Only where no error was found: what has errors may read more than is known.
pub(super) fn check(model: &Model<'_>, used: &Used, cx: &mut Cx) {
    if model.part == Part::Steps {
        secrets(model, used, cx);
    }
    inputs(model, used, cx);
    outputs(model, used, cx);
}

fn inputs(model: &Model<'_>, used: &Used, cx: &mut Cx) {
    let entries = match model.part {
        Part::Steps => model.pipeline.inputs.as_ref(),
        _ => return,
    };
    for item in entries.iter().flat_map(|inputs| &inputs.0).filter(|item| !used.inputs.contains(&item.name)) {
        let message = format!("nothing reads the input `{}`", item.name);
        let help = format!("read it as `inputs.{}`, or remove it", item.name);
        cx.report(Diagnostic::new(Code::UnusedInput, item.key(), message).help(help));
    }
}

fn secrets(model: &Model<'_>, used: &Used, cx: &mut Cx) {
    for secret in model.pipeline.secrets.iter().flat_map(|secrets| secrets.iter()) {
        if used.secrets.contains(&secret.value) {
            continue;
        }
        let message = format!("nothing reads the secret `{}`", secret.value);
        let help = format!("read it in `env` as `{{{{ secrets.{} }}}}`, or remove it", secret.value);
        cx.report(Diagnostic::new(Code::UnusedSecret, secret.place(), message).help(help));
    }
}

fn outputs(model: &Model<'_>, used: &Used, cx: &mut Cx) {
    for (at, step) in model.steps.iter().enumerate() {
        let Some(spec) = step.spec.filter(|_| !used.whole.contains(&at)) else { continue };
        let declared = spec.outputs.iter().flat_map(|outputs| &outputs.0).map(|item| (item.name.as_str(), item.key()));
        let set = spec.set.iter().flat_map(|set| &set.0).map(|item| (item.name.as_str(), item.key()));
        // What the last step of a pipeline computes is often only looked at.
        let all: Vec<_> = if step.kind == Some(Kind::Set) { set.collect() } else { declared.collect() };
        for (name, place) in all {
            if used.outputs.contains(&(at, name.to_owned())) {
                continue;
            }
            let message = format!("nothing reads the output `{name}` of `{}`", step.id);
            let diagnostic = Diagnostic::new(Code::UnusedOutput, place, message);
            cx.report(diagnostic.help(format!("read it as `steps.{}.outputs.{name}`, or remove it", step.id)));
        }
    }
}

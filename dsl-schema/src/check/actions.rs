//! Scripts and retries.

use loopline_core::graph::RetryOn;
use loopline_core::outcome::FailureKind;

use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{OutputSpec, RetrySpec, ShellSpec, Step};
use crate::model::{Kind, Model};

/// What the pipeline says for all its steps.
pub(super) fn defaults(model: &Model<'_>, cx: &mut Cx) {
    if let Some(retry) = model.pipeline.defaults.as_ref().and_then(|defaults| defaults.retry.as_ref()) {
        retry_kinds(retry, cx);
    }
}

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    for step in &model.steps {
        let Some(spec) = step.spec else { continue };
        if let Some(retry) = &spec.retry {
            retry_kinds(retry, cx);
        }
        if let Some(shell) = &spec.shell {
            shell_words(shell, cx);
        }
        if let Some(undo) = spec.compensate.as_deref() {
            undo.retry.iter().for_each(|retry| retry_kinds(retry, cx));
            undo.shell.iter().for_each(|shell| shell_words(shell, cx));
        }
        if step.kind == Some(Kind::Http) {
            schemas_of_http(spec, cx);
        }
    }
}

fn retry_kinds(retry: &RetrySpec, cx: &mut Cx) {
    for kind in retry.on.iter().flat_map(|on| &on.0) {
        if retry_on(&kind.value).is_some() {
            continue;
        }
        let words = FailureKind::ALL.map(FailureKind::as_str);
        let mut diagnostic =
            Diagnostic::new(Code::InvalidRetryKind, kind.place(), format!("`{}` is not a kind of failure", kind.value));
        diagnostic = if kind.value.starts_with("exit:") {
            diagnostic.help("an exit code is a number from 1 to 255, like `exit:75`")
        } else if retry_on(&format!("exit:{}", kind.value)).is_some() {
            let meant = format!("exit:{}", kind.value);
            let diagnostic = diagnostic.help(format!("an exit code is written `{meant}`"));
            diagnostic.fix(format!("Change to `{meant}`"), kind.place(), meant)
        } else if let Some(near) = cx.nearest.to(&kind.value, words) {
            diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), kind.place(), near)
        } else {
            diagnostic.help(format!("kinds are {}; an exit code is written `exit:75`", list(&words)))
        };
        cx.report(diagnostic);
    }
}

/// `timeout` or `exit:75`.
pub(crate) fn retry_on(text: &str) -> Option<RetryOn> {
    if let Some(code) = text.strip_prefix("exit:") {
        let digits = code.bytes().all(|c| c.is_ascii_digit());
        return code.parse().ok().filter(|code| digits && (1..=255).contains(code)).map(RetryOn::Exit);
    }
    FailureKind::ALL.into_iter().find(|kind| kind.as_str() == text).map(RetryOn::Kind)
}

fn shell_words(shell: &ShellSpec, cx: &mut Cx) {
    let (empty, at) = match shell {
        ShellSpec::Line(line) => (line.value.trim().is_empty(), &line.at),
        ShellSpec::Words(words, at) => (words.first().is_none_or(|word| word.value.is_empty()), at),
    };
    if empty {
        let diagnostic = Diagnostic::new(Code::WrongType, Place::Value(at.clone()), "the shell has no name");
        cx.report(diagnostic.help("write it like `bash`, or `[python3, -u]`"));
    }
}

/// An HTTP step has no script that could write an output.
fn schemas_of_http(spec: &Step, cx: &mut Cx) {
    for output in spec.outputs.iter().flat_map(|outputs| &outputs.0) {
        if let Some(OutputSpec::Schema(schema)) = &output.value {
            let message = format!("`{}` has a schema, and an HTTP step has no script that could write it", output.name);
            let diagnostic = Diagnostic::new(Code::WrongType, schema.0.place(), message);
            cx.report(diagnostic.help("write an expression over the response, like `response.json.id`"));
        }
    }
}

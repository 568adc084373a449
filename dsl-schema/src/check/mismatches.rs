//! X1: what cannot be right by the types of the names: operators and functions that never fit, comparisons that always give
//! the same, words that a value never is, values that are not of the type that a key takes.

use loopline_core::expr::{Type, TypeProblem, TypeProblemKind};

use super::sites::Site;
use super::types::Types;
use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{CelText, ItemsSpec, SleepSpec};
use crate::model::Model;

/// Findings of one graph. Each may look for the name that was meant, and nobody reads thousands of them.
const MAX_FINDINGS: usize = 1_000;

/// Reports what the types of expressions tell.
pub(super) struct Mismatches {
    left: usize,
}

impl Mismatches {
    pub(super) fn new() -> Self {
        Self { left: MAX_FINDINGS }
    }

    /// Whether more is told.
    pub(super) fn tells(&self) -> bool {
        self.left > 0
    }

    pub(super) fn report(&mut self, problems: Vec<TypeProblem>, source: &str, site: &Site<'_>, cx: &mut Cx) {
        for problem in problems {
            self.left = self.left.saturating_sub(1);
            cx.report(diagnostic(problem, source, site));
        }
    }

    /// Values that must be of one type, whatever they stand for.
    pub(super) fn values(&mut self, model: &Model<'_>, types: &Types<'_>, cx: &mut Cx) {
        for (at, step) in model.steps.iter().enumerate().filter(|_| self.left > 0) {
            let Some(spec) = step.spec else { continue };
            let axes = spec.matrix.iter().flat_map(|matrix| &matrix.axes.0).filter_map(|axis| axis.value.as_ref());
            for items in spec.foreach.iter().map(|foreach| &foreach.items).chain(axes) {
                if let ItemsSpec::Cel(cel) = items {
                    let help = "items come from a list, like `[\"unit\", \"e2e\"]` or `inputs.suites`";
                    must_be(cel, "a list", Type::may_be_list, help, types.given(cel, at), cx);
                }
            }
            if let Some(SleepSpec::Until(cel)) = &spec.sleep {
                let help = "give RFC 3339 text or a timestamp, like `timestamp(run.created_at) + duration(\"1h\")`";
                must_be(cel, "a time", Type::may_be_text, help, types.given(cel, at), cx);
            }
        }
    }
}

fn must_be(cel: &CelText, what: &str, may_be: fn(&Type) -> bool, help: &str, ty: Type, cx: &mut Cx) {
    if !may_be(&ty) {
        let message = format!("this must be {what}, and it is {}", ty.described());
        cx.report(Diagnostic::new(Code::TypeMismatch, Place::Value(cel.0.at.clone()), message).help(help));
    }
}

fn diagnostic(problem: TypeProblem, source: &str, site: &Site<'_>) -> Diagnostic {
    let span = problem.error.span.unwrap_or(problem.part);
    let place = site.within(&span);
    let code = match problem.kind {
        TypeProblemKind::Fails => Code::TypeMismatch,
        TypeProblemKind::Constant(_) => Code::ComparisonIsConstant,
        TypeProblemKind::UnknownWord { .. } => Code::UnknownComparedWord,
    };
    let diagnostic = Diagnostic::new(code, place, problem.error.message).maybe_help(problem.error.help);
    let TypeProblemKind::UnknownWord { near: Some(near), .. } = problem.kind else { return diagnostic };
    // Between the quotes, where the literal is as plain as the word that was meant.
    let literal = source.get(span.clone()).unwrap_or_default();
    let quoted = literal.len() > 2 && literal.starts_with(['"', '\'']) && literal.ends_with(['"', '\'']);
    let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if quoted && is_plain(inner) && is_plain(&near) {
        let place = site.within(&(span.start + 1..span.end - 1));
        return diagnostic.fix(format!("Change to `{near}`"), place, near);
    }
    diagnostic
}

//! Expressions, templates and scripts: whether they can be read, what type they have, and which names they use.

use std::collections::BTreeSet;

use loopline_core::expr::{Cel, ExprError, LOOKS_LIKE_GO, Reference, Scope, Template, Type};

use super::flow::Flow;
use super::mismatches::Mismatches;
use super::references::References;
use super::sites::{self, Site, Text, Where};
use super::types::Types;
use super::unused::Used;
use crate::decode::Cx;
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::model::Model;

/// Checks all expressions of one graph, and gives what they read. `outer` is the graph that a `finally` follows.
pub(super) fn check(model: &Model<'_>, outer: Option<&Model<'_>>, flow: Option<&Flow>, cx: &mut Cx) -> Used {
    let mut references = References::new(model, outer, flow);
    let types = Types::of(model, outer, flow);
    let mut mismatches = Mismatches::new();
    mismatches.values(model, &types, cx);
    for site in sites::of(model) {
        // The same name read twice in one expression is one finding.
        let mut said = BTreeSet::new();
        for reference in read(&site, &types, &mut mismatches, cx) {
            let before = cx.diagnostics.len();
            references.check(&site, &reference, cx);
            let new = cx.diagnostics.split_off(before).into_iter();
            cx.diagnostics.extend(new.filter(|found| said.insert((found.code, found.message.clone()))));
        }
    }
    references.used
}

/// The names that a site reads; reports what is wrong with it.
fn read(site: &Site<'_>, types: &Types<'_>, mismatches: &mut Mismatches, cx: &mut Cx) -> Vec<Reference> {
    match &site.text {
        Text::Cel(source) | Text::Condition(source) => {
            let Some((cel, references)) = cel(source, site, cx) else { return Vec::new() };
            let is_condition = matches!(site.text, Text::Condition(_));
            if is_condition && is_constant(&cel, &references, site, cx) || !mismatches.tells() {
                return references;
            }
            let typed = cel.check_types(&types.names(site, &references));
            mismatches.report(typed.problems, source, site, cx);
            if is_condition {
                condition(&typed.ty, site, cx);
            }
            references
        }
        Text::Template(source) => {
            // Most strings are not templates; asking costs more than looking.
            if !source.contains("{{") {
                return Vec::new();
            }
            let template = Template::new(*source);
            problems(template.check(), Code::InvalidTemplate, site, cx);
            let references = template.references().unwrap_or_default();
            if mismatches.tells() {
                mismatches.report(template.check_types(&types.names(site, &references)), source, site, cx);
            }
            references
        }
        Text::Script(script) => {
            if !script.source().contains("{{") {
                return Vec::new();
            }
            let errors: Vec<_> = script.check().err().into_iter().flatten().collect();
            let foreign = errors.len() == script.source().matches("{{").count()
                && errors.iter().all(|error| error.message == LOOKS_LIKE_GO);
            for error in errors {
                let hole = error.span.clone().and_then(|span| script.source().get(span)).unwrap_or("");
                let code = if hole.contains("secrets.") { Code::SecretOutOfPlace } else { Code::UnsafeHole };
                let diagnostic = problem(code, site, error);
                // Nothing in it is ours, so nothing is lost when it is taken as it stands.
                let fix = Fix::new(
                    "Add `template: false`",
                    Place::Key(site.at.clone()),
                    Change::Before("template: false".to_owned()),
                );
                cx.report(if foreign { diagnostic.mend(fix) } else { diagnostic });
            }
            let references = script.references().unwrap_or_default();
            if mismatches.tells() {
                mismatches.report(script.check_types(&types.names(site, &references)), script.source(), site, cx);
            }
            references
        }
    }
}

fn cel(source: &str, site: &Site<'_>, cx: &mut Cx) -> Option<(Cel, Vec<Reference>)> {
    let cel = Cel::new(source);
    if let Err(error) = cel.check() {
        let mut diagnostic = problem(Code::InvalidExpression, site, error);
        if source.contains("{{") {
            diagnostic = diagnostic.help("this is an expression already: write it without `{{` and `}}`");
        }
        cx.report(match meant(source) {
            Some(meant) => diagnostic.fix(format!("Change to `{meant}`"), Place::Value(site.at.clone()), meant),
            None => diagnostic,
        });
        return None;
    }
    let references = cel.references().ok()?;
    Some((cel, references))
}

/// Operators of other languages, and ours.
const OPERATORS: [(&str, &str); 5] = [("=", "=="), ("&", "&&"), ("|", "||"), ("and", "&&"), ("or", "||")];

/// The expression without the braces of a template and with our operators, if that is all that was wrong with it.
fn meant(source: &str) -> Option<String> {
    let bare = source.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
    let mut meant = bare.unwrap_or(source).to_owned();
    // More of them in one expression is not worth the time.
    for _ in 0..20 {
        let Err(error) = Cel::new(meant.as_str()).check() else { return (meant != source).then_some(meant) };
        let span = error.span?;
        let found = meant.get(span.clone())?;
        let (_, ours) = OPERATORS.iter().find(|(theirs, _)| *theirs == found)?;
        meant.replace_range(span, ours);
    }
    None
}

fn problems(result: Result<(), Vec<ExprError>>, code: Code, site: &Site<'_>, cx: &mut Cx) {
    for error in result.err().into_iter().flatten() {
        cx.report(problem(code, site, error));
    }
}

fn problem(code: Code, site: &Site<'_>, error: ExprError) -> Diagnostic {
    let place = match error.span {
        Some(span) => site.within(&span),
        None => Place::Value(site.at.clone()),
    };
    Diagnostic::new(code, place, error.message).maybe_help(error.help)
}

fn condition(ty: &Type, site: &Site<'_>, cx: &mut Cx) {
    if !ty.may_be_bool() {
        let message = format!("a condition must be true or false, and this is {}", ty.described());
        cx.report(
            Diagnostic::new(Code::ConditionIsNotBool, Place::Value(site.at.clone()), message)
                .help("compare it with something, like `inputs.count > 3`"),
        );
    }
}

/// Whether a condition has the same value in every run; reports it.
fn is_constant(cel: &Cel, references: &[Reference], site: &Site<'_>, cx: &mut Cx) -> bool {
    // `until: false` is how a bounded loop is written that always uses up its budget; it is said on purpose.
    if !references.is_empty() {
        return false;
    }
    let Ok(value) = cel.eval_bool(&Scope::new()) else { return false };
    let message = format!("this condition is always {value}: it reads no name");
    let help = match (site.place, value) {
        (Where::Body, true) => "remove it: the step goes on without it",
        (Where::Body, false) => "the step is always skipped; read something, like `inputs.deploy`",
        _ => "read something, like `steps.poll.outputs.ready`",
    };
    let diagnostic = Diagnostic::new(Code::ConstantCondition, Place::Value(site.at.clone()), message).help(help);
    let fix = Fix::new("Remove `if`", Place::Key(site.at.clone()), Change::Remove);
    cx.report(if value && site.place == Where::Body { diagnostic.mend(fix) } else { diagnostic });
    true
}

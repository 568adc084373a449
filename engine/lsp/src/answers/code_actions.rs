//! `textDocument/codeAction`: what mends findings.

use loopline_dsl::assist::{Finding, Remedy};
use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams};

use super::Asked;
use super::diagnostics::diagnostic;
use super::difference::difference;

/// What mends the findings in a range, and what mends all that can be mended in one way.
pub(crate) fn answer(asked: &Asked<'_>, params: CodeActionParams) -> Option<Vec<CodeActionOrCommand>> {
    let wanted =
        |kind: &CodeActionKind| params.context.only.as_ref().is_none_or(|only| only.iter().any(|one| holds(one, kind)));
    let findings = asked.findings();
    let mut actions = Vec::new();
    if wanted(&CodeActionKind::QUICKFIX) {
        let (from, to) = (asked.offset(params.range.start), asked.offset(params.range.end));
        let near = findings.iter().filter(|finding| finding.range.start <= to && from <= finding.range.end);
        actions.extend(near.flat_map(|finding| remedies(asked, finding)));
    }
    // Asked for by its name only: it compiles the text several times.
    if params.context.only.is_some() && wanted(&CodeActionKind::SOURCE_FIX_ALL) {
        actions.extend(everything(asked));
    }
    Some(actions.into_iter().map(CodeActionOrCommand::CodeAction).collect())
}

/// Whether one kind of action is another or one of its sorts: `source` holds `source.fixAll`.
fn holds(general: &CodeActionKind, kind: &CodeActionKind) -> bool {
    let rest = kind.as_str().strip_prefix(general.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || general.as_str().is_empty())
}

fn remedies(asked: &Asked<'_>, finding: &Finding) -> Vec<CodeAction> {
    let action = |remedy: &Remedy| CodeAction {
        title: remedy.title.clone(),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![diagnostic(finding, asked.uri, &asked.open.text, asked.client)]),
        edit: Some(asked.workspace_edit(&remedy.edits)),
        is_preferred: Some(remedy.is_sure && finding.fixes.len() == 1),
        ..CodeAction::default()
    };
    finding.fixes.iter().map(action).collect()
}

/// What `loopline validate --fix` would do.
fn everything(asked: &Asked<'_>) -> Option<CodeAction> {
    let text = asked.open.text.compiled();
    let edit = difference(text, &loopline_dsl::fixing::fix_among(text, asked.document().library()).text)?;
    Some(CodeAction {
        title: "Mend everything that has one right edit".to_owned(),
        kind: Some(CodeActionKind::SOURCE_FIX_ALL),
        edit: Some(asked.workspace_edit(&[edit])),
        ..CodeAction::default()
    })
}

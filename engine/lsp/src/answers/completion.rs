//! `textDocument/completion`.

use loopline_dsl::assist::{self, Completion, CompletionKind, Edit};
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionParams, CompletionTextEdit, Documentation, InsertTextMode,
    MarkupContent, MarkupKind,
};

use super::Asked;

/// What may be written at a position, best first.
pub(crate) fn answer(asked: &Asked<'_>, params: CompletionParams) -> Option<Vec<CompletionItem>> {
    let offset = asked.offset(params.text_document_position.position);
    let all = assist::complete(asked.open.text.compiled(), offset, &asked.checker.library(asked.uri));
    Some(all.into_iter().enumerate().map(|(rank, completion)| item(asked, rank, completion)).collect())
}

fn item(asked: &Asked<'_>, rank: usize, completion: Completion) -> CompletionItem {
    let edit = fitting(completion.edit, asked.client.lines_as_they_are);
    let several_lines = edit.text.contains('\n');
    CompletionItem {
        // The `- ` of an item is not what people type.
        filter_text: completion.label.strip_prefix("- ").map(str::to_owned),
        label: completion.label,
        kind: Some(kind(completion.kind)),
        detail: completion.detail,
        documentation: completion
            .about
            .map(|value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })),
        // Editors sort by this text, not by the order of the answer.
        sort_text: Some(format!("{rank:05}")),
        insert_text_mode: several_lines.then_some(InsertTextMode::AS_IS),
        text_edit: Some(CompletionTextEdit::Edit(asked.open.text.edit(&edit))),
        ..CompletionItem::default()
    }
}

/// An editor that would indent lines in its own way gets the first one only.
fn fitting(edit: Edit, lines_as_they_are: bool) -> Edit {
    match edit.text.split_once('\n') {
        Some((first, _)) if !lines_as_they_are => Edit { text: first.to_owned(), ..edit },
        _ => edit,
    }
}

fn kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Key => CompletionItemKind::PROPERTY,
        CompletionKind::Word => CompletionItemKind::ENUM_MEMBER,
        CompletionKind::Example => CompletionItemKind::VALUE,
        CompletionKind::Step => CompletionItemKind::CLASS,
        CompletionKind::Input | CompletionKind::Variable => CompletionItemKind::VARIABLE,
        CompletionKind::Output | CompletionKind::Field => CompletionItemKind::FIELD,
        CompletionKind::Secret => CompletionItemKind::CONSTANT,
        CompletionKind::Artifact => CompletionItemKind::FILE,
        CompletionKind::StepType | CompletionKind::Pipeline => CompletionItemKind::MODULE,
        CompletionKind::Function => CompletionItemKind::FUNCTION,
    }
}

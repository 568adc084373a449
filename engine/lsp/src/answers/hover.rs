//! `textDocument/hover`.

use lsp_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};

use super::Asked;

/// What the word at a position means.
pub(crate) fn answer(asked: &Asked<'_>, params: HoverParams) -> Option<Hover> {
    let offset = asked.offset(params.text_document_position_params.position);
    let hover = asked.document().hover(offset)?;
    let kind = if asked.client.markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
    let contents = HoverContents::Markup(MarkupContent { kind, value: hover.text });
    Some(Hover { contents, range: Some(asked.open.text.range(&hover.range)) })
}

//! `textDocument/formatting`.

use lsp_types::{DocumentFormattingParams, TextEdit};

use super::Asked;
use super::difference::difference;

/// The edits that give a text its layout; none for a text that cannot be read. The rules are those of `loopline fmt`, not of
/// the editor.
pub(crate) fn answer(asked: &Asked<'_>, _: DocumentFormattingParams) -> Option<Vec<TextEdit>> {
    let text = asked.open.text.compiled();
    let edit = difference(text, &loopline_dsl::format(text).ok()?);
    Some(edit.iter().map(|edit| asked.open.text.edit(edit)).collect())
}

//! `textDocument/prepareRename` and `textDocument/rename`.

use lsp_types::{PrepareRenameResponse, RenameParams, TextDocumentPositionParams, WorkspaceEdit};

use super::Asked;

/// The name at a position, if it can be renamed; else the sentence that says why not.
pub(crate) fn prepare(
    asked: &Asked<'_>,
    params: TextDocumentPositionParams,
) -> Result<Option<PrepareRenameResponse>, String> {
    let document = asked.document();
    let range = document.may_rename(asked.offset(params.position)).map_err(|refusal| refusal.to_string())?;
    let placeholder = document.text()[range.clone()].to_owned();
    let range = asked.open.text.range(&range);
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder }))
}

/// The edits that rename it.
pub(crate) fn answer(asked: &Asked<'_>, params: RenameParams) -> Result<Option<WorkspaceEdit>, String> {
    let offset = asked.offset(params.text_document_position.position);
    let edits = asked.document().rename(offset, &params.new_name).map_err(|refusal| refusal.to_string())?;
    Ok(Some(asked.workspace_edit(&edits)))
}

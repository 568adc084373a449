//! `textDocument/definition` and `textDocument/references`.

use std::ops::Range;

use lsp_types::{GotoDefinitionParams, Location, ReferenceParams};

use super::Asked;

/// Where the name at a position is declared.
pub(crate) fn definition(asked: &Asked<'_>, params: GotoDefinitionParams) -> Option<Vec<Location>> {
    let offset = asked.offset(params.text_document_position_params.position);
    let definition = asked.document().definition(offset)?;
    Some(definition.to.iter().map(|range| location(asked, range)).collect())
}

/// Where the name at a position is used.
pub(crate) fn references(asked: &Asked<'_>, params: ReferenceParams) -> Option<Vec<Location>> {
    let offset = asked.offset(params.text_document_position.position);
    let places = asked.document().references(offset, params.context.include_declaration);
    Some(places.iter().map(|range| location(asked, range)).collect())
}

fn location(asked: &Asked<'_>, range: &Range<usize>) -> Location {
    Location { uri: asked.uri.clone(), range: asked.open.text.range(range) }
}

//! `textDocument/documentSymbol`.

use loopline_dsl::assist::{Symbol, SymbolKind};
use lsp_types::{DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, Location, SymbolInformation};

use super::Asked;

/// The parts of a file.
pub(crate) fn answer(asked: &Asked<'_>, _: DocumentSymbolParams) -> Option<DocumentSymbolResponse> {
    let symbols = asked.document().symbols();
    if asked.client.nested_symbols {
        return Some(DocumentSymbolResponse::Nested(symbols.iter().map(|symbol| nested(asked, symbol)).collect()));
    }
    let mut all = Vec::new();
    for symbol in &symbols {
        flatten(asked, symbol, None, &mut all);
    }
    Some(DocumentSymbolResponse::Flat(all))
}

#[expect(deprecated, reason = "the types of the protocol still have a field that tags took the place of")]
fn nested(asked: &Asked<'_>, symbol: &Symbol) -> DocumentSymbol {
    DocumentSymbol {
        name: symbol.name.clone(),
        detail: Some(symbol.detail.clone()).filter(|detail| !detail.is_empty()),
        kind: kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: asked.open.text.range(&symbol.range),
        selection_range: asked.open.text.range(&symbol.name_range),
        children: Some(symbol.children.iter().map(|child| nested(asked, child)).collect()),
    }
}

/// For editors that show a list: each part with the name of what it belongs to. Parts nest three deep.
#[expect(deprecated, reason = "the types of the protocol still have a field that tags took the place of")]
fn flatten(asked: &Asked<'_>, symbol: &Symbol, container: Option<&str>, all: &mut Vec<SymbolInformation>) {
    all.push(SymbolInformation {
        name: symbol.name.clone(),
        kind: kind(symbol.kind),
        tags: None,
        deprecated: None,
        location: Location { uri: asked.uri.clone(), range: asked.open.text.range(&symbol.range) },
        container_name: container.map(str::to_owned),
    });
    for child in &symbol.children {
        flatten(asked, child, Some(&symbol.name), all);
    }
}

fn kind(kind: SymbolKind) -> lsp_types::SymbolKind {
    match kind {
        SymbolKind::Section => lsp_types::SymbolKind::NAMESPACE,
        SymbolKind::Step => lsp_types::SymbolKind::CLASS,
        SymbolKind::Input => lsp_types::SymbolKind::VARIABLE,
        SymbolKind::Secret => lsp_types::SymbolKind::KEY,
        SymbolKind::Output => lsp_types::SymbolKind::FIELD,
    }
}

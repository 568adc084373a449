//! What each request is answered with. One file a request.

use std::sync::Arc;

use loopline_dsl::assist::{Document, Edit, Finding};
use lsp_types::{
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, Position, TextDocumentEdit, Uri, WorkspaceEdit,
};

use crate::checker::Checker;
use crate::client::Client;
use crate::documents::Open;

pub(crate) mod code_actions;
pub(crate) mod completion;
pub(crate) mod diagnostics;
mod difference;
pub(crate) mod formatting;
pub(crate) mod hover;
pub(crate) mod navigation;
pub(crate) mod rename;
pub(crate) mod symbols;

/// What a request is about.
pub(crate) struct Asked<'a> {
    pub(crate) uri: &'a Uri,
    pub(crate) open: &'a Open,
    pub(crate) client: &'a Client,
    pub(crate) checker: &'a Checker,
}

impl Asked<'_> {
    fn offset(&self, position: Position) -> usize {
        self.open.text.offset(position)
    }

    /// To ask about this version.
    fn document(&self) -> &Document {
        self.open.document(|| self.checker.library(self.uri))
    }

    /// What the compiler says about this version; compiled now unless it has been.
    fn findings(&self) -> Arc<Vec<Finding>> {
        let found = self.checker.found(self.uri, self.open.version);
        found.unwrap_or_else(|| Arc::new(self.document().findings().to_vec()))
    }

    /// Edits of this text, as the editor takes them.
    #[allow(clippy::mutable_key_type, reason = "the protocol's type; an address hides only what it has parsed")]
    fn workspace_edit(&self, edits: &[Edit]) -> WorkspaceEdit {
        let edits: Vec<_> = edits.iter().map(|edit| self.open.text.edit(edit)).collect();
        if !self.client.versioned_edits {
            let changes = std::iter::once((self.uri.clone(), edits)).collect();
            return WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() };
        }
        let text_document =
            OptionalVersionedTextDocumentIdentifier { uri: self.uri.clone(), version: Some(self.open.version) };
        let edits = edits.into_iter().map(OneOf::Left).collect();
        let changes = DocumentChanges::Edits(vec![TextDocumentEdit { text_document, edits }]);
        WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() }
    }
}

//! The texts that the editor has open.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use loopline_dsl::Library;
use loopline_dsl::assist::Document;
use lsp_types::{DidChangeTextDocumentParams, TextDocumentItem, Uri};

use crate::pipeline_files::is_pipeline;
use crate::text::{Encoding, Text};

/// Open texts by their addresses. Files that are no pipelines are not among them.
#[derive(Default)]
pub(crate) struct Documents {
    open: BTreeMap<Uri, Open>,
}

/// An open text.
pub(crate) struct Open {
    /// The number that the editor gave to this version of it.
    pub(crate) version: i32,
    /// Shared with who compiles it meanwhile.
    pub(crate) text: Arc<Text>,
    /// What was asked about this version.
    document: OnceCell<Document>,
}

impl Open {
    fn new(version: i32, text: Text) -> Self {
        Self { version, text: Arc::new(text), document: OnceCell::new() }
    }

    /// To ask about this version. `library` gives what it may name besides itself.
    pub(crate) fn document(&self, library: impl FnOnce() -> Arc<Library>) -> &Document {
        self.document.get_or_init(|| Document::new(self.text.compiled(), library()))
    }
}

impl Documents {
    /// Takes in a text that was opened. Whether it is looked at.
    pub(crate) fn open(&mut self, item: TextDocumentItem, encoding: Encoding) -> bool {
        let watched = is_pipeline(&item.uri, &item.language_id);
        if watched {
            self.open.insert(item.uri, Open::new(item.version, Text::new(item.text, encoding)));
        }
        watched
    }

    /// Makes the changes that the editor made. Whether the text is looked at.
    pub(crate) fn change(&mut self, params: DidChangeTextDocumentParams) -> bool {
        let Some(open) = self.open.get_mut(&params.text_document.uri) else { return false };
        let text = Arc::make_mut(&mut open.text);
        for change in params.content_changes {
            text.change(change);
        }
        open.version = params.text_document.version;
        open.document = OnceCell::new();
        true
    }

    /// Forgets a text. Whether it was looked at.
    pub(crate) fn close(&mut self, uri: &Uri) -> bool {
        self.open.remove(uri).is_some()
    }

    /// Forgets what was asked, since files around the texts have changed. Gives their addresses.
    pub(crate) fn look_again(&mut self) -> impl Iterator<Item = Uri> {
        self.open.iter_mut().map(|(uri, open)| {
            open.document = OnceCell::new();
            uri.clone()
        })
    }

    pub(crate) fn get(&self, uri: &Uri) -> Option<&Open> {
        self.open.get(uri)
    }
}

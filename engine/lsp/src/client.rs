//! What an editor can do.

use lsp_types::{InitializeParams, InsertTextMode, MarkupKind, PositionEncodingKind};

use crate::text::Encoding;

/// What an editor said about itself, as far as answers depend on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    /// How columns are counted.
    pub(crate) encoding: Encoding,
    /// Shows Markdown over a word.
    pub(crate) markdown: bool,
    /// Takes a completion of several lines as it is written.
    pub(crate) lines_as_they_are: bool,
    /// Takes edits that name the version they are for.
    pub(crate) versioned_edits: bool,
    /// Shows symbols inside of symbols.
    pub(crate) nested_symbols: bool,
    /// Asks before a rename whether there is something to rename.
    pub(crate) prepares_renames: bool,
    /// Shows other places that belong to a finding.
    pub(crate) related_information: bool,
    /// Tells when files change, if it is asked to.
    pub(crate) watches_files: bool,
}

impl Client {
    pub(crate) fn of(params: &InitializeParams) -> Self {
        let capabilities = &params.capabilities;
        let text = capabilities.text_document.as_ref();
        let encodings = capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        let utf8 = encodings.is_some_and(|encodings| encodings.contains(&PositionEncodingKind::UTF8));
        let hover = text.and_then(|text| text.hover.as_ref()).and_then(|hover| hover.content_format.as_ref());
        let item = text.and_then(|text| text.completion.as_ref()?.completion_item.as_ref());
        let modes = item.and_then(|item| item.insert_text_mode_support.as_ref());
        let edit = capabilities.workspace.as_ref().and_then(|workspace| workspace.workspace_edit.as_ref());
        let symbols = text.and_then(|text| text.document_symbol.as_ref());
        let rename = text.and_then(|text| text.rename.as_ref());
        let diagnostics = text.and_then(|text| text.publish_diagnostics.as_ref());
        let workspace = capabilities.workspace.as_ref();
        let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        Self {
            encoding: if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
            // Who says nothing is asked for nothing; all editors that show Markdown say so.
            markdown: hover.is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            lines_as_they_are: modes.is_some_and(|modes| modes.value_set.contains(&InsertTextMode::AS_IS)),
            versioned_edits: edit.and_then(|edit| edit.document_changes).unwrap_or(false),
            nested_symbols: symbols.and_then(|symbols| symbols.hierarchical_document_symbol_support).unwrap_or(false),
            prepares_renames: rename.and_then(|rename| rename.prepare_support).unwrap_or(false),
            related_information: diagnostics.and_then(|diagnostics| diagnostics.related_information).unwrap_or(false),
            watches_files: watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false),
        }
    }
}

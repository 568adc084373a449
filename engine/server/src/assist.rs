//! `/complete` and `/hover`: what the language server tells an editor, for the one in the browser. Stores nothing, reads nothing.
//!
//! Places are counted as browsers and editors count them: in units of UTF-16 from the beginning of the text.

use std::ops::Range;

use axum::Json;
use loopline_dsl::assist::{self, Completion, Document};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::{Among, AmongQuery, Body};
use crate::problem::Problem;

/// A place in a text.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Caret {
    /// The text of a pipeline. It need not be complete.
    text: String,
    /// Units of UTF-16 before the place; beyond the end it is the end.
    offset: usize,
}

/// What may be written at a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct Completions {
    /// The best first.
    completions: Vec<CompletionView>,
}

/// Something that may be written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Completion)]
pub struct CompletionView {
    /// What people see and type.
    label: String,
    /// What sort of thing it is.
    kind: assist::CompletionKind,
    /// Its type, or what it does, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What it is for, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    documentation: Option<String>,
    /// What is to be written instead of the text from `from` to `to`. Further lines carry their whole indentation.
    insert: String,
    /// Where the text that it replaces begins, in units of UTF-16.
    from: usize,
    /// Where that ends.
    to: usize,
}

/// What a word means.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hover)]
pub struct HoverView {
    /// Where the word begins, in units of UTF-16.
    from: usize,
    /// Where it ends.
    to: usize,
    /// What it means.
    markdown: String,
}

/// What may be written at a place of a text.
#[utoipa::path(post, path = "/complete", operation_id = "complete_pipeline", tag = "language", params(AmongQuery),
    request_body = Caret,
    responses((status = 200, body = Completions), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub async fn complete(
    Among(library): Among,
    Body(Caret { text, offset }): Body<Caret>,
) -> Result<Json<Completions>, Problem> {
    let counted = Utf16::of(&text);
    let found = assist::complete(counted.compiled(), counted.byte(offset), &library);
    let completions = found.into_iter().map(|completion| counted.completion(completion)).collect();
    Ok(Json(Completions { completions }))
}

/// What the word at a place of a text means; `null` where nothing is known.
#[utoipa::path(post, path = "/hover", operation_id = "hover_pipeline", tag = "language", params(AmongQuery),
    request_body = Caret,
    responses(
        (status = 200, body = Option<HoverView>),
        (status = 400, body = Problem, content_type = "application/problem+json")))]
pub async fn hover(
    Among(library): Among,
    Body(Caret { text, offset }): Body<Caret>,
) -> Result<Json<Option<HoverView>>, Problem> {
    let counted = Utf16::of(&text);
    let found = Document::new(counted.compiled(), library).hover(counted.byte(offset));
    Ok(Json(found.map(|hover| {
        let Range { start, end } = counted.range(&hover.range);
        HoverView { from: start, to: end, markdown: hover.text }
    })))
}

/// A text whose places are counted in units of UTF-16. A byte order mark is part of it for the editor, and not for the compiler.
struct Utf16<'a> {
    text: &'a str,
    /// Bytes of the mark.
    mark: usize,
}

impl<'a> Utf16<'a> {
    fn of(text: &'a str) -> Self {
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, mark }
    }

    fn compiled(&self) -> &'a str {
        &self.text[self.mark..]
    }

    /// The byte of the compiled text at a place; inside of a pair of surrogates, what is before it.
    fn byte(&self, place: usize) -> usize {
        let mut units = 0;
        let found = self.text.char_indices().find(|(_, c)| {
            units += c.len_utf16();
            units > place
        });
        found.map_or(self.text.len(), |(at, _)| at).saturating_sub(self.mark)
    }

    /// The place of a byte of the compiled text.
    fn place(&self, byte: usize) -> usize {
        let upto = self.text.floor_char_boundary(byte + self.mark);
        self.text[..upto].chars().map(char::len_utf16).sum()
    }

    fn range(&self, bytes: &Range<usize>) -> Range<usize> {
        self.place(bytes.start)..self.place(bytes.end)
    }

    fn completion(&self, completion: Completion) -> CompletionView {
        let Completion { label, kind, detail, about, edit } = completion;
        let Range { start, end } = self.range(&edit.range);
        CompletionView { label, kind, detail, documentation: about, insert: edit.text, from: start, to: end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_bytes_are_told_apart() {
        for text in ["a😀é\n", "\u{feff}a😀é\n"] {
            let counted = Utf16::of(text);
            let lead = usize::from(counted.mark > 0);
            // Unit 2 is inside of the surrogate pair.
            let bytes: Vec<_> = (0..7).map(|unit| counted.byte(unit + lead)).collect();
            assert_eq!(bytes, [0, 1, 1, 5, 7, 8, 8]);
            for byte in [0, 1, 5, 7, 8] {
                assert_eq!(counted.byte(counted.place(byte)), byte);
            }
        }
    }
}

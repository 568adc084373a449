//! A change of a text.

use std::ops::Range;

/// Replaces a part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// What is written in their place.
    pub text: String,
}

/// The text with all edits made. They are in the order of the text and do not overlap.
pub(crate) fn spliced(text: &str, edits: &[Edit]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        result.push_str(&text[done..edit.range.start]);
        result.push_str(&edit.text);
        done = edit.range.end;
    }
    result.push_str(&text[done..]);
    result
}

//! The page that is written: lines, empty lines between them, and comments in columns.

use crate::yaml::MAX_TEXT_BYTES;

/// Spaces before a comment that stands behind something.
const BEFORE_COMMENT: usize = 2;

/// A text in the making.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Without the spaces before comments behind something.
    text: String,
    line_start: usize,
    comments: Vec<Trailing>,
    /// Counts what no column of comments goes across: empty lines and scalars of several lines.
    paragraph: usize,
}

/// A comment behind something, or one below such a comment that goes on with it.
#[derive(Debug)]
struct Trailing {
    /// Where it begins on the page.
    at: usize,
    /// Characters before it on its line.
    width: usize,
    /// Its column in the text that is formatted.
    column: usize,
    paragraph: usize,
}

impl Page {
    /// Begins a line.
    pub(super) fn line(&mut self, indent: usize, after_blank: bool) {
        // What is too large is thrown away, and need not become larger before.
        if self.is_too_large() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
            if after_blank {
                self.text.push('\n');
                self.paragraph += 1;
            }
        }
        self.line_start = self.text.len();
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    /// Begins a line inside a scalar. It is indented only where it has text.
    pub(super) fn line_of_scalar(&mut self, indent: usize, text: &str) {
        self.paragraph += 1;
        self.line(if text.is_empty() { 0 } else { indent }, false);
        self.text.push_str(text);
    }

    /// Goes on with the line.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Puts a comment behind what stands on the line, or alone into the column of the comment above. Comments of one
    /// paragraph that stood in one column (`column` in the text) do so again.
    pub(super) fn trailing_comment(&mut self, text: &str, column: usize) {
        let width = self.text[self.line_start..].chars().count();
        self.comments.push(Trailing { at: self.text.len(), width, column, paragraph: self.paragraph });
        self.text.push_str(text);
    }

    /// More than can be read again.
    pub(super) fn is_too_large(&self) -> bool {
        self.text.len() > MAX_TEXT_BYTES
    }

    /// The text. It ends with a line break if it has any line.
    pub(super) fn finish(mut self) -> String {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.with_columns()
    }

    /// The text, its last line as it stands.
    pub(super) fn finish_without_line_break(self) -> String {
        self.with_columns()
    }

    fn with_columns(self) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut copied = 0;
        for column in self.comments.chunk_by(|a, b| (a.paragraph, a.column) == (b.paragraph, b.column)) {
            let widest = column.iter().map(|comment| comment.width).max().unwrap_or(0);
            for comment in column {
                text.push_str(&self.text[copied..comment.at]);
                text.extend(std::iter::repeat_n(' ', widest + BEFORE_COMMENT - comment.width));
                copied = comment.at;
            }
        }
        text.push_str(&self.text[copied..]);
        text
    }
}

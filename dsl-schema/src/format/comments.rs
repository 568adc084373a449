//! Comments on lines of their own: with what they belong.

use super::levels::{Level, Levels, STEP};
use super::token::Kind;

/// What stands around comments.
#[derive(Debug)]
pub(super) struct Surroundings {
    /// The block collections that are open behind the token before, outermost first.
    blocks: Vec<Level>,
    /// The indentation of lines in the brackets that are open there.
    within_brackets: Option<usize>,
    /// The kind of that token.
    before: Option<Kind>,
    /// Column in the text and indentation of the next token that is no comment. The end of the text counts as one that is
    /// not indented.
    next: (usize, usize),
}

impl Surroundings {
    /// Those behind the last token, before levels are told of the next.
    pub(super) fn behind(levels: &Levels, before: Option<Kind>) -> Self {
        let (blocks, within_brackets) = (levels.blocks().to_vec(), levels.within_brackets());
        Self { blocks, within_brackets, before, next: (0, 0) }
    }

    /// The same, with the column in the text and the indentation of what comes next.
    pub(super) fn followed_by(self, column: usize, indent: usize) -> Self {
        Self { next: (column, indent), ..self }
    }

    /// Whether a comment at this column stands deeper than what comes behind it.
    pub(super) fn is_deeper_than_next(&self, column: usize) -> bool {
        column > self.next.0
    }

    /// The indentation of a comment that stands at this column.
    ///
    /// It goes with what comes next, unless that lies further out than the comment: then the comment is the last word of
    /// a collection that ends here, and stays in it.
    pub(super) fn indent(&self, column: usize) -> usize {
        if let Some(content) = self.within_brackets {
            return content;
        }
        let (next_column, next_indent) = self.next;
        let Some(innermost) = self.blocks.last() else { return next_indent };
        if next_indent > innermost.indent || column <= next_column {
            return next_indent;
        }
        // Below a key without a value, it stands where the value would.
        let instead_of_value = column > innermost.column && self.before.is_some_and(Kind::awaits_value);
        if instead_of_value {
            return innermost.indent + STEP;
        }
        self.blocks.iter().rfind(|block| block.column <= column).map_or(next_indent, |block| block.indent)
    }
}

//! How deep things stand: in which block collection and which brackets, and how far lines are indented there.

use std::collections::VecDeque;

use super::lexer::{Lexer, Unclear};
use super::token::{Kind, Token};

/// Spaces by which a level is indented more than the one around it.
pub(super) const STEP: usize = 2;

/// A block collection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    kind: Collection,
    /// Where its entries begin in the text.
    pub(super) column: usize,
    /// Where they begin when it is formatted.
    pub(super) indent: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Collection {
    Sequence,
    Mapping,
}

/// Brackets that are open, and how lines in them are indented.
#[derive(Debug, Clone, Copy)]
struct Brackets {
    /// A line that begins with their end.
    end: usize,
    /// Every other line.
    content: usize,
}

/// Everything that is open at one place of the text.
#[derive(Debug, Default)]
pub(super) struct Levels {
    blocks: Vec<Level>,
    brackets: Vec<Brackets>,
    /// How the line is indented that the last token in brackets stands on; for a line that began outside of them, the
    /// indentation of the collection around.
    flow_line: usize,
    /// Of the brackets that come next: the columns in the text where they are closed, if on lines of their own.
    closings: VecDeque<Option<usize>>,
}

impl Levels {
    /// Takes the next token, where `before` is the kind of the one before it. Gives the indentation of the line that it
    /// begins, if it begins one.
    pub(super) fn enter(
        &mut self,
        token: &Token<'_>,
        before: Option<Kind>,
        lexer: &Lexer<'_>,
    ) -> Result<usize, Unclear> {
        if let Some(around) = self.brackets.last().copied() {
            return Ok(self.enter_flow(token, before, around));
        }
        if matches!(token.kind, Kind::Marker | Kind::Directive) {
            self.blocks.clear();
            return Ok(0);
        }
        if token.first {
            self.leave_deeper_than(token);
        }
        let indent = if self.begins_block(token, lexer) {
            self.begin_block(token, before)?
        } else {
            self.of_value_or_entry(token)
        };
        if token.kind.opens() {
            self.flow_line = if token.first { indent } else { self.indent() };
            self.closings = lexer.closings()?;
            self.open();
        }
        Ok(indent)
    }

    /// The block collections, outermost first.
    pub(super) fn blocks(&self) -> &[Level] {
        &self.blocks
    }

    /// How the second and further lines of a value are indented. Outside of everything too, so that none of them can be
    /// taken for `---`.
    pub(super) fn within_value(&self) -> usize {
        match (self.brackets.last(), self.blocks.last()) {
            (Some(brackets), _) => brackets.content + STEP,
            (None, Some(block)) => block.indent + STEP,
            (None, None) => STEP,
        }
    }

    /// How a comment on a line of its own is indented inside brackets.
    pub(super) fn within_brackets(&self) -> Option<usize> {
        self.brackets.last().map(|brackets| brackets.content)
    }

    /// The column in the text of the innermost block collection.
    pub(super) fn column(&self) -> Option<usize> {
        self.blocks.last().map(|block| block.column)
    }

    fn indent(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.indent)
    }

    fn leave_deeper_than(&mut self, token: &Token<'_>) {
        while self.blocks.last().is_some_and(|block| block.column > token.column) {
            self.blocks.pop();
        }
        // A sequence may stand at the column of the mapping around it; whatever is no item belongs to the mapping.
        let ended = |block: &Level| block.column == token.column && block.kind == Collection::Sequence;
        if token.kind != Kind::Dash && self.blocks.last().is_some_and(ended) {
            self.blocks.pop();
        }
    }

    fn begins_block(&self, token: &Token<'_>, lexer: &Lexer<'_>) -> bool {
        let here = |kind| self.blocks.last().is_some_and(|block| block.kind == kind && block.column == token.column);
        match token.kind {
            Kind::Dash => !here(Collection::Sequence),
            _ => lexer.begins_mapping(token.at) && !here(Collection::Mapping),
        }
    }

    fn begin_block(&mut self, token: &Token<'_>, before: Option<Kind>) -> Result<usize, Unclear> {
        // On the line of something else, a collection stands where it should only behind an indicator of one character.
        let compact = matches!(before, Some(Kind::Dash | Kind::Question | Kind::Colon));
        if !token.first && !compact {
            return Err(Unclear);
        }
        let kind = if token.kind == Kind::Dash { Collection::Sequence } else { Collection::Mapping };
        let indent = self.blocks.last().map_or(0, |block| block.indent + STEP);
        self.blocks.push(Level { kind, column: token.column, indent });
        Ok(indent)
    }

    fn of_value_or_entry(&self, token: &Token<'_>) -> usize {
        match self.blocks.last() {
            Some(block) if block.column == token.column => block.indent,
            Some(block) => block.indent + STEP,
            None => 0,
        }
    }

    fn enter_flow(&mut self, token: &Token<'_>, before: Option<Kind>, around: Brackets) -> usize {
        let goes_on = before.is_some_and(Kind::awaits_value) && !matches!(token.kind, Kind::Colon | Kind::Comma);
        let indent = match token.kind {
            Kind::Close => around.end,
            _ if goes_on => around.content + STEP,
            _ => around.content,
        };
        if token.first {
            self.flow_line = indent;
        }
        if token.kind == Kind::Close {
            self.brackets.pop();
        }
        if token.kind.opens() {
            self.open();
        }
        indent
    }

    /// The end of a collection stands below the line that it begins on. YAML wants it deeper than the key there, which
    /// not every reader insists on: who has written it deeper keeps that, so that nothing becomes harder to read.
    fn open(&mut self) {
        let closing = self.closings.pop_front().flatten();
        let deeper = self
            .blocks
            .last()
            .is_some_and(|block| self.flow_line <= block.indent && closing.is_some_and(|column| column > block.column));
        let end = if deeper { self.flow_line + STEP } else { self.flow_line };
        self.brackets.push(Brackets { end, content: end + STEP });
    }
}

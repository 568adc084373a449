//! The tree around a cursor, where the text is broken because somebody is writing there.
//!
//! The word under the cursor is left out, or replaced by one that can be read; brackets and quotes that are open are closed,
//! or what follows on the line is left out. The first attempt that can be read is taken. What stands before the cursor keeps
//! its place.

use std::rc::Rc;

use super::cursor::{Cursor, Spot, Word};
use super::tree::node_at;
use crate::yaml::{self, Node, Style};

/// Stands for the value that is being written. It is a name, so that a place for an expression has one.
const PLACEHOLDER: &str = "x";

/// The document, as it will most likely be. None where nothing can be read of it.
pub(crate) fn tree(text: &str, offset: usize, cursor: &Cursor) -> Option<Rc<Node>> {
    let (word, is_value) = match &cursor.spot {
        Spot::Value(word) => (word, true),
        Spot::Key(word) | Spot::Either(word) | Spot::Item(word) => (word, false),
        Spot::Nowhere => return None,
    };
    let around = Around::of(text, offset, word);
    for attempt in Attempt::ALL {
        let Some(text) = around.attempt(attempt, is_value) else { continue };
        let Some(root) = yaml::read(&text).root else { continue };
        // A value that is not there has no place in the model of the file.
        let has_value = || node_at(&root, &cursor.at).is_some_and(|node| node.scalar().is_some() && !node.is_null());
        if !is_value || has_value() {
            return Some(root);
        }
    }
    // Something else is broken too.
    let mended = [Attempt::Closed, Attempt::Cut].into_iter().find_map(|attempt| around.attempt(attempt, is_value));
    yaml::read_around(&mended.unwrap_or_else(|| around.without_line()))
}

/// Ways to make a text readable.
#[derive(Debug, Clone, Copy)]
enum Attempt {
    /// As it stands.
    AsItIs,
    /// The word replaced; what follows stays.
    Replaced,
    /// The word replaced, what follows on the line left out, brackets closed.
    Closed,
    /// The word replaced, what follows on the line left out, brackets left to later lines.
    Cut,
    /// The line left out.
    WithoutLine,
}

impl Attempt {
    const ALL: [Self; 5] = [Self::AsItIs, Self::Replaced, Self::Closed, Self::Cut, Self::WithoutLine];
}

/// A text in parts: before the word at the cursor, the word, the rest of its line, what follows.
struct Around<'a> {
    text: &'a str,
    word: &'a Word,
    /// Where the word begins, its quote included.
    start: usize,
    /// Where it ends; none where its quote is not closed on this line.
    end: Option<usize>,
    line_end: usize,
    offset: usize,
}

impl<'a> Around<'a> {
    fn of(text: &'a str, offset: usize, word: &'a Word) -> Self {
        let line_end = text[offset..].find('\n').map_or(text.len(), |end| offset + end);
        let quotes = matches!(word.style, Style::Single | Style::Double);
        let start = if quotes { word.start - 1 } else { word.start };
        let end = end_of_word(&text[offset..line_end], word).map(|end| offset + end);
        Self { text, word, start, end, line_end, offset }
    }

    fn attempt(&self, attempt: Attempt, is_value: bool) -> Option<String> {
        let written = self.offset > self.start;
        let glue = if self.word.glued { " " } else { "" };
        let replacement = if is_value { PLACEHOLDER } else { "" };
        let before = &self.text[..self.start];
        let rest = |from: usize| &self.text[from..];
        Some(match attempt {
            // A value of which nothing is written would be nothing.
            Attempt::AsItIs => return (written || !is_value).then(|| self.text.to_owned()),
            Attempt::Replaced => format!("{before}{glue}{replacement}{}", rest(self.end?)),
            Attempt::Closed if self.word.in_flow() => {
                format!("{before}{glue}{replacement}{}{}", self.word.closers, rest(self.line_end))
            }
            Attempt::Closed => return None,
            Attempt::Cut => format!("{before}{glue}{replacement}{}", rest(self.line_end)),
            Attempt::WithoutLine => self.without_line(),
        })
    }

    fn without_line(&self) -> String {
        let start = self.text[..self.start].rfind('\n').map_or(0, |end| end + 1);
        format!("{}{}{}", &self.text[..start], " ".repeat(self.start - start), &self.text[self.line_end..])
    }
}

/// Where the word ends in what follows the cursor on its line.
fn end_of_word(rest: &str, word: &Word) -> Option<usize> {
    let quote = match word.style {
        Style::Single => '\'',
        Style::Double => '"',
        Style::Literal | Style::Folded => return Some(rest.len()),
        Style::Plain => {
            let comment = rest.find(" #").unwrap_or(rest.len());
            let bracket = if word.in_flow() { rest.find([',', ']', '}']) } else { None };
            return Some(bracket.unwrap_or(comment).min(comment));
        }
    };
    let mut chars = rest.char_indices().peekable();
    while let Some((at, sign)) = chars.next() {
        match sign {
            '\\' if quote == '"' => {
                chars.next();
            }
            sign if sign == quote => {
                if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == quote) {
                    chars.next();
                } else {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::cursor;
    use super::*;
    use crate::route::Route;

    /// The value at the cursor can be read, and so can what stands at `/end`.
    fn check(marked: &str) {
        let offset = marked.find('«').expect("a cursor");
        let text = marked.replace('«', "");
        let cursor = cursor::find(&text, offset);
        let root = tree(&text, offset, &cursor).unwrap_or_else(|| panic!("a document in {marked:?}"));
        assert!(node_at(&root, &cursor.at).is_some(), "{marked:?} at {:?}", cursor.at);
        assert!(root.entry("end").is_some(), "{marked:?}");
    }

    #[test]
    fn the_rest_of_a_broken_text_is_known() {
        check("a: «\nend: 1\n");
        check("a:«\nend: 1\n");
        check("a: {b: «\nend: 1\n");
        check("a: {b: [x, «\nend: 1\n");
        check("a: {b: \"{{ inputs.«\nend: 1\n");
        check("a: {b: \"{{ inputs.« }}\"}\nend: 1\n");
        check("a: {b: \"{{ inputs.«\", c: 1}\nend: 1\n");
        check("a: 'it''s «\nend: 1\n");
        check("a: {{ inputs.«\nend: 1\n");
        check("a:\n  b: 1\n  ne«\n  c: 1\nend: 1\n");
        check("a:\n  ne«\n  c: 1\nend: 1\n");
        check("a: {b: 1, «\nend: 1\n");
        check("a: {\n  b: «\n}\nend: 1\n");
        check("a: |\n  {{ inputs.«\nend: 1\n");
        check("b: [x\na: «\nend: 1\n");
    }

    #[test]
    fn a_value_is_left_as_it_is_where_it_can_be() {
        let text = "a: foo bar\n";
        let cursor = cursor::find(text, 6);
        let root = tree(text, 6, &cursor).expect("a document");
        let node = node_at(&root, &Route::root().key("a")).expect("a value");
        assert_eq!(node.scalar().map(|scalar| scalar.text.as_str()), Some("foo bar"));
    }
}

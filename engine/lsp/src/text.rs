//! A text as the protocol counts it: lines, and columns in units of an encoding.

use std::ops::Range;

use loopline_dsl::assist::Edit;
use lsp_types::{Position, PositionEncodingKind, TextDocumentContentChangeEvent, TextEdit};

/// How columns are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// In bytes.
    Utf8,
    /// In units of UTF-16, which every editor knows.
    Utf16,
}

impl Encoding {
    /// Its name in the protocol.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }
}

/// A text with its lines. A byte order mark is part of it for the editor, and not for the compiler.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    content: String,
    /// Where each line begins. A line ends with `\n`, `\r\n` or `\r`.
    lines: Vec<usize>,
    encoding: Encoding,
}

impl Text {
    pub(crate) fn new(content: String, encoding: Encoding) -> Self {
        let mut text = Self { content, lines: vec![0], encoding };
        text.find_lines(0);
        text
    }

    /// What the compiler reads.
    pub(crate) fn compiled(&self) -> &str {
        &self.content[self.lead()..]
    }

    /// Bytes of a byte order mark.
    fn lead(&self) -> usize {
        if self.content.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
    }

    /// Finds the lines from the one that holds `from` on.
    fn find_lines(&mut self, from: usize) {
        let kept = self.lines.partition_point(|start| *start <= from).max(1);
        self.lines.truncate(kept);
        let mut at = self.lines[kept - 1];
        let bytes = self.content.as_bytes();
        while let Some(found) = bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let end = at + found;
            at = end + if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
            self.lines.push(at);
        }
    }

    /// The bytes of a line without what ends it.
    fn line(&self, line: usize) -> Range<usize> {
        let start = self.lines[line];
        let end = self.lines.get(line + 1).copied().unwrap_or(self.content.len());
        start..start + self.content[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// The byte at a position; beyond the end of a line or of the text, that end.
    fn byte(&self, position: Position) -> usize {
        let line = position.line as usize;
        if line >= self.lines.len() {
            return self.content.len();
        }
        let bytes = self.line(line);
        let text = &self.content[bytes.clone()];
        let wanted = position.character as usize;
        let column = match self.encoding {
            Encoding::Utf8 => text.floor_char_boundary(wanted),
            Encoding::Utf16 if text.is_ascii() => wanted.min(text.len()),
            Encoding::Utf16 => utf16_to_byte(text, wanted),
        };
        bytes.start + column
    }

    fn position_of_byte(&self, at: usize) -> Position {
        let at = self.content.floor_char_boundary(at);
        let line = self.lines.partition_point(|start| *start <= at) - 1;
        let before = &self.content[self.lines[line]..at];
        let column = match self.encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 if before.is_ascii() => before.len(),
            Encoding::Utf16 => before.chars().map(char::len_utf16).sum(),
        };
        Position { line: line as u32, character: column as u32 }
    }

    /// The byte of [`Text::compiled`] at a position.
    pub(crate) fn offset(&self, position: Position) -> usize {
        self.byte(position).saturating_sub(self.lead())
    }

    /// The place of bytes of [`Text::compiled`].
    pub(crate) fn range(&self, bytes: &Range<usize>) -> lsp_types::Range {
        let lead = self.lead();
        lsp_types::Range {
            start: self.position_of_byte(bytes.start + lead),
            end: self.position_of_byte(bytes.end + lead),
        }
    }

    /// An edit of [`Text::compiled`].
    pub(crate) fn edit(&self, edit: &Edit) -> TextEdit {
        TextEdit { range: self.range(&edit.range), new_text: edit.text.clone() }
    }

    /// Makes a change that the editor made.
    pub(crate) fn change(&mut self, change: TextDocumentContentChangeEvent) {
        let Some(range) = change.range else {
            *self = Self::new(change.text, self.encoding);
            return;
        };
        let (from, to) = (self.byte(range.start), self.byte(range.end));
        let bytes = from.min(to)..from.max(to);
        self.content.replace_range(bytes.clone(), &change.text);
        // A line break before the change may have become one with what was written.
        self.find_lines(bytes.start.saturating_sub(1));
    }
}

fn utf16_to_byte(text: &str, wanted: usize) -> usize {
    let mut units = 0;
    for (at, sign) in text.char_indices() {
        // A position inside of a pair of units is that of its character.
        if units + sign.len_utf16() > wanted {
            return at;
        }
        units += sign.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn positions_and_bytes_lead_to_each_other() {
        let content = "a\r\nbé😀c\rd\n\ne";
        for (encoding, position, byte) in [
            (Encoding::Utf16, at(0, 1), 1),
            (Encoding::Utf16, at(1, 2), 6),
            (Encoding::Utf16, at(1, 4), 10),
            (Encoding::Utf16, at(1, 5), 11),
            (Encoding::Utf8, at(1, 3), 6),
            (Encoding::Utf8, at(1, 7), 10),
            (Encoding::Utf8, at(2, 1), 13),
            (Encoding::Utf16, at(3, 0), 14),
            (Encoding::Utf16, at(4, 1), 16),
        ] {
            let text = Text::new(content.to_owned(), encoding);
            assert_eq!(text.offset(position), byte, "{encoding:?} {position:?}");
            assert_eq!(text.range(&(byte..byte)).start, position, "{encoding:?} {byte}");
        }
    }

    #[test]
    fn positions_that_are_not_there_are_the_nearest_that_are() {
        let text = Text::new("ab\n😀c\n".to_owned(), Encoding::Utf16);
        for (position, byte) in [(at(0, 99), 2), (at(1, 1), 3), (at(1, 99), 8), (at(2, 0), 9), (at(99, 0), 9)] {
            assert_eq!(text.offset(position), byte, "{position:?}");
        }
        let text = Text::new("é".to_owned(), Encoding::Utf8);
        assert_eq!(text.offset(at(0, 1)), 0);
    }

    #[test]
    fn a_byte_order_mark_is_there_for_the_editor_only() {
        let text = Text::new("\u{feff}ab\nc".to_owned(), Encoding::Utf16);
        assert_eq!(text.compiled(), "ab\nc");
        assert_eq!(text.offset(at(0, 2)), 1);
        assert_eq!(text.range(&(1..2)).start, at(0, 2));
        assert_eq!(text.range(&(3..4)).start, at(1, 0));
        assert_eq!(text.offset(at(0, 0)), 0);
    }

    #[test]
    fn changes_are_made_where_the_editor_made_them() {
        let check = |content: &str, from: Position, to: Position, written: &str, expect: &str| {
            let mut text = Text::new(content.to_owned(), Encoding::Utf16);
            let range = Some(lsp_types::Range { start: from, end: to });
            text.change(TextDocumentContentChangeEvent { range, range_length: None, text: written.to_owned() });
            assert_eq!(text.content, expect, "{content:?}");
            assert_eq!(text.lines, Text::new(expect.to_owned(), Encoding::Utf16).lines, "{content:?}");
        };
        check("ab\ncd\nef", at(0, 1), at(1, 1), "X", "aXd\nef");
        check("ab\ncd\nef", at(1, 0), at(1, 0), "1\n2\n", "ab\n1\n2\ncd\nef");
        check("a\r\nb", at(0, 1), at(1, 0), "", "ab");
        check("a\rb", at(1, 0), at(1, 0), "\n", "a\r\nb");
        check("ab", at(0, 2), at(0, 0), "c", "c");
        check("", at(7, 7), at(9, 9), "x", "x");
        check("é😀\nx", at(0, 3), at(1, 0), "", "é😀x");
        let mut text = Text::new("a\nb".to_owned(), Encoding::Utf16);
        text.change(TextDocumentContentChangeEvent { range: None, range_length: None, text: "c".to_owned() });
        assert_eq!((text.content.as_str(), text.lines.as_slice()), ("c", [0].as_slice()));
    }
}

//! From text to tokens.
//!
//! The parser has said where scalars and aliases stand. What is left between them has a grammar so small that every
//! character tells what it is. Where it does not, nothing is guessed: the text is [`Unclear`].

use std::collections::VecDeque;

use super::block_scalar::{self, Body, Header};
use super::token::{Kind, Token};
use crate::yaml::{Marks, Style};

/// The text is not written in a way that the formatter can follow.
#[derive(Debug)]
pub(super) struct Unclear;

/// Reads tokens one after the other.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    marks: &'a Marks,
    at: usize,
    column: usize,
    /// The next scalar or alias.
    leaf: usize,
    /// The block scalar whose header was read last, until its lines are read.
    header: Option<Header>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, marks: &'a Marks) -> Self {
        Self { text, marks, at: 0, column: 0, leaf: 0, header: None }
    }

    /// The next token, or nothing at the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, Unclear> {
        let first_of_all = self.at == 0;
        let breaks = self.skip_white();
        let Some(c) = self.rest().chars().next() else {
            let in_header = self.header.is_some();
            return Ok(in_header.then(|| self.token(Kind::Body, 0, 0, false)));
        };
        if c == '\n' {
            return Ok(Some(self.token(Kind::Body, 0, 0, false)));
        }
        let (kind, len) = self.recognise(c)?;
        Ok(Some(self.token(kind, len, breaks, first_of_all || breaks > 0)))
    }

    /// The lines of the block scalar whose header and [`Kind::Body`] came last. `parent` is the column of the collection
    /// that it stands in.
    pub(super) fn body(&mut self, parent: usize) -> Result<Body<'a>, Unclear> {
        let header = self.header.take().ok_or(Unclear)?;
        let body = block_scalar::body(self.text, self.at, header, parent)?;
        self.advance(body.end);
        Ok(body)
    }

    /// Looks ahead from the opening bracket that was read last to the end of its collection. For it and for each one
    /// inside, in the order of the text: the column where it is closed, if that is the first thing on a line.
    pub(super) fn closings(&self) -> Result<VecDeque<Option<usize>>, Unclear> {
        let mut ahead = self.clone();
        let mut closings = VecDeque::from([None]);
        let mut open = vec![0];
        while let Some(last) = open.last() {
            let token = ahead.next()?.ok_or(Unclear)?;
            if token.kind == Kind::Close {
                closings[*last] = token.first.then_some(token.column);
                open.pop();
            } else if token.kind.opens() {
                open.push(closings.len());
                closings.push_back(None);
            }
        }
        Ok(closings)
    }

    /// Whether a block mapping begins at `at`.
    pub(super) fn begins_mapping(&self, at: usize) -> bool {
        self.marks.mappings.binary_search(&at).is_ok()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Passes white space; behind the header of a block scalar, not beyond its line. Gives the number of line breaks.
    fn skip_white(&mut self) -> usize {
        let rest = self.rest();
        let end = rest.find(|c| !(matches!(c, ' ' | '\t') || (c == '\n' && self.header.is_none())));
        let white = &rest[..end.unwrap_or(rest.len())];
        self.advance(self.at + white.len());
        white.bytes().filter(|byte| *byte == b'\n').count()
    }

    fn advance(&mut self, to: usize) {
        let passed = &self.text[self.at..to];
        match passed.rfind('\n') {
            Some(end) => self.column = passed[end + 1..].chars().count(),
            None => self.column += passed.chars().count(),
        }
        self.at = to;
    }

    fn token(&mut self, kind: Kind, len: usize, breaks: usize, first: bool) -> Token<'a> {
        let (at, column) = (self.at, self.column);
        self.advance(at + len);
        Token { kind, text: &self.text[at..at + len], at, column, first, after_blank: breaks > 1 }
    }

    /// What begins here with `c`, and its length in bytes.
    fn recognise(&mut self, c: char) -> Result<(Kind, usize), Unclear> {
        let rest = self.rest();
        if self.column == 0 && is_marker(rest) {
            return Ok((Kind::Marker, 3));
        }
        match c {
            '#' => return Ok((Kind::Comment, line(rest))),
            '%' if self.column == 0 => return Ok((Kind::Directive, line(rest))),
            '&' | '!' => return Ok((Kind::Property, property(rest))),
            _ => {}
        }
        if let Some(leaf) = self.leaf(c)? {
            return Ok(leaf);
        }
        let kind = match c {
            '-' if ends_word(&rest[1..]) => Kind::Dash,
            '?' if ends_word(&rest[1..]) => Kind::Question,
            ':' => Kind::Colon,
            ',' => Kind::Comma,
            '[' => Kind::OpenSequence,
            '{' => Kind::OpenMapping,
            ']' | '}' => Kind::Close,
            _ => return Err(Unclear),
        };
        Ok((kind, 1))
    }

    /// The scalar or alias that begins here, if one does.
    fn leaf(&mut self, c: char) -> Result<Option<(Kind, usize)>, Unclear> {
        let Some(leaf) = self.marks.leaves.get(self.leaf) else { return Ok(None) };
        if matches!(leaf.style, Some(Style::Literal | Style::Folded)) {
            if !matches!(c, '|' | '>') {
                return Ok(None);
            }
            let (header, len) = Header::read(self.rest()).ok_or(Unclear)?;
            self.header = Some(header);
            self.leaf += 1;
            return Ok(Some((Kind::Header, len)));
        }
        if self.at < leaf.span.start {
            return Ok(None);
        }
        let len = match leaf.style {
            Some(Style::Single | Style::Double) => quoted(self.rest()).ok_or(Unclear)?,
            _ => leaf.span.end.checked_sub(self.at).filter(|len| *len > 0).ok_or(Unclear)?,
        };
        // Behind a tab, the parser takes a comment for white space of the scalar.
        let swallows_comment = |line: &str| line.trim_start_matches([' ', '\t']).starts_with('#');
        if leaf.style == Some(Style::Plain) && self.rest()[..len].split('\n').any(swallows_comment) {
            return Err(Unclear);
        }
        self.leaf += 1;
        Ok(Some(match leaf.style {
            None => (Kind::Alias, len),
            Some(Style::Plain) => (Kind::Plain, len),
            Some(_) => (Kind::Quoted, len),
        }))
    }
}

/// Whether a text that begins a line begins with `---` or `...`.
pub(super) fn is_marker(text: &str) -> bool {
    (text.starts_with("---") || text.starts_with("...")) && ends_word(&text[3..])
}

/// Nothing but white space follows directly.
fn ends_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t', '\n'])
}

/// The length of a line without the white space at its end.
fn line(rest: &str) -> usize {
    rest.split('\n').next().map_or(0, |line| line.trim_end_matches([' ', '\t']).len())
}

/// The length of the anchor or tag at the beginning.
fn property(rest: &str) -> usize {
    if rest.starts_with("!<") {
        return rest.find('>').map_or(rest.len(), |end| end + 1);
    }
    rest.find([' ', '\t', '\n', ',', '[', ']', '{', '}']).unwrap_or(rest.len())
}

/// The length of the quoted scalar at the beginning.
fn quoted(text: &str) -> Option<usize> {
    let quote = text.bytes().next().filter(|quote| matches!(quote, b'"' | b'\''))?;
    let mut bytes = text.bytes().enumerate().skip(1).peekable();
    while let Some((at, byte)) = bytes.next() {
        let twice = quote == b'\'' && bytes.peek().is_some_and(|(_, next)| *next == quote);
        if quote == b'"' && byte == b'\\' || byte == quote && twice {
            bytes.next();
        } else if byte == quote {
            return Some(at + 1);
        }
    }
    None
}

//! Lines and their indentation: block mappings, lists and scalars.

use super::flow::Flow;
use super::{Spot, Word};
use crate::route::Route;
use crate::yaml::{MAX_DEPTH, Style};

/// What stands before a cursor, while it is read.
pub(super) struct Lines<'a> {
    /// All of it; it ends at the cursor.
    pub(super) text: &'a str,
    /// What is to be read next.
    pub(super) at: usize,
    /// Where the current line begins.
    line: usize,
    /// Block collections that are open, the outermost first. Their columns never fall.
    blocks: Vec<Block>,
    /// Brackets that are open inside them, the outermost first.
    pub(super) flow: Vec<Flow>,
}

/// A collection that is written by indentation.
struct Block {
    column: usize,
    kind: BlockKind,
    /// The current value stands on the line of its key or dash, so no deeper line begins one.
    filled: bool,
}

enum BlockKind {
    /// A mapping and its current key.
    Mapping(Option<String>),
    /// A list and its current item.
    List(usize),
}

/// Whether a scalar stands first on its line, and so may become a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum First {
    /// It does, in this column; `item` is the next of a list that has its dashes there.
    Column { column: usize, item: Option<usize> },
    /// It stands behind a key.
    No,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 0, blocks: Vec::new(), flow: Vec::new() }
    }

    /// Reads all of it, and gives what its end is.
    pub(super) fn read(&mut self) -> Spot {
        loop {
            self.line = self.at;
            self.skip_blanks();
            let column = self.at - self.line;
            match self.rest().bytes().next() {
                None => return self.fresh(column),
                Some(b'\n' | b'\r') => self.at += 1,
                Some(b'%') if column == 0 => self.skip_line(),
                Some(_) if column == 0 && (self.rest().starts_with("---") || self.rest().starts_with("...")) => {
                    self.blocks.clear();
                    self.skip_line();
                    if self.is_over() {
                        return Spot::Nowhere;
                    }
                }
                Some(b'#') => {
                    self.skip_line();
                    if self.is_over() {
                        return Spot::Nowhere;
                    }
                }
                Some(_) => {
                    if let Some(spot) = self.node(column) {
                        return spot;
                    }
                }
            }
        }
    }

    /// The way to where it ends; none where it is deeper than any document may be.
    pub(super) fn route(&self) -> Option<Route> {
        if self.blocks.len() + self.flow.len() > MAX_DEPTH as usize {
            return None;
        }
        let blocks = self.blocks.iter().fold(Route::root(), |route, block| match &block.kind {
            BlockKind::Mapping(Some(key)) => route.key(key),
            BlockKind::Mapping(None) => route,
            BlockKind::List(index) => route.index(*index),
        });
        Some(self.flow.iter().fold(blocks, |route, flow| match flow {
            Flow::Mapping { key: Some(key), colon: true } => route.key(key),
            Flow::Mapping { .. } => route,
            Flow::List { index } => route.index(*index),
        }))
    }

    // ---- text ----

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn is_over(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(super) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// To the end of the line, the break not included.
    pub(super) fn skip_line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    /// Whether what is next ends a word: white space, or nothing.
    fn ends_word(rest: &str) -> bool {
        rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r'])
    }

    pub(super) fn word(&self, start: usize, style: Style) -> Word {
        let closers = self.flow.iter().rev().map(Flow::closer).collect();
        Word { start, style, closers, glued: false }
    }

    // ---- blocks ----

    /// Leaves the collections that a line in this column has ended. A list may stand in the column of its key.
    /// Where that leaves a list whose dashes are in this column, gives what would be its next item.
    fn settle(&mut self, column: usize, dash: bool) -> Option<usize> {
        let mut next = None;
        while let Some(top) = self.blocks.last() {
            let ended = match top.kind {
                BlockKind::List(_) => top.column > column || (top.column == column && !dash),
                BlockKind::Mapping(_) => top.column > column,
            };
            if !ended {
                break;
            }
            next = match top.kind {
                BlockKind::List(index) if top.column == column => Some(index + 1),
                _ => None,
            };
            self.blocks.pop();
        }
        next
    }

    fn enter_item(&mut self, column: usize) {
        self.settle(column, true);
        match self.blocks.last_mut() {
            Some(Block { column: at, kind: BlockKind::List(index), filled }) if *at == column => {
                *index += 1;
                *filled = false;
            }
            _ => self.blocks.push(Block { column, kind: BlockKind::List(0), filled: false }),
        }
    }

    fn enter_key(&mut self, column: usize, name: String) {
        self.settle(column, false);
        match self.blocks.last_mut() {
            Some(Block { column: at, kind: BlockKind::Mapping(key), filled }) if *at == column => {
                *key = Some(name);
                *filled = false;
            }
            _ => self.blocks.push(Block { column, kind: BlockKind::Mapping(Some(name)), filled: false }),
        }
    }

    /// The least indentation of the lines that belong to a value of the innermost collection.
    fn floor(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.column + 1)
    }

    fn fill(&mut self) {
        if let Some(block) = self.blocks.last_mut() {
            block.filled = true;
        }
    }

    /// The end is a line with nothing but blanks.
    fn fresh(&mut self, column: usize) -> Spot {
        let item = self.settle(column, false);
        let word = self.word(self.at, Style::Plain);
        self.first(column, item, word)
    }

    /// The end is the first word of a line.
    fn first(&mut self, column: usize, item: Option<usize>, word: Word) -> Spot {
        match self.blocks.last_mut() {
            None => Spot::Key(word),
            Some(Block { column: at, kind: BlockKind::Mapping(key), .. }) if *at == column => {
                *key = None;
                Spot::Key(word)
            }
            Some(Block { filled, .. }) => match item {
                Some(next) => {
                    self.blocks.push(Block { column, kind: BlockKind::List(next), filled: false });
                    Spot::Item(word)
                }
                None if *filled => Spot::Nowhere,
                None => Spot::Either(word),
            },
        }
    }

    // ---- nodes ----

    /// A node whose first line this is. What it is, if the text ends in it.
    fn node(&mut self, mut column: usize) -> Option<Spot> {
        while self.rest().starts_with('-') && Self::ends_word(&self.rest()[1..]) {
            self.enter_item(column);
            self.at += 1;
            if self.is_over() {
                return Some(Spot::Value(Word { glued: true, ..self.word(self.at, Style::Plain) }));
            }
            self.skip_blanks();
            column = self.at - self.line;
            if let Some(end) = self.end_of_line() {
                return end.then(|| self.behind_dash());
            }
        }
        if let Some(spot) = self.properties() {
            return spot;
        }
        if let Some((name, behind)) = self.key() {
            self.enter_key(column, name);
            self.at = behind;
            return self.value();
        }
        let item = self.settle(column, false);
        let floor = self.content_floor(column);
        self.content(floor, First::Column { column, item })
    }

    fn behind_dash(&mut self) -> Spot {
        if self.text[..self.at].ends_with([' ', '\t', '-']) && !self.in_comment() {
            return Spot::Either(self.word(self.at, Style::Plain));
        }
        Spot::Nowhere
    }

    fn in_comment(&self) -> bool {
        self.text[self.line..self.at].contains(" #")
    }

    /// Of a node that stands on a line of its own: what belongs to it is indented as what holds it says.
    fn content_floor(&self, column: usize) -> usize {
        let deepest = self.blocks.iter().rev().find(|block| block.column < column);
        deepest.map_or(0, |block| block.column + 1)
    }

    /// Where nothing but a comment is left on the line, goes to its end. Whether the text ends there.
    fn end_of_line(&mut self) -> Option<bool> {
        match self.rest().bytes().next() {
            None => Some(true),
            Some(b'\n' | b'\r') => Some(false),
            Some(b'#') => {
                self.skip_line();
                Some(self.is_over())
            }
            Some(_) => None,
        }
    }

    /// Anchors and tags. Something if the line ends behind them, and what it is if the text does.
    fn properties(&mut self) -> Option<Option<Spot>> {
        while self.rest().starts_with(['&', '!']) {
            let rest = self.rest();
            self.at += rest.find([' ', '\t', '\n', '\r']).unwrap_or(rest.len());
            if self.is_over() {
                return Some(Some(Spot::Nowhere));
            }
            self.skip_blanks();
            match self.end_of_line() {
                Some(true) if self.in_comment() => return Some(Some(Spot::Nowhere)),
                Some(true) => return Some(Some(Spot::Value(self.word(self.at, Style::Plain)))),
                Some(false) => return Some(None),
                None => {}
            }
        }
        None
    }

    /// The key that begins here, and the byte behind its colon.
    fn key(&self) -> Option<(String, usize)> {
        let rest = self.rest();
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let quote = line.chars().next()?;
        if matches!(quote, '"' | '\'') {
            let (text, length) = quoted(line)?;
            let behind = line[length..].trim_start_matches([' ', '\t']);
            let colon = line.len() - behind.len();
            return (behind.starts_with(':') && Self::ends_word(&behind[1..])).then(|| (text, self.at + colon + 1));
        }
        if "[]{},&*!|>%@`#".contains(quote) {
            return None;
        }
        let line = line.find(" #").map_or(line, |comment| &line[..comment]);
        let mut from = 0;
        loop {
            let colon = from + line[from..].find(':')?;
            if Self::ends_word(&line[colon + 1..]) {
                return Some((line[..colon].trim_end().to_owned(), self.at + colon + 1));
            }
            from = colon + 1;
        }
    }

    /// What stands behind the colon of a key.
    fn value(&mut self) -> Option<Spot> {
        if self.is_over() {
            return Some(Spot::Value(Word { glued: true, ..self.word(self.at, Style::Plain) }));
        }
        self.skip_blanks();
        match self.end_of_line() {
            Some(true) if self.in_comment() => return Some(Spot::Nowhere),
            Some(true) => return Some(Spot::Value(self.word(self.at, Style::Plain))),
            Some(false) => return None,
            None => {}
        }
        if let Some(spot) = self.properties() {
            return spot;
        }
        self.fill();
        let floor = self.floor();
        self.content(floor, First::No)
    }

    fn content(&mut self, floor: usize, first: First) -> Option<Spot> {
        let rest = self.rest();
        match rest.bytes().next()? {
            b'|' => self.block_scalar(floor, Style::Literal),
            b'>' => self.block_scalar(floor, Style::Folded),
            b'"' | b'\'' => self.quoted_scalar(floor, first),
            b'{' if rest.starts_with("{{") => self.plain(floor, first),
            b'[' | b'{' => self.brackets(floor),
            b'*' => {
                self.skip_line();
                self.is_over().then_some(Spot::Nowhere)
            }
            _ => self.plain(floor, first),
        }
    }

    /// The text ends in a scalar.
    fn scalar(&mut self, start: usize, style: Style, first: First) -> Spot {
        let word = self.word(start, style);
        match first {
            First::Column { column, item } => self.first(column, item, word),
            First::No => Spot::Value(word),
        }
    }

    fn block_scalar(&mut self, floor: usize, style: Style) -> Option<Spot> {
        self.skip_line();
        if self.is_over() {
            return Some(Spot::Nowhere);
        }
        self.at += 1;
        let start = self.at;
        loop {
            self.line = self.at;
            self.skip_blanks();
            let column = self.at - self.line;
            let blank = self.is_over() || self.rest().starts_with(['\n', '\r']);
            if self.is_over() {
                let inside = column >= floor;
                return Some(if inside { Spot::Value(self.word(start, style)) } else { self.fresh(column) });
            }
            if !blank && column < floor {
                self.at = self.line;
                return None;
            }
            self.skip_line();
            if self.is_over() {
                return Some(Spot::Value(self.word(start, style)));
            }
            self.at += 1;
        }
    }

    fn quoted_scalar(&mut self, floor: usize, first: First) -> Option<Spot> {
        let quote = self.rest().as_bytes()[0];
        let style = if quote == b'"' { Style::Double } else { Style::Single };
        let start = self.at + 1;
        self.at = start;
        match self.skip_quoted(quote, floor) {
            Quoted::Open => Some(self.scalar(start, style, first)),
            Quoted::Forgotten => None,
            Quoted::Closed => self.behind_value(),
        }
    }

    /// On behind the quote that closes.
    pub(super) fn skip_quoted(&mut self, quote: u8, floor: usize) -> Quoted {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                // A character of any length; a line break is looked at as one.
                b'\\' if quote == b'"' && bytes.get(self.at).is_some_and(|next| *next != b'\n') => {
                    self.at = self.text.ceil_char_boundary(self.at + 1);
                }
                b'\n' if self.ended_by_indentation(floor, &[]) => return Quoted::Forgotten,
                byte if byte == quote => {
                    if quote == b'\'' && bytes.get(self.at) == Some(&b'\'') {
                        self.at += 1;
                    } else {
                        return Quoted::Closed;
                    }
                }
                _ => {}
            }
        }
        Quoted::Open
    }

    /// At the beginning of a line: whether it is indented too little to go on with what is open.
    pub(super) fn ended_by_indentation(&self, floor: usize, but: &[char]) -> bool {
        let line = self.rest().split('\n').next().unwrap_or("");
        let text = line.trim_start_matches([' ', '\t']);
        let blank = text.trim_end_matches('\r').is_empty();
        !blank && line.len() - text.len() < floor && !text.starts_with(but)
    }

    /// Behind a value that has ended: to the end of its line.
    pub(super) fn behind_value(&mut self) -> Option<Spot> {
        self.skip_line();
        self.is_over().then_some(Spot::Nowhere)
    }

    fn plain(&mut self, floor: usize, first: First) -> Option<Spot> {
        let start = self.at;
        loop {
            let rest = self.rest();
            let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
            if let Some(comment) = line.find(" #").or_else(|| line.find("\t#")) {
                self.at += comment;
                return self.behind_value();
            }
            self.at += line.len();
            if self.is_over() {
                return Some(self.scalar(start, Style::Plain, first));
            }
            // A line that is indented more goes on with it, unless it is a key or an item of its own.
            let mut ahead = Self { at: self.at + 1, blocks: Vec::new(), flow: Vec::new(), ..*self };
            ahead.line = ahead.at;
            ahead.skip_blanks();
            let column = ahead.at - ahead.line;
            let blank = ahead.rest().starts_with(['\n', '\r']);
            let own = ahead.key().is_some() || ahead.rest().starts_with("- ") || ahead.rest().starts_with('#');
            if !blank && (column < floor || own) {
                return None;
            }
            if ahead.is_over() && column < floor {
                return None;
            }
            self.at = ahead.line;
            self.line = ahead.line;
        }
    }
}

/// How a quoted scalar ends.
pub(super) enum Quoted {
    /// By its quote.
    Closed,
    /// With the text.
    Open,
    /// A line is indented too little for it.
    Forgotten,
}

/// The text between quotes at the beginning of a line, and its length with them.
fn quoted(line: &str) -> Option<(String, usize)> {
    let quote = line.chars().next()?;
    let mut text = String::new();
    let mut chars = line.char_indices().skip(1).peekable();
    while let Some((at, sign)) = chars.next() {
        match sign {
            '\\' if quote == '"' => text.push(chars.next()?.1),
            sign if sign == quote => {
                if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') {
                    chars.next();
                    text.push('\'');
                } else {
                    return Some((text, at + 1));
                }
            }
            sign => text.push(sign),
        }
    }
    None
}

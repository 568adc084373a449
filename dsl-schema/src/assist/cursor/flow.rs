//! Brackets: `[a, b]` and `{a: 1}`.

use super::lines::{Lines, Quoted};
use super::{Spot, Word};
use crate::yaml::Style;

/// A bracket that is open.
pub(super) enum Flow {
    /// `{`, the current key, and whether its colon has come.
    Mapping { key: Option<String>, colon: bool },
    /// `[` and the current item.
    List { index: usize },
}

impl Flow {
    /// What closes it.
    pub(super) fn closer(&self) -> char {
        match self {
            Self::Mapping { .. } => '}',
            Self::List { .. } => ']',
        }
    }
}

impl Lines<'_> {
    /// From an opening bracket on behind the one that closes it.
    pub(super) fn brackets(&mut self, floor: usize) -> Option<Spot> {
        loop {
            self.skip_blanks();
            let rest = self.rest();
            let Some(next) = rest.chars().next() else { return Some(self.fresh_in_flow()) };
            match next {
                '\n' => {
                    self.at += 1;
                    if self.ended_by_indentation(floor, &[']', '}', ',']) {
                        self.flow.clear();
                        return None;
                    }
                }
                '\r' => self.at += 1,
                '#' => {
                    self.skip_line();
                    if self.is_over() {
                        return Some(Spot::Nowhere);
                    }
                }
                '{' if rest.starts_with("{{") => {
                    let start = self.at;
                    let closed = self.skip_template();
                    if self.is_over() && !closed {
                        return Some(self.token(start, Style::Plain));
                    }
                    self.took(&self.text[start..self.at]);
                }
                '[' => self.open(Flow::List { index: 0 }),
                '{' => self.open(Flow::Mapping { key: None, colon: false }),
                ']' | '}' => {
                    self.at += 1;
                    self.flow.pop();
                    if self.flow.is_empty() {
                        return self.behind_value();
                    }
                }
                ',' => self.comma(),
                ':' => {
                    self.at += 1;
                    self.colon();
                    if self.is_over() {
                        return Some(Spot::Value(Word { glued: true, ..self.word(self.at, Style::Plain) }));
                    }
                }
                '"' | '\'' => {
                    let start = self.at + 1;
                    self.at = start;
                    match self.skip_quoted(next as u8, floor) {
                        Quoted::Closed => self.took(&self.text[start..self.at - 1]),
                        Quoted::Open => {
                            let style = if next == '"' { Style::Double } else { Style::Single };
                            return Some(self.token(start, style));
                        }
                        Quoted::Forgotten => {
                            self.flow.clear();
                            return None;
                        }
                    }
                }
                '&' | '!' | '*' => {
                    self.at += rest.find([' ', ',', ']', '}', '\n']).unwrap_or(rest.len());
                    if self.is_over() {
                        return Some(Spot::Nowhere);
                    }
                }
                _ => {
                    let start = self.at;
                    self.at += plain_length(rest);
                    if self.is_over() {
                        return Some(self.token(start, Style::Plain));
                    }
                    self.took(self.text[start..self.at].trim_end());
                }
            }
        }
    }

    /// Behind the `}}` of a template without quotes, or to the end of its line. Whether it is closed.
    fn skip_template(&mut self) -> bool {
        let rest = self.rest();
        for (at, byte) in rest.bytes().enumerate() {
            if byte == b'\n' || rest.as_bytes()[at..].starts_with(b"}}") {
                self.at += at + if byte == b'\n' { 0 } else { 2 };
                return byte != b'\n';
            }
        }
        self.at = self.text.len();
        false
    }

    fn open(&mut self, flow: Flow) {
        self.at += 1;
        self.flow.push(flow);
    }

    fn comma(&mut self) {
        self.at += 1;
        match self.flow.last_mut() {
            Some(Flow::Mapping { key, colon }) => (*key, *colon) = (None, false),
            Some(Flow::List { index }) => *index += 1,
            None => {}
        }
    }

    fn colon(&mut self) {
        if let Some(Flow::Mapping { key, colon }) = self.flow.last_mut() {
            *colon = key.is_some();
        }
    }

    /// A scalar has ended: in a mapping before its colon it is a key.
    fn took(&mut self, text: &str) {
        if let Some(Flow::Mapping { key, colon: false }) = self.flow.last_mut() {
            *key = Some(text.to_owned());
        }
    }

    /// The text ends in a scalar.
    fn token(&mut self, start: usize, style: Style) -> Spot {
        let word = self.word(start, style);
        match self.flow.last() {
            Some(Flow::Mapping { colon: false, .. }) => Spot::Key(word),
            _ => Spot::Value(word),
        }
    }

    /// The text ends between scalars.
    fn fresh_in_flow(&mut self) -> Spot {
        let word = self.word(self.at, Style::Plain);
        match self.flow.last() {
            Some(Flow::Mapping { key: None, .. }) => Spot::Key(word),
            Some(Flow::Mapping { colon: false, .. }) => Spot::Nowhere,
            _ => Spot::Value(word),
        }
    }
}

/// The length of a scalar without quotes inside brackets.
fn plain_length(text: &str) -> usize {
    let mut before = ' ';
    for (at, sign) in text.char_indices() {
        let ends = match sign {
            ',' | '[' | ']' | '{' | '}' | '\n' => true,
            ':' => text[at + 1..].chars().next().is_none_or(|next| " \t\r\n,[]{}".contains(next)),
            '#' => before.is_whitespace(),
            _ => false,
        };
        if ends && at > 0 {
            return at;
        }
        before = sign;
    }
    text.len()
}

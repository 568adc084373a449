//! From places to lines and columns.
//!
//! Lines count from 1. Columns and lengths count characters, not bytes, columns from 1.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::diagnostics::{Diagnostic, Place};
use crate::fixing::Uses;
use crate::route::{Route, Segment};
use crate::yaml::{self, Node, Reading, Value};

/// A text that was read, ready to say where things stand in it.
pub struct Source<'a> {
    text: &'a str,
    reading: Reading,
    lines: Vec<usize>,
    /// Counted when a fix first asks.
    uses: OnceCell<Uses>,
    /// Of scalars, by where they begin; found when something in them is first asked for.
    waypoints: RefCell<BTreeMap<usize, Rc<[yaml::Waypoint]>>>,
}

/// A place as people count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl<'a> Source<'a> {
    /// Reads a text. A byte order mark is no part of it.
    pub fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let reading = yaml::read(text);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, reading, lines, uses: OnceCell::new(), waypoints: RefCell::default() }
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn take_problems(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.reading.problems)
    }

    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// How often each value is used, aliases counted.
    pub(crate) fn uses(&self) -> &Uses {
        self.uses.get_or_init(|| Uses::of(self.reading.root.as_deref()))
    }

    /// The bytes that a place covers, cut at the end of its first line.
    pub fn bytes(&self, place: &Place) -> Range<usize> {
        let whole = match place {
            Place::Text(range) => range.clone(),
            Place::Value(route) => self.find(route).value_span(self.text),
            Place::Key(route) => {
                let found = self.find(route);
                found.key.clone().unwrap_or_else(|| found.value_span(self.text))
            }
            Place::Within(route, part) => {
                let found = self.find(route);
                match &found.node {
                    Some(node) if found.complete => {
                        yaml::locate_from(self.text, node, part.clone(), &self.waypoints(node))
                    }
                    _ => found.value_span(self.text),
                }
            }
        };
        self.first_line(whole)
    }

    fn waypoints(&self, node: &Node) -> Rc<[yaml::Waypoint]> {
        let mut all = self.waypoints.borrow_mut();
        let points = all.entry(node.span.start).or_insert_with(|| yaml::waypoints(self.text, node).into());
        Rc::clone(points)
    }

    fn first_line(&self, range: Range<usize>) -> Range<usize> {
        let start = self.boundary(range.start);
        let end = self.boundary(range.end.max(start));
        let line = self.lines.partition_point(|&line| line <= start);
        let line_end = self.lines.get(line).map_or(self.text.len(), |next| next - 1);
        let cut = &self.text[start..end.min(line_end)];
        start..start + cut.trim_end().len()
    }

    fn boundary(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// Line and column of a byte.
    pub fn position(&self, at: usize) -> Position {
        let line = self.lines.partition_point(|&start| start <= at) - 1;
        Position { line: line + 1, column: self.text[self.lines[line]..self.boundary(at)].chars().count() + 1 }
    }

    /// The byte at which a line (from 1) begins.
    pub fn line_start(&self, line: usize) -> usize {
        self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    /// Whether what a finding is about could not be read, so that nothing can be said about it.
    pub(crate) fn is_passed_over(&self, diagnostic: &Diagnostic) -> bool {
        !self.reading.passed_over.is_empty() && diagnostic.place.route().is_some() && {
            let bytes = self.bytes(&diagnostic.place);
            self.reading
                .passed_over
                .iter()
                .any(|part| part.start < bytes.end.max(bytes.start + 1) && bytes.start < part.end)
        }
    }

    /// Follows a route as far as the document goes.
    fn find(&self, route: &Route) -> Found {
        let mut found = Found { key: None, node: self.reading.root.clone(), complete: true };
        for segment in route.segments() {
            let Some(node) = &found.node else { break };
            let next = match (segment, &node.value) {
                (Segment::Key(key), Value::Mapping(_)) => {
                    node.entry(key).map(|entry| (Some(entry.key.span.clone()), Rc::clone(&entry.value)))
                }
                (Segment::Index(index), Value::Sequence(items)) => {
                    items.get(*index).map(|item| (None, Rc::clone(item)))
                }
                // A single value may stand for a list of one.
                (Segment::Index(0), _) => continue,
                _ => None,
            };
            match next {
                Some((key, value)) => found = Found { key, node: Some(value), complete: true },
                None => {
                    found.complete = false;
                    break;
                }
            }
        }
        found
    }
}

/// What a route leads to, or the nearest thing above it.
struct Found {
    key: Option<Range<usize>>,
    node: Option<Rc<Node>>,
    complete: bool,
}

impl Found {
    fn value_span(&self, text: &str) -> Range<usize> {
        let Some(node) = &self.node else { return 0..0 };
        // A value that is not there, or that begins on a line of its own, is shown by its key.
        let flow = text[node.span.start..].starts_with(['[', '{']);
        match (&node.value, &self.key) {
            (Value::Scalar(scalar), Some(key)) if scalar.text.is_empty() && node.span.is_empty() => key.clone(),
            (Value::Mapping(_) | Value::Sequence(_), Some(key)) if !flow || !self.complete => key.clone(),
            _ => node.span.clone(),
        }
    }
}

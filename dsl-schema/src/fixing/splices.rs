//! From the edits of a fix to bytes of the text.

use std::ops::Range;
use std::rc::Rc;

use super::{extent, spelling};
use crate::diagnostics::{Change, Edit, Fix, Place};
use crate::position::Source;
use crate::route::{Route, Segment};
use crate::yaml::{self, Node, Scalar, Style, Value};

/// Bytes of a text and what is written instead of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// Bytes of [`Source::text`].
    pub bytes: Range<usize>,
    /// What is written there.
    pub text: String,
}

/// The splices of a fix, in the order of the text; none overlap.
///
/// None where it cannot be said exactly in this text, or where the edit would reach other places through an alias.
pub fn splices(source: &Source<'_>, fix: &Fix) -> Option<Vec<Splice>> {
    Some(edits_with_splices(source, fix)?.into_iter().map(|(_, splice)| splice).collect())
}

/// The same, each with the edit that it is made of.
pub(super) fn edits_with_splices<'a>(source: &Source<'_>, fix: &'a Fix) -> Option<Vec<(&'a Edit, Splice)>> {
    let one = |edit: &'a Edit| Some((edit, splice(source, edit)?));
    let mut all: Vec<(&Edit, Splice)> = fix.edits.iter().map(one).collect::<Option<_>>()?;
    all.sort_by_key(|(_, splice)| (splice.bytes.start, splice.bytes.end));
    let apart = all.windows(2).all(|pair| pair[0].1.bytes.end <= pair[1].1.bytes.start);
    apart.then_some(all)
}

fn splice(source: &Source<'_>, edit: &Edit) -> Option<Splice> {
    let text = source.text();
    match (&edit.place, &edit.change) {
        (Place::Text(bytes), Change::Yaml(yaml) | Change::Text(yaml)) => replace(text, bytes.clone(), yaml.clone()),
        (Place::Text(bytes), Change::Untag) => replace(text, tag(text, bytes.start)?, String::new()),
        (Place::Text(_), _) => None,
        (Place::Value(route) | Place::Key(route) | Place::Within(route, _), change) => {
            let spot = Spot::of(source, route)?;
            spot.splice(text, &edit.place, change)
        }
    }
}

fn replace(text: &str, bytes: Range<usize>, new: String) -> Option<Splice> {
    text.get(bytes.clone())?;
    Some(Splice { bytes, text: new })
}

/// The tag of a value that begins at `at`, or just behind its tag, with the space behind it.
fn tag(text: &str, at: usize) -> Option<Range<usize>> {
    let start = if text.get(at..)?.starts_with('!') {
        at
    } else {
        let line = &text[extent::line_start(text, at)..at];
        let word = line.trim_end().rsplit([' ', '[', '{', ',']).next().filter(|word| word.starts_with('!'))?;
        at - (line.len() - line.rfind(word)?)
    };
    let word = text[start..].split([' ', '\n', '\r', ',', ']', '}']).next()?.len();
    let behind = &text[start + word..];
    let gap = behind.len() - behind.trim_start_matches(' ').len();
    Some(start..start + word + gap)
}

/// A value that stands where its route says, and that nothing else shares.
struct Spot {
    key: Option<Range<usize>>,
    node: Rc<Node>,
    /// The value itself is an alias, or used by one; what contains it is not.
    shared: bool,
    parent: Option<Rc<Node>>,
    /// Inside `[…]` or `{…}`.
    in_flow: bool,
    /// It is the one item of a list that is not written as one.
    single: bool,
}

impl Spot {
    fn of(source: &Source<'_>, route: &Route) -> Option<Self> {
        let root = source.reading().root.clone()?;
        let mut spot = Self { key: None, node: root, shared: false, parent: None, in_flow: false, single: false };
        for segment in route.segments() {
            if spot.shared {
                return None;
            }
            spot = spot.step(source, segment)?;
        }
        Some(spot)
    }

    fn step(self, source: &Source<'_>, segment: &Segment) -> Option<Self> {
        let (key, node) = match (segment, &self.node.value) {
            (Segment::Key(key), Value::Mapping(_)) => {
                let entry = self.node.entry(key)?;
                (Some(entry.key.span.clone()), Rc::clone(&entry.value))
            }
            (Segment::Index(index), Value::Sequence(items)) => (None, Rc::clone(items.get(*index)?)),
            (Segment::Index(0), _) => return Some(Self { single: true, ..self }),
            _ => return None,
        };
        let inside = |span: &Range<usize>| self.node.span.start <= span.start && span.end <= self.node.span.end;
        // A merged entry stands elsewhere; it may be edited there if nothing else reads it.
        if key.as_ref().is_some_and(|key| source.uses().are_several(key)) {
            return None;
        }
        let is_alias = key.as_ref().map_or_else(|| !inside(&node.span), |key| node.span.start < key.start);
        let shared = source.uses().are_several(&node.span) || is_alias;
        let in_flow = self.in_flow || is_flow(source.text(), &self.node);
        Some(Self { key, shared, node, parent: Some(self.node), in_flow, single: false })
    }

    fn splice(&self, text: &str, place: &Place, change: &Change) -> Option<Splice> {
        match (place, change) {
            (_, Change::Remove) => self.remove(text),
            (_, Change::Before(yaml)) => self.before(text, yaml),
            (_, Change::After(yaml)) => self.after(text, yaml),
            (Place::Key(_), Change::Text(new)) => {
                let key = self.key.clone()?;
                let style = match text[key.clone()].chars().next() {
                    Some('\'') => Style::Single,
                    Some('"') => Style::Double,
                    _ => Style::Plain,
                };
                replace(text, key, spelling::scalar(style, new, self.in_flow)?)
            }
            _ if self.shared => None,
            (_, Change::Item(yaml)) => self.item(text, yaml),
            (Place::Value(_), Change::InList) => self.in_list(text),
            (Place::Value(_), Change::Yaml(yaml)) => replace(text, self.node.span.clone(), yaml.clone()),
            (Place::Value(_), Change::Text(new)) => {
                let scalar = self.node.scalar()?;
                replace(text, self.node.span.clone(), spelling::scalar(scalar.style, new, self.in_flow)?)
            }
            (Place::Within(_, part), Change::Text(new)) => self.within(text, part.clone(), new),
            (Place::Within(_, part), Change::Name { index, from, to }) => {
                let path = self.node.scalar()?.text.get(part.clone())?;
                let name = nth_name(path, *index).filter(|name| &path[name.clone()] == from)?;
                self.within(text, part.start + name.start..part.start + name.end, to)
            }
            _ => None,
        }
    }

    /// A part of a scalar. Where plain text would become something else by it, the whole gets quotes.
    fn within(&self, text: &str, part: Range<usize>, new: &str) -> Option<Splice> {
        let Scalar { text: value, style, .. } = self.node.scalar()?;
        let mut all = value.clone();
        value.get(part.clone())?;
        all.replace_range(part.clone(), new);
        let on_one_line = !text[self.node.span.clone()].contains('\n');
        if *style == Style::Plain && on_one_line && spelling::plain(&all, self.in_flow) != all {
            return replace(text, self.node.span.clone(), spelling::plain(&all, self.in_flow));
        }
        replace(text, yaml::locate(text, &self.node, part), spelling::part(*style, new)?)
    }

    /// An entry by its key, an item by its place.
    fn remove(&self, text: &str) -> Option<Splice> {
        let parent = self.parent.as_ref().filter(|_| !self.single)?;
        let start = self.key.as_ref().map_or(self.node.span.start, |key| key.start);
        if is_flow(text, parent) {
            return replace(text, extent::in_flow(text, start, self.end(text)?), String::new());
        }
        let line = extent::line_start(text, start);
        let before = &text[line..start];
        let column = match &self.key {
            Some(_) if before.trim().is_empty() => before.len(),
            // The first entry behind a dash takes the dash with it; its list is not asked.
            Some(_) => return None,
            None => before.rfind('-').filter(|dash| before[..*dash].trim().is_empty())?,
        };
        replace(text, extent::in_block(text, start, column), String::new())
    }

    /// Where the value ends. An alias has its span where its anchor is.
    fn end(&self, text: &str) -> Option<usize> {
        if !self.shared {
            return Some(self.node.span.end);
        }
        let behind = self.key.as_ref()?.end;
        let value = text[behind..].trim_start().strip_prefix(':')?.trim_start();
        let name = value.strip_prefix('*')?;
        let length = name.find([' ', '\n', '\r', ',', ']', '}']).unwrap_or(name.len());
        Some(text.len() - name.len() + length)
    }

    fn before(&self, text: &str, yaml: &str) -> Option<Splice> {
        let at = self.key.as_ref()?.start;
        let new = if is_flow(text, self.parent.as_ref()?) {
            format!("{yaml}, ")
        } else {
            format!("{yaml}{}{}", extent::newline(text), extent::indentation(text, at)?)
        };
        replace(text, at..at, new)
    }

    fn after(&self, text: &str, yaml: &str) -> Option<Splice> {
        let key = self.key.as_ref()?;
        if is_flow(text, self.parent.as_ref()?) {
            let at = self.end(text)?;
            return replace(text, at..at, format!(", {yaml}"));
        }
        let indentation = extent::indentation(text, key.start)?;
        let at = extent::in_block(text, key.start, indentation.len()).end;
        replace(text, at..at, whole_line(text, at, &format!("{indentation}{yaml}")))
    }

    /// The value as the one item of a list: in brackets where it stands on a line, else behind a dash.
    fn in_list(&self, text: &str) -> Option<Splice> {
        let span = self.node.span.clone();
        match &self.node.value {
            Value::Scalar(scalar) if scalar.style == Style::Plain => {
                replace(text, span, format!("[{}]", spelling::plain(&scalar.text, true)))
            }
            Value::Scalar(scalar) if matches!(scalar.style, Style::Literal | Style::Folded) => None,
            Value::Mapping(entries) if !is_flow(text, &self.node) => {
                let start = entries.iter().next()?.key.span.start;
                let column = extent::indentation(text, start)
                    .filter(|before| before.len() == start - extent::line_start(text, start))?
                    .len();
                let lines = extent::in_block(text, start, column.checked_sub(1)?);
                let mut new = String::new();
                for (at, line) in text[lines.clone()].split_inclusive('\n').enumerate() {
                    let deeper = if at == 0 { "- " } else { "  " };
                    let blank = line.trim().is_empty();
                    new.push_str(&line[..if blank { 0 } else { column }]);
                    new.push_str(if blank { "" } else { deeper });
                    new.push_str(&line[if blank { 0 } else { column }..]);
                }
                replace(text, lines, new)
            }
            _ => {
                let value = text.get(span.clone())?;
                replace(text, span, format!("[{value}]"))
            }
        }
    }

    fn item(&self, text: &str, yaml: &str) -> Option<Splice> {
        let Value::Sequence(items) = &self.node.value else { return None };
        if is_flow(text, &self.node) {
            let at = self.node.span.end.checked_sub(1).filter(|at| text[*at..].starts_with(']'))?;
            let separator = match text[..at].trim_end().chars().next_back() {
                Some('[') => "",
                Some(',') => " ",
                _ => ", ",
            };
            let at = text[..at].trim_end_matches([' ', '\t']).len();
            return replace(text, at..at, format!("{separator}{yaml}"));
        }
        let last = items.last()?;
        let line = extent::line_start(text, last.span.start);
        let before = text.get(line..last.span.start)?;
        let dash = before.rfind('-').filter(|dash| before[..*dash].trim().is_empty())?;
        let at = extent::in_block(text, last.span.start, dash).end;
        replace(text, at..at, whole_line(text, at, &format!("{}- {yaml}", &before[..dash])))
    }
}

/// A line of its own at `at`, where a line begins or the text ends.
fn whole_line(text: &str, at: usize, line: &str) -> String {
    let newline = extent::newline(text);
    if at == 0 || text[..at].ends_with('\n') { format!("{line}{newline}") } else { format!("{newline}{line}") }
}

fn is_flow(text: &str, node: &Node) -> bool {
    text[node.span.start..].starts_with(['[', '{']) && !matches!(node.value, Value::Scalar(_))
}

/// The bytes of the n-th name of a path like `a.b["c"]`.
pub(super) fn nth_name(path: &str, index: usize) -> Option<Range<usize>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut start = None;
    let mut names = Vec::new();
    for (at, c) in path.char_indices().chain([(path.len(), '.')]) {
        match (is_name(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                names.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    names.into_iter().nth(index)
}

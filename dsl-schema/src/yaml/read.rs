//! Text to tree, within limits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, Span, Tag};

use super::limits::{MAX_DEPTH, MAX_EXPANDED_BYTES, MAX_NODES, MAX_TEXT_BYTES};
use super::marks::style_of;
use super::template_brace;
use super::tree::{Entry, Key, Mapping, Node, Scalar, Style, Value};
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};

/// A text with more problems than this is not read to its end.
const MAX_PROBLEMS: usize = 1_000;

/// What a text was read into.
#[derive(Debug, Default)]
pub struct Reading {
    /// The document, as far as it could be read.
    pub root: Option<Rc<Node>>,
    /// What was wrong.
    pub problems: Vec<Problem>,
    /// Bytes of the text whose value is not known: unquoted templates, passed over so that the rest can be checked.
    pub passed_over: Vec<Range<usize>>,
}

/// Something wrong with the text itself. It knows its bytes, since there may be no tree to have a route in.
pub type Problem = Diagnostic;

/// Reads a text. Never recurses, and stops as soon as a limit is passed.
pub fn read(text: &str) -> Reading {
    if let Some(problem) = refused_at_once(text) {
        return Reading { problems: vec![problem], ..Reading::default() };
    }
    let mut passed_over = Vec::new();
    let mut templates = Vec::new();
    let mut readable = Cow::Borrowed(text);
    // Each unquoted template costs another reading of the text; large texts get fewer, so that the time stays bounded.
    let mut readings_left = (2 * MAX_TEXT_BYTES / text.len().max(1)).clamp(1, 32);
    loop {
        readings_left -= 1;
        match read_once(&readable) {
            Err(meant) if readings_left > 0 => {
                templates.push(unquoted_template(text, meant.clone()));
                pass_over(readable.to_mut(), meant.clone());
                passed_over.push(meant);
            }
            Err(meant) => {
                templates.push(unquoted_template(text, meant));
                return Reading { root: None, problems: templates, passed_over };
            }
            Ok(mut reading) => {
                templates.append(&mut reading.problems);
                return Reading { problems: templates, passed_over, ..reading };
            }
        }
    }
}

fn refused_at_once(text: &str) -> Option<Problem> {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("the file has {} bytes; the most is {MAX_TEXT_BYTES} (1 MiB)", text.len());
        let problem = Diagnostic::new(Code::TextTooLarge, Place::Text(0..0), message);
        return Some(problem.help("move long scripts into files of the repository and call them"));
    }
    let forbidden =
        |c: char| (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')) || c == '\u{FFFE}' || c == '\u{FFFF}';
    let Some((at, found)) = text.char_indices().find(|&(_, c)| forbidden(c)) else { return foreign_directive(text) };
    let message = format!("the character U+{:04X} may not stand in YAML", u32::from(found));
    let problem = Diagnostic::new(Code::ForbiddenCharacter, Place::Text(at..at + found.len_utf8()), message);
    Some(problem.help("remove it, or write it as an escape inside double quotes, like \"\\x1b\""))
}

/// The parser counts letters outside ASCII in a directive byte by byte: every place behind it would be wrong.
fn foreign_directive(text: &str) -> Option<Problem> {
    if text.is_ascii() {
        return None;
    }
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        if let Some((at, found)) = line.char_indices().find(|(_, c)| !c.is_ascii()).filter(|_| line.starts_with('%')) {
            let place = Place::Text(start + at..start + at + found.len_utf8());
            let message = format!("a line that begins with `%` is a directive, in which `{found}` may not stand");
            let problem = Diagnostic::new(Code::ForbiddenCharacter, place, message);
            return Some(problem.help("remove the line, or indent it if it is text; pipelines need no directive"));
        }
        start += line.len();
    }
    None
}

fn unquoted_template(text: &str, meant: Range<usize>) -> Problem {
    let quoted = super::quoted_in_flow(&text[meant.clone()]);
    Diagnostic::new(
        Code::UnquotedTemplate,
        Place::Text(meant.clone()),
        "`{{` without quotes begins a mapping in YAML, not a template",
    )
    .help(format!("put the value in quotes: {quoted}"))
    .fix_yaml("Put the value in quotes", Place::Text(meant), quoted)
}

/// Replaces a part of the text by as many letters, so that all other positions stay what they are.
fn pass_over(text: &mut String, part: Range<usize>) {
    let letters = "x".repeat(part.len());
    text.replace_range(part, &letters);
}

/// One reading. `Err` names an unquoted template to pass over.
fn read_once(text: &str) -> Result<Reading, Range<usize>> {
    let bytes = Bytes::of(text);
    let mut builder = Builder::default();
    let mut flow_depth = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let at = bytes.at(error.marker().index());
                if let Some(meant) = template_brace::around(text, at) {
                    return Err(meant);
                }
                // The scanner looks ahead over open brackets, and gives up before the first event comes.
                if error.info().contains("recursion limit") {
                    let _ = builder.too_deep(at..at);
                } else {
                    let open = builder
                        .stack
                        .last()
                        .map(|open| open.start)
                        .filter(|start| text[*start..].starts_with(['[', '{']));
                    builder.problems.push(syntax_error(text, at, open, error.info()));
                }
                builder.stack.clear();
                break;
            }
        };
        let span = bytes.span(span);
        let opens_flow = text[span.start..].starts_with(['{', '[']);
        match &event {
            Event::MappingStart(..) if opens_flow && template_brace::begins_at(text, span.start) => {
                return Err(template_brace::meant(text, span.start, flow_depth > 0));
            }
            Event::MappingStart(..) | Event::SequenceStart(..) if opens_flow => flow_depth += 1,
            Event::MappingEnd | Event::SequenceEnd
                if text[..span.end].ends_with(['}', ']']) && span.end > span.start =>
            {
                flow_depth = flow_depth.saturating_sub(1);
            }
            _ => {}
        }
        if builder.take(event, span).is_err() || builder.problems.len() > MAX_PROBLEMS {
            break;
        }
    }
    Ok(Reading { root: builder.root, problems: builder.problems, passed_over: Vec::new() })
}

fn syntax_error(text: &str, at: usize, open: Option<usize>, info: &str) -> Problem {
    let bracket = |at: usize| Place::Text(at..at + 1);
    // Where the text ends inside brackets, the bracket says more than the end.
    if let Some(open) = open.filter(|_| text[at..].trim().is_empty()) {
        let message = format!("`{}` is opened here and never closed", &text[open..=open]);
        let closing = if text[open..].starts_with('[') { "]" } else { "}" };
        return Diagnostic::new(Code::InvalidYaml, bracket(open), message).help(format!("close it by `{closing}`"));
    }
    let end = text[at..].chars().next().filter(|c| *c != '\n').map_or(at, |c| at + c.len_utf8());
    let mut problem = Diagnostic::new(Code::InvalidYaml, Place::Text(at..end), format!("this is not YAML: {info}"));
    if let Some(open) = open {
        problem = problem.related(bracket(open), "inside this");
    }
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    if line.trim_start_matches(' ').starts_with('\t') {
        problem.help("indent with spaces; YAML does not take tabs")
    } else if info.contains("mapping values are not allowed") {
        problem.help("a value with `: ` in it needs quotes")
    } else {
        problem
    }
}

/// Character indexes to byte offsets.
pub(super) struct Bytes<'a> {
    text: &'a str,
    /// Empty for ASCII, where both are the same.
    offsets: Vec<u32>,
}

impl<'a> Bytes<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let offsets = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at as u32).collect() };
        Self { text, offsets }
    }

    fn at(&self, index: usize) -> usize {
        if self.offsets.is_empty() {
            return index.min(self.text.len());
        }
        self.offsets.get(index).map_or(self.text.len(), |&at| at as usize)
    }

    pub(super) fn span(&self, span: Span) -> Range<usize> {
        let (start, end) = (self.at(span.start.index()), self.at(span.end.index()));
        start..end.max(start)
    }
}

/// A limit was passed: the rest of the text is not read.
struct Stop;

#[derive(Default)]
struct Builder {
    root: Option<Rc<Node>>,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, Rc<Node>>,
    weight: u64,
    bytes: u64,
    documents: u32,
    problems: Vec<Problem>,
}

/// A collection whose end has not come yet.
struct Open {
    anchor: usize,
    start: usize,
    kind: OpenKind,
    height: u32,
    weight: u64,
    bytes: u64,
}

enum OpenKind {
    Sequence(Vec<Rc<Node>>),
    Mapping { mapping: Mapping, merged: Option<(Key, Rc<Node>)>, key: Option<PendingKey> },
}

enum PendingKey {
    Key(Key),
    Merge(Key),
    /// A duplicate or not text: its value is read and dropped.
    Dropped,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), Stop> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return self.stop(
                        Code::SeveralDocuments,
                        span,
                        "a second document begins here; a pipeline file has one",
                        Some("put it into a file of its own"),
                    );
                }
                Ok(())
            }
            Event::Alias(id) => self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                let style = style_of(style);
                let plain = match tag.as_deref().map(|tag| self.core_tag(tag, &span)) {
                    None => style == Style::Plain,
                    Some(suffix) => matches!(suffix.as_deref(), Some("null" | "bool" | "int" | "float")),
                };
                let bytes = text.len() as u64;
                let value = Value::Scalar(Scalar { text: text.into_owned(), style, plain });
                let is_key = matches!(self.stack.last(), Some(Open { kind: OpenKind::Mapping { key: None, .. }, .. }));
                self.count(u64::from(!is_key), bytes, &span)?;
                self.finish(Node { span, value, weight: 1, bytes, height: 1 }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(anchor, tag.as_deref(), span, OpenKind::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                let kind = OpenKind::Mapping { mapping: Mapping::default(), merged: None, key: None };
                self.open(anchor, tag.as_deref(), span, kind)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
        }
    }

    fn stop(
        &mut self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<&str>,
    ) -> Result<(), Stop> {
        self.problems.push(Diagnostic::new(code, Place::Text(span), message).maybe_help(help.map(str::to_owned)));
        // What is still open has no end, so nothing of it may be used; a document that was finished before stays.
        self.stack.clear();
        Err(Stop)
    }

    fn count(&mut self, weight: u64, bytes: u64, span: &Range<usize>) -> Result<(), Stop> {
        self.weight = self.weight.saturating_add(weight);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.weight > MAX_NODES {
            let message = "the file has more than 100,000 values, each alias counted as often as it is used";
            return self.stop(
                Code::TooManyNodes,
                span.clone(),
                message,
                Some("split the pipeline, or use fewer aliases"),
            );
        }
        if self.bytes > MAX_EXPANDED_BYTES {
            let message = "the aliases of the file repeat more than 4 MiB of text";
            return self.stop(Code::TooManyNodes, span.clone(), message, Some("use fewer aliases"));
        }
        Ok(())
    }

    /// The suffix of a tag of the core schema; any other tag is an error.
    fn core_tag(&mut self, tag: &Tag, span: &Range<usize>) -> Option<String> {
        let known = ["str", "null", "bool", "int", "float", "map", "seq"].contains(&tag.suffix.as_str());
        if tag.is_yaml_core_schema() && known {
            return Some(tag.suffix.clone());
        }
        // `! text` says that it is a string, whatever it looks like.
        if tag.handle.is_empty() && tag.suffix == "!" {
            return None;
        }
        let name = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() };
        let message = format!("the tag `{name}` is not known; a pipeline uses the core schema of YAML");
        self.problems.push(
            Diagnostic::new(Code::UnsupportedTag, Place::Text(span.clone()), message)
                .help("remove the tag")
                .mend(Fix::new("Remove the tag", Place::Text(span.clone()), Change::Untag)),
        );
        None
    }

    fn open(&mut self, anchor: usize, tag: Option<&Tag>, span: Range<usize>, kind: OpenKind) -> Result<(), Stop> {
        if let Some(tag) = tag {
            self.core_tag(tag, &span);
        }
        self.count(1, 0, &span)?;
        if self.stack.len() as u32 >= MAX_DEPTH {
            return self.too_deep(span);
        }
        self.stack.push(Open { anchor, start: span.start, kind, height: 0, weight: 1, bytes: 0 });
        Ok(())
    }

    fn too_deep(&mut self, span: Range<usize>) -> Result<(), Stop> {
        let message = format!("values lie inside values more than {MAX_DEPTH} deep");
        self.stop(Code::TooDeep, span, message, Some("flatten the file; no key of the language needs this depth"))
    }

    fn alias(&mut self, id: usize, span: Range<usize>) -> Result<(), Stop> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            return self.stop(
                Code::AliasInsideItself,
                span,
                "this alias stands inside the value that it names",
                Some("write the value out"),
            );
        };
        self.count(node.weight, node.bytes, &span)?;
        if self.stack.len() as u32 + node.height > MAX_DEPTH {
            return self.too_deep(span);
        }
        self.place(node, Some(span))
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        let node = Rc::new(node);
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node, None)
    }

    /// Puts a finished value where it belongs. `alias` is the place of the alias that stands for it, if one does.
    fn place(&mut self, node: Rc<Node>, alias: Option<Range<usize>>) -> Result<(), Stop> {
        let Some(open) = self.stack.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        open.height = open.height.max(node.height);
        open.bytes = open.bytes.saturating_add(node.bytes);
        if !matches!(open.kind, OpenKind::Mapping { key: None, .. }) {
            open.weight = open.weight.saturating_add(node.weight);
        }
        match &mut open.kind {
            OpenKind::Sequence(items) => items.push(node),
            OpenKind::Mapping { mapping, merged, key } => match key.take() {
                None => *key = Some(pending_key(&node, alias, mapping, merged.as_ref(), &mut self.problems)),
                Some(PendingKey::Key(key)) => {
                    mapping.push(Entry { key, value: node });
                }
                Some(PendingKey::Merge(key)) => {
                    *merged = Some((key, node));
                }
                Some(PendingKey::Dropped) => {}
            },
        }
        Ok(())
    }

    fn close(&mut self, span: Range<usize>) -> Result<(), Stop> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let value = match open.kind {
            OpenKind::Sequence(items) => Value::Sequence(items),
            OpenKind::Mapping { mut mapping, merged, .. } => {
                if let Some((key, node)) = merged {
                    merge(&key, &node, &mut mapping, &mut self.problems);
                }
                Value::Mapping(mapping)
            }
        };
        let node = Node {
            span: open.start..span.end.max(open.start),
            value,
            weight: open.weight,
            bytes: open.bytes,
            height: open.height + 1,
        };
        self.finish(node, open.anchor)
    }
}

fn pending_key(
    node: &Rc<Node>,
    alias: Option<Range<usize>>,
    mapping: &Mapping,
    merged: Option<&(Key, Rc<Node>)>,
    problems: &mut Vec<Problem>,
) -> PendingKey {
    let span = alias.unwrap_or_else(|| node.span.clone());
    let Some(scalar) = node.scalar() else {
        let problem = Diagnostic::new(
            Code::KeyIsNotText,
            Place::Text(span),
            format!("a key must be text, and this is {}", node.describe()),
        );
        problems.push(problem.help("keys are names, like `build:`"));
        return PendingKey::Dropped;
    };
    let key = Key { text: scalar.text.as_str().into(), span: span.clone() };
    let is_merge = scalar.text == "<<" && scalar.style == Style::Plain;
    let first = if is_merge { merged.map(|(key, _)| key) } else { mapping.get(&key.text).map(|entry| &entry.key) };
    if let Some(first) = first {
        let message = format!("the key `{}` stands here twice", key.text);
        let problem = Diagnostic::new(Code::DuplicateKey, Place::Text(span), message)
            .related(Place::Text(first.span.clone()), "first here");
        problems.push(problem.help("keep one of them; YAML does not say which would win"));
        return PendingKey::Dropped;
    }
    if is_merge { PendingKey::Merge(key) } else { PendingKey::Key(key) }
}

/// `<<`: entries of one mapping, or of several of which the first wins; what stands in the mapping itself wins over all.
fn merge(key: &Key, node: &Rc<Node>, mapping: &mut Mapping, problems: &mut Vec<Problem>) {
    let sources = match &node.value {
        Value::Sequence(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for source in sources {
        let Value::Mapping(more) = &source.value else {
            let message = format!("`<<` takes a mapping or a list of mappings, and this is {}", source.describe());
            problems.push(
                Diagnostic::new(Code::InvalidMerge, Place::Text(key.span.clone()), message)
                    .help("write `<<: *name`, where `&name` stands before a mapping"),
            );
            continue;
        };
        for entry in more {
            if mapping.get(&entry.key.text).is_none() {
                mapping.push(Entry { key: entry.key.clone(), value: Rc::clone(&entry.value) });
            }
        }
    }
}

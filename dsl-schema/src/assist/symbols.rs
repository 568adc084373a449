//! The file as a list of its parts.

use std::ops::Range;
use std::rc::Rc;

use super::Document;
use super::steps::Sketch;
use super::tree::{entries, items};
use crate::yaml::{Entry, Node, Value};

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// What it does, in a few words. May be empty.
    pub detail: String,
    /// What sort of part it is.
    pub kind: SymbolKind,
    /// All of it. Bytes of the text.
    pub range: Range<usize>,
    /// Its name, inside of `range`.
    pub name_range: Range<usize>,
    /// Parts of it, each inside of `range`.
    pub children: Vec<Symbol>,
}

/// What sort of part of a file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolKind {
    /// `steps`, `inputs` and the like.
    Section,
    /// A step.
    Step,
    /// An input of the pipeline.
    Input,
    /// A secret.
    Secret,
    /// An output of a step or of the pipeline.
    Output,
}

impl Document {
    /// Inputs, secrets, steps with their outputs, and outputs of the file, in the order of the text.
    pub fn symbols(&self) -> Vec<Symbol> {
        let Some(known) = self.known() else { return Vec::new() };
        let text = self.text();
        let sections = entries(&known.root).filter_map(|entry| {
            let children = match &*entry.key.text {
                "steps" | "finally" => inside(text, entry, |entry| step(text, entry)),
                "inputs" => inside(text, entry, |entry| plain(text, entry, SymbolKind::Input)),
                "outputs" => inside(text, entry, |entry| plain(text, entry, SymbolKind::Output)),
                "secrets" => secrets(&entry.value),
                _ => return None,
            };
            Some(Symbol { children, ..plain(text, entry, SymbolKind::Section)? })
        });
        sections.collect()
    }
}

/// The entries of a section that stand in it; what an alias or a merge brings in stands elsewhere.
fn inside(text: &str, section: &Entry, symbol: impl Fn(&Entry) -> Option<Symbol>) -> Vec<Symbol> {
    let whole = whole(text, section);
    let own = |entry: &&Entry| whole.contains(&entry.key.span.start) && !entry.key.text.starts_with("x-");
    entries(&section.value).filter(own).filter_map(symbol).collect()
}

fn plain(text: &str, entry: &Entry, kind: SymbolKind) -> Option<Symbol> {
    Some(Symbol {
        name: entry.key.text.to_string(),
        detail: String::new(),
        kind,
        range: whole(text, entry),
        name_range: entry.key.span.clone(),
        children: Vec::new(),
    })
}

fn step(text: &str, entry: &Entry) -> Option<Symbol> {
    let sketch = Sketch::of(&entry.key.text, &entry.value);
    let detail = [sketch.kind, sketch.name.as_deref().unwrap_or(&sketch.summary)];
    let detail: Vec<_> = detail.into_iter().filter(|part| !part.is_empty()).collect();
    let range = whole(text, entry);
    let mut children = Vec::new();
    for node in [Some(&entry.value), entry.value.entry("pipeline").map(|child| &child.value)].into_iter().flatten() {
        for part in entries(node).filter(|part| range.contains(&part.key.span.start)) {
            match &*part.key.text {
                // Steps in place; the depth of values is bounded.
                "steps" => children.extend(inside(text, part, |entry| step(text, entry))),
                "outputs" | "set" => {
                    children.extend(inside(text, part, |entry| plain(text, entry, SymbolKind::Output)))
                }
                _ => {}
            }
        }
    }
    Some(Symbol { detail: detail.join(": "), children, ..plain(text, entry, SymbolKind::Step)? })
}

fn secrets(list: &Rc<Node>) -> Vec<Symbol> {
    let named = items(list).iter().filter_map(|item| Some((item.scalar()?.text.clone(), item.span.clone())));
    let symbol = |(name, range): (String, Range<usize>)| Symbol {
        name,
        detail: String::new(),
        kind: SymbolKind::Secret,
        name_range: range.clone(),
        range,
        children: Vec::new(),
    };
    named.filter(|(name, range)| !name.is_empty() && !range.is_empty()).map(symbol).collect()
}

/// A key and its value, as far as the value stands behind it.
fn whole(text: &str, entry: &Entry) -> Range<usize> {
    let start = entry.key.span.start;
    let end =
        if entry.value.span.start >= entry.key.span.end { end_of(text, &entry.value) } else { entry.key.span.end };
    let end = end.clamp(entry.key.span.end, text.len());
    start..start + text[start..end].trim_end().len()
}

/// Where the last thing in a value ends: the end that a block has itself is where the next one begins.
fn end_of(text: &str, node: &Node) -> usize {
    let mut end = node.span.start;
    let mut at = node;
    loop {
        let brackets = text[at.span.start..].starts_with(['[', '{']);
        let last = match &at.value {
            _ if brackets => return end.max(at.span.end),
            Value::Scalar(_) => return end.max(at.span.end),
            Value::Mapping(mapping) => mapping.iter().map(|entry| (&entry.key.span, &entry.value)).next_back(),
            Value::Sequence(items) => items.last().map(|item| (&item.span, item)),
        };
        let Some((key, value)) = last.filter(|(key, _)| key.start >= at.span.start && key.end <= at.span.end) else {
            return end.max(at.span.end);
        };
        end = end.max(key.end);
        if value.span.start < key.start || value.span.end > at.span.end.max(key.end) {
            return end;
        }
        at = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(symbols: &[Symbol], text: &str, depth: usize, out: &mut String) {
        for symbol in symbols {
            let within = |inner: &Range<usize>| symbol.range.start <= inner.start && inner.end <= symbol.range.end;
            assert!(
                within(&symbol.name_range) && symbol.children.iter().all(|child| within(&child.range)),
                "{symbol:?}"
            );
            let last = text[symbol.range.clone()].lines().last().unwrap_or_default().trim();
            out.push_str(&format!("{}{} [{}] …{last}\n", "  ".repeat(depth), symbol.name, symbol.detail));
            told(&symbol.children, text, depth + 1, out);
        }
    }

    fn check(text: &str, expect: &str) {
        let mut out = String::new();
        told(&Document::new(text, Default::default()).symbols(), text, 0, &mut out);
        assert_eq!(out, expect, "{text}");
    }

    #[test]
    fn a_file_is_told_as_sections_steps_and_outputs() {
        check(
            "name: p\ninputs: {i: {type: string}}\nsecrets: [T]\nsteps:\n  a:\n    run: |\n      make\n      # end\n    outputs: {v: stdout}\n\n  # about b\n  b: {needs: a, approval: {message: Well?}}\n\noutputs: {x: steps.a.outputs.v}\n",
            "inputs [] …inputs: {i: {type: string}}\n  i [] …i: {type: string}\nsecrets [] …secrets: [T]\n  T [] …T\n\
             steps [] …b: {needs: a, approval: {message: Well?}}\n  a [run: make] …outputs: {v: stdout}\n    v [] …v: stdout\n  \
             b [approval: Well?] …b: {needs: a, approval: {message: Well?}}\noutputs [] …outputs: {x: steps.a.outputs.v}\n  \
             x [] …x: steps.a.outputs.v\n",
        );
    }

    #[test]
    fn steps_in_place_are_parts_of_their_step() {
        check(
            "steps:\n  a:\n    pipeline:\n      steps:\n        b: {run: x, outputs: {w: stdout}}\n        c: {needs: b, pipeline: {steps: {d: {sleep: 5s}}}}\n      outputs: {v: steps.b.outputs.w}\nfinally: {e: {run: y}}\n",
            "steps [] …outputs: {v: steps.b.outputs.w}\n  a [pipeline: 2 steps] …outputs: {v: steps.b.outputs.w}\n    \
             b [run: x] …b: {run: x, outputs: {w: stdout}}\n      w [] …w: stdout\n    \
             c [pipeline: 1 step] …c: {needs: b, pipeline: {steps: {d: {sleep: 5s}}}}\n      d [sleep: 5s] …d: {sleep: 5s}\n    \
             v [] …v: steps.b.outputs.w\nfinally [] …finally: {e: {run: y}}\n  e [run: y] …e: {run: y}\n",
        );
    }

    #[test]
    fn what_an_alias_brings_in_stays_where_it_stands() {
        check(
            "x-s: &s {run: y, outputs: {v: stdout}}\nsteps:\n  a: *s\n  b: {<<: *s, needs: a}\n  c:\n",
            "steps [] …c\n  a [run: y] …a\n  b [run: y] …b: {<<: *s, needs: a}\n  c [] …c\n",
        );
    }
}

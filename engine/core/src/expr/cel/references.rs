//! Which names an expression reads, and at which of them it has made sure beforehand that something is there.

use std::ops::Range;

use super::syntax::{Kind, LoopKind, Node};
use crate::expr::Reference;

/// A path of names, root first.
pub(in crate::expr) type Path = Vec<String>;

/// The free names of `node`, in the order of their places.
pub(super) fn references(node: &Node) -> Vec<Reference> {
    let mut collector = Collector::default();
    collector.node(node, false);
    collector.found.sort_by_key(|reference| (reference.span.start, reference.span.end));
    collector.found
}

/// The paths of which it is certain that something stands there, once `node` has given `outcome`.
pub(super) fn certain(node: &Node, outcome: bool) -> Vec<Path> {
    match (&node.kind, outcome) {
        (Kind::Not(operand), outcome) => certain(operand, !outcome),
        (Kind::Has(operand, field, _), true) => path_of(operand).map(|path| join(path, field)).into_iter().collect(),
        (Kind::NullTest(operand, negated), outcome) if *negated == outcome => path_of(operand).into_iter().collect(),
        (Kind::Binary(super::syntax::Operator::In, key, map), true) => match (&key.kind, path_of(map)) {
            (Kind::Text(key), Some(path)) => vec![join(path, key)],
            _ => Vec::new(),
        },
        (Kind::Binary(super::syntax::Operator::Equal, left, right), true) => succeeded(left, right),
        (Kind::Binary(super::syntax::Operator::NotEqual, left, right), false) => succeeded(left, right),
        (Kind::And(parts), true) | (Kind::Or(parts), false) => {
            parts.iter().flat_map(|part| certain(part, outcome)).collect()
        }
        (Kind::And(parts), false) | (Kind::Or(parts), true) => {
            let mut each = parts.iter().map(|part| certain(part, outcome));
            let first = each.next().unwrap_or_default();
            each.fold(first, |kept, other| kept.into_iter().filter(|path| other.contains(path)).collect())
        }
        _ => Vec::new(),
    }
}

/// `steps.x.status == "succeeded"`: then the outputs of `x` are there.
fn succeeded(left: &Node, right: &Node) -> Vec<Path> {
    let (path, text) = match (&left.kind, &right.kind) {
        (_, Kind::Text(text)) => (path_of(left), text),
        (Kind::Text(text), _) => (path_of(right), text),
        _ => return Vec::new(),
    };
    match path.as_deref() {
        Some([steps, step, status]) if steps == "steps" && status == "status" && &**text == "succeeded" => {
            vec![vec![steps.clone(), step.clone(), "outputs".to_owned()]]
        }
        _ => Vec::new(),
    }
}

/// Whether what is certain covers `path`: it is on the way there, or behind it.
pub fn covered(path: &[String], certain: &[Vec<String>]) -> bool {
    certain.iter().any(|known| covers(known, path))
}

fn covers(known: &[String], path: &[String]) -> bool {
    known.iter().zip(path).all(|(a, b)| a == b)
}

fn join(mut path: Path, field: &str) -> Path {
    path.push(field.to_owned());
    path
}

/// The path that `node` spells from its root to its end, if it is nothing but a path.
pub(super) fn path_of(node: &Node) -> Option<Path> {
    match &node.kind {
        Kind::Name(name) => Some(vec![name.clone()]),
        Kind::Select(operand, field) => Some(join(path_of(operand)?, field)),
        Kind::Index(operand, index) => match &index.kind {
            Kind::Text(field) => Some(join(path_of(operand)?, field)),
            _ => None,
        },
        _ => None,
    }
}

#[derive(Default)]
struct Collector<'a> {
    found: Vec<Reference>,
    /// Names bound by enclosing loops.
    bound: Vec<&'a str>,
    /// What the guards around the current place have made certain.
    certain: Vec<Path>,
    /// Parts of `certain` that a part of a chain makes certain itself, so that they do not hold in it.
    own: Vec<Range<usize>>,
}

impl<'a> Collector<'a> {
    /// `tested`: whether it is asked if the value is there, not what it is.
    fn node(&mut self, node: &'a Node, tested: bool) {
        if let Some(path) = path_of(node) {
            self.path(path, &node.span, tested, false);
            return;
        }
        match &node.kind {
            Kind::Null
            | Kind::Bool(_)
            | Kind::Int(_)
            | Kind::Uint(_)
            | Kind::Double(_)
            | Kind::Text(_)
            | Kind::Type(_)
            | Kind::Name(_) => {}
            Kind::Select(operand, _) => self.node(operand, tested),
            Kind::Index(operand, index) => {
                self.node(operand, tested);
                self.node(index, false);
            }
            Kind::Has(operand, field, span) => match path_of(operand) {
                Some(path) => self.path(join(path, field), span, true, false),
                None => self.node(operand, true),
            },
            Kind::NullTest(operand, _) => match path_of(operand) {
                Some(path) => self.path(path, &operand.span, true, true),
                None => self.node(operand, true),
            },
            Kind::Not(operand) | Kind::Negate(operand) | Kind::Matches(operand, _) => self.node(operand, false),
            Kind::Binary(_, left, right) => {
                self.node(left, false);
                self.node(right, false);
            }
            Kind::And(parts) => self.guarded_by_each_other(parts, true),
            Kind::Or(parts) => self.guarded_by_each_other(parts, false),
            Kind::Conditional(parts) => {
                let [test, yes, no] = parts.as_ref();
                self.node(test, false);
                self.under(certain(test, true), yes);
                self.under(certain(test, false), no);
            }
            Kind::List(items) | Kind::Call(_, items) => items.iter().for_each(|item| self.node(item, false)),
            Kind::Map(entries) => {
                for (key, value) in entries {
                    self.node(key, false);
                    self.node(value, false);
                }
            }
            Kind::Loop(it) => {
                self.node(&it.range, false);
                self.bound.push(&it.variable);
                if let Some(filter) = &it.filter {
                    self.node(filter, false);
                }
                match (&it.filter, it.what) {
                    (Some(filter), LoopKind::Map) => self.under(certain(filter, true), &it.body),
                    _ => self.node(&it.body, false),
                }
                self.bound.pop();
            }
        }
    }

    /// Any part of a chain may decide it alone, so each one is guarded by what all others make certain.
    fn guarded_by_each_other(&mut self, parts: &'a [Node], outcome: bool) {
        let before = self.certain.len();
        // Chains may be long: what they make certain is kept once, and each part leaves out what is its own.
        let own: Vec<Range<usize>> = parts.iter().map(|part| self.learn(certain(part, outcome))).collect();
        for (part, own) in parts.iter().zip(own) {
            self.own.push(own);
            self.node(part, false);
            self.own.pop();
        }
        self.certain.truncate(before);
    }

    fn under(&mut self, certain: Vec<Path>, node: &'a Node) {
        let before = self.learn(certain).start;
        self.node(node, false);
        self.certain.truncate(before);
    }

    /// Adds to what is certain; where it stands there.
    fn learn(&mut self, certain: Vec<Path>) -> Range<usize> {
        let before = self.certain.len();
        self.certain.extend(certain.into_iter().filter(|path| !self.bound.contains(&path[0].as_str())));
        before..self.certain.len()
    }

    fn path(&mut self, path: Path, span: &Range<usize>, tested: bool, presence: bool) {
        if self.bound.contains(&path[0].as_str()) {
            return;
        }
        let holds = |at: usize| !self.own.iter().any(|own| own.contains(&at));
        let mut known = self.certain.iter().enumerate();
        let guarded = tested || known.any(|(at, known)| covers(known, &path) && holds(at));
        self.found.push(Reference { path, span: span.clone(), guarded, presence });
    }
}

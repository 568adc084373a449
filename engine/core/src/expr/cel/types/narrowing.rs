//! What a test makes sure about the paths that it names.
//!
//! A fact must hold wherever a part behind the test is evaluated and its path has a value. That includes parts of `&&` and `||`
//! that are evaluated although one before them was an error. So only tests count that are an error only where their path is.

use super::super::references::{Path, path_of};
use super::super::syntax::{Kind, Node, Operator};
use super::{Kinds, Type};
use crate::expr::cel::functions::Function;

/// A path, and what it is where it has a value.
pub(super) type Fact = (Path, Type);

/// What is known once `node` has given `outcome`.
pub(super) fn facts(node: &Node, outcome: bool) -> Vec<Fact> {
    match (&node.kind, outcome) {
        (Kind::Not(operand), outcome) => facts(operand, !outcome),
        (Kind::And(parts), true) | (Kind::Or(parts), false) => {
            parts.iter().flat_map(|part| facts(part, outcome)).collect()
        }
        (Kind::NullTest(operand, negated), outcome) => {
            let kinds = if *negated == outcome { Kinds::ALL.without(Kinds::NULL) } else { Kinds::NULL };
            path_of(operand).map(|path| (path, Type::of_kinds(kinds))).into_iter().collect()
        }
        (Kind::Binary(Operator::Equal, left, right), true) | (Kind::Binary(Operator::NotEqual, left, right), false) => {
            equal(left, right).or_else(|| equal(right, left)).into_iter().collect()
        }
        (Kind::Binary(Operator::In, value, list), true) => one_of(value, list).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// `path == literal`, `type(path) == string`.
fn equal(value: &Node, with: &Node) -> Option<Fact> {
    match (&value.kind, &with.kind) {
        (Kind::Call(Function::Type, arguments), Kind::Type(name)) => {
            Some((path_of(arguments.first()?)?, Type::of_kinds(Kinds::named(name)?)))
        }
        // Not the word alone: asking for another word behind it contradicts itself, and is no misspelling.
        (_, Kind::Text(_)) => Some((path_of(value)?, Type::text())),
        _ => Some((path_of(value)?, equals_literal(with)?)),
    }
}

/// `path in ["a", "b"]`.
fn one_of(value: &Node, list: &Node) -> Option<Fact> {
    let Kind::List(items) = &list.kind else { return None };
    let path = path_of(value)?;
    let types = items.iter().map(equals_literal).collect::<Option<Vec<_>>>()?;
    Some((path, types.into_iter().fold(Type::never(), Type::or)))
}

/// What is equal to a literal.
fn equals_literal(node: &Node) -> Option<Type> {
    Some(match &node.kind {
        Kind::Null => Type::null(),
        Kind::Bool(_) => Type::bool(),
        Kind::Int(_) | Kind::Uint(_) | Kind::Double(_) => Type::number(),
        Kind::Text(text) => Type::words([text.as_ref()]),
        _ => return None,
    })
}

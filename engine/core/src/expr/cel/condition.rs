//! From a condition to its formula.
//!
//! What only looks different becomes equal: white space and brackets, `a == b` and `b == a`, `!=` beside `!( == )`, `a < b`
//! beside `b > a` and `!(a >= b)`, `x in ["a", "b"]` beside `x == "a" || x == "b"`, `t ? a : b` beside `t && a || !t && b`.

use std::collections::BTreeMap;

use super::formula::{Atom, Formula, Literal};
use super::references::path_of;
use super::spelling::{Binding, spelled};
use super::syntax::{Kind, Node, Operator};
use super::types::{Kinds, Type, type_of};

/// A conditional doubles its test; one whose formula would be larger is an atom as a whole.
const MAX_CONDITIONAL: usize = 256;
/// Likewise a list with more elements behind `in`.
const MAX_CHOICES: usize = 64;

/// The formula of `node`, where its free names are of the types in `names`.
pub(super) fn formula(node: &Node, names: &BTreeMap<String, Type>) -> Formula {
    Forming { names }.formula(node)
}

struct Forming<'a> {
    names: &'a BTreeMap<String, Type>,
}

impl Forming<'_> {
    fn formula(&self, node: &Node) -> Formula {
        match &node.kind {
            Kind::Bool(value) => constant(*value),
            Kind::Not(operand) => self.formula(operand).negated(),
            Kind::And(parts) => Formula::and(parts.iter().map(|part| self.formula(part))),
            Kind::Or(parts) => Formula::or(parts.iter().map(|part| self.formula(part))),
            Kind::Conditional(parts) => {
                let [test, yes, no] = parts.each_ref().map(|part| self.formula(part));
                conditional(test, yes, no, || atom(node, Literal::Bool(true)))
            }
            Kind::NullTest(operand, negated) => {
                let null = match literal(operand) {
                    Some(_) => Formula::False,
                    None => atom(operand, Literal::Null),
                };
                if *negated { null.negated() } else { null }
            }
            Kind::Binary(Operator::Equal, left, right) => self.equality(left, right),
            Kind::Binary(Operator::NotEqual, left, right) => self.equality(left, right).negated(),
            Kind::Binary(Operator::Less, left, right) => less(left, right),
            Kind::Binary(Operator::Greater, left, right) => less(right, left),
            Kind::Binary(Operator::LessOrEqual, left, right) => self.less_or_equal(left, right),
            Kind::Binary(Operator::GreaterOrEqual, left, right) => self.less_or_equal(right, left),
            Kind::Binary(Operator::In, value, list) => match &list.kind {
                Kind::List(items) if items.len() <= MAX_CHOICES => {
                    Formula::or(items.iter().map(|item| self.equality(value, item)))
                }
                _ => atom(node, Literal::Bool(true)),
            },
            _ => atom(node, Literal::Bool(true)),
        }
    }

    fn equality(&self, left: &Node, right: &Node) -> Formula {
        match (literal(left), literal(right)) {
            (Some(a), Some(b)) => constant(a == b),
            (Some(value), None) => self.equals(right, value),
            (None, Some(value)) => self.equals(left, value),
            (None, None) => {
                let mut sides = [spelled(left, Binding::Sum), spelled(right, Binding::Sum)];
                sides.sort();
                relation(sides.join(" == "))
            }
        }
    }

    /// `node == value`.
    fn equals(&self, node: &Node, value: Literal) -> Formula {
        let ty = type_of(node, self.names);
        match (&node.kind, &value) {
            (_, Literal::Bool(true)) if ty.is_bool() => self.formula(node),
            (_, Literal::Bool(false)) if ty.is_bool() => self.formula(node).negated(),
            (Kind::Conditional(parts), _) => {
                let [test, yes, no] = parts.as_ref();
                let branch = |branch| match literal(branch) {
                    Some(other) => constant(other == value),
                    None => self.equals(branch, value.clone()),
                };
                conditional(self.formula(test), branch(yes), branch(no), || atom(node, value.clone()))
            }
            (_, Literal::Text(word)) => match ty.is_one_of().map(|words| (words, words.len())) {
                Some((words, _)) if !words.contains(word) => Formula::False,
                Some((_, 1)) => Formula::True,
                // One of the two words, so not the other one.
                Some((words, 2)) if words.last() == Some(word) => {
                    let first = words.first().cloned().unwrap_or_default();
                    atom(node, Literal::Text(first)).negated()
                }
                _ => atom(node, value),
            },
            _ => atom(node, value),
        }
    }

    /// Either one comes first or they are equal, or the other one comes first; unless one of them is not a number.
    fn less_or_equal(&self, left: &Node, right: &Node) -> Formula {
        if self.is_ordered(left) && self.is_ordered(right) {
            return less(right, left).negated();
        }
        relation(format!("{} <= {}", spelled(left, Binding::Sum), spelled(right, Binding::Sum)))
    }

    /// Cannot be NaN, which is neither less than, equal to, nor greater than anything.
    ///
    /// The values of a scope come from JSON, which knows no infinity and no NaN; `double(…)` refuses both. So they come from
    /// arithmetic alone: infinity out of finite numbers, NaN out of infinite ones or of `0.0 / 0.0`.
    fn is_ordered(&self, node: &Node) -> bool {
        use Operator as O;
        match &node.kind {
            Kind::Binary(O::Add | O::Subtract | O::Multiply, left, right) => {
                self.is_finite(node) || self.is_finite(left) && self.is_finite(right)
            }
            Kind::Negate(operand) => self.is_ordered(operand),
            _ => self.is_finite(node),
        }
    }

    /// Is a finite number, or no number at all.
    fn is_finite(&self, node: &Node) -> bool {
        !type_of(node, self.names).kinds().meets(Kinds::DOUBLE) || !computes(node)
    }
}

/// `test ? yes : no`; `whole` where that became too large.
fn conditional(test: Formula, yes: Formula, no: Formula, whole: impl FnOnce() -> Formula) -> Formula {
    match test {
        Formula::True => yes,
        Formula::False => no,
        test if 2 * test.size() + yes.size() + no.size() > MAX_CONDITIONAL => whole(),
        test => Formula::or([Formula::and([test.clone(), yes]), Formula::and([test.negated(), no])]),
    }
}

fn constant(value: bool) -> Formula {
    if value { Formula::True } else { Formula::False }
}

fn less(left: &Node, right: &Node) -> Formula {
    relation(format!("{} < {}", spelled(left, Binding::Sum), spelled(right, Binding::Sum)))
}

fn relation(subject: String) -> Formula {
    Formula::Atom(Atom { subject, path: None, equals: Literal::Bool(true) })
}

fn atom(node: &Node, equals: Literal) -> Formula {
    Formula::Atom(Atom { subject: spelled(node, Binding::Relation), path: path_of(node), equals })
}

/// The value that `node` spells, where equality with it can be told from equality with any other literal.
fn literal(node: &Node) -> Option<Literal> {
    Some(match &node.kind {
        Kind::Null => Literal::Null,
        Kind::Bool(value) => Literal::Bool(*value),
        Kind::Int(value) => Literal::Whole(i128::from(*value)),
        Kind::Uint(value) => Literal::Whole(i128::from(*value)),
        Kind::Double(value) if value.fract() == 0.0 && value.abs() < 9e15 => Literal::Whole(*value as i128),
        Kind::Text(text) => Literal::Text(text.as_ref().to_owned()),
        _ => return None,
    })
}

/// Whether arithmetic stands anywhere in it.
fn computes(node: &Node) -> bool {
    use Operator as O;
    let arithmetic = matches!(node.kind, Kind::Binary(O::Add | O::Subtract | O::Multiply | O::Divide | O::Modulo, ..));
    arithmetic || node.parts().into_iter().any(computes)
}

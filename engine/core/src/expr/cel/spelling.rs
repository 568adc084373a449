//! One spelling for each tree: white space, brackets that mean nothing, quotes and the order of what may be exchanged are gone.
//!
//! The text reads back as an expression of the same meaning.

use super::syntax::{Kind, LoopKind, Node, Operator};

/// How tightly a part binds, from the loosest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    Conditional,
    Or,
    And,
    Relation,
    Sum,
    Product,
    Sign,
    Member,
}

/// The spelling of `node` where only what binds at least as tightly as `least` stands without brackets.
pub(super) fn spelled(node: &Node, least: Binding) -> String {
    let mut text = String::new();
    write(node, least, &mut text);
    text
}

/// A string literal.
pub(super) fn quoted(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => written.extend(['\\', sign]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            sign if sign.is_control() => written.push_str(&format!("\\U{:08x}", u32::from(sign))),
            sign => written.push(sign),
        }
    }
    written.push('"');
    written
}

fn write(node: &Node, least: Binding, to: &mut String) {
    let brackets = binding(&node.kind) < least;
    if brackets {
        to.push('(');
    }
    bare(node, to);
    if brackets {
        to.push(')');
    }
}

fn binding(kind: &Kind) -> Binding {
    match kind {
        Kind::Conditional(_) => Binding::Conditional,
        Kind::Or(_) => Binding::Or,
        Kind::And(_) => Binding::And,
        Kind::NullTest(..) => Binding::Relation,
        Kind::Binary(operator, ..) => operator_binding(*operator),
        Kind::Not(_) | Kind::Negate(_) => Binding::Sign,
        // A dot behind a number would belong to it, and a minus in front of one to what comes behind.
        Kind::Int(_) | Kind::Uint(_) | Kind::Double(_) => Binding::Sign,
        _ => Binding::Member,
    }
}

fn operator_binding(operator: Operator) -> Binding {
    match operator {
        Operator::Add | Operator::Subtract => Binding::Sum,
        Operator::Multiply | Operator::Divide | Operator::Modulo => Binding::Product,
        _ => Binding::Relation,
    }
}

/// What binds more tightly than `binding`: the right side of an operator that groups to the left.
fn tighter(binding: Binding) -> Binding {
    match binding {
        Binding::Relation => Binding::Sum,
        Binding::Sum => Binding::Product,
        _ => Binding::Sign,
    }
}

fn bare(node: &Node, to: &mut String) {
    match &node.kind {
        Kind::Null => to.push_str("null"),
        Kind::Bool(value) => to.push_str(if *value { "true" } else { "false" }),
        Kind::Int(value) => to.push_str(&value.to_string()),
        Kind::Uint(value) => to.push_str(&format!("{value}u")),
        Kind::Double(value) => to.push_str(&format!("{value:?}")),
        Kind::Text(text) => to.push_str(&quoted(text)),
        Kind::Name(name) => to.push_str(name),
        Kind::Type(name) => to.push_str(name),
        Kind::Select(operand, field) => select(operand, field, to),
        Kind::Index(operand, index) => match &index.kind {
            Kind::Text(field) => select(operand, field, to),
            _ => {
                write(operand, Binding::Member, to);
                to.push('[');
                write(index, Binding::Conditional, to);
                to.push(']');
            }
        },
        Kind::Has(operand, field, _) => {
            to.push_str("has(");
            select(operand, field, to);
            to.push(')');
        }
        Kind::NullTest(operand, negated) => {
            write(operand, Binding::Relation, to);
            to.push_str(if *negated { " != null" } else { " == null" });
        }
        Kind::Not(operand) => {
            to.push('!');
            write(operand, Binding::Sign, to);
        }
        Kind::Negate(operand) => {
            to.push('-');
            // `-(1)` is the negation of a number, `-1` is a number.
            let number = matches!(operand.kind, Kind::Int(_) | Kind::Uint(_) | Kind::Double(_));
            write(operand, if number { Binding::Member } else { Binding::Sign }, to);
        }
        Kind::Binary(operator, left, right) => {
            let binding = operator_binding(*operator);
            write(left, binding, to);
            to.push_str(&format!(" {} ", operator.sign()));
            write(right, tighter(binding), to);
        }
        Kind::And(parts) => joined(parts, " && ", Binding::Relation, to),
        Kind::Or(parts) => joined(parts, " || ", Binding::And, to),
        Kind::Conditional(parts) => {
            write(&parts[0], Binding::Or, to);
            to.push_str(" ? ");
            write(&parts[1], Binding::Or, to);
            to.push_str(" : ");
            write(&parts[2], Binding::Conditional, to);
        }
        Kind::List(items) => {
            to.push('[');
            joined(items, ", ", Binding::Conditional, to);
            to.push(']');
        }
        Kind::Map(entries) => {
            to.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                to.push_str(if index > 0 { ", " } else { "" });
                write(key, Binding::Conditional, to);
                to.push_str(": ");
                write(value, Binding::Conditional, to);
            }
            to.push('}');
        }
        Kind::Call(function, arguments) => match arguments.split_first() {
            Some((target, arguments)) if function.is_called_on_a_value() => {
                write(target, Binding::Member, to);
                call(function.name(), arguments, to);
            }
            _ => bare_call(function.name(), arguments, to),
        },
        Kind::Matches(target, pattern) => {
            write(target, Binding::Member, to);
            to.push_str(&format!(".matches({})", quoted(pattern.source())));
        }
        Kind::Loop(it) => {
            write(&it.range, Binding::Member, to);
            to.push_str(match it.what {
                LoopKind::All => ".all(",
                LoopKind::Exists => ".exists(",
                LoopKind::ExistsOne => ".exists_one(",
                LoopKind::Map => ".map(",
                LoopKind::Filter => ".filter(",
            });
            to.push_str(&it.variable);
            for part in it.filter.iter().chain([&it.body]) {
                to.push_str(", ");
                write(part, Binding::Conditional, to);
            }
            to.push(')');
        }
    }
}

fn select(operand: &Node, field: &str, to: &mut String) {
    write(operand, Binding::Member, to);
    let is_name = field.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_')
        && field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name {
        to.push('.');
        to.push_str(field);
    } else {
        to.push_str(&format!("[{}]", quoted(field)));
    }
}

fn call(name: &str, arguments: &[Node], to: &mut String) {
    to.push('.');
    bare_call(name, arguments, to);
}

fn bare_call(name: &str, arguments: &[Node], to: &mut String) {
    to.push_str(name);
    to.push('(');
    joined(arguments, ", ", Binding::Conditional, to);
    to.push(')');
}

fn joined(parts: &[Node], between: &str, least: Binding, to: &mut String) {
    for (index, part) in parts.iter().enumerate() {
        to.push_str(if index > 0 { between } else { "" });
        write(part, least, to);
    }
}

#[cfg(test)]
mod tests {
    use super::super::syntax::parse;
    use super::*;

    #[test]
    fn one_tree_has_one_spelling() {
        let check = |source: &str, expect: &str| {
            let once = spelled(&parse(source).expect("parses"), Binding::Conditional);
            assert_eq!(once, expect, "{source}");
            assert_eq!(spelled(&parse(&once).expect("parses again"), Binding::Conditional), once, "{source}");
        };
        check("( inputs . a )", "inputs.a");
        check("inputs['a']", "inputs.a");
        check("inputs[\"a-b\"].c[ 0 ]", "inputs[\"a-b\"].c[0]");
        check("1+(2*3)-(4-5)", "1 + 2 * 3 - (4 - 5)");
        check("(1+2)*3 % -4", "(1 + 2) * 3 % -4");
        check("a&&(b||c)&&!(d)", "a && (b || c) && !d");
        check("(a&&b)||c", "a && b || c");
        check("(a?b:c)?d:(e?f:g)", "(a ? b : c) ? d : e ? f : g");
        check("-(1) + - - 2", "-(1) + -(-2)");
        check("(1).size()", "size(1)");
        check("x.matches('a\\\\d\"') && matches(x, y)", "x.matches(\"a\\\\d\\\"\") && x.matches(y)");
        check("(a == b) == (c < d)", "a == b == (c < d)");
        check("null != x.y", "x.y != null");
        check("has( x.y ) ? {'a' : 1u} : [1.0,1e30,]", "has(x.y) ? {\"a\": 1u} : [1.0, 1e30]");
        check("[1].map(x, x>0, x).existsOne(y,y==1)", "[1].map(x, x > 0, x).exists_one(y, y == 1)");
        check("'a\\tb\\u0001é'", "\"a\\tb\\U00000001é\"");
        check("'a'.trim()+(b+c)", "\"a\".trim() + (b + c)");
        check("-9223372036854775808", "-9223372036854775808");
    }
}

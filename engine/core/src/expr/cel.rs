//! CEL expressions: `if`, `until`, `outputs`, `set`, `items`.
//!
//! Parser and evaluation are our own; the tests hold them against the `cel` crate. Its parser takes up to 150 KiB of stack for
//! a bracket and milliseconds for a line, and its interpreter counts neither steps nor memory, while an expression must end
//! within its budget whatever it is given. Being our own, this one borrows the scope instead of copying it, gives every name
//! its place, names the path in its errors, and iterates maps in the order of their keys.
//!
//! ```text
//! text ── tokens ── syntax: precedence, depth, functions ──► tree ── references
//!                                                              └──── eval: value, functions, moment, pattern
//! ```
//!
//! What differs from the letter of CEL, always by giving a value where CEL gives an error:
//! * `int`, `uint` and `double` compute together, since JSON does not keep them apart; the result is a `double` if one is.
//! * `has(a.b.c)`, `a.b.c == null` and `a.b.c != null` take a missing or null part of the path for "not there".
//! * `timestamp` and `duration` work in UTC only; `duration` also reads days. There are no `bytes`, and no optional values.

mod call;
mod eval;
mod functions;
mod moment;
mod pattern;
mod references;
mod syntax;
mod tokens;
mod value;

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::budget::Budget;
use super::{ExprError, Reference, Scope};
use syntax::{Kind, Node, Operator};

pub(super) use functions::did_you_mean;
pub(super) use references::{Path, covered};

/// A CEL expression. Its text is what is written to disk; it is compiled when it is first used.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Cel {
    source: String,
    compiled: OnceLock<Result<Arc<Node>, ExprError>>,
}

/// What an expression gives, as far as its text alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaticType {
    /// `true` or `false`.
    Bool,
    /// A whole number, signed or not.
    Int,
    /// A number with a fraction.
    Double,
    /// Text.
    String,
    /// A list.
    List,
    /// A map.
    Map,
    /// `null`.
    Null,
    /// Known only when it runs.
    Unknown,
}

impl Cel {
    /// Takes the text as it stands; whether it is an expression is [`Cel::check`]'s to say.
    pub fn new(source: impl Into<String>) -> Self {
        Self { source: source.into(), compiled: OnceLock::new() }
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Syntax, functions and their arguments, constant patterns of `matches`, length and depth.
    pub fn check(&self) -> Result<(), ExprError> {
        self.node().map(|_| ())
    }

    /// The free names, sorted by place. A name that a loop binds (`x` in `list.map(x, …)`) is not free.
    ///
    /// A reference is guarded where the expression itself copes with its absence: inside `has(…)`, compared with `null`, or
    /// reached only when such a test of it (or of a longer or shorter path of it) said that it is there.
    pub fn references(&self) -> Result<Vec<Reference>, ExprError> {
        self.node().map(references::references)
    }

    /// The type, if the text alone tells it.
    pub fn static_type(&self) -> StaticType {
        self.node().map_or(StaticType::Unknown, static_type)
    }

    /// The value, within the budget of one evaluation.
    pub fn eval(&self, scope: &Scope) -> Result<Json, ExprError> {
        self.eval_within(scope, &mut Budget::new())
    }

    /// The value, which must be `true` or `false`.
    pub fn eval_bool(&self, scope: &Scope) -> Result<bool, ExprError> {
        let node = self.node()?;
        match eval::eval(node, &self.source, scope, &mut Budget::new())? {
            value::Value::Bool(value) => Ok(value),
            other => {
                Err(ExprError::at(node.span.clone(), format!("the result is {}, not true or false", other.described()))
                    .help("compare it with something, like `x == \"yes\"`"))
            }
        }
    }

    /// The value, out of a budget that others share.
    pub(super) fn eval_within(&self, scope: &Scope, budget: &mut Budget) -> Result<Json, ExprError> {
        let node = self.node()?;
        let value = eval::eval(node, &self.source, scope, budget)?;
        value.to_json(budget).map_err(|mut error| {
            error.span.get_or_insert(node.span.clone());
            error
        })
    }

    /// The paths that are certainly there once the expression was true.
    pub(super) fn certain_if_true(&self) -> Vec<Path> {
        self.node().map_or_else(|_| Vec::new(), |node| references::certain(node, true))
    }

    fn node(&self) -> Result<&Node, ExprError> {
        match self.compiled.get_or_init(|| syntax::parse(&self.source).map(Arc::new)) {
            Ok(node) => Ok(node),
            Err(error) => Err(error.clone()),
        }
    }
}

impl From<String> for Cel {
    fn from(source: String) -> Self {
        Self::new(source)
    }
}

impl From<&str> for Cel {
    fn from(source: &str) -> Self {
        Self::new(source)
    }
}

impl From<Cel> for String {
    fn from(cel: Cel) -> Self {
        cel.source
    }
}

impl PartialEq for Cel {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Cel {}

impl std::fmt::Debug for Cel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cel").field(&self.source).finish()
    }
}

fn static_type(node: &Node) -> StaticType {
    use functions::Function;
    match &node.kind {
        Kind::Null => StaticType::Null,
        Kind::Bool(_)
        | Kind::Has(..)
        | Kind::NullTest(..)
        | Kind::Not(_)
        | Kind::And(_)
        | Kind::Or(_)
        | Kind::Matches(..) => StaticType::Bool,
        Kind::Int(_) | Kind::Uint(_) => StaticType::Int,
        Kind::Double(_) => StaticType::Double,
        Kind::Text(_) => StaticType::String,
        Kind::List(_) => StaticType::List,
        Kind::Map(_) => StaticType::Map,
        Kind::Name(_) | Kind::Type(_) | Kind::Select(..) | Kind::Index(..) => StaticType::Unknown,
        Kind::Negate(operand) => match static_type(operand) {
            known @ (StaticType::Int | StaticType::Double) => known,
            _ => StaticType::Unknown,
        },
        Kind::Binary(operator, left, right) => match operator {
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::In => StaticType::Bool,
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Modulo => {
                // Text is added to text only, a list to a list only; with numbers, a double makes the result one.
                match (static_type(left), static_type(right)) {
                    (StaticType::String, _) | (_, StaticType::String) => StaticType::String,
                    (StaticType::List, _) | (_, StaticType::List) => StaticType::List,
                    (StaticType::Double, _) | (_, StaticType::Double) => StaticType::Double,
                    (StaticType::Int, StaticType::Int) => StaticType::Int,
                    _ => StaticType::Unknown,
                }
            }
        },
        Kind::Conditional(parts) => {
            let (yes, no) = (static_type(&parts[1]), static_type(&parts[2]));
            if yes == no { yes } else { StaticType::Unknown }
        }
        Kind::Loop(it) => match it.what {
            syntax::LoopKind::All | syntax::LoopKind::Exists | syntax::LoopKind::ExistsOne => StaticType::Bool,
            syntax::LoopKind::Map | syntax::LoopKind::Filter => StaticType::List,
        },
        Kind::Call(function, arguments) => match function {
            Function::Contains | Function::StartsWith | Function::EndsWith | Function::Matches | Function::Bool => {
                StaticType::Bool
            }
            Function::Size | Function::IndexOf | Function::Int | Function::Uint | Function::Get(_) => StaticType::Int,
            Function::Double => StaticType::Double,
            Function::LowerAscii
            | Function::UpperAscii
            | Function::Trim
            | Function::Replace
            | Function::Join
            | Function::Substring
            | Function::Text => StaticType::String,
            Function::Split => StaticType::List,
            // As a result they are text, but inside an expression they are not.
            Function::Timestamp | Function::Duration | Function::Type => StaticType::Unknown,
            Function::Dyn => arguments.first().map_or(StaticType::Unknown, static_type),
        },
    }
}

#[cfg(test)]
mod tests;

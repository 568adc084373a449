//! CEL expressions: `if`, `until`, `outputs`, `set`, `items`.
//!
//! Parser and evaluation are our own; the tests hold them against the `cel` crate. Its parser takes up to 150 KiB of stack for
//! a bracket and milliseconds for a line, and its interpreter counts neither steps nor memory, while an expression must end
//! within its budget whatever it is given. Being our own, this one borrows the scope instead of copying it, gives every name
//! its place, names the path in its errors, and iterates maps in the order of their keys.
//!
//! ```text
//! text ── tokens ── syntax: precedence, depth, functions ──► tree ─┬─ references
//!                                                                  ├─ types: what it gives, what cannot be right about it
//!                                                                  ├─ condition: what it asks, as a formula
//!                                                                  └─ eval: value, functions, moment, pattern
//! ```
//!
//! What differs from the letter of CEL, always by giving a value where CEL gives an error:
//! * `int`, `uint` and `double` compute together, since JSON does not keep them apart; the result is a `double` if one is.
//! * `has(a.b.c)`, `a.b.c == null` and `a.b.c != null` take a missing or null part of the path for "not there".
//! * `timestamp` and `duration` work in UTC only; `duration` also reads days. There are no `bytes`, and no optional values.

mod call;
mod condition;
mod eval;
mod formula;
mod functions;
mod moment;
mod pattern;
mod references;
mod spelling;
mod syntax;
mod tokens;
mod types;
mod value;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::budget::Budget;
use super::{ExprError, Reference, Scope};
use syntax::Node;

pub use formula::{Atom, Formula, Literal};
pub(super) use functions::{did_you_mean, in_front as functions};
pub(super) use references::Path;
pub use references::covered;
pub(super) use types::Kinds;
pub use types::{Field, OtherKeys, Type, TypeProblem, TypeProblemKind, Typed};

/// A CEL expression. Its text is what is written to disk; it is compiled when it is first used.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Cel {
    source: String,
    compiled: OnceLock<Result<Arc<Node>, ExprError>>,
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

    /// What the expression gives, and what in it cannot be right, where its names are of the types in `names`. A name that is
    /// not among them can be anything. What is no expression has no problem here: that is [`Cel::check`]'s to say.
    pub fn check_types(&self, names: &BTreeMap<String, Type>) -> Typed {
        match self.node() {
            Ok(node) => types::check(node, &self.source, names),
            Err(_) => Typed { ty: Type::unknown(), problems: Vec::new() },
        }
    }

    /// The condition as a formula over what it asks, where equal questions of several conditions are equal atoms. What is no
    /// expression is an atom of its own.
    ///
    /// Wherever evaluation gives `true` or `false`, the formula gives the same. An atom about a path is the same question in two
    /// expressions only where the path means the same in both: `visit`, or a step's status at another time, may not.
    pub fn normal_form(&self) -> Formula {
        self.normal_form_with(&BTreeMap::new())
    }

    /// Likewise, where the names are of the types in `names`: then `x == false` is the opposite of `x` where `x` is a bool, and
    /// of two words that `x` can be one is the opposite of the other.
    pub fn normal_form_with(&self, names: &BTreeMap<String, Type>) -> Formula {
        match self.node() {
            Ok(node) => condition::formula(node, names),
            Err(_) => Formula::Atom(Atom { subject: self.source.clone(), path: None, equals: Literal::Bool(true) }),
        }
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

    /// The paths at which something certainly stands once the expression was true; see [`covered`].
    pub fn certain_if_true(&self) -> Vec<Vec<String>> {
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

#[cfg(test)]
mod tests;

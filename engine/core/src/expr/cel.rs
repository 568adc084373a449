//! CEL expressions.

use super::{ExprError, Reference, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A CEL expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cel {
    source: String,
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
        Self { source: source.into() }
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Syntax, functions and their arguments, budgets.
    pub fn check(&self) -> Result<(), ExprError> {
        Ok(())
    }

    /// The free names, sorted by place.
    pub fn references(&self) -> Result<Vec<Reference>, ExprError> {
        Ok(Vec::new())
    }

    /// The type, if the text alone tells it.
    pub fn static_type(&self) -> StaticType {
        StaticType::Unknown
    }

    /// The value.
    pub fn eval(&self, _scope: &Scope) -> Result<Json, ExprError> {
        Ok(Json::Null)
    }

    /// The value, which must be `true` or `false`.
    pub fn eval_bool(&self, scope: &Scope) -> Result<bool, ExprError> {
        match self.eval(scope)? {
            Json::Bool(value) => Ok(value),
            _ => Err(ExprError::new("not true or false")),
        }
    }
}

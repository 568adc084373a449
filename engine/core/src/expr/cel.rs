//! CEL expressions.

use std::sync::OnceLock;

use super::{ExprError, Reference, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A CEL expression.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Cel {
    source: String,
    compiled: OnceLock<()>,
}

impl From<String> for Cel {
    fn from(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }
}

impl From<Cel> for String {
    fn from(cel: Cel) -> Self {
        cel.source
    }
}

impl Cel {
    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// Names read.
    pub fn references(&self) -> Result<Vec<Reference>, ExprError> {
        Ok(vec![])
    }
    /// Value.
    pub fn eval(&self, _scope: &Scope) -> Result<Json, ExprError> {
        let _ = &self.compiled;
        Ok(Json::Null)
    }
}

//! Scripts and the holes in them.

use super::{ExprError, Reference, Scope};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who reads a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// A POSIX shell: `sh`, `bash`, `dash`, `ksh`.
    Posix,
    /// Anything else: holes are refused.
    Other,
}

/// The text of a script, with holes where values go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    source: String,
    dialect: Dialect,
    /// `template: false`: taken as it stands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    raw: bool,
}

/// A script ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedScript {
    /// The text: each hole has become a quoted reference to a variable.
    pub text: String,
    /// The variables.
    pub env: BTreeMap<String, String>,
}

impl Script {
    /// A script whose holes are filled.
    pub fn new(source: impl Into<String>, dialect: Dialect) -> Self {
        Self { source: source.into(), dialect, raw: false }
    }

    /// A script that is taken as it stands (`template: false`).
    pub fn raw(source: impl Into<String>, dialect: Dialect) -> Self {
        Self { source: source.into(), dialect, raw: true }
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Who reads it.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether it is taken as it stands.
    pub fn is_raw(&self) -> bool {
        self.raw
    }

    /// Everything that is wrong with its holes.
    pub fn check(&self) -> Result<(), Vec<ExprError>> {
        Ok(())
    }

    /// The names that its holes read, sorted by place.
    pub fn references(&self) -> Result<Vec<Reference>, ExprError> {
        Ok(Vec::new())
    }

    /// The text to run, and the variables it reads.
    pub fn render(&self, _scope: &Scope) -> Result<RenderedScript, ExprError> {
        Ok(RenderedScript { text: self.source.clone(), env: BTreeMap::new() })
    }
}

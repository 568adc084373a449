//! Scripts.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who reads a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// A POSIX shell.
    Posix,
    /// Anything else.
    Other,
}

/// A script.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Script {
    source: String,
    dialect: Dialect,
}

/// A script ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedScript {
    /// Text.
    pub text: String,
    /// Values.
    pub env: BTreeMap<String, String>,
}

impl Script {
    /// Text.
    pub fn source(&self) -> &str {
        let _ = self.dialect;
        &self.source
    }
}

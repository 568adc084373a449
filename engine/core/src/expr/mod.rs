//! Expressions and templates: CEL, Handlebars, and the holes of scripts. Pure, bounded, and checked at compile time.
//!
//! All of them read names from one [`Scope`]; which names they read is known beforehand ([`Reference`]), so that the caller
//! builds only what is asked for. Each is kept as its source text, written to disk as such, and compiled on first use.

mod budget;
mod cel;
mod error;
mod script;
mod template;

pub use cel::{Atom, Cel, Field, Formula, Literal, OtherKeys, Type, TypeProblem, TypeProblemKind, Typed, covered};
pub use error::ExprError;
pub use script::{Dialect, RenderedScript, Script};
pub use template::{LOOKS_LIKE_GO, Place, Template, TemplateValue};

use serde_json::{Map, Value as Json};

use cel::did_you_mean;

/// The helpers of templates: name, and how it is written.
pub fn helpers() -> impl Iterator<Item = (&'static str, &'static str)> {
    template::helpers()
}

/// The functions and macros of expressions that stand in front of what they are applied to: `size(x)`, `has(x.y)`.
pub fn functions() -> impl Iterator<Item = &'static str> {
    cel::functions()
}

/// The values of names: one JSON object, root name → value (`inputs`, `env`, `steps`, `run` …).
pub type Scope = Map<String, Json>;

/// A name that an expression reads, as far as it is known without running it: `steps.build.outputs.version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `["steps", "build", "outputs", "version"]`. Ends where the path becomes dynamic (`steps[x]`).
    pub path: Vec<String>,
    /// Byte range in the source text of the expression or template.
    pub span: std::ops::Range<usize>,
    /// The value may be missing here: it stands under `has()`, as the argument of `default`, or behind a guard that names it.
    pub guarded: bool,
    /// It is asked only whether the value is null, or empty: what it holds is of no matter.
    pub presence: bool,
}

//! Strings with holes: everything in a pipeline that is neither an expression nor a key.
//!
//! A subset of Handlebars, strict. [`Template`] is the whole of it; `syntax` reads it, `eval` walks it, `place` and `url` decide
//! what a value becomes where it goes. Results are never read again: a value that looks like a hole stays as it is.
//!
//! ```text
//! {{ inputs.service }}                 a path: a.b.c, a.[unusual name], list.[0]
//! {{default inputs.tag "latest"}}      when it is missing or null
//! {{json x}} {{upper x}} {{lower x}} {{trim x}}
//! {{replace x "from" "to"}}            every occurrence, literally
//! {{join list ", "}}
//! {{date x "%Y-%m-%d"}}                of an RFC 3339 time, in the offset it is written in
//! {{cel "size(inputs.tags) > 1"}}      an expression over the same names
//! {{upper (default x "y")}}            helpers in parentheses are values
//! {{#if x}} … {{else if y}} … {{else}} … {{/if}}      {{#unless x}} … {{/unless}}
//! {{#each list}} {{this.name}} {{@index}} {{@first}} {{@last}} {{else}} … {{/each}}      {{@key}} over a map
//! {{! comment }}   {{!-- comment with }} --}}   {{~ x ~}} takes the white space around it   \{{ is a literal {{
//! ```
//!
//! A missing value is an error that names the path, and so is null in text; `default` and the tests of `if` and `unless` are
//! where it may be missing. Where a template that is exactly one hole keeps its type, null is kept too. `if` takes `false`, null, 0 and what is empty for false. Text, numbers and bools have a text; a list or a map needs
//! `json`. Inside `each` names still mean what they mean outside; fields of the element are `this.x`.
//! `{{ secrets.NAME }}` stands alone, never in a helper or a block, and comes out as [`Part::Secret`](crate::text::Part).

mod eval;
mod functions;
mod hole;
mod place;
mod references;
mod syntax;
mod types;
mod url;
mod value;
mod whitespace;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{ExprError, Reference, Scope, Type, TypeProblem};
use crate::text::{Part, Text};

pub use place::Place;
pub use syntax::LOOKS_LIKE_GO;
pub use value::TemplateValue;

pub(super) use eval::{Sink, render};
pub(super) use functions::{all as helpers, described, scalar_text};
pub(super) use references::references;
pub(super) use syntax::{Block, BlockKind, Hole, Node, Parsed, parse};
pub(super) use types::{Becomes, check_types};

/// A string with holes. Its text is what is written to disk; it is compiled when it is first used.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Template {
    source: String,
    compiled: OnceLock<Result<Arc<Parsed>, Arc<Vec<ExprError>>>>,
}

impl Template {
    /// Takes the text as it stands; whether it is a template is [`Template::check`]'s to say.
    pub fn new(source: impl Into<String>) -> Self {
        Self { source: source.into(), compiled: OnceLock::new() }
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Everything that is wrong with it, in the order of the places.
    pub fn check(&self) -> Result<(), Vec<ExprError>> {
        if self.is_literal() {
            return Ok(());
        }
        self.parsed().map(|_| ()).map_err(|errors| errors.as_ref().clone())
    }

    /// The names it reads, secrets included (`secrets.NAME`), sorted by place.
    ///
    /// A reference is guarded in the first argument of `default`, in the test of an `if` or `unless`, in what such a test of it
    /// makes certain, and inside `cel` by the guards of the expression itself.
    pub fn references(&self) -> Result<Vec<Reference>, ExprError> {
        if self.is_literal() {
            return Ok(Vec::new());
        }
        self.parsed_or_first_error().map(|parsed| references(&parsed.nodes))
    }

    /// What in it cannot be right where its names are of the types in `names`, in the order of the places. A name that is not
    /// among them can be anything.
    pub fn check_types(&self, names: &BTreeMap<String, Type>) -> Vec<TypeProblem> {
        let becomes = if self.is_single_hole() { Becomes::Value } else { Becomes::Text };
        match self.parsed() {
            Ok(parsed) if !self.is_literal() => check_types(&parsed.nodes, &self.source, names, becomes),
            _ => Vec::new(),
        }
    }

    /// Has no `{{` at all: its text is its result.
    pub fn is_literal(&self) -> bool {
        !self.source.contains("{{")
    }

    /// The names of the secrets in it, in order, each once.
    pub fn secrets(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for reference in self.references().unwrap_or_default() {
            if let [root, name] = reference.path.as_slice()
                && root == "secrets"
                && seen.insert(name.clone())
            {
                names.push(name.clone());
            }
        }
        names
    }

    /// The text, with values in the holes as the place wants them.
    pub fn render(&self, scope: &Scope, place: Place) -> Result<Text, ExprError> {
        if self.is_literal() && place == Place::Plain {
            return Ok(Text::Plain(self.source.clone()));
        }
        let parsed = self.parsed_or_first_error()?;
        let mut collect = place::Collect::new(place);
        render(&parsed.nodes, &self.source, scope, &mut collect)?;
        collect.finish()
    }

    /// The value: a template that is exactly one hole keeps the type of what stands in it; else text.
    pub fn render_value(&self, scope: &Scope) -> Result<Json, ExprError> {
        if self.is_literal() {
            return Ok(Json::String(self.source.clone()));
        }
        if let [Node::Hole(hole)] = self.parsed_or_first_error()?.nodes.as_slice()
            && hole.value.secret().is_none()
        {
            return eval::value(hole, &self.source, scope);
        }
        match self.render(scope, Place::Plain)? {
            Text::Plain(text) => Ok(Json::String(text)),
            Text::Parts(parts) => {
                let name = parts.iter().find_map(|part| match part {
                    Part::Secret(name) | Part::SecretInJson(name) => Some(name.as_str()),
                    Part::Text(_) => None,
                });
                Err(ExprError::new(format!("the secret `{}` cannot stand here", name.unwrap_or_default()))
                    .help("secrets stand in `env`, and in `auth`, `headers`, `query` and the body of `http`"))
            }
        }
    }

    /// Is exactly one hole and nothing else.
    fn is_single_hole(&self) -> bool {
        matches!(self.parsed(), Ok(parsed) if matches!(parsed.nodes.as_slice(), [Node::Hole(_)]))
    }

    fn parsed(&self) -> Result<&Parsed, &Arc<Vec<ExprError>>> {
        self.compiled.get_or_init(|| parse(&self.source).map(Arc::new).map_err(Arc::new)).as_ref().map(Arc::as_ref)
    }

    fn parsed_or_first_error(&self) -> Result<&Parsed, ExprError> {
        self.parsed().map_err(|errors| first(errors))
    }
}

/// The first of several errors.
pub(super) fn first(errors: &[ExprError]) -> ExprError {
    errors.first().cloned().unwrap_or_else(|| ExprError::new("this is not a template"))
}

impl From<String> for Template {
    fn from(source: String) -> Self {
        Self::new(source)
    }
}

impl From<&str> for Template {
    fn from(source: &str) -> Self {
        Self::new(source)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.source
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Template {}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Template").field(&self.source).finish()
    }
}

#[cfg(test)]
mod tests;

//! What an expression or a template would give in a step of a run: for people who write one and look at a run of the past.

use serde_json::Value as Json;

use super::apply::Fold;
use super::state::RunState;
use super::why::{Found, find};
use crate::expr::{Cel, ExprError, Place, Template};
use crate::graph::{Graph, Part};
use crate::id::StepPath;
use crate::text::{self, Text};

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// CEL.
    Expression(String),
    /// Text with holes.
    Template(String),
}

/// What stands in for the value of a secret.
const SECRET: &str = "***";

impl RunState {
    /// What the draft gives after the last event that was taken: with the names of a step (`visit`, `previous`, `item` …), or
    /// without a step, and where the run has none of this name, with those that the whole run knows. `None` before the run has
    /// begun.
    ///
    /// The values of secrets are not known here.
    pub fn evaluate(&self, graph: &Graph, step: Option<&StepPath>, draft: &Draft) -> Option<Result<Json, ExprError>> {
        self.created.as_ref()?;
        let found = step.and_then(|path| find(graph, self, path));
        let (graph, state, outer, ix) = match found {
            Some(Found { graph, state: Some(state), outer, ix, .. }) => (graph, state, outer, Some(ix)),
            _ => (graph, self, None, None),
        };
        // Nothing is folded: what a fold sees is all that is wanted.
        let mut state = state.clone();
        let mut fold = Fold::over(graph, &mut state, self.last_at);
        fold.outer = outer;
        let names = |references: &[_]| match ix {
            Some(ix) => fold.scope_of_step(ix, Part::If, references),
            None => fold.scope_of_run(references),
        };
        Some(match draft {
            Draft::Expression(source) => {
                let cel = Cel::new(source.as_str());
                cel.check().and_then(|()| cel.eval(&names(&cel.references()?)))
            }
            Draft::Template(source) => {
                let template = Template::new(source.as_str());
                let checked = template.check().map_err(|mut all| all.swap_remove(0));
                checked.and_then(|()| template.render(&names(&template.references()?), Place::Plain)).map(shown)
            }
        })
    }
}

fn shown(text: Text) -> Json {
    match text {
        Text::Plain(text) => text.into(),
        Text::Parts(parts) => {
            let piece = |part: &text::Part| match part {
                text::Part::Text(text) => text.clone(),
                text::Part::Secret(_) | text::Part::SecretInJson(_) => SECRET.to_owned(),
            };
            parts.iter().map(piece).collect::<String>().into()
        }
    }
}

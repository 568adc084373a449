//! What an expression or a template would give in a step of a run: for people who write one and look at a run of the past.

use serde_json::Value as Json;

use super::apply::Fold;
use super::state::{RunState, Unit};
use super::why::{Found, find};
use crate::expr::{Cel, ExprError, Place, Template};
use crate::graph::{Graph, Part};
use crate::id::UnitPath;
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
    /// What the draft gives after the last event that was taken: with the names of a step or an item of it (`visit`,
    /// `previous`, `item` …), or without one, and where the run has no such step, with those that the whole run knows. `None`
    /// before the run has begun.
    ///
    /// The values of secrets are not known here.
    pub fn evaluate(&self, graph: &Graph, unit: Option<&UnitPath>, draft: &Draft) -> Option<Result<Json, ExprError>> {
        self.created.as_ref()?;
        let found = unit.and_then(|unit| Some((find(graph, self, &unit.path)?, unit.item)));
        let (graph, state, outer, unit) = match found {
            Some((Found { graph, state: Some(state), outer, ix, .. }, item)) => {
                // An item that the list does not have gives no names.
                let item = item.filter(|item| state.item(Unit { step: ix, item: Some(*item) }).is_some());
                (graph, state, outer, Some(Unit { step: ix, item }))
            }
            _ => (graph, self, None, None),
        };
        // Nothing is folded: what a fold sees is all that is wanted.
        let mut state = state.clone();
        let mut fold = Fold::over(graph, &mut state, self.last_at);
        fold.outer = outer;
        let names = |references: &[_]| match unit {
            Some(unit) => fold.scope_of_step(unit, Part::If, references),
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

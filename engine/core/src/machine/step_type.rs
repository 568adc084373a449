//! Steps of a step type: what `with` gives, and what the type's own expressions see of it.

use serde_json::{Map, Value as Json};

use super::apply::Fold;
use super::attempt::template_failure;
use super::scope::put;
use super::state::Unit;
use crate::contract::misfits;
use crate::expr::{Reference, Scope};
use crate::graph::{Part, With};
use crate::outcome::{Failure, FailureKind};

impl Fold<'_> {
    /// Whether `with` gives what the type asks for. To be asked before a visit or an attempt does anything.
    pub(super) fn check_with(&self, unit: impl Into<Unit>) -> Result<(), Failure> {
        let unit = unit.into();
        let Some(with) = &self.graph.step(unit.step).with else { return Ok(()) };
        let mut given = Map::new();
        for name in with.values.keys() {
            given.extend(self.given(unit, with, name)?.map(|value| (name.clone(), value)));
        }
        let problems = misfits(&with.inputs, &given);
        if problems.is_empty() {
            return Ok(());
        }
        let said = problems.iter().map(|problem| {
            let at = format!("{}{}", problem.input, problem.inside);
            format!("`with.{at}` does not fit the step type `{}`: {}", with.uses, problem.message)
        });
        Err(Failure::new(FailureKind::Contract, said.collect::<Vec<_>>().join("; ")))
    }

    /// The names that the type's own expressions may read: those of the run, but for `inputs`.
    pub(super) fn scope_of_type(&self, unit: Unit, references: &[Reference]) -> Scope {
        let (inputs, others): (Vec<_>, Vec<_>) = references
            .iter()
            .cloned()
            .partition(|reference| reference.path.first().is_some_and(|root| root == "inputs"));
        let mut scope = self.scope_of_run(&others);
        let Some(with) = &self.graph.step(unit.step).with else { return scope };
        for reference in inputs {
            put(&mut scope, &["inputs"], Json::Object(Map::new()));
            match reference.path.get(1) {
                Some(name) => self.put_input(&mut scope, unit, with, name),
                None => with.inputs.keys().for_each(|name| self.put_input(&mut scope, unit, with, name)),
            }
        }
        scope
    }

    /// What cannot be computed is not there; [`check_with`](Self::check_with) has said why.
    fn put_input(&self, scope: &mut Scope, unit: Unit, with: &With, name: &str) {
        let Some(input) = with.inputs.get(name) else { return };
        if let Ok(value) = self.given(unit, with, name) {
            put(scope, &["inputs", name], value.unwrap_or_else(|| input.default.clone()));
        }
    }

    /// One value of `with`, over the names of the pipeline; `None` where it is not given.
    fn given(&self, unit: Unit, with: &With, name: &str) -> Result<Option<Json>, Failure> {
        let Some(value) = with.values.get(name) else { return Ok(None) };
        let rendered = value.references().and_then(|mut references| {
            // The compiler refuses `env` here, since `env` may be made of these values; so this ends.
            references.retain(|reference| reference.path.first().is_none_or(|root| root != "env"));
            value.render(&self.scope_of_step(unit, Part::With, &references))
        });
        rendered.map(Some).map_err(|error| template_failure(&format!("with.{name}"), &error))
    }
}

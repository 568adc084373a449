//! `set`: computes outputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Map;

use super::apply::Fold;
use super::end::Ended;
use crate::graph::{Part, SetValue};
use crate::id::StepIx;
use crate::outcome::{Failure, FailureKind};

impl Fold<'_> {
    /// `set`.
    pub(super) fn compute(&mut self, ix: StepIx, values: &BTreeMap<String, SetValue>) {
        let mut outputs = Map::new();
        for (name, value) in values {
            let value = match value {
                SetValue::Literal(value) => Ok(value.clone()),
                SetValue::Cel(cel) => {
                    cel.references().and_then(|references| cel.eval(&self.scope_of_step(ix, Part::Work, &references)))
                }
                SetValue::Template(value) => value
                    .references()
                    .and_then(|references| value.render(&self.scope_of_step(ix, Part::Work, &references))),
            };
            match value {
                Ok(value) => outputs.insert(name.clone(), value),
                Err(error) => {
                    let failure = Failure::new(FailureKind::Condition, format!("`set.{name}`: {error}"));
                    return self.end_failed(ix, failure);
                }
            };
        }
        self.touch(ix).outputs = Arc::new(outputs);
        self.end(ix, Ended::Succeeded);
    }
}

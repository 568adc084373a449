//! What a step sees: the names of its expressions. Evaluating them is the language's business and not on trial here.

use loopline_core::expr::{ExprError, Reference, Scope};
use loopline_core::id::StepIx;
use serde_json::{Value as Json, json};

use super::state::State;

impl State<'_> {
    /// The names that are read, as step `x` sees them now.
    pub fn scope(&self, x: StepIx, reads: Result<Vec<Reference>, ExprError>) -> Scope {
        self.scope_of(x, self.at(x).vis, self.at(x).attempt, reads)
    }

    /// The same, for an attempt that may be of a past visit: then as that visit saw them.
    pub fn scope_of(&self, x: StepIx, visit: u32, attempt: u32, reads: Result<Vec<Reference>, ExprError>) -> Scope {
        let created = self.created.as_ref().expect("nothing is evaluated before the run has begun");
        let step = self.at(x);
        let past = step.archive.iter().find(|past| past.visit == visit).and_then(|past| past.saw.as_ref());
        let before = past.map_or(&step.previous, |saw| &saw.previous);
        let mut steps = Scope::new();
        let mut previous = Scope::new();
        for reference in reads.unwrap_or_default() {
            let [root, name, ..] = reference.path.as_slice() else { continue };
            let Some(of) = self.graph.find(name) else {
                if let Some(seen) = self.outer.as_ref().and_then(|outer| outer.0.get(name)) {
                    steps.insert(name.clone(), seen.clone());
                }
                continue;
            };
            match root.as_str() {
                "steps" => {
                    let seen = past.map_or_else(|| self.seen(of), |saw| saw.steps[&of].clone());
                    steps.insert(name.clone(), seen);
                }
                "previous" => {
                    let was = before.as_ref().map_or(Json::Null, |all| all[&of].clone());
                    previous.insert(name.clone(), was);
                }
                _ => {}
            }
        }
        let mut scope = Scope::new();
        scope.insert("inputs".to_owned(), Json::Object(created.inputs.clone()));
        scope.insert("steps".to_owned(), Json::Object(steps));
        scope.insert("previous".to_owned(), Json::Object(previous));
        if let Some(outer) = &self.outer {
            scope.insert("run".to_owned(), outer.1.clone());
        }
        scope.insert("visit".to_owned(), json!(visit));
        scope.insert("attempt".to_owned(), json!(attempt));
        scope
    }

    /// `steps.x`: the current visit. Of one that was re-opened and has not begun: pending, without outputs.
    pub fn seen(&self, x: StepIx) -> Json {
        let step = self.at(x);
        json!({
            "status": self.shown(x).as_str(),
            "outputs": step.outputs,
            "error": step.err,
            "visit": step.vis,
        })
    }
}

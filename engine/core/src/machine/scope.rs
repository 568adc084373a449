//! What expressions see: exactly the names they read, built from the state when they are evaluated.

use serde_json::{Map, Value as Json, json};

use super::apply::{Fold, Outer};
use super::state::{RunState, St, Unit};
use crate::expr::{Place, Reference, Scope};
use crate::graph::{Author, Graph, Part};
use crate::id::StepIx;
use crate::text::Text;

impl Fold<'_> {
    /// The names that the expressions of a part of a step may read.
    pub(super) fn scope_of_step(&self, unit: impl Into<Unit>, part: Part<'_>, references: &[Reference]) -> Scope {
        if let Some(saw) = &self.saw {
            return saw.clone();
        }
        let unit = unit.into();
        let ix = unit.step;
        let mut scope = match self.graph.step(ix).author(part) {
            Author::Pipeline => self.scope_of_run(references),
            Author::StepType => self.scope_of_type(unit, references),
        };
        let step = &self.state.steps[ix.get()];
        let alias = self.graph.step(ix).many.as_ref().and_then(|many| many.alias.as_deref());
        for reference in references {
            let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
            match path.as_slice() {
                ["visit", ..] => put(&mut scope, &["visit"], step.visit.into()),
                ["attempt", ..] => {
                    put(&mut scope, &["attempt"], self.state.latest_attempt(unit).attempt.into());
                }
                [name, ..] if *name == "item" || Some(*name) == alias => {
                    put(&mut scope, &[name], self.state.item_value(unit));
                }
                ["previous", rest @ ..] => match (&step.previous, rest) {
                    (None, []) => put(&mut scope, &["previous"], Json::Null),
                    (None, [name, ..]) => put(&mut scope, &["previous", name], Json::Null),
                    (Some(before), [name, ..]) => {
                        let value = self.graph.find(name).and_then(|ix| before.get(&ix));
                        put(&mut scope, &["previous", name], value.cloned().unwrap_or(Json::Null));
                    }
                    (Some(before), []) => {
                        for (ix, value) in before.iter() {
                            put(&mut scope, &["previous", self.graph.step(*ix).id.as_str()], value.clone());
                        }
                    }
                },
                ["env", rest @ ..] => self.put_env(&mut scope, unit, rest.first().copied()),
                ["callback", ..] if matches!(part, Part::Work) => {
                    put(&mut scope, &["callback", "url"], self.callback_mark_of(unit).into());
                }
                _ => {}
            }
        }
        scope
    }

    /// The names that the run's own expressions may read: `inputs`, `run`, `event`, `steps`.
    pub(super) fn scope_of_run(&self, references: &[Reference]) -> Scope {
        let mut scope = Scope::new();
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        for reference in references {
            let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
            match path.as_slice() {
                ["inputs", name, ..] => {
                    put(&mut scope, &["inputs"], json!({}));
                    if let Some(value) = created.inputs.get(*name) {
                        put(&mut scope, &["inputs", name], value.clone());
                    }
                }
                ["inputs"] => put(&mut scope, &["inputs"], Json::Object(created.inputs.clone())),
                ["steps", name, rest @ ..] => {
                    put(&mut scope, &["steps"], json!({}));
                    match (self.graph.find(name), self.outer) {
                        (Some(ix), _) => put_step(&mut scope, self.graph, self.state, ix, rest),
                        (None, Some(Outer { graph, state })) => {
                            if let Some(ix) = graph.find(name) {
                                put_step(&mut scope, graph, state, ix, rest);
                            }
                        }
                        (None, None) => {}
                    }
                }
                ["steps"] => {
                    for ix in self.graph.indices() {
                        let value = self.step_json(ix, None);
                        put(&mut scope, &["steps", self.graph.step(ix).id.as_str()], value);
                    }
                }
                ["run", ..] => put(&mut scope, &["run"], self.run_json()),
                ["event", ..] => put(&mut scope, &["event"], Json::Null),
                _ => {}
            }
        }
        scope
    }

    fn put_env(&self, scope: &mut Scope, unit: Unit, name: Option<&str>) {
        put(scope, &["env"], json!({}));
        let env = &self.graph.step(unit.step).env;
        let wanted = env.iter().filter(|(key, _)| name.is_none_or(|name| name == key.as_str()));
        for (key, template) in wanted {
            // The compiler refuses `env` inside `env`, so this ends.
            let references = template.references().unwrap_or_default();
            if references.iter().any(|r| r.path.first().is_some_and(|root| root == "env")) {
                continue;
            }
            let scope_of_value = self.scope_of_step(unit, Part::Env(key), &references);
            let rendered = template.render(&scope_of_value, Place::Plain);
            if let Ok(Text::Plain(text)) = rendered {
                put(scope, &["env", key], text.into());
            }
        }
    }

    fn run_json(&self) -> Json {
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let mut run = json!({
            "id": created.run,
            "number": created.number,
            "name": self.state.name,
            "pipeline": created.pipeline,
            "project": created.project,
            "epoch": self.state.epoch,
            "created_at": self.state.created_at,
            "labels": self.state.labels,
            "url": created.url,
            "trigger": {"kind": created.trigger.kind, "actor": created.trigger.actor, "time": self.state.created_at},
            "repo": null, "ref": null, "branch": null, "tag": null, "commit": null,
        });
        if let Some(leaving) = self.outer.and_then(|outer| outer.state.leaving.as_ref()) {
            run["status"] = json!(leaving.outcome);
        }
        run
    }

    /// `steps.x` with all its outputs.
    pub(super) fn step_json(&self, ix: StepIx, field: Option<&str>) -> Json {
        let mut value = self.state.step_json(self.graph, ix, field);
        value["outputs"] = Json::Object((*self.state.steps[ix.get()].outputs).clone());
        value
    }
}

impl RunState {
    /// `steps.x` without its outputs, which can be large; only `field`, where it is known which one is read.
    fn step_json(&self, graph: &Graph, ix: StepIx, field: Option<&str>) -> Json {
        let step = &self.steps[ix.get()];
        let mut value = Map::new();
        let wants = |name: &str| field.is_none_or(|field| field == name);
        if wants("status") {
            value.insert("status".into(), self.step_status(graph, ix).as_str().into());
        }
        if wants("visit") {
            value.insert("visit".into(), step.visit.into());
        }
        if wants("error") {
            value.insert("error".into(), error_json(step.st, step.error.as_ref()));
        }
        // Nobody sees whether it is there where nobody reads it.
        if wants("visits") && graph.shape().reads_visits(ix) {
            value.insert("visits".into(), step.visits_json());
        }
        Json::Object(value)
    }
}

/// What is read of one step.
fn put_step(scope: &mut Scope, graph: &Graph, state: &RunState, ix: StepIx, rest: &[&str]) {
    let name = graph.step(ix).id.as_str();
    let outputs = &state.steps[ix.get()].outputs;
    put(scope, &["steps", name], state.step_json(graph, ix, rest.first().copied()));
    match rest {
        ["outputs", output, ..] => {
            put(scope, &["steps", name, "outputs"], json!({}));
            if let Some(value) = outputs.get(*output) {
                put(scope, &["steps", name, "outputs", output], value.clone());
            }
        }
        ["outputs"] => put(scope, &["steps", name, "outputs"], Json::Object((**outputs).clone())),
        _ => {}
    }
}

/// `error` holds all of its names, so that reading one that does not apply gives null and no error.
pub(super) fn error_json(st: St, error: Option<&crate::outcome::Failure>) -> Json {
    match error {
        Some(error) if st == St::Failed => json!({
            "kind": error.kind, "message": error.message, "exit_code": error.exit_code, "signal": error.signal,
            "status": error.status, "tail": error.tail, "cause": error.cause,
        }),
        _ => Json::Null,
    }
}

/// Puts a value at a path. An object already there is kept and added to, so that two references share what they have in common.
pub(super) fn put(scope: &mut Scope, path: &[&str], value: Json) {
    let Some((last, parents)) = path.split_last() else { return };
    let mut at = scope;
    for parent in parents {
        let next = at.entry((*parent).to_owned()).or_insert_with(|| json!({}));
        if !next.is_object() {
            *next = json!({});
        }
        let Json::Object(map) = next else { unreachable!("just made one") };
        at = map;
    }
    match (at.get_mut(*last), value) {
        (Some(Json::Object(old)), Json::Object(new)) => {
            for (key, value) in new {
                old.entry(key).or_insert(value);
            }
        }
        (_, value) => {
            at.insert((*last).to_owned(), value);
        }
    }
}

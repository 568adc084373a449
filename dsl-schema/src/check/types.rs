//! X1: what the names of expressions can be, as far as the file declares it.
//!
//! These types may hold more than what really comes, never less. So what was not checked when it came into being is anything:
//! what a failed script had written, the fields of a rejected approval. What is wrong by these types is [`super::mismatches`]'s.

use std::collections::BTreeMap;

use loopline_core::expr::{Cel, Field, OtherKeys, Reference, Type};
use loopline_core::outcome::FailureKind;
use loopline_core::view::{RunStatus, StepStatus};
use serde_json::Value as Json;

use super::flow::Flow;
use super::sites::{Site, Where};
use crate::language::{CelText, Entries, ItemsSpec, OutputSpec, SchemaSpec, SetSpec, Step};
use crate::lower;
use crate::model::{Gives, Kind, Model, ModelStep};

/// The types of one graph of a file.
pub(super) struct Types<'a> {
    model: &'a Model<'a>,
    /// The graph that this one, a `finally`, follows.
    outer: Option<&'a Model<'a>>,
    flow: Option<&'a Flow>,
    inputs: Type,
    run: Type,
    /// Of every step.
    status: Type,
    error: Type,
    visits: Type,
    /// By step.
    outputs: Vec<Outputs>,
    /// By step: what one of its items is.
    items: Vec<Type>,
}

/// What the outputs of a step can be.
#[derive(Clone)]
struct Outputs {
    /// In a visit that succeeded.
    of_success: Type,
    /// In any visit, also in one that has not begun.
    of_any: Type,
}

/// A place of which names are asked.
#[derive(Clone, Copy)]
struct At {
    step: Option<usize>,
    place: Where,
    of_item: bool,
}

impl<'a> Types<'a> {
    pub(super) fn of(model: &'a Model<'a>, outer: Option<&'a Model<'a>>, flow: Option<&'a Flow>) -> Self {
        let inputs = model.inputs.iter().map(|(name, schema)| (*name, Field::sure(input(*schema))));
        let status = Type::words(StepStatus::ALL.map(StepStatus::as_str));
        let visit = object([("visit", Type::number()), ("status", status.clone())]);
        let mut types = Self {
            model,
            outer,
            flow,
            inputs: Type::object(inputs, OtherKeys::Any),
            run: run(),
            status,
            error: error().or_null(),
            visits: Type::list(visit),
            outputs: vec![Outputs::anything(); model.steps.len()],
            items: vec![Type::any(); model.steps.len()],
        };
        // In this order the outputs that a step reads are known before its own.
        for &at in flow.iter().flat_map(|flow| &flow.order) {
            if let Some(spec) = model.steps[at].spec {
                types.items[at] = types.item(at, spec);
                types.outputs[at] = types.outputs_of(at, &model.steps[at], spec);
            }
        }
        types
    }

    /// The types of what `references` read at a site, root by root. What is not among them can be anything.
    pub(super) fn names(&self, site: &Site<'_>, references: &[Reference]) -> BTreeMap<String, Type> {
        self.names_at(At { step: site.step, place: site.place, of_item: site.of_item }, references)
    }

    /// What an expression gives that stands in the body of a step.
    pub(super) fn given(&self, cel: &CelText, step: usize) -> Type {
        self.gives(cel, At { step: Some(step), place: Where::Body, of_item: false })
    }

    /// What the pipeline gives back when it succeeds, by name.
    pub(super) fn given_back(&self) -> BTreeMap<String, Type> {
        let at = At { step: None, place: Where::End, of_item: false };
        named(self.model.outputs).map(|(name, cel)| (name.to_owned(), self.gives(cel, at))).collect()
    }

    fn gives(&self, cel: &CelText, at: At) -> Type {
        let cel = Cel::new(cel.0.value.as_str());
        let references = cel.references().unwrap_or_default();
        cel.check_types(&self.names_at(at, &references)).ty.as_json()
    }

    fn names_at(&self, at: At, references: &[Reference]) -> BTreeMap<String, Type> {
        let mut names = BTreeMap::new();
        for reference in references {
            let Some(root) = reference.path.first() else { continue };
            if !names.contains_key(root)
                && let Some(ty) = self.name(root, at, references)
            {
                names.insert(root.clone(), ty);
            }
        }
        names
    }

    fn name(&self, root: &str, at: At, references: &[Reference]) -> Option<Type> {
        if at.of_item && (root == "item" || self.alias(at) == Some(root)) {
            return at.step.map(|step| self.items[step].clone());
        }
        Some(match root {
            "inputs" => self.inputs.clone(),
            "run" => self.run.clone(),
            "visit" | "attempt" => Type::number(),
            "env" => Type::map(Type::text()),
            "steps" => by_step(references, "steps", |name| self.step(name, at))?,
            "previous" => by_step(references, "previous", |name| self.previous(name))?,
            "response" => response(),
            "stdout" | "stderr" => Type::text(),
            "exit_code" => Type::number(),
            "payload" => payload(self.model.steps[at.step?].spec?),
            _ => return None,
        })
    }

    fn alias(&self, at: At) -> Option<&'a str> {
        let foreach = self.model.steps[at.step?].spec?.foreach.as_deref()?;
        foreach.alias.as_ref().map(|alias| alias.value.as_str())
    }

    // ---- steps ----

    fn step(&self, name: &str, at: At) -> Option<Type> {
        if let Some(&target) = self.model.index.get(name) {
            let outputs = &self.outputs[target];
            let outputs = if self.has_succeeded(target, at) { &outputs.of_success } else { &outputs.of_any };
            return Some(self.step_with(outputs.clone()));
        }
        self.outer?.index.contains_key(name).then(|| self.step_with(Outputs::anything().of_any))
    }

    fn previous(&self, name: &str) -> Option<Type> {
        let target = *self.model.index.get(name)?;
        Some(self.step_with(self.outputs[target].of_any.clone()).or_null())
    }

    fn step_with(&self, outputs: Type) -> Type {
        let fields = [
            ("status", Field::sure(self.status.clone())),
            ("visit", Field::sure(Type::number())),
            ("error", Field::sure(self.error.clone())),
            ("visits", Field::sure(self.visits.clone())),
            // Not there where a step is read as a whole.
            ("outputs", Field::perhaps(outputs)),
        ];
        Type::object(fields, OtherKeys::Any)
    }

    /// X5: whether the current visit of a step has succeeded whenever this is evaluated.
    fn has_succeeded(&self, target: usize, at: At) -> bool {
        let Some(flow) = self.flow else { return false };
        match (at.place, at.step) {
            // A rejected approval has its outputs too, and nobody checked its fields.
            (Where::Loop { sure }, Some(own)) if own == target => {
                sure && self.model.steps[own].kind != Some(Kind::Approval)
            }
            (Where::Undo { .. }, Some(own)) if own == target => true,
            (Where::End, _) => flow.sure_at_end[target],
            (_, Some(own)) => flow.sure[own].contains(target),
            _ => false,
        }
    }

    fn outputs_of(&self, at: usize, step: &ModelStep<'_>, spec: &Step) -> Outputs {
        if spec.foreach.is_some() || spec.matrix.is_some() || step.uses.is_some() {
            return Outputs::anything();
        }
        match step.kind {
            Some(Kind::Approval) => approval(spec),
            Some(Kind::Set) => {
                let values = named(spec.set.as_ref()).map(|(name, value)| {
                    let ty = match value {
                        SetSpec::Cel(cel) => self.given(cel, at),
                        SetSpec::Template(json) => rendered(&json.value),
                    };
                    (name, ty)
                });
                Outputs::only_of_success(values.collect())
            }
            Some(Kind::Wait) if spec.outputs.is_none() => Outputs::only_of_success(vec![("payload", payload(spec))]),
            Some(kind @ (Kind::Http | Kind::Wait)) => Outputs::only_of_success(self.declared(at, spec, kind)),
            Some(kind @ (Kind::Run | Kind::Container)) => {
                let of_success = Outputs::only_of_success(self.declared(at, spec, kind)).of_success;
                Outputs { of_success, ..Outputs::anything() }
            }
            // A child gives back all that it declares, or has failed.
            Some(Kind::Pipeline) => match step.gives {
                Some(Gives::There(contract)) => {
                    let outputs = contract.outputs.iter().map(|(name, ty)| (name.as_str(), ty.clone()));
                    Outputs::only_of_success(outputs.collect())
                }
                // One that stands inside is compiled with its step; one that runs itself would have to be known already.
                Some(Gives::Here(_)) => self.in_place(at).unwrap_or_else(Outputs::anything),
                None => Outputs::anything(),
            },
            Some(Kind::Sleep | Kind::Use) | None => Outputs::anything(),
        }
    }

    /// What the pipeline gives back that a step writes in place.
    fn in_place(&self, at: usize) -> Option<Outputs> {
        let (_, child) = self.model.children.iter().find(|(step, _)| *step == at)?;
        let Some(outputs) = child.outputs.filter(|outputs| !outputs.0.is_empty()) else {
            return Some(Outputs::only_of_success(Vec::new()));
        };
        let flow = Flow::of(child).ok()?;
        let mut given = Types::of(child, None, Some(&flow)).given_back();
        let outputs = named(Some(outputs)).filter_map(|(name, _)| Some((name, given.remove(name)?)));
        Some(Outputs::only_of_success(outputs.collect()))
    }

    fn declared<'s>(&self, step: usize, spec: &'s Step, kind: Kind) -> Vec<(&'s str, Type)> {
        let at = At { step: Some(step), place: Where::Result(kind), of_item: false };
        let declared = named(spec.outputs.as_ref()).map(|(name, output)| {
            let ty = match output {
                OutputSpec::Cel(cel) => self.gives(cel, at),
                OutputSpec::Schema(schema) => schema_of(schema),
            };
            (name, ty)
        });
        declared.collect()
    }

    fn item(&self, at: usize, spec: &Step) -> Type {
        if let Some(foreach) = spec.foreach.as_deref() {
            return self.items_of(&foreach.items, at).elements();
        }
        match spec.matrix.as_deref() {
            // What is included may say anything about any axis.
            Some(matrix) if matrix.include.is_none() => {
                let axes = named(Some(&matrix.axes)).map(|(name, items)| (name, self.items_of(items, at).elements()));
                object(axes)
            }
            _ => Type::any(),
        }
    }

    fn items_of(&self, items: &ItemsSpec, at: usize) -> Type {
        match items {
            ItemsSpec::Cel(cel) => self.given(cel, at),
            ItemsSpec::Template(json) => rendered(&json.value),
        }
    }
}

impl Outputs {
    fn anything() -> Self {
        let any = Type::map(Type::any());
        Self { of_success: any.clone(), of_any: any }
    }

    /// Outputs that are made when the step succeeds, and never before.
    fn only_of_success(outputs: Vec<(&str, Type)>) -> Self {
        let with = |field: fn(Type) -> Field| {
            let fields = outputs.iter().map(|(name, ty)| (*name, field(ty.clone())));
            Type::object(fields, OtherKeys::Any)
        };
        Self { of_success: with(Field::sure), of_any: with(Field::perhaps) }
    }
}

/// The steps that are named behind `root`. None where all of them are asked for at once.
fn by_step(references: &[Reference], root: &str, step: impl Fn(&str) -> Option<Type>) -> Option<Type> {
    let mut steps = BTreeMap::new();
    for reference in references.iter().filter(|reference| reference.path[0] == root) {
        let name = reference.path.get(1)?.as_str();
        if !steps.contains_key(name)
            && let Some(ty) = step(name)
        {
            steps.insert(name, Field::sure(ty));
        }
    }
    Some(Type::object(steps, OtherKeys::Any))
}

/// What one input is. It is null where it may be left out and nothing stands in for it.
fn input(schema: Option<&SchemaSpec>) -> Type {
    let Some(schema) = schema else { return Type::any() };
    let input = lower::input(&schema.0.value);
    let ty = Type::of_schema(&input.schema);
    if input.required || !input.default.is_null() { ty } else { ty.or_null() }
}

fn schema_of(schema: &SchemaSpec) -> Type {
    Type::of_schema(&lower::input(&schema.0.value).schema)
}

/// What a JSON value becomes whose strings are templates.
fn rendered(value: &Json) -> Type {
    Type::of_json_with(value, &|text| if text.contains("{{") { Type::any() } else { Type::words([text]) })
}

/// What a signal brings, or a callback.
fn payload(spec: &Step) -> Type {
    let schema = spec.wait.as_deref().and_then(|wait| wait.schema.as_ref());
    schema.map_or_else(Type::any, schema_of)
}

/// W1.
fn approval(spec: &Step) -> Outputs {
    let decision = Type::words(["approved", "rejected"]);
    let comment = Type::text().or_null();
    let of_one = [("decision", decision.clone()), ("by", Type::text()), ("comment", comment.clone())];
    let decided = object(of_one.into_iter().chain([("at", Type::text())]));
    let with = |fields: Type, field: fn(Type) -> Field| {
        let outputs = [
            ("decision", decision.clone()),
            ("by", Type::text()),
            ("comment", comment.clone()),
            ("fields", fields),
            ("decisions", Type::list(decided.clone())),
        ];
        Type::object(outputs.map(|(name, ty)| (name, field(ty))), OtherKeys::Any)
    };
    let asked = spec.approval.iter().flat_map(|approval| named(approval.fields.as_ref())).map(|(name, schema)| {
        let input = lower::input(&schema.0.value);
        // One that has a default is there even where it was left out.
        let sure = input.required || schema.0.value.get("default").is_some();
        (name, Field { ty: Type::of_schema(&input.schema), sure })
    });
    Outputs {
        of_success: with(Type::object(asked, OtherKeys::Any), Field::sure),
        of_any: with(Type::map(Type::any()), Field::perhaps),
    }
}

fn error() -> Type {
    let number = Type::number().or_null();
    object([
        ("kind", Type::words(FailureKind::ALL.map(FailureKind::as_str))),
        ("message", Type::text()),
        ("exit_code", number.clone()),
        ("signal", number.clone()),
        ("status", number),
        ("tail", Type::text().or_null()),
        ("cause", Type::any()),
    ])
}

fn run() -> Type {
    let perhaps = Type::text().or_null();
    let trigger = object([("kind", Type::text()), ("actor", perhaps.clone()), ("time", Type::text())]);
    let of_git = ["repo", "ref", "branch", "tag", "commit"].map(|name| (name, perhaps.clone()));
    let own = [
        ("id", Type::text()),
        ("number", Type::number()),
        ("name", perhaps.clone()),
        ("pipeline", Type::text()),
        ("project", Type::text()),
        ("epoch", Type::number()),
        ("created_at", Type::text()),
        ("labels", Type::map(Type::text())),
        ("url", perhaps),
        ("trigger", trigger),
    ];
    let sure = own.into_iter().chain(of_git).map(|(name, ty)| (name, Field::sure(ty)));
    // Known in `finally` alone.
    let status = ("status", Field::perhaps(Type::words(RunStatus::ALL.map(RunStatus::as_str))));
    Type::object(sure.chain([status]), OtherKeys::Any)
}

fn response() -> Type {
    let fields = [
        ("status", Field::sure(Type::number())),
        ("headers", Field::sure(Type::map(Type::text()))),
        ("body", Field::perhaps(Type::text())),
        ("json", Field::perhaps(Type::any())),
    ];
    Type::object(fields, OtherKeys::Any)
}

/// A map with these keys. Whether it may have others is for the check of names to say.
fn object<'s>(fields: impl IntoIterator<Item = (&'s str, Type)>) -> Type {
    Type::object(fields.into_iter().map(|(name, ty)| (name, Field::sure(ty))), OtherKeys::Any)
}

fn named<T>(entries: Option<&Entries<T>>) -> impl Iterator<Item = (&str, &T)> {
    let items = entries.map(|entries| entries.0.as_slice()).unwrap_or_default();
    items.iter().filter_map(|item| Some((item.name.as_str(), item.value.as_ref()?)))
}

#[cfg(test)]
mod tests;

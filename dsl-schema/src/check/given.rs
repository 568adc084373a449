//! What is given to a child run, to a step type, or by a trigger, against what the other side asks for.

use std::collections::BTreeMap;

use loopline_core::graph::Input;
use serde_json::Value as Json;

use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{AnyJson, Entries, Pipeline};
use crate::library::Contract;
use crate::lower;
use crate::model::Model;
use crate::route::Route;
use crate::step_types::LoadedType;

/// What somebody asks for.
pub(super) struct Asked {
    /// How it is called in a sentence.
    who: String,
    inputs: BTreeMap<String, Input>,
}

impl Asked {
    /// By the pipeline of the file.
    pub(super) fn of_pipeline(model: &Model<'_>) -> Self {
        let inputs = model
            .inputs
            .iter()
            .filter_map(|(name, schema)| Some(((*name).to_owned(), lower::input(&(*schema)?.0.value))));
        Self { who: "the pipeline".to_owned(), inputs: inputs.collect() }
    }

    /// By the pipeline of the file, of one that it runs as a child.
    pub(super) fn of_itself(name: &str, pipeline: &Pipeline) -> Self {
        let inputs = pipeline.inputs.iter().flat_map(|inputs| &inputs.0);
        let inputs = inputs.filter_map(|item| Some((item.name.clone(), lower::input(&item.value.as_ref()?.0.value))));
        Self { who: format!("the pipeline `{name}`"), inputs: inputs.collect() }
    }

    /// By another pipeline.
    pub(super) fn of_contract(name: &str, contract: &Contract) -> Self {
        Self { who: format!("the pipeline `{name}`"), inputs: contract.inputs.clone() }
    }

    /// By a step type.
    pub(super) fn of_type(uses: &LoadedType) -> Self {
        let inputs = uses
            .file
            .inputs
            .iter()
            .flat_map(|inputs| &inputs.0)
            .filter_map(|item| Some((item.name.clone(), lower::input(&item.value.as_ref()?.0.value))));
        Self { who: format!("the step type `{}`", uses.name), inputs: inputs.collect() }
    }
}

/// Reports what is not asked for, what is missing, and what is known not to fit. `at` is the mapping that gives.
pub(super) fn check(given: Option<&Entries<AnyJson>>, at: &Route, giver: &str, asked: &Asked, cx: &mut Cx) {
    let items = given.map(|given| given.0.as_slice()).unwrap_or_default();
    // What a misspelled name was meant to be is not missing.
    let mut meant = Vec::new();
    for item in items {
        let Some(input) = asked.inputs.get(&item.name) else {
            let message = format!("{} asks for no input `{}`", asked.who, item.name);
            let diagnostic = Diagnostic::new(Code::UnknownChildInput, item.key(), message);
            let known: Vec<&str> = asked.inputs.keys().map(String::as_str).collect();
            let near = cx.nearest.to(&item.name, known.iter().copied());
            meant.extend(near.map(str::to_owned));
            cx.report(match near {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("Change to `{near}`"),
                    item.key(),
                    near,
                ),
                None if known.is_empty() => diagnostic.help("it asks for none"),
                None => diagnostic.help(format!("it asks for {}", crate::decode::list(&known))),
            });
            continue;
        };
        if let Some(value) = item.value.as_ref().filter(|value| is_known(&value.0.value)) {
            fits(input, &value.0.value, &item.name, &item.at, asked, cx);
        }
    }
    for (name, _) in asked.inputs.iter().filter(|(_, input)| input.required) {
        if meant.contains(name) || items.iter().any(|item| item.name == *name) {
            continue;
        }
        let message = format!("{giver} does not give the input `{name}`, which {} asks for", asked.who);
        let place = if given.is_some() { Place::Key(at.key("inputs")) } else { Place::Value(at.clone()) };
        let help = format!("give it, like `inputs: {{{name}: …}}`, or let it have a `default`");
        cx.report(Diagnostic::new(Code::MissingChildInput, place, message).help(help));
    }
}

fn fits(input: &Input, value: &Json, name: &str, at: &Route, asked: &Asked, cx: &mut Cx) {
    // A schema that is wrong in itself has been reported where it stands.
    let Some(validator) = cx.validators.of(&input.schema) else { return };
    let error = validator.validate(value).err().map(|error| error.to_string());
    if let Some(error) = error {
        let message = format!("this does not fit the input `{name}` of {}: {error}", asked.who);
        let help = match input.schema.get("type").and_then(Json::as_str) {
            Some(kind) => format!("`{name}` is of type {kind}"),
            None => format!("look at the schema of `{name}`"),
        };
        cx.report(Diagnostic::new(Code::InputDoesNotFit, Place::Value(at.clone()), message).help(help));
    }
}

/// Whether nothing of the value is decided when the run goes on.
fn is_known(value: &Json) -> bool {
    match value {
        Json::String(text) => !text.contains("{{"),
        Json::Array(items) => items.iter().all(is_known),
        Json::Object(map) => map.values().all(is_known),
        _ => true,
    }
}

/// Inputs that are given before there is anything to read.
pub(super) fn no_holes(given: Option<&Entries<AnyJson>>, what: &str, cx: &mut Cx) {
    for item in given.iter().flat_map(|given| &given.0) {
        if item.value.as_ref().is_some_and(|value| !is_known(&value.0.value)) {
            let message = format!("{what} gives fixed values: there is nothing that a hole could read");
            let diagnostic = Diagnostic::new(Code::NameNotKnownHere, Place::Value(item.at.clone()), message);
            cx.report(diagnostic.help("write the value out; `\\{{` stands for two braces"));
        }
    }
}

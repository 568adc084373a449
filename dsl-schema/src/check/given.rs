//! What is given to a child run, to a step type, or by a trigger, against what the other side asks for.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use loopline_core::graph::{Graph, Input};
use serde_json::Value as Json;

use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::testing::Case;
use crate::language::{AnyJson, Entries, Pipeline};
use crate::library::Contract;
use crate::lower;
use crate::model::Model;
use crate::route::Route;
use crate::schema_work::{Checker, SchemaWork};
use crate::step_types::LoadedType;

/// What somebody asks for.
pub(super) struct Asked {
    /// How it is called in a sentence.
    who: String,
    inputs: BTreeMap<String, Input>,
    /// The names of all, for people.
    names: String,
    /// Made when they are first needed; none for a schema that is wrong in itself, which has been reported where it stands.
    checkers: RefCell<BTreeMap<String, Option<Rc<Checker>>>>,
}

impl Asked {
    /// By the pipeline of the file.
    pub(super) fn of_pipeline(model: &Model<'_>) -> Self {
        let inputs = model
            .inputs
            .iter()
            .filter_map(|(name, schema)| Some(((*name).to_owned(), lower::input(&(*schema)?.0.value))));
        Self::new("the pipeline".to_owned(), inputs.collect())
    }

    /// By the pipeline of the file, of one that it runs as a child.
    pub(super) fn of_itself(name: &str, pipeline: &Pipeline) -> Self {
        let inputs = pipeline.inputs.iter().flat_map(|inputs| &inputs.0);
        let inputs = inputs.filter_map(|item| Some((item.name.clone(), lower::input(&item.value.as_ref()?.0.value))));
        Self::new(format!("the pipeline `{name}`"), inputs.collect())
    }

    /// By another pipeline.
    pub(super) fn of_contract(name: &str, contract: &Contract) -> Self {
        Self::new(format!("the pipeline `{name}`"), contract.inputs.clone())
    }

    /// By a step type.
    pub(super) fn of_type(uses: &LoadedType) -> Self {
        let inputs = uses
            .file
            .inputs
            .iter()
            .flat_map(|inputs| &inputs.0)
            .filter_map(|item| Some((item.name.clone(), lower::input(&item.value.as_ref()?.0.value))));
        Self::new(format!("the step type `{}`", uses.name), inputs.collect())
    }

    fn new(who: String, inputs: BTreeMap<String, Input>) -> Self {
        let names = crate::decode::list(&inputs.keys().collect::<Vec<_>>());
        Self { who, inputs, names, checkers: RefCell::default() }
    }

    fn checker(&self, name: &str, schema: &Json, work: &mut SchemaWork) -> Option<Rc<Checker>> {
        let mut all = self.checkers.borrow_mut();
        if let Some(known) = all.get(name) {
            return known.clone();
        }
        let checker = work.ready(schema).ok().map(Rc::new);
        all.insert(name.to_owned(), checker.clone());
        checker
    }
}

/// Reports what is not asked for, what is missing, and what is known not to fit. `at` is the mapping that gives.
pub(super) fn check(given: Option<&Entries<AnyJson>>, at: &Route, giver: &str, asked: &Asked, cx: &mut Cx) {
    let items = given.map(|given| given.0.as_slice()).unwrap_or_default();
    // What a misspelled name was meant to be is not missing.
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for item in items {
        let Some(input) = asked.inputs.get(&item.name) else {
            named.extend(not_asked_for(&item.name, item.key(), asked, cx));
            continue;
        };
        named.insert(&item.name);
        if let Some(value) = item.value.as_ref().filter(|value| is_known(&value.0.value)) {
            fits(input, &value.0.value, &item.name, &item.at, asked, cx);
        }
    }
    let missing = asked.inputs.iter().filter(|(name, input)| input.required && !named.contains(name.as_str()));
    for (name, _) in missing {
        let message = format!("{giver} does not give the input `{name}`, which {} asks for", asked.who);
        let place = if given.is_some() { Place::Key(at.key("inputs")) } else { Place::Value(at.clone()) };
        let help = format!("give it, like `inputs: {{{name}: …}}`, or let it have a `default`");
        cx.report(Diagnostic::new(Code::MissingChildInput, place, message).help(help));
    }
}

/// Reports it; gives the name that was most likely meant.
fn not_asked_for<'a>(name: &str, place: Place, asked: &'a Asked, cx: &mut Cx) -> Option<&'a str> {
    let message = format!("{} asks for no input `{name}`", asked.who);
    let diagnostic = Diagnostic::new(Code::UnknownChildInput, place.clone(), message);
    let near = cx.nearest.to(name, asked.inputs.keys().map(String::as_str));
    cx.report(match near {
        Some(near) => {
            diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), place, near)
        }
        None if asked.inputs.is_empty() => diagnostic.help("it asks for none"),
        None => diagnostic.help(format!("it asks for {}", asked.names)),
    });
    near
}

fn fits(input: &Input, value: &Json, name: &str, at: &Route, asked: &Asked, cx: &mut Cx) {
    let Some(checker) = asked.checker(name, &input.schema, &mut cx.schema_work) else { return };
    // What is too large to be looked at here is looked at when it is given.
    if let Some(Err(error)) = cx.schema_work.check(&checker, value) {
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

/// Inputs of a case against those of the pipeline that it tests.
pub(crate) fn check_inputs_of_case(case: &Case, graph: &Graph, cx: &mut Cx) {
    let asked = Asked::new("the pipeline".to_owned(), graph.inputs.clone());
    check(case.inputs.as_ref(), &case.at, "the case", &asked, cx);
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

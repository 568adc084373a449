//! Child runs and steps of a type: that what they name is there, and gets what it asks for.

use std::collections::BTreeMap;

use super::given::{self, Asked};
use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{ChildPipeline, Step, Text};
use crate::library::{Library, is_step_type_name};
use crate::model::{Model, ModelStep};
use crate::step_types::LoadedType;
use crate::uses::bare_name;

pub(super) fn check(model: &Model<'_>, library: &Library, cx: &mut Cx) {
    let mut asked = AllAsked::new();
    for step in &model.steps {
        let Some(spec) = step.spec else { continue };
        if let Some(child) = spec.pipeline.as_deref() {
            named_or_in_place(child, cx);
            named(model, child, library, &mut asked, cx);
        }
        if spec.uses.is_some() {
            step_type(step, spec, library, &mut asked, cx);
        }
    }
}

fn named_or_in_place(child: &ChildPipeline, cx: &mut Cx) {
    match (child.given.at("name"), child.given.at("steps")) {
        (Some(name), Some(steps)) => {
            let message = "`name` and `steps` exclude each other: a child run is of one pipeline";
            let diagnostic = Diagnostic::new(Code::KeysExcludeEachOther, Place::Key(steps.clone()), message);
            cx.report(diagnostic.related(Place::Key(name.clone()), "and this").help("keep one of them"));
        }
        (None, None) => {
            let message = "`pipeline` needs the key `name` or `steps`";
            let diagnostic = Diagnostic::new(Code::MissingKey, Place::Key(child.at.clone()), message);
            cx.report(diagnostic.help("write it like `pipeline: {name: notify}`"));
        }
        (Some(_), None) => {
            if let Some(outputs) = child.given.at("outputs") {
                let message = "`outputs` makes no sense beside `name`";
                let diagnostic = Diagnostic::new(Code::KeyMakesNoSense, Place::Key(outputs.clone()), message);
                cx.report(diagnostic.help("the pipeline says itself what it gives back"));
            }
        }
        (None, Some(steps)) => {
            if child.steps.as_ref().is_some_and(|steps| steps.0.is_empty()) {
                let diagnostic =
                    Diagnostic::new(Code::NoSteps, Place::Key(steps.clone()), "the pipeline in place has no steps");
                cx.report(diagnostic.help("add one, like `hello: {run: echo hello}`"));
            }
        }
    }
}

/// What others ask for, made once for all steps that give it to them; none where nobody knows.
type AllAsked<'a> = BTreeMap<(Whose, &'a str), Option<Asked>>;

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Pipeline,
    StepType,
}

fn named<'a>(model: &Model<'_>, child: &'a ChildPipeline, library: &Library, asked: &mut AllAsked<'a>, cx: &mut Cx) {
    let Some(name) = &child.name else { return };
    if !full_name(name, cx) {
        return;
    }
    let Some(bare) = bare_name(&name.value) else { return };
    let own = model.pipeline.name.0.as_ref().is_some_and(|own| own.value == bare);
    // A pipeline that runs itself is the one that stands here, whatever was read under its name.
    let of_name = || match library.pipelines.get(bare) {
        _ if own => Some(Asked::of_itself(&name.value, model.pipeline)),
        contract => contract.map(|contract| Asked::of_contract(&name.value, contract)),
    };
    if let Some(asked) = asked.entry((Whose::Pipeline, name.value.as_str())).or_insert_with(of_name) {
        given::check(child.inputs.as_ref(), &child.at, "the step", asked, cx);
    } else if library.is_complete {
        let message = format!("there is no pipeline `{}`", name.value);
        let diagnostic = Diagnostic::new(Code::UnknownPipeline, name.place(), message);
        report_unknown(diagnostic, bare, library, cx);
    }
}

/// Reports a name, without its project, that no pipeline has, with the nearest that one has.
pub(super) fn report_unknown(diagnostic: Diagnostic, bare: &str, library: &Library, cx: &mut Cx) {
    let near = cx.nearest.to(bare, library.pipelines.keys().map(String::as_str));
    let place = diagnostic.place.clone();
    cx.report(match near {
        Some(near) => {
            diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), place, near)
        }
        None => diagnostic.help("the name is what its file says as `name:`"),
    });
}

/// `name` or `project/name`. Reports what is neither.
pub(super) fn full_name(name: &Text, cx: &mut Cx) -> bool {
    let fits = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.len() <= 63
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let parts: Vec<&str> = name.value.split('/').collect();
    if parts.len() <= 2 && parts.iter().all(|part| fits(part)) {
        return true;
    }
    let message = format!("`{}` is not the name of a pipeline", shown(name));
    let diagnostic = Diagnostic::new(Code::InvalidPipelineName, name.place(), message);
    cx.report(
        diagnostic.help("write `name` or `project/name`, each a lower-case letter, then at most 62 of a-z, 0-9 and -"),
    );
    false
}

fn step_type<'a>(step: &ModelStep<'_>, spec: &'a Step, library: &Library, asked: &mut AllAsked<'a>, cx: &mut Cx) {
    let Some(name) = &spec.uses else { return };
    let Some(uses) = step.uses else {
        let known = library.step_types.contains_key(&name.value);
        let code = if known { Code::BrokenStepType } else { Code::UnknownStepType };
        let message = if known {
            format!("the step type `{}` cannot be read", shown(name))
        } else {
            format!("there is no step type `{}`", shown(name))
        };
        let diagnostic = Diagnostic::new(code, name.place(), message);
        let near = cx.nearest.to(&name.value, library.step_types.keys().map(String::as_str));
        cx.report(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("Change to `{near}`"),
                name.place(),
                near,
            ),
            None if is_step_type_name(&name.value) => {
                diagnostic.help(format!("it would stand in `.loopline/steps/{}.yaml`", name.value))
            }
            None => diagnostic.help("a name is a lower-case letter, then at most 62 of a-z, 0-9, _ and -"),
        });
        return;
    };
    if let Some((message, line)) = &uses.broken {
        let diagnostic = Diagnostic::new(
            Code::BrokenStepType,
            name.place(),
            format!("the step type `{}` has an error: {message}", name.value),
        );
        cx.report(diagnostic.help(format!("mend line {line} of `.loopline/steps/{}.yaml`", name.value)));
        return;
    }
    let asked = asked.entry((Whose::StepType, name.value.as_str())).or_insert_with(|| Some(Asked::of_type(uses)));
    if let Some(asked) = asked {
        given_with(step, spec, asked, cx);
    }
    secrets(name, uses, cx);
}

/// The pipeline says which secrets it can see, also for the types it uses.
fn secrets(name: &Text, uses: &LoadedType, cx: &mut Cx) {
    for secret in &uses.unnamed_secrets {
        let message =
            format!("the step type `{}` reads the secret `{secret}`, which the pipeline does not name", uses.name);
        let diagnostic = Diagnostic::new(Code::UnknownSecret, name.place(), message);
        cx.report(diagnostic.help(format!("add it to the top of the file: `secrets: [{secret}]`")));
    }
}

/// Inputs of a type stand under `with`.
fn given_with(step: &ModelStep<'_>, spec: &Step, asked: &Asked, cx: &mut Cx) {
    let first = cx.diagnostics.len();
    given::check(spec.with.as_ref(), step.at, "the step", asked, cx);
    for diagnostic in &mut cx.diagnostics[first..] {
        if diagnostic.code == Code::MissingChildInput {
            diagnostic.place = Place::Key(step.at.key(if spec.with.is_some() { "with" } else { "use" }));
            diagnostic.help = diagnostic.help.take().map(|help| help.replace("`inputs: ", "`with: "));
        }
    }
}

/// A name as it stands, if it is not too long to be one.
fn shown(name: &Text) -> String {
    name.value.chars().take(80).collect()
}

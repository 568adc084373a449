//! Step types, read once for each file that uses them.
//!
//! `use: NAME` stands for the step of `.loopline/steps/NAME.yaml`. The type is a text of its own: what is wrong inside it has
//! its places there, so a pipeline that uses a broken one is told only that, and where to look.

use std::collections::BTreeMap;

use loopline_core::graph::Requirement;

use crate::check;
use crate::decode::{Cx, Decode as _};
use crate::diagnostics::{Code, Diagnostic, Place, Severity};
use crate::language::{Entries, Item, Pipeline, Required, Step, StepType};
use crate::library::Library;
use crate::model::{Kind, Model, kind};
use crate::position::Source;
use crate::route::Route;

/// Keys of a step that say something about other steps, or hand the work to somebody else.
pub(crate) const ELSEWHERE: [&str; 8] = ["needs", "join", "goto", "use", "with", "compensate", "pipeline", "fetch"];

/// The types that a file uses.
#[derive(Debug, Default)]
pub(crate) struct StepTypes {
    loaded: BTreeMap<String, LoadedType>,
}

/// A type that was read.
#[derive(Debug)]
pub(crate) struct LoadedType {
    pub(crate) name: String,
    pub(crate) file: StepType,
    /// Keys inside it that this engine cannot run.
    pub(crate) requires: Vec<Requirement>,
    /// The first error in it: what it says, and its line.
    pub(crate) broken: Option<(String, usize)>,
}

impl LoadedType {
    /// The step it stands for.
    pub(crate) fn step(&self) -> Option<&Step> {
        self.file.step.0.as_deref()
    }

    /// What that step does.
    pub(crate) fn kind(&self) -> Option<Kind> {
        self.step().and_then(kind).filter(|kind| *kind != Kind::Use)
    }
}

impl StepTypes {
    /// Reads the types that steps of a file use.
    pub(crate) fn used_by(pipeline: &Pipeline, library: &Library) -> Self {
        let mut loaded = BTreeMap::new();
        for_each_step(pipeline, &mut |step| {
            let Some(name) = &step.uses else { return };
            if let Some(text) = library.step_types.get(&name.value)
                && !loaded.contains_key(&name.value)
                && let Some(loaded_type) = load(&name.value, text)
            {
                loaded.insert(name.value.clone(), loaded_type);
            }
        });
        Self { loaded }
    }

    /// The type of a step.
    pub(crate) fn of(&self, step: &Step) -> Option<&LoadedType> {
        self.loaded.get(&step.uses.as_ref()?.value)
    }
}

fn for_each_step(pipeline: &Pipeline, visit: &mut dyn FnMut(&Step)) {
    in_all(pipeline.steps.0.as_ref(), visit);
    in_all(pipeline.finally.as_deref(), visit);
}

fn in_all(steps: Option<&Entries<Step>>, visit: &mut dyn FnMut(&Step)) {
    for step in steps.into_iter().flat_map(|steps| &steps.0).filter_map(|item| item.value.as_ref()) {
        visit(step);
        in_all(step.pipeline.as_ref().and_then(|child| child.steps.as_ref()), visit);
    }
}

/// `None` where nothing can be made of the text.
fn load(name: &str, text: &str) -> Option<LoadedType> {
    let (file, cx, source) = read(text);
    let mut file = file?;
    let broken = first_error(&cx.diagnostics, &source);
    // What the type gives is written beside its step, and belongs to it.
    if let (Some(outputs), Some(step)) = (file.outputs.take(), file.step.0.as_deref_mut()) {
        step.outputs.get_or_insert_with(|| Entries(Vec::new())).0.extend(outputs.0);
    }
    Some(LoadedType { name: name.to_owned(), file, requires: cx.requires, broken })
}

fn first_error(diagnostics: &[Diagnostic], source: &Source<'_>) -> Option<(String, usize)> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let first = errors.min_by_key(|diagnostic| source.bytes(&diagnostic.place).start)?;
    Some((first.message.clone(), source.position(source.bytes(&first.place).start).line))
}

/// Reads and checks the text of a type. `None` where it is no mapping.
pub(crate) fn read(text: &str) -> (Option<StepType>, Cx, Source<'_>) {
    let mut source = Source::new(text);
    let mut cx = Cx::default();
    let problems = source.take_problems();
    cx.unsound = !problems.is_empty();
    let Some(root) = source.reading().root.clone() else {
        cx.diagnostics = problems;
        if cx.diagnostics.is_empty() {
            let problem = Diagnostic::new(Code::EmptyFile, Place::Text(0..0), "the file is empty");
            cx.report(problem.help("begin with `step:`"));
        }
        return (None, cx, source);
    };
    let file = StepType::decode(&root, &Route::root(), &mut cx);
    if let Some(file) = &file {
        check_type(file, &mut cx);
    }
    cx.diagnostics.extend(problems);
    (file, cx, source)
}

/// Checks a type as a pipeline of one step that has no other names than the type's inputs.
fn check_type(file: &StepType, cx: &mut Cx) {
    let Some(step) = file.step.0.as_deref() else { return };
    let at = Route::root().key("step");
    for (key, place) in step.given.iter() {
        if ELSEWHERE.contains(&key) {
            let message = format!("`{key}` makes no sense in a step type");
            let help = match key {
                "use" | "with" => "a step type does the work itself",
                "pipeline" => "a pipeline that others use is a pipeline of its own: `pipeline: {name: …}`",
                _ => "it names other steps, and the type does not know where it will stand",
            };
            cx.report(Diagnostic::new(Code::KeyMakesNoSense, Place::Key(place.clone()), message).help(help));
        }
    }
    let mut step = step.clone();
    if let Some(outputs) = &file.outputs {
        step.outputs.get_or_insert_with(|| Entries(Vec::new())).0.extend(outputs.0.clone());
    }
    let pipeline = Pipeline { steps: Required(None), ..Pipeline::default() };
    let types = StepTypes::default();
    let item = Item { name: "step".to_owned(), at, value: Some(step) };
    let model = Model::of_type(&pipeline, file, &item, &types);
    check::check_step_type(&model, file.inputs.as_ref(), cx);
}

//! Step types, read once for each file that uses them.
//!
//! `use: NAME` stands for the step of `.loopline/steps/NAME.yaml`. The type is a text of its own: what is wrong inside it has
//! its places there, so a pipeline that uses a broken one is told only that, and where to look.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::graph::Requirement;

use crate::check;
use crate::decode::{Cx, Decode as _};
use crate::diagnostics::{Code, Diagnostic, Place, Severity};
use crate::language::{Entries, Item, Pipeline, Required, Step, StepType, Text};
use crate::library::Library;
use crate::model::{Kind, Model, kind};
use crate::position::Source;
use crate::route::Route;
use crate::uses::for_each_step;
use crate::yaml::{MAX_EXPANDED_BYTES, MAX_NODES};

/// The types that a file uses.
#[derive(Debug, Default)]
pub(crate) struct StepTypes {
    loaded: BTreeMap<String, LoadedType>,
    cost: Cost,
}

/// A type that was read.
#[derive(Debug)]
pub(crate) struct LoadedType {
    pub(crate) name: String,
    pub(crate) file: StepType,
    /// Keys inside it that this engine cannot run.
    pub(crate) requires: Vec<Requirement>,
    /// Secrets that it reads.
    pub(crate) secrets: BTreeSet<String>,
    /// Those of them that the pipeline does not name.
    pub(crate) unnamed_secrets: Vec<String>,
    /// The first error in it: what it says, and its line.
    pub(crate) broken: Option<(String, usize)>,
    /// What one step of it costs.
    cost: Cost,
}

/// What is expanded. A small type that thousands of steps use costs as much as a large text.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    values: u64,
    bytes: u64,
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
    /// Reads the types that steps of a file use; or says that they come to too much.
    pub(crate) fn used_by(pipeline: &Pipeline, library: &Library) -> Result<Self, Diagnostic> {
        let mut types = Self::default();
        let mut problem = None;
        for_each_step(pipeline, &mut |step| {
            if let (Some(name), None) = (&step.uses, &problem) {
                problem = types.take(name, library).err();
            }
        });
        types.compare_secrets(pipeline);
        problem.map_or(Ok(types), Err)
    }

    /// The type of a step.
    pub(crate) fn of(&self, step: &Step) -> Option<&LoadedType> {
        self.loaded.get(&step.uses.as_ref()?.value)
    }

    /// Once for each type, not for each step.
    fn compare_secrets(&mut self, pipeline: &Pipeline) {
        let secrets = pipeline.secrets.iter().flat_map(|secrets| secrets.iter());
        let named: BTreeSet<&str> = secrets.map(|secret| secret.value.as_str()).collect();
        for loaded in self.loaded.values_mut() {
            let unnamed = loaded.secrets.iter().filter(|secret| !named.contains(secret.as_str()));
            loaded.unnamed_secrets = unnamed.cloned().collect();
        }
    }

    fn take(&mut self, name: &Text, library: &Library) -> Result<(), Diagnostic> {
        let Some(text) = library.step_types.get(&name.value) else { return Ok(()) };
        if !self.loaded.contains_key(&name.value) {
            // Before it is read: reading costs too.
            let unread = Cost { values: 0, bytes: text.len() as u64 };
            self.cost.and(unread).within_limits(name)?;
            let Some(loaded) = load(&name.value, text) else {
                self.cost = self.cost.and(unread);
                return Ok(());
            };
            self.loaded.insert(name.value.clone(), loaded);
        }
        self.cost = self.cost.and(self.loaded[&name.value].cost);
        self.cost.within_limits(name)
    }
}

impl Cost {
    fn and(self, more: Self) -> Self {
        Self { values: self.values.saturating_add(more.values), bytes: self.bytes.saturating_add(more.bytes) }
    }

    fn within_limits(self, name: &Text) -> Result<(), Diagnostic> {
        let beyond = match self {
            Self { bytes, .. } if bytes > MAX_EXPANDED_BYTES => "4 MiB of text",
            Self { values, .. } if values > MAX_NODES => "100,000 values",
            _ => return Ok(()),
        };
        let message =
            format!("the steps of step types come to more than {beyond}, each type counted as often as it is used");
        let diagnostic = Diagnostic::new(Code::TooManyNodes, name.place(), message);
        Err(diagnostic.help("use smaller types, or split the pipeline"))
    }
}

/// `None` where nothing can be made of the text.
fn load(name: &str, text: &str) -> Option<LoadedType> {
    let Read { file, secrets, cx, source } = read(text);
    let mut file = file?;
    let broken = first_error(&cx.diagnostics, &source);
    let (values, bytes) = source.reading().root.as_ref().map_or((0, 0), |root| (root.weight(), root.bytes()));
    let cost = Cost { values, bytes: bytes.max(text.len() as u64) };
    // What the type gives is written beside its step, and belongs to it.
    if let (Some(outputs), Some(step)) = (file.outputs.take(), file.step.0.as_deref_mut()) {
        step.outputs.get_or_insert_with(|| Entries(Vec::new())).0.extend(outputs.0);
    }
    let unnamed_secrets = Vec::new();
    Some(LoadedType { name: name.to_owned(), file, requires: cx.requires, secrets, unnamed_secrets, broken, cost })
}

fn first_error(diagnostics: &[Diagnostic], source: &Source<'_>) -> Option<(String, usize)> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let first = errors.min_by_key(|diagnostic| source.bytes(&diagnostic.place).start)?;
    Some((first.message.clone(), source.position(source.bytes(&first.place).start).line))
}

/// The text of a type, read and checked.
pub(crate) struct Read<'a> {
    /// `None` where it is no mapping.
    file: Option<StepType>,
    /// Secrets that it reads.
    secrets: BTreeSet<String>,
    pub(crate) cx: Cx,
    pub(crate) source: Source<'a>,
}

/// Reads and checks the text of a type.
pub(crate) fn read(text: &str) -> Read<'_> {
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
        return Read { file: None, secrets: BTreeSet::new(), cx, source };
    };
    let file = StepType::decode(&root, &Route::root(), &mut cx);
    let secrets = file.as_ref().map(|file| check_type(file, &mut cx)).unwrap_or_default();
    cx.diagnostics.extend(problems);
    Read { file, secrets, cx, source }
}

/// Checks a type as a pipeline of one step that has no other names than the type's inputs. Gives the secrets it reads.
fn check_type(file: &StepType, cx: &mut Cx) -> BTreeSet<String> {
    let Some(step) = file.step.0.as_deref() else { return BTreeSet::new() };
    let at = Route::root().key("step");
    for (key, place) in step.given.iter() {
        if let Some(help) = senseless(key) {
            let message = format!("`{key}` makes no sense in a step type");
            cx.report(Diagnostic::new(Code::KeyMakesNoSense, Place::Key(place.clone()), message).help(help));
        }
    }
    let mut step = step.clone();
    // They make no sense here, which has been said; that there are no such steps need not be said as well.
    (step.needs, step.goto, step.fetch) = (None, None, None);
    if let Some(outputs) = &file.outputs {
        step.outputs.get_or_insert_with(|| Entries(Vec::new())).0.extend(outputs.0.clone());
    }
    let pipeline = Pipeline { steps: Required(None), ..Pipeline::default() };
    let types = StepTypes::default();
    let item = Item { name: "step".to_owned(), at, value: Some(step) };
    let model = Model::of_type(&pipeline, file, &item, &types);
    check::check_step_type(&model, file.inputs.as_ref(), cx)
}

/// Why a key makes no sense in a type: the type says what a step does, the step says when and how often.
pub(crate) fn senseless(key: &str) -> Option<&'static str> {
    match key {
        "use" | "with" => Some("a step type does the work itself"),
        "pipeline" => Some("a pipeline that others use is a pipeline of its own: `pipeline: {name: …}`"),
        "needs" | "join" | "goto" | "compensate" | "fetch" => {
            Some("it names other steps, and the type does not know where it will stand")
        }
        "if" | "repeat" | "foreach" | "matrix" | "allow_failure" => {
            Some("whether and how often it runs, and what its failure means, is said by the step that uses the type")
        }
        _ => None,
    }
}

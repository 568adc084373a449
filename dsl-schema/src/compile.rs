//! From text to graph.

use std::rc::Rc;

use loopline_core::graph::Graph;

use crate::check;
use crate::decode::{Cx, Decode as _};
use crate::diagnostics::{Code, Diagnostic, Place, Severity};
use crate::language::Pipeline;
use crate::library::{Contract, Library};
use crate::lower;
use crate::model::Model;
use crate::position::Source;
use crate::route::Route;
use crate::step_types::{self, StepTypes};
use crate::uses::Uses;
use crate::yaml::{Node, Value};

const MAX_STEPS: usize = 10_000;

/// More findings than this are not listed.
const MAX_FINDINGS: usize = 1_000;

/// What a text was compiled to.
#[derive(Debug)]
pub struct Compiled {
    /// The pipeline, where the text has no error.
    pub graph: Option<Graph>,
    /// What that asks for and gives.
    pub contract: Option<Contract>,
    /// Everything there is to say, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// What it names besides itself.
    pub uses: Uses,
}

impl Compiled {
    /// Whether it cannot be run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Compiles a pipeline file that names nothing but itself. Pure: the same text gives the same result, and nothing outside
/// is asked.
pub fn compile(text: &str) -> Compiled {
    compile_with(text, &Library::default())
}

/// Compiles a pipeline file among others: step types that it uses are expanded, and what it gives to other pipelines is
/// checked against what they ask for.
pub fn compile_with(text: &str, library: &Library) -> Compiled {
    compile_source(&mut Source::new(text), library)
}

/// The same, of a text that has been read.
pub(crate) fn compile_source(source: &mut Source<'_>, library: &Library) -> Compiled {
    let mut cx = Cx::default();
    let problems = source.take_problems();
    let readable = problems.iter().all(|problem| !matches!(problem.code, Code::TextTooLarge));
    let mut made = None;
    let mut uses = Uses::default();
    if let Some(root) = source.reading().root.clone() {
        cx.unsound = !problems.is_empty();
        made = compile_tree(&root, library, &mut uses, &mut cx);
    } else if readable && problems.is_empty() {
        let problem = Diagnostic::new(Code::EmptyFile, Place::Text(0..0), "the file is empty");
        cx.report(problem.help("begin with `version: 1`, a `name:` and `steps:`"));
    }
    cx.diagnostics.extend(problems);
    let (graph, contract) = made.unzip();
    Compiled { graph, contract, diagnostics: findings(source, cx), uses }
}

/// Checks a step type: `.loopline/steps/NAME.yaml`. Gives everything that is wrong with it, sorted by place.
pub fn compile_step_type(text: &str) -> Vec<Diagnostic> {
    let read = step_types::read(text);
    findings(&read.source, read.cx)
}

fn compile_tree(root: &Rc<Node>, library: &Library, uses: &mut Uses, cx: &mut Cx) -> Option<(Graph, Contract)> {
    if let Some(problem) = too_many_steps(root) {
        cx.report(problem);
        return None;
    }
    let pipeline = Pipeline::decode(root, &Route::root(), cx)?;
    *uses = Uses::of(&pipeline);
    let types = match StepTypes::used_by(&pipeline, library) {
        Ok(types) => types,
        Err(problem) => {
            cx.report(problem);
            return None;
        }
    };
    let model = Model::of(&pipeline, &types, library);
    if model.count() > MAX_STEPS {
        let place = Place::Key(Route::root().key("steps"));
        cx.report(too_many(place, model.count()));
        return None;
    }
    check::check(&model, library, cx);
    if cx.has_errors() {
        return None;
    }
    let graph = lower::lower(&model, std::mem::take(&mut cx.requires))?;
    let contract = Contract { outputs: check::given_back(&model), ..Contract::of(&graph) };
    Some((graph, contract))
}

/// A file as far as it could be decoded, with the step types that it uses; reports nothing. None where it is no mapping, or
/// so large that nothing is made of it.
pub(crate) fn decoded(root: &Rc<Node>, library: &Library) -> Option<(Pipeline, StepTypes)> {
    if too_many_steps(root).is_some() {
        return None;
    }
    let pipeline = Pipeline::decode(root, &Route::root(), &mut Cx::default())?;
    let types = StepTypes::used_by(&pipeline, library).unwrap_or_default();
    (Model::of(&pipeline, &types, library).count() <= MAX_STEPS).then_some((pipeline, types))
}

/// Refused before anything is made of them: what steps cost grows with the square of their number.
fn too_many_steps(root: &Node) -> Option<Diagnostic> {
    let Value::Mapping(steps) = &root.entry("steps")?.value.value else { return None };
    let first_beyond = steps.iter().nth(MAX_STEPS)?;
    let place = Place::Key(Route::root().key("steps").key(&first_beyond.key.text));
    Some(too_many(place, steps.iter().len()))
}

fn too_many(place: Place, count: usize) -> Diagnostic {
    let message = format!("the pipeline has {count} steps; the most is 10,000");
    let problem = Diagnostic::new(Code::TooManySteps, place, message);
    problem.help("run one step for many items instead, or split the pipeline")
}

/// What was found, without what follows from values that could not be read, in the order of the text.
pub(crate) fn findings(source: &Source<'_>, cx: Cx) -> Vec<Diagnostic> {
    let diagnostics = cx.diagnostics.into_iter().filter(|diagnostic| !source.is_passed_over(diagnostic)).collect();
    sorted(source, diagnostics, cx.dropped)
}

fn sorted(source: &Source<'_>, diagnostics: Vec<Diagnostic>, dropped: usize) -> Vec<Diagnostic> {
    let mut placed: Vec<_> = diagnostics
        .into_iter()
        .map(|diagnostic| (source.bytes(&diagnostic.place).start, diagnostic.severity, diagnostic))
        .collect();
    placed.sort_by(|a, b| (a.0, a.1, a.2.code, &a.2.message).cmp(&(b.0, b.1, b.2.code, &b.2.message)));
    placed.dedup_by(|a, b| a.0 == b.0 && a.2.code == b.2.code && a.2.message == b.2.message);
    let more = placed.len().saturating_sub(MAX_FINDINGS);
    if more > 0 {
        // Errors are kept before warnings, so that what is cut off never makes a bad file look good.
        placed.sort_by_key(|(at, severity, _)| (*severity, *at));
        placed.truncate(MAX_FINDINGS);
        placed.sort_by_key(|(at, severity, _)| (*at, *severity));
    }
    let mut sorted: Vec<_> = placed.into_iter().map(|(_, _, diagnostic)| diagnostic).collect();
    let more = more + dropped;
    if more > 0 {
        let end = source.text().len();
        let message = format!("{more} more findings are not listed");
        sorted.push(
            Diagnostic::new(Code::TooManyFindings, Place::Text(end..end), message).help("mend those above first"),
        );
    }
    sorted
}

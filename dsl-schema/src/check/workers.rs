//! Which workers run a step, and how files reach it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::flow::Flow;
use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic};
use crate::language::{Entries, OneOrMany, Text};
use crate::model::{Kind, Model, ModelStep};

/// Each step carries its labels.
const MAX_LABELS: usize = 64;

pub(super) fn check<'a>(model: &'a Model<'a>, outer: Option<&'a Model<'a>>, flow: Option<&Flow>, cx: &mut Cx) {
    let defaults = model.pipeline.defaults.as_ref().and_then(|defaults| defaults.runs_on.as_ref());
    if let Some(runs_on) = defaults.filter(|_| model.part == crate::model::Part::Steps) {
        labels(runs_on, cx);
    }
    let mut made = Artifacts::default();
    for (at, step) in model.steps.iter().enumerate() {
        let Some(spec) = step.spec else { continue };
        if let Some(runs_on) = spec.runs_on.as_ref() {
            labels(runs_on, cx);
        }
        for text in spec.fetch.iter().flat_map(|fetch| &fetch.0) {
            fetch(model, outer, flow, &mut made, at, text, cx);
        }
    }
    files_not_shared(model, cx);
}

fn labels(runs_on: &OneOrMany<Text>, cx: &mut Cx) {
    if let Some(first_beyond) = runs_on.0.get(MAX_LABELS) {
        let message = format!("these are {} labels; the most is {MAX_LABELS}", runs_on.0.len());
        let diagnostic = Diagnostic::new(Code::TooMuchForEachStep, first_beyond.place(), message);
        cx.report(diagnostic.help("give the workers one label for what they have in common"));
    }
    for label in &runs_on.0 {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if label.value.is_empty() || label.value.len() > 63 || !label.value.chars().all(fits) {
            let message = format!("`{}` is not a label of a worker", label.value);
            let diagnostic = Diagnostic::new(Code::InvalidName, label.place(), message);
            cx.report(diagnostic.help("use at most 63 letters, digits, `_`, `-` and `.`"));
        }
    }
}

/// `build.binary`: the step and the artifact.
pub(crate) fn artifact_of(text: &str) -> Option<(&str, &str)> {
    text.split_once('.').filter(|(step, artifact)| !step.is_empty() && !artifact.is_empty())
}

/// The artifacts of steps, looked up once a step. Ids of `steps` and `finally` are distinct.
type Artifacts<'a> = BTreeMap<&'a str, Made<'a>>;

struct Made<'a> {
    names: BTreeSet<&'a str>,
    /// For people.
    listed: String,
}

impl<'a> Made<'a> {
    fn by(step: &ModelStep<'a>) -> Self {
        let names = artifacts(step);
        let listed = list(&names.iter().collect::<Vec<_>>());
        Self { names, listed }
    }
}

fn fetch<'a>(
    model: &'a Model<'a>,
    outer: Option<&'a Model<'a>>,
    flow: Option<&Flow>,
    made: &mut Artifacts<'a>,
    at: usize,
    text: &Text,
    cx: &mut Cx,
) {
    let Some((name, artifact)) = artifact_of(&text.value) else {
        let message = format!("`{}` names no artifact", text.value);
        let diagnostic = Diagnostic::new(Code::UnknownArtifact, text.place(), message);
        cx.report(diagnostic.help("write the step and the artifact's name: `build.binary`"));
        return;
    };
    let inside = model.index.get(name).map(|step| (&model.steps[*step], Some(*step)));
    let found = inside.or_else(|| outer.and_then(|outer| Some((&outer.steps[*outer.index.get(name)?], None))));
    let Some((step, position)) = found else {
        let message = format!("there is no step `{name}` to fetch from");
        let diagnostic = Diagnostic::new(Code::UnknownStep, text.place(), message);
        let near = cx.nearest.to(name, model.index.keys().copied());
        cx.report(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}.{artifact}`?")).fix(
                format!("Change to `{near}.{artifact}`"),
                text.place(),
                format!("{near}.{artifact}"),
            ),
            None => diagnostic.help("it names a step before this one, and an artifact of it: `build.binary`"),
        });
        return;
    };
    if let (Some(flow), Some(position)) = (flow, position)
        && !flow.ancestors[at].contains(position)
    {
        let message =
            format!("step `{name}` does not come before `{}`, so there is nothing to fetch", model.steps[at].id);
        cx.report(
            Diagnostic::new(Code::StepIsNotBefore, text.place(), message).help(format!("add it: `needs: {name}`")),
        );
        return;
    }
    let Made { names: known, listed } = made.entry(step.id).or_insert_with(|| Made::by(step));
    if !known.contains(artifact) {
        let message = format!("step `{name}` makes no artifact `{artifact}`");
        let diagnostic = Diagnostic::new(Code::UnknownArtifact, text.place(), message);
        let near = cx.nearest.to(artifact, known.iter().copied());
        cx.report(match near {
            Some(near) => diagnostic.help(format!("did you mean `{name}.{near}`?")).fix(
                format!("Change to `{name}.{near}`"),
                text.place(),
                format!("{name}.{near}"),
            ),
            None if known.is_empty() => {
                diagnostic.help(format!("declare it on `{name}`: `artifacts: {{{artifact}: path/to/file}}`"))
            }
            None => diagnostic.help(format!("it makes {listed}")),
        });
    }
}

/// Most steps share one set.
fn alike(a: &Rc<BTreeSet<&str>>, b: &Rc<BTreeSet<&str>>) -> bool {
    Rc::ptr_eq(a, b) || a == b
}

fn set(runs_on: Option<&OneOrMany<Text>>) -> BTreeSet<&str> {
    runs_on.into_iter().flat_map(|runs_on| &runs_on.0).map(|label| label.value.as_str()).collect()
}

fn artifacts<'a>(step: &ModelStep<'a>) -> BTreeSet<&'a str> {
    fn names(entries: Option<&Entries<Text>>) -> impl Iterator<Item = &str> {
        entries.into_iter().flat_map(|entries| &entries.0).map(|item| item.name.as_str())
    }
    let own = names(step.spec.and_then(|spec| spec.artifacts.as_ref()));
    let of_type = names(step.uses.and_then(|uses| uses.step()?.artifacts.as_ref()));
    own.chain(of_type).collect()
}

/// S7: each worker has a workspace of its own.
fn files_not_shared(model: &Model<'_>, cx: &mut Cx) {
    let defaults = model.pipeline.defaults.as_ref().and_then(|defaults| defaults.runs_on.as_ref());
    let common = Rc::new(set(defaults));
    let labels: Vec<Option<Rc<BTreeSet<&str>>>> = model
        .steps
        .iter()
        .map(|step| {
            step.spec.filter(|_| step.kind.is_some_and(Kind::is_process))?;
            let own = step.says(|spec| spec.runs_on.as_ref());
            Some(own.map_or_else(|| Rc::clone(&common), |own| Rc::new(set(Some(own)))))
        })
        .collect();
    let mut all = labels.iter().flatten();
    let first = all.next();
    if all.all(|other| first.is_some_and(|first| alike(first, other))) {
        return;
    }
    for (at, step) in model.steps.iter().enumerate() {
        let (Some(own), Some(spec)) = (&labels[at], step.spec) else { continue };
        let workspace = step.says(|spec| spec.workspace.as_ref());
        let fresh = workspace.is_some_and(|word| word.0.value == crate::language::Workspace::Fresh);
        if fresh || spec.fetch.is_some() {
            continue;
        }
        let other = step.needs.iter().find(|edge| labels[edge.from].as_ref().is_some_and(|labels| !alike(labels, own)));
        if let Some(edge) = other {
            let source = model.steps[edge.from].id;
            let message = format!("`{}` runs on other workers than `{source}`, and does not see its files", step.id);
            let diagnostic = Diagnostic::new(Code::FilesNotShared, edge.place.clone(), message);
            let help = match artifacts(&model.steps[edge.from]).first() {
                Some(artifact) => format!("fetch what it needs: `fetch: [{source}.{artifact}]`"),
                None => format!(
                    "let `{source}` keep what is needed as `artifacts`, and fetch it; or say `workspace: fresh` if nothing is"
                ),
            };
            cx.report(diagnostic.help(help));
        }
    }
}

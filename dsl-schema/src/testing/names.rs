//! How tests name steps: as the engine does, `deploy`, `outer/inner`, `outer[2]/inner`; and `deploy.undo` for what undoes one.

use std::fmt;

use loopline_core::graph::{Action, ChildPipeline, Graph, Step};
use loopline_core::id::StepPath;

use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};

/// More names than this are not told: a hostile file may have a hundred thousand wrong ones.
const MOST_NAMED: usize = 12;

/// A step as tests name it, or what undoes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepName {
    /// The step.
    pub path: StepPath,
    /// It is what undoes it that is meant.
    pub undo: bool,
}

impl StepName {
    /// Reads a name; `None` where it is none.
    pub fn read(text: &str) -> Option<Self> {
        let (path, undo) = match text.strip_suffix(".undo") {
            Some(path) => (path, true),
            None => (text, false),
        };
        Some(Self { path: path.parse().ok()?, undo })
    }
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path, if self.undo { ".undo" } else { "" })
    }
}

/// The step at the end of a path, in the graph or in what lies inside.
pub fn step_at<'g>(graph: &'g Graph, path: &StepPath) -> Option<&'g Step> {
    let mut level = graph;
    for (around, _) in &path.within {
        level = in_place(step_in(level, around.as_str())?)?;
    }
    step_in(level, path.step.as_str())
}

fn step_in<'g>(graph: &'g Graph, id: &str) -> Option<&'g Step> {
    let of = |graph: &'g Graph| graph.find(id).map(|ix| graph.step(ix));
    of(graph).or_else(|| graph.finally.as_deref().and_then(of))
}

/// The graph that a step runs in place.
pub(super) fn in_place(step: &Step) -> Option<&Graph> {
    match &step.action {
        Action::Pipeline(child) => match &child.pipeline {
            ChildPipeline::InPlace(graph) => Some(graph),
            ChildPipeline::Named(_) => None,
        },
        _ => None,
    }
}

/// Every step of a pipeline by its name, those of `finally` and of pipelines in place too.
pub fn all_steps(graph: &Graph) -> Vec<(String, &Step)> {
    let mut all = Vec::new();
    // What is still to be looked into, and what stands before its names.
    let mut open = vec![(String::new(), graph)];
    while let Some((prefix, graph)) = open.pop() {
        for step in &graph.steps {
            let name = format!("{prefix}{}", step.id);
            open.extend(in_place(step).map(|inner| (format!("{name}/"), inner)));
            all.push((name, step));
        }
        open.extend(graph.finally.as_deref().map(|finally| (prefix, finally)));
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

/// The step of a name; reports a name that the pipeline does not have. `like` says which ones are proposed.
pub(super) fn known<'g>(
    name: &str,
    place: Place,
    graph: &'g Graph,
    steps: &[(String, &'g Step)],
    like: impl Fn(&Step) -> bool,
    cx: &mut Cx,
) -> Option<(StepName, &'g Step)> {
    let found = StepName::read(name).and_then(|read| Some((step_at(graph, &read.path)?, read)));
    if let Some((step, read)) = found {
        return Some((read, step));
    }
    let message = format!("the pipeline has no step `{name}`");
    let diagnostic = Diagnostic::new(Code::UnknownStep, place.clone(), message);
    let fitting = || steps.iter().filter(|(_, step)| like(step)).map(|(name, _)| name.as_str());
    let near = cx.nearest.to(name, fitting());
    cx.report(match near {
        Some(near) => {
            diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), place, near)
        }
        None => diagnostic.help(match fitting().take(MOST_NAMED + 1).collect::<Vec<_>>().as_slice() {
            [] => "it has none that would fit".to_owned(),
            names if names.len() > MOST_NAMED => format!("it has {} and more", names[..MOST_NAMED].join(", ")),
            names => format!("it has {}", list(names)),
        }),
    });
    None
}

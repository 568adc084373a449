//! Steps of a run by the names that people give them, wherever they lie.

use loopline_core::id::{StepId, StepPath};
use loopline_core::machine::Passage;
use loopline_core::view::{ChildView, RunView, StepStatus, StepView};
use std::collections::BTreeMap;

/// The same path without items: `outer[2]/inner` as `outer/inner`.
pub(crate) fn without_items(path: &StepPath) -> StepPath {
    let within = path.within.iter().map(|(step, _)| (step.clone(), None)).collect();
    StepPath { within, step: path.step.clone() }
}

/// The step of a passage, without items.
pub(crate) fn plain_name(passage: &Passage) -> String {
    match passage.within.is_empty() {
        true => passage.step.to_string(),
        false => without_items(&passage.within.path_to(passage.step.clone())).to_string(),
    }
}

/// The step at the end of a path, as the latest attempts around it left it.
pub(crate) fn find<'v>(view: &'v RunView, path: &StepPath) -> Option<&'v StepView> {
    let mut level = &view.steps;
    for (around, item) in &path.within {
        let step = level.get(around)?;
        let child = match (item, &step.items) {
            (Some(item), Some(items)) => items.get(*item as usize)?.child.as_deref(),
            (Some(_), None) => None,
            // Without an item it is that of the only one, or of the first.
            (None, Some(items)) => items.first().and_then(|item| item.child.as_deref()),
            (None, None) => step.child.as_deref(),
        };
        level = &child?.steps;
    }
    level.get(&path.step)
}

/// Calls `see` with every step of a run and its name, those of pipelines in place too.
pub(crate) fn each_step<'v>(view: &'v RunView, see: &mut dyn FnMut(&str, &'v StepView)) {
    each("", &view.steps, see);
}

fn each<'v>(prefix: &str, steps: &'v BTreeMap<StepId, StepView>, see: &mut dyn FnMut(&str, &'v StepView)) {
    for (id, step) in steps {
        let name = format!("{prefix}{id}");
        see(&name, step);
        let mut inside = |name: &str, child: &'v ChildView| each(&format!("{name}/"), &child.steps, see);
        if let Some(child) = &step.child {
            inside(&name, child);
        }
        for (index, item) in step.items.iter().flatten().enumerate() {
            if let Some(child) = &item.child {
                inside(&format!("{name}[{index}]"), child);
            }
        }
    }
}

/// What a step or an item waits for by itself; a step that only waits for what stands around it does not.
pub(crate) fn waits(step: &StepView) -> bool {
    let items = step.items.iter().flatten();
    step.waiting_for.is_some() || items.into_iter().any(|item| item.waiting_for.is_some())
}

/// Its status in a sentence: `succeeded`, `failed (exit)`, `skipped (not_taken)`.
pub(crate) fn status_in_words(step: &StepView) -> String {
    let word = step.status.as_str();
    match (step.status, &step.error, step.skip_reason) {
        (StepStatus::Failed, Some(error), _) => format!("{word} ({})", error.kind),
        (StepStatus::Skipped, _, Some(reason)) => format!("{word} ({})", reason.as_str()),
        _ => word.to_owned(),
    }
}

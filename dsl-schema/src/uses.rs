//! What a file names besides itself, found without looking any of it up.

use std::collections::BTreeSet;

use crate::language::{Entries, Pipeline, Step};

/// What a text names of the library it was compiled with, whether it is there or not.
///
/// The result depends on nothing else in a library, but for two things: the help beside a name that is not there looks at all
/// names, and triggers that go in a circle are found by what starts the pipelines that start this one
/// ([`Library::with_what_starts`](crate::Library::with_what_starts)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// Step types.
    pub step_types: BTreeSet<String>,
    /// Other pipelines of the project `default`, by their bare names: that it runs, or whose ends start it.
    pub pipelines: BTreeSet<String>,
}

impl Uses {
    pub(crate) fn of(pipeline: &Pipeline) -> Self {
        let own = pipeline.name.0.as_ref().map(|name| name.value.as_str());
        let mut uses = Self::default();
        for_each_step(pipeline, &mut |step| {
            uses.step_types.extend(step.uses.iter().map(|name| name.value.clone()));
            let child = step.pipeline.as_ref().and_then(|child| child.name.as_ref());
            let other = child.and_then(|name| bare_name(&name.value)).filter(|name| Some(*name) != own);
            uses.pipelines.extend(other.map(str::to_owned));
        });
        let triggers = pipeline.triggers.iter().filter_map(|triggers| triggers.pipeline.as_ref());
        let triggers = triggers.flat_map(|triggers| triggers.iter());
        let others = triggers.filter_map(|trigger| bare_name(&trigger.name.value)).filter(|name| Some(*name) != own);
        uses.pipelines.extend(others.map(str::to_owned));
        uses
    }
}

/// The name within the project `default`; `None` for a pipeline of another project.
pub(crate) fn bare_name(name: &str) -> Option<&str> {
    let bare = name.strip_prefix("default/").unwrap_or(name);
    (!bare.contains('/')).then_some(bare)
}

/// All steps of a file, those of pipelines written in place included.
pub(crate) fn for_each_step(pipeline: &Pipeline, visit: &mut dyn FnMut(&Step)) {
    in_all(pipeline.steps.0.as_ref(), visit);
    in_all(pipeline.finally.as_ref(), visit);
}

fn in_all(steps: Option<&Entries<Step>>, visit: &mut dyn FnMut(&Step)) {
    for step in steps.into_iter().flat_map(|steps| &steps.0).filter_map(|item| item.value.as_ref()) {
        visit(step);
        in_all(step.pipeline.as_ref().and_then(|child| child.steps.as_ref()), visit);
    }
}

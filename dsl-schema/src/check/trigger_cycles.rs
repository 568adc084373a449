//! Pipelines whose ends start each other in a circle: nothing bounds how many runs come of one.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use loopline_core::graph::RunEnd;

use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic};
use crate::language::PipelineTrigger;
use crate::library::Library;
use crate::model::Model;

/// Warns about a trigger that closes a circle. `bare` is the name of the pipeline whose ends start this one.
pub(super) fn check(model: &Model<'_>, trigger: &PipelineTrigger, bare: &str, library: &Library, cx: &mut Cx) {
    let Some(own) = model.pipeline.name.0.as_ref().map(|own| own.value.as_str()) else { return };
    let Some(way) = shortest_way(own, bare, library) else { return };
    let mut circle = format!("`{own}`");
    for pair in way.windows(2) {
        let ends = library.pipelines.get(pair[1]).and_then(|contract| contract.started_by.get(pair[0]));
        arrow(ends.map(Vec::as_slice).unwrap_or_default(), pair[1], &mut circle);
    }
    let written = trigger.on.iter().flat_map(|on| &on.0);
    let ends: Vec<RunEnd> = written.map(|word| word.0.value).collect();
    arrow(&ends, own, &mut circle);
    let message = format!("runs of these pipelines start each other without end: {circle}");
    let help = "take one of the triggers away; to go round a bounded number of times, use `goto` within a run";
    cx.report(Diagnostic::new(Code::TriggersInACircle, trigger.name.place(), message).help(help));
}

/// From this pipeline to the one that starts it, each started by the one before. Of several ways the shortest, and of these
/// the first by the names.
fn shortest_way<'a>(own: &'a str, starts_it: &'a str, library: &'a Library) -> Option<Vec<&'a str>> {
    // Who is started by whom is noted in the one that is started, so the way is gone from its end.
    let mut next: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = VecDeque::from([starts_it]);
    while let Some(name) = open.pop_front() {
        for before in library.pipelines.get(name)?.started_by.keys().map(String::as_str) {
            if before == own {
                let from_here = std::iter::successors(Some(name), |name| next.get(name).copied());
                return Some([own].into_iter().chain(from_here).collect());
            }
            if before != starts_it && !next.contains_key(before) && library.pipelines.contains_key(before) {
                next.insert(before, name);
                open.push_back(before);
            }
        }
    }
    None
}

/// A success is what is meant where nothing is said.
fn arrow(ends: &[RunEnd], to: &str, circle: &mut String) {
    let said = match ends {
        [] | [RunEnd::Succeeded] => String::new(),
        ends => format!("({}) ", ends.iter().map(|end| end.as_str()).collect::<Vec<_>>().join(" or ")),
    };
    let _ = write!(circle, " → {said}`{to}`");
}
